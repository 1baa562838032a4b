"""Data of one's own: tables by file, by drop and by paste, columns and axes, points drawn by hand."""

import numpy as np
import pytest
from browser_pages import a_browser, a_playground, a_visit, assert_same, pages_to_open  # noqa: F401

from chainrule.playground import Run, table_examples

DROP = """([selector, name, text]) => {
  const given = new DataTransfer();
  given.items.add(new File([text], name));
  const init = { dataTransfer: given, bubbles: true, cancelable: true };
  const zone = document.querySelector(selector);
  zone.dispatchEvent(new DragEvent("dragover", init));
  zone.dispatchEvent(new DragEvent("drop", init));
}"""


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    """A table with numbers, a category, gaps and a target that is a number."""
    rng = np.random.default_rng(0)
    n = 120
    area, age, place = rng.uniform(40, 200, n), rng.integers(0, 90, n), rng.choice(["town", "land", "sea"], n)
    price = 2 * area - age + 50 * (place == "sea") + rng.normal(0, 10, n)
    rows = [
        f"{a:.1f},{'' if i % 17 == 0 else b},{c},{d:.2f}"
        for i, (a, b, c, d) in enumerate(zip(area, age, place, price, strict=True))
    ]
    path = tmp_path_factory.mktemp("tables") / "houses.csv"
    path.write_text("\n".join(["area,age,place,price", *rows]) + "\n")
    return path


def check_houses(visit, houses, **choices):
    visit.step("epoch", 2)
    run = Run(examples=table_examples(houses, "price", **choices), data={"kind": "table"})
    run.advance("epoch", 2)
    assert_same(visit, run)


@pytest.mark.essential
def test_a_table_is_opened_from_the_data_column(visit, houses):
    with visit.changing():
        visit.control("tables").locator("input[type=file]").set_input_files(houses)
    assert visit.state["problem"]["title"] == "houses.csv"
    assert visit.page.locator(".data-title").text_content() == "houses.csv: learns from 60, tested on 60"
    check_houses(visit, houses)
    inputs = visit.page.locator(".input-list button").all_text_contents()
    assert inputs == ["area", "age", "age is missing", *(f"place = {one}" for one in ("land", "sea", "town"))]
    visit.shoot("table")


def test_a_table_is_dropped(visit, houses):
    visit.tab("Your data")
    with visit.changing():
        visit.page.evaluate(DROP, [".drop-zone", "houses.csv", houses.read_text()])
    check_houses(visit, houses)


def test_a_table_is_pasted(visit, houses):
    panel = visit.tab("Your data")
    panel.get_by_text("Paste a table as text").click()
    panel.get_by_label("Table as text").fill(houses.read_text())
    with visit.changing():
        panel.get_by_role("button", name="Use this table").click()
    assert panel.get_by_role("heading", name="In use: pasted.csv").is_visible()
    check_houses(visit, houses)
    visit.shoot("your-data")


def test_target_and_columns_are_chosen(visit, houses):
    with visit.changing():
        visit.control("tables").locator("input[type=file]").set_input_files(houses)
    visit.choose("target", "place")
    assert visit.state["problem"]["classes"] == ["land", "sea", "town"]
    visit.choose("target", "price")
    columns = visit.control("columns")
    columns.locator("summary").click()
    with visit.changing():
        columns.get_by_text("place", exact=True).click()
    assert columns.locator("summary").text_content() == "Columns: 2 of 3"
    check_houses(visit, houses, columns=["area", "age"])


def test_columns_are_chosen_in_the_panel(visit, houses):
    panel = visit.tab("Your data")
    with visit.changing():
        panel.locator("input[type=file]").set_input_files(houses)
    with visit.changing():
        panel.get_by_label("use age").uncheck()
    check_houses(visit, houses, columns=["area", "place"])
    with visit.changing():
        panel.get_by_role("button", name="Use all columns").click()
    check_houses(visit, houses)
    with visit.changing():
        panel.get_by_label("Target: what is predicted").select_option("age")
    assert visit.state["problem"]["target"] == "age"


def test_axes_and_sliders_of_a_table(visit, houses):
    """The picture shows two columns; the others are held by sliders and lists, and that is to be seen."""
    with visit.changing():
        visit.control("tables").locator("input[type=file]").set_input_files(houses)
    assert visit.state["problem"]["axes"] == ["area", "age"]
    before = visit.pixels(".main-picture")
    visit.page.locator("details", has=visit.page.locator(".held-list")).locator("summary").click()
    visit.choose("held", "land")
    assert (visit.pixels(".main-picture") != before).any()
    visit.choose("axis-x", "place")
    assert "sea" in visit.page.locator(".axes text").all_text_contents()
    held = visit.control("held")
    before = visit.pixels(".main-picture")
    with visit.changing():
        held.locator("input").fill("55")
    assert (visit.pixels(".main-picture") != before).any()
    visit.choose("axis-x", "age")
    assert visit.state["problem"]["axes"] == ["age", "place"]
    assert "held." in visit.page.url


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_tables_that_come_along(visit, name):
    with visit.changing():
        visit.page.get_by_label("Tables that come along").select_option(name)
    visit.step("epoch", 2)
    run = Run(data={"kind": name})
    run.advance("epoch", 2)
    assert_same(visit, run)
    assert visit.page.get_by_label("Tables that come along").input_value() == name
    visit.shoot(f"table-{name}")


def test_a_table_that_cannot_be_read_is_refused_in_words(visit):
    visit.control("tables").locator("input[type=file]").set_input_files(
        {"name": "empty.csv", "mimeType": "text/csv", "buffer": b""}
    )
    refusal = visit.page.locator(".refusal")
    refusal.wait_for()
    assert "empty.csv" in refusal.text_content()
    assert visit.state["problem"]["title"] == "Circle"


# -- points by hand ----------------------------------------------------------------------------------------


def tool(visit, name):
    visit.control("draw").get_by_role("button", name=name, exact=True).click()


def points(visit):
    _, arrays = visit.told("state")
    return np.c_[arrays["points"], arrays["targets"]]


@pytest.mark.essential
def test_points_are_added_moved_and_erased(visit):
    mouse = visit.page.mouse
    tool(visit, "Add")
    visit.control("draw").get_by_role("button", name="Clear").click()
    visit.wait("state.problem.n_train + state.problem.n_test === 0")
    with visit.changing():
        mouse.click(*visit.spot(-3, 2))
    assert visit.state["problem"]["title"] == "Drawn points"
    visit.control("draw").get_by_role("button", name="Class 1").click()
    with visit.changing():
        mouse.click(*visit.spot(4, -1))
    assert points(visit) == pytest.approx(np.array([[-3, 2, 0], [4, -1, 1]]), abs=0.06)
    tool(visit, "Move")
    mouse.move(*visit.spot(-3, 2))
    mouse.down()
    mouse.move(*visit.spot(0, 0), steps=4)
    with visit.changing():
        mouse.up()
    assert points(visit) == pytest.approx(np.array([[0, 0, 0], [4, -1, 1]]), abs=0.06)
    tool(visit, "Erase")
    with visit.changing():
        mouse.click(*visit.spot(4, -1))
    assert points(visit) == pytest.approx(np.array([[0, 0, 0]]), abs=0.06)


def test_dragging_adds_many_points_and_training_goes_on_with_them(visit):
    visit.step("epoch", 1)
    theta = visit.theta
    tool(visit, "Add")
    mouse = visit.page.mouse
    mouse.move(*visit.spot(-5, 5.5))
    mouse.down()
    mouse.move(*visit.spot(5, 5.5), steps=30)
    mouse.up()
    visit.wait("state.problem.n_train + state.problem.n_test > 510 && frame.revision === state.revision")
    assert np.array_equal(visit.theta, theta)
    assert visit.state["problem"]["title"] == "Drawn points"
    visit.step("epoch", 1)
    assert visit.frame["epoch"] == 2
    visit.shoot("drawn")


def test_a_new_class_is_drawn(visit):
    """The plus beside the classes makes a third class: softmax."""
    tool(visit, "Add")
    visit.control("draw").get_by_role("button", name="A new class").click()
    with visit.changing():
        visit.page.mouse.click(*visit.spot(5.5, 5.5))
    assert visit.state["problem"]["classes"] == ["0", "1", "2"]
    assert visit.state["network"]["output_activation"] == "softmax"
    assert visit.page.locator(".legend .class-sign").count() == 3


def test_points_of_a_regression_take_the_value_of_the_slider(opened):
    visit = opened("data=plane")
    tool(visit, "Add")
    slider = visit.control("draw").get_by_label("y of new points")
    slider.focus()
    visit.page.keyboard.press("End")
    with visit.changing():
        visit.page.mouse.click(*visit.spot(-5, -5))
    assert points(visit)[-1] == pytest.approx(np.array([-5, -5, 1]), abs=0.06)


def test_all_points_erased_and_playing_says_what_to_do(visit):
    tool(visit, "Erase")
    visit.control("draw").get_by_role("button", name="Clear").click()
    visit.wait("state.problem.n_train + state.problem.n_test === 0 && frame.revision === state.revision")
    assert np.isnan(visit.scores()).all()
    visit.control("play").click()
    refusal = visit.page.locator(".refusal")
    refusal.wait_for()
    assert "draw points" in refusal.text_content()
    visit.wait("!frame.playing")
