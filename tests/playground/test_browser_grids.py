"""Pictures and sequences: what is seen of the network, and that every cell shows its work."""

import re

import numpy as np
import pytest
from browser_pages import (  # noqa: F401
    DESKTOP,
    PHONE,
    a_browser,
    a_playground,
    a_visit,
    pages_to_open,
    rounded,
)

from chainrule import load

READS = "state?.settings.data.kind === argument && frame?.revision === state.revision"


def choose_data(visit, kind):
    with visit.changing():
        visit.control("grids").select_option(kind)
    visit.wait(READS, kind)


def figure_of(value):
    return f"{rounded(float(value)):g}".replace("-", "−")


def test_a_place_of_a_feature_map_shows_patch_weights_and_sum(visit):
    choose_data(visit, "bars")
    visit.play("frame.epoch > 2")
    arrays = visit.told("frame")[1]
    visit.page.get_by_label("Weighted sums of filter 2").locator("rect[data-cell='27']").hover()
    work = visit.page.get_by_role("region", name="How it is computed")
    work.get_by_text("filter 2, row 4, column 4").wait_for()
    tables = work.locator("table").all()
    assert [one.locator("td").count() for one in tables] == [9, 9]
    assert work.locator(".equation").first.text_content().endswith(figure_of(arrays["sums"][1, 3, 3]))
    patch = visit.page.get_by_label("The picture").locator(".cell-frame")
    assert [patch.get_attribute(name) for name in ("x", "y", "width")] == ["20", "20", "30"]


def test_cells_are_reached_by_keys_and_training_by_its_own(visit):
    choose_data(visit, "first_symbol")
    states = visit.page.get_by_label("States h, units by steps")
    visit.page.locator(".specimens button").last.focus()
    visit.page.keyboard.press("Tab")
    assert states.evaluate("(el) => el === document.activeElement")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        visit.page.keyboard.press(key)
    visit.page.get_by_text("State: unit 2, step 3").wait_for()
    assert visit.frame["step"] == 0
    visit.page.keyboard.press("Space")
    visit.wait("frame.playing && frame.step > 5")
    visit.pause()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_what_flows_back_is_shown_with_its_products(visit, cell):
    choose_data(visit, "first_symbol")
    if cell != "rnn":
        visit.choose("cell", cell)
    visit.page.locator("rect[data-cell='10']").nth(-1).scroll_into_view_if_needed()
    back = visit.page.get_by_label("Derivatives of the loss by h")
    back.locator("rect[data-cell='10']").hover()
    work = visit.page.get_by_role("region", name="How it is computed")
    work.get_by_text("dL/dh: unit 2, step 3").wait_for()
    arrays = visit.told("frame")[1]
    lines = work.locator(".equation").all_text_contents()
    assert lines[1].count("·") == len(arrays["da"]) + (cell == "gru")
    assert lines[2] == f"= {figure_of(arrays['dh'][1, 2])}"
    terms = re.findall(r"\(?([−\d.e]+)\)?·\(?([−\d.e]+)\)?", lines[1])
    numbers = np.array(terms, dtype=object)
    total = sum(float(a.replace("−", "-")) * float(b.replace("−", "-")) for a, b in numbers)
    assert total == pytest.approx(arrays["dh"][1, 2], abs=0.02)


def test_another_row_is_looked_at_and_the_plane_comes_back(visit):
    choose_data(visit, "digits")
    button = visit.page.locator(".specimens button").nth(5)
    button.click()
    visit.wait("frame.row === argument", int(button.get_attribute("data-row")))
    assert button.get_attribute("aria-pressed") == "true"
    assert visit.page.get_by_role("tab").filter(visible=True).all_text_contents() == [
        "Tours",
        "Scores",
        "Save & export",
    ]
    assert not visit.control("output").is_visible()
    with visit.changing():
        visit.control("data-sets").locator("button").first.click()
    assert visit.control("output").is_visible()
    assert visit.page.get_by_role("tab").filter(visible=True).count() > 5


def test_a_recurrence_is_saved_and_copied_as_python(visit, tmp_path):
    panel = visit.tab("Save & export")
    panel.get_by_role("radio", name=re.compile("^NumPy")).check()
    choose_data(visit, "first_symbol")
    visit.choose("cell", "gru")
    visit.step("epoch", 2)
    panel = visit.tab("Save & export")
    assert panel.get_by_role("radio").filter(visible=True).count() == 1
    assert panel.get_by_role("button", name="Open model …").is_hidden()
    panel.get_by_role("button", name="Bring up to date").click()
    shown = panel.locator("pre.code", has_text="run.advance")
    shown.wait_for()
    names = {}
    exec(shown.text_content(), names)
    assert np.array_equal(names["run"].theta, visit.theta)
    with visit.page.expect_download() as download:
        panel.get_by_role("button", name="Save model").click()
    path = tmp_path / "model.safetensors"
    download.value.save_as(path)
    examples = names["run"].examples
    labels = np.array(examples.rows.labels)[(names["run"].answers()[:, 0] > 0).astype(int)]
    assert (load(path).predict(examples.X_train[:, :, None]) == labels).all()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("settings", ["data=bars", "data=first_symbol&steps=24&cell=lstm"])
def test_nothing_is_wider_than_the_screen(opened, settings, size):
    visit = opened(**size)
    for pair in settings.split("&"):
        name, value = pair.split("=")
        if name == "data":
            choose_data(visit, value)
        elif name == "steps":
            visit.slide("steps", value)
        else:
            visit.choose(name, value)
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visit.shoot(f"grids-{settings[5:9]}-{size['viewport']['width']}")
