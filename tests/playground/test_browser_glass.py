"""The glass box: forward and backward passes of one row, whose numbers are the library's."""

import re

import numpy as np
import pytest
from browser_pages import a_browser, a_playground, a_visit, number, pages_to_open  # noqa: F401

import chainrule
from chainrule.playground import Run

EPOCHS = 3


def opened_box(visit):
    visit.step("epoch", EPOCHS)
    panel = visit.tab("Glass box")
    panel.locator(".document-section").first.wait_for()
    panel.get_by_label("all stages at once").check()
    return panel


def trained(**settings):
    """The run's model, and the run."""
    run = Run(**settings)
    run.advance("epoch", EPOCHS)
    from chainrule.playground.model import estimator_of

    return estimator_of(run), run


def column(section, heading):
    """Numbers of a column of the section's tables."""
    script = """all => all.map(table => [...table.rows].map(row => [...row.cells].map(
        cell => (cell.querySelector("annotation") ?? cell).textContent)))"""
    tables = section.locator("table").evaluate_all(script)
    for head, *rows in tables:
        places = [i for i, one in enumerate(head) if one == heading or one.startswith(f"{heading} ")]
        if places:
            return np.array([number(row[places[0]]) for row in rows])
    raise AssertionError(f"no column {heading!r} in {[head for head, *_ in tables]}")


def matrices(section):
    """The numbers of the section's equations, matrix by matrix."""
    script = """all => all.map(table => [...table.querySelectorAll("mtr")].map(
        row => [...row.querySelectorAll("mtd")].map(cell => cell.textContent)))"""
    tables = section.locator(".is-matrices mtable").evaluate_all(script)
    return [
        np.array([[number(text.replace("⋅10", "e")) for text in row] for row in table]) for table in tables
    ]


def agree(shown, expected):
    np.testing.assert_allclose(shown, expected, rtol=2e-3, atol=1e-12)


@pytest.mark.parametrize("kind", ["circle", "three_gauss", "wave"])
def test_the_numbers_are_those_of_the_trace(opened, kind):
    visit = opened(f"data={kind}")
    panel = opened_box(visit)
    row = int(panel.get_by_role("spinbutton", name="Row").input_value())
    model, run = trained(data={"kind": kind})
    y = run.examples.y[row]
    labels = [int(y)] if run.examples.rows.labels else [float(y)]
    trace = chainrule.trace(model, run.examples.X[row][None], labels)
    forward = panel.locator("[data-stage=forward]")
    backward = panel.locator("[data-stage=backward]")
    n = len(trace.layers)
    assert forward.count() == backward.count() == n
    before = run.examples.X[row]
    for i, layer in enumerate(trace.layers):
        section = forward.nth(i)
        agree(column(section, "a"), np.ravel(layer.a))
        agree(column(section, "z"), np.ravel(layer.z))
        shown = matrices(section)
        agree(shown[0].ravel(), np.ravel(layer.a))
        agree(shown[1], np.asarray(layer.W))
        agree(shown[2].ravel(), before)
        back = backward.nth(n - 1 - i)
        agree(column(back, r"\delta"), np.ravel(layer.delta))
        agree(matrices(back)[-3], np.asarray(layer.dW))
        before = np.ravel(layer.z)
    assert f"L = {trace.loss:.6g}" in panel.locator("[data-stage=loss]").text_content()
    visit.shoot(f"glass-box-{kind}")


@pytest.mark.essential
def test_a_point_that_is_clicked_is_the_row(visit):
    panel = opened_box(visit)
    _, arrays = visit.told("state")
    i = int(np.argmax(np.where(arrays["is_test"] == 0, arrays["points"][:, 0], -9)))
    visit.page.mouse.click(*visit.spot(*arrays["points"][i]))
    row = int(arrays["rows"][i])
    panel.get_by_text(re.compile(rf"Row {row} at step")).wait_for()
    assert panel.get_by_role("spinbutton", name="Row").input_value() == str(row)
    assert f"class = {int(arrays['targets'][i])}" in panel.locator(".row-kind").text_content()
    inputs = panel.locator("[data-stage=inputs]")
    assert f"{arrays['points'][i][0]:.4g}".replace("-", "−")[:4] in inputs.text_content()


@pytest.mark.parametrize("settings", ["", "data=pinwheel&layers=3:gelu", "data=wave&loss=huber", "data=iris"])
def test_the_gradient_check_agrees(opened, settings):
    panel = opened_box(opened(settings))
    check = panel.locator(".gradient-check")
    check.locator(".verdict.is-good").wait_for()
    verdicts = check.locator("tbody tr td:last-child").all_text_contents()
    assert set(verdicts) == {"✓ agrees"}
    assert len(verdicts) >= 2


def test_stages_are_walked_by_buttons_and_keys(visit):
    visit.step("epoch", 1)
    panel = visit.tab("Glass box")
    panel.locator(".document-section").first.wait_for()
    stages = panel.locator(".walk button")
    assert stages.count() == 9
    seen = []
    for _ in range(9):
        seen.append(panel.locator(".document-section").get_attribute("data-stage"))
        if panel.get_by_role("button", name="Next ▸").is_enabled():
            panel.get_by_role("button", name="Next ▸").click()
    assert seen == ["inputs", *["forward"] * 3, "loss", *["backward"] * 3, "update"]
    assert panel.get_by_role("button", name="Next ▸").is_disabled()
    stages.nth(4).click()
    assert panel.locator(".document-section").get_attribute("data-stage") == "loss"
    visit.page.keyboard.press("ArrowRight")
    assert panel.locator(".document-section").get_attribute("data-stage") == "backward"
    assert visit.frame["epoch"] == 1


def test_a_neuron_that_is_clicked_opens_its_part(visit):
    panel = opened_box(visit)
    visit.page.locator('button.unit[data-key="1:0"]').click()
    part = panel.locator(".glass-neuron")
    part.locator(".document-section").first.wait_for()
    heading = part.locator("h3").text_content()
    assert "2" in heading
    assert "1" in heading
    visit.page.locator(".weight-card").get_by_role("button", name="Close").click()
    visit.shoot("glass-box-neuron")
    part.get_by_role("button", name="Close").click()
    part.wait_for(state="hidden")


def test_the_box_follows_the_training(visit):
    panel = opened_box(visit)
    visit.control("play").click()
    panel.get_by_text("while it trains").wait_for()
    visit.pause()
    step = visit.frame["step"]
    panel.get_by_text(f"at step {step:,}.").wait_for()


def test_rows_are_chosen_by_number_and_arrow(visit):
    panel = opened_box(visit)
    row = panel.get_by_role("spinbutton", name="Row")
    row.fill("17")
    row.press("Enter")
    panel.get_by_text(re.compile("Row 17 at step")).wait_for()
    panel.get_by_role("button", name="Next row").click()
    panel.get_by_text(re.compile("Row 18 at step")).wait_for()
    panel.get_by_role("button", name="Random test point").click()
    panel.locator(".row-kind", has_text="test point").wait_for()
