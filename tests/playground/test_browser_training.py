"""Training from the page: it runs, steps, goes back, and every number is the library's."""

import numpy as np
import pytest
from browser_pages import (  # noqa: F401
    a_browser,
    a_playground,
    a_visit,
    assert_same,
    number,
    pages_to_open,
    rounded,
)

from chainrule import MLPClassifier
from chainrule.playground import Run, toy_examples


def clock(visit):
    return visit.control("epoch").locator(".epoch").text_content()


@pytest.mark.essential
def test_epochs_of_the_page_are_those_of_the_library(visit):
    """Five presses of the step button are five calls of partial_fit, to the last bit."""
    visit.step("epoch", 5)
    plain = {"solver": "sgd", "momentum": 0, "alpha": 0, "batch_size": 10, "learning_rate_init": 0.03}
    model = MLPClassifier((4, 2), activation="tanh", random_state=0, **plain)
    examples = toy_examples("circle")
    for _ in range(5):
        model.partial_fit(examples.X_train, examples.y_train.astype(int), classes=[0, 1])
    run = Run()
    run.advance("epoch", 5)
    assert_same(visit, run)
    weights = [np.r_[W.T.ravel(), b] for W, b in zip(model.coefs_, model.intercepts_, strict=True)]
    assert np.array_equal(visit.theta, np.concatenate(weights))
    assert visit.frame["epoch_loss"] == model.loss_
    score = model.score(examples.X_test, examples.y_test.astype(int))
    assert visit.scores()[3] == pytest.approx(100 * score, abs=0.05)
    assert clock(visit) == "5"
    visit.shoot("five-epochs")


@pytest.mark.essential
def test_play_pause_and_reset(visit):
    first = visit.theta
    play = visit.control("play")
    assert play.get_attribute("aria-label") == "Train"
    play.click()
    visit.wait("frame.playing && frame.epoch > 3")
    assert play.get_attribute("aria-label") == "Pause"
    visit.shoot("playing")
    visit.pause()
    epoch, step = visit.frame["epoch"], visit.frame["step"]
    assert play.get_attribute("aria-label") == "Train"
    visit.page.wait_for_timeout(150)
    assert visit.frame["step"] == step
    assert number(clock(visit)) == np.floor(epoch + 1e-9)
    run = Run()
    run.advance("batch", step)
    assert_same(visit, run)
    with visit.changing():
        visit.control("reset").click()
    assert clock(visit) == "0"
    assert np.array_equal(visit.theta, first)


@pytest.mark.parametrize("unit", ["sample", "batch", "epoch"])
def test_steps_of_every_unit_go_forth_and_back(visit, unit):
    run = Run()
    for _ in range(3):
        visit.step(unit)
        run.advance(unit)
        assert_same(visit, run)
    for _ in range(2):
        step = visit.frame["step"]
        visit.control("back").click()
        visit.wait("frame.step < argument", step)
        run.back(unit)
        assert visit.frame["step"] == run.now.step
        assert_same(visit, run)


def test_the_time_slider_goes_back_and_forth(visit):
    visit.step("batch", 6)
    last = visit.theta
    slider = visit.control("time").locator("input")
    slider.focus()
    visit.page.keyboard.press("Home")
    visit.wait("frame.step === 0")
    assert np.array_equal(visit.theta, Run().theta)
    visit.step("batch", 6)
    assert np.array_equal(visit.theta, last)
    slider.fill("2")
    visit.wait("frame.step === 2")
    run = Run()
    run.advance("batch", 2)
    assert_same(visit, run)
    assert visit.control("time").locator("output").text_content() == "2"


def test_the_time_slider_offers_no_step_that_is_gone(visit):
    """What was undone cannot be gone to: the slider ends where the engine is, or the engine goes there."""
    visit.step("batch", 6)
    slider = visit.control("time").locator("input")
    slider.fill("2")
    visit.wait("frame.step === 2")
    if int(slider.get_attribute("max")) > 2:
        slider.fill("4")
        visit.wait("frame.step === 4")
    assert visit.page.locator(".refusal").is_hidden()


def test_the_keyboard_trains(visit):
    page = visit.page
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("ArrowRight")
    visit.wait("frame.epoch === 1")
    page.keyboard.press("ArrowRight")
    visit.wait("frame.epoch === 2")
    page.keyboard.press("ArrowLeft")
    visit.wait("frame.epoch === 1")
    page.keyboard.press(" ")
    visit.wait("frame.playing && frame.epoch > 2")
    page.keyboard.press(" ")
    visit.wait("!frame.playing")
    with visit.changing():
        page.keyboard.press("r")
    assert clock(visit) == "0"
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    assert keys.is_visible()
    page.keyboard.press("Escape")
    assert keys.is_hidden()


def test_settings_change_while_it_plays(visit):
    """Nothing begins anew, and what was done in between gives the same weights in the library."""
    visit.control("play").click()
    visit.wait("frame.epoch > 2")
    for name, value in [
        ("learning-rate", "0.1"),
        ("solver", "adam"),
        ("penalty", "l2"),
        ("penalty-rate", "0.01"),
    ]:
        step = visit.frame["step"]
        visit.choose(name, value)
        assert visit.frame["step"] >= step
        assert visit.frame["playing"]
    visit.wait("frame.epoch > 6")
    visit.pause()
    panel = visit.tab("Save & export")
    code = panel.locator("pre.code")
    code.filter(has_text="run.advance").wait_for()
    done = {}
    exec(code.text_content(), done)
    assert_same(visit, done["run"])


def test_infinite_numbers_are_explained_and_left(opened):
    visit = opened("data=plane&layers=&loss=squared_error&learning_rate=10&batch_size=250")
    trouble = visit.page.locator(".trouble[role=alert]").first
    visit.control("play").click()
    visit.wait("frame.trouble", timeout=30_000)
    assert not visit.frame["playing"]
    assert "learning rate" in trouble.text_content()
    visit.shoot("infinite")
    with visit.changing():
        trouble.get_by_role("button", name="Go back and lower the rate to 3").click()
    visit.wait("!frame.trouble")
    assert trouble.is_hidden()
    assert visit.state["settings"]["learning_rate"] == 3
    assert np.isfinite(visit.theta).all()
    visit.control("play").click()
    visit.wait("frame.trouble", timeout=30_000)
    with visit.changing():
        trouble.get_by_role("button", name="Begin anew").click()
    assert visit.frame["step"] == 0
    assert trouble.is_hidden()


def test_the_chart_has_axes_and_reads_values(visit):
    visit.step("epoch", 3)
    chart = visit.page.locator(".loss-chart")
    texts = chart.locator("svg text").all_text_contents()
    assert "epoch" in texts
    assert {"0", "3"} <= set(texts)
    box = chart.locator("svg").bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 40)
    run = Run()
    run.advance("epoch", 3)
    said = chart.locator("output").text_content()
    train, test = rounded(run.scores().loss), rounded(run.scores(test=True).loss)
    assert said == f"epoch 3: {train:g} / {test:g}"
    for line in ("train", "test"):
        assert chart.locator(f"path.line.{line}").get_attribute("d").count("L") == 3
    linear = chart.locator("path.line.train").get_attribute("d")
    chart.get_by_label("log").check()
    assert chart.locator("path.line.train").get_attribute("d") != linear
