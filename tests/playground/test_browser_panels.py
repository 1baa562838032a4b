"""The panels: scores, hidden space, distributions, doctor, comparison."""

import numpy as np
import pytest
from browser_pages import (  # noqa: F401
    a_browser,
    a_playground,
    a_visit,
    number,
    pages_to_open,
    rounded,
)
from sklearn.metrics import accuracy_score, confusion_matrix, r2_score

from chainrule.playground import Run
from chainrule.playground.model import estimator_of


def shown_matrix(table):
    rows = table.locator("tbody tr")
    return np.array(
        [
            [int(cell.evaluate("one => one.firstChild.textContent")) for cell in row.locator("td").all()]
            for row in rows.all()
        ]
    )


@pytest.mark.parametrize("kind", ["circle", "pinwheel"])
def test_scores_and_confusion_are_scikit_learns(opened, kind):
    visit = opened(f"data={kind}&noise=20")
    visit.step("epoch", 4)
    panel = visit.tab("Scores")
    run = Run(data={"kind": kind, "noise": 20})
    run.advance("epoch", 4)
    model, examples = estimator_of(run), run.examples
    for place, X, y in [(0, examples.X_train, examples.y_train), (1, examples.X_test, examples.y_test)]:
        predicted = model.predict(X)
        table = panel.locator("table.confusion").nth(place)
        assert np.array_equal(shown_matrix(table), confusion_matrix(y.astype(int), predicted))
        shown = panel.locator(".score-table tbody tr").first.locator("td").nth(place).text_content()
        assert shown == f"{100 * accuracy_score(y, predicted):.1f} %"
    visit.shoot(f"scores-{kind}")


def test_r2_is_scikit_learns(opened):
    visit = opened("data=wave")
    visit.step("epoch", 4)
    panel = visit.tab("Scores")
    run = Run(data={"kind": "wave"})
    run.advance("epoch", 4)
    model, examples = estimator_of(run), run.examples
    line = panel.locator(".score-table tbody tr").first.locator("td")
    for place, X, y in [(0, examples.X_train, examples.y_train), (1, examples.X_test, examples.y_test)]:
        assert number(line.nth(place).text_content()) == rounded(r2_score(y, model.predict(X)), 4)
    assert panel.locator("table.confusion").count() == 0


def test_the_space_of_a_hidden_layer_changes_its_picture(visit):
    panel = visit.tab("Hidden space")
    visit.wait("frame.hidden_space?.layer === 1")
    visit.page.wait_for_timeout(150)
    bent, cut = (visit.pixels(f"#panel-hidden-space canvas >> nth={i}") for i in (0, 1))
    visit.step("epoch", 10)
    visit.page.wait_for_timeout(150)
    assert (visit.pixels("#panel-hidden-space canvas >> nth=0") != bent).any()
    assert (visit.pixels("#panel-hidden-space canvas >> nth=1") != cut).any()
    panel.get_by_role("combobox", name="Layer").select_option("0")
    panel.get_by_text("Every point where layer 1 puts it").wait_for()
    run = Run()
    run.advance("epoch", 10)
    z = np.tanh(run.examples.X @ run.theta[:8].reshape(4, 2).T + run.theta[8:12])
    visit.wait("frame.hidden_space?.layer === 0")
    _, arrays = visit.told("frame")
    points = arrays["hidden_points"]
    spread = np.linalg.svd(z - z.mean(0), compute_uv=False)
    mine = np.linalg.svd(points - points.mean(0), compute_uv=False)
    assert mine == pytest.approx(spread[:2], rel=1e-3)
    visit.shoot("hidden-space")


def test_without_a_hidden_layer_the_hidden_space_says_so(opened):
    visit = opened("layers=")
    assert visit.tab("Hidden space").get_by_text("This network has no hidden layer.").is_visible()


def test_distributions_are_drawn(visit):
    panel = visit.tab("Distributions")
    visit.wait("frame.histograms")
    bars = panel.locator("path.bars")
    visit.page.wait_for_function(
        "() => document.querySelectorAll('#panel-distributions path.bars[d]').length === 6"
    )
    before = bars.evaluate_all("all => all.map(one => one.getAttribute('d'))")
    visit.step("epoch", 5)
    visit.page.wait_for_timeout(300)
    after = bars.evaluate_all("all => all.map(one => one.getAttribute('d'))")
    assert all(a != b for a, b in zip(before, after, strict=True))
    assert "from" in panel.locator("figcaption").first.text_content()
    visit.shoot("distributions")
    visit.tab("Scores")
    visit.step("epoch")
    assert visit.frame["histograms"] is None


def test_dead_units_are_found(opened):
    """Every bias at -100: no row reaches a unit."""
    visit = opened("layers=3:relu")
    for unit in range(3):
        visit.page.locator(f'button.unit[data-key="0:{unit}"] .bias').click()
        field = visit.page.locator(".weight-card").get_by_label("bias")
        with visit.changing():
            field.fill("-100")
            field.press("Enter")
    visit.page.locator(".weight-card").get_by_role("button", name="Close").click()
    panel = visit.tab("Doctor")
    panel.get_by_role("button", name="Examine thoroughly").click()
    panel.locator(".examination .finding").first.wait_for()
    names = " ".join(panel.locator(".examination .finding strong").all_text_contents())
    assert "dead" in names
    visit.control("play").click()
    panel.locator(".finding", has_text="dead").first.wait_for()
    badge = visit.control("findings")
    badge.wait_for()
    visit.pause()
    assert "finding" in badge.text_content()
    visit.shoot("doctor")


def test_a_learning_rate_that_is_too_high_is_found(opened):
    visit = opened("data=plane&layers=&loss=squared_error&batch_size=250&learning_rate=0.3")
    visit.step("epoch", 12)
    panel = visit.tab("Doctor")
    panel.get_by_role("button", name="Examine thoroughly").click()
    panel.locator(".examination .verdict").wait_for()
    found = panel.locator(".examination .findings").text_content()
    assert "learning rate" in found


def test_runs_are_compared_side_by_side(visit):
    panel = visit.tab("Compare")
    visit.step("epoch", 2)
    panel.get_by_role("button", name="Keep this run").click()
    first = visit.scores()
    with visit.changing():
        visit.control("reset").click()
    visit.choose("learning-rate", "0.3")
    visit.step("epoch", 2)
    now = visit.scores()
    assert panel.locator(".run-card").count() == 2
    panel.get_by_text("Settings that differ").wait_for()
    differing = (
        panel.locator("table", has_text="Settings that differ").locator("tbody tr").all_text_contents()
    )
    assert differing == ["learning rate0.030.3"]
    visit.page.wait_for_timeout(400)
    test_scores = panel.locator("table", has_text="Scores").locator("tbody tr").first.locator("td")
    shown = [number(one.evaluate("one => one.firstChild.textContent")) for one in test_scores.all()]
    assert shown == [first[3], now[3]]
    pictures = [visit.pixels(f"#panel-compare canvas >> nth={i}") for i in (0, 1)]
    assert (pictures[0] != pictures[1]).any()
    assert panel.locator("svg.curves path.curve").count() == 4
    visit.shoot("compare")
    panel.get_by_label("Name of the run").fill("slow")
    panel.get_by_label("Name of the run").press("Enter")
    assert panel.get_by_role("columnheader", name="slow").count() == 2
    panel.get_by_role("button", name="Remove slow").click()
    assert panel.locator(".run-card").count() == 1
