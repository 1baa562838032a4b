"""Looking at the network and taking hold of it: pictures, lines, cards, weights."""

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

from chainrule.playground import Run


def colors(visit):
    return np.unique(visit.pixels(".main-picture").reshape(-1, 4), axis=0)


def unit(visit, layer, place):
    return visit.page.locator(f'button.unit[data-key="{layer}:{place}"]')


def middle_of_line(visit, layer, to, from_=None):
    """Where on the screen the line between two neurons is halfway."""
    source = f'button.unit[data-key="{layer - 1}:{from_}"]' if layer else f".input-list button >> nth={from_}"
    begin = visit.page.locator(source).bounding_box()
    end = unit(visit, layer, to).bounding_box()
    x = (begin["x"] + begin["width"] + end["x"]) / 2
    y = (begin["y"] + begin["height"] / 2 + end["y"] + end["height"] / 2) / 2
    return x, y


def test_the_main_picture_is_the_networks_answer(visit):
    """Blue where the library says class 1, orange where it says class 0."""
    visit.step("epoch", 20)
    run = Run()
    run.advance("epoch", 20)
    side = -6 + (np.arange(100) + 0.5) * 0.12
    X = np.array([(x, y) for y in side[::-1] for x in side])
    answers = run.outputs(X).reshape(100, 100)
    pixels = visit.pixels(".main-picture").astype(int)
    assert pixels.shape == (100, 100, 4)
    is_blue = pixels[..., 2] > pixels[..., 0]
    sure = np.abs(answers) > 0.3
    assert (is_blue == (answers > 0))[sure].all()
    for layer, place in [(0, 3), (1, 0), (2, 0)]:
        assert len(np.unique(visit.pixels(f'button.unit[data-key="{layer}:{place}"] canvas'))) > 5


def test_a_neuron_under_the_pointer_is_the_large_picture(visit):
    before = visit.pixels(".main-picture")
    unit(visit, 0, 1).hover()
    visit.page.get_by_role("heading", name="Layer 1, neuron 2").wait_for()
    visit.wait("JSON.stringify(frame) && told.frames > 1")
    visit.page.wait_for_function("() => document.querySelector('.legend').textContent === '−0+'")
    small = visit.pixels('button.unit[data-key="0:1"] canvas')
    visit.page.wait_for_timeout(100)
    large = visit.pixels(".main-picture")
    assert (large != before).any()
    coarse = large[2::5, 2::5][:, :, :3].astype(int)
    assert np.abs(coarse - small[:, :, :3]).mean() < 12
    visit.shoot("hover")
    visit.page.mouse.move(5, 5)
    visit.page.get_by_role("heading", name="Output", exact=True).first.wait_for()
    visit.page.wait_for_timeout(100)
    assert np.array_equal(visit.pixels(".main-picture"), before)


def test_an_input_under_the_pointer_is_the_large_picture(visit):
    visit.control("features").locator("button").first.hover()
    visit.page.get_by_role("heading", name="x₁").wait_for()


@pytest.mark.essential
def test_a_line_shows_its_weight_and_takes_another(visit):
    """Place of W[0][1, 0] in θ: layer by layer W[to][from], then b."""
    visit.page.mouse.move(*middle_of_line(visit, 0, 3, 1))
    card = visit.page.locator(".weight-card")
    card.wait_for()
    assert card.locator("strong").text_content() == "Weight from x₂ to layer 1, neuron 4"
    weight = visit.theta[3 * 2 + 1]
    assert number(card.locator("output").text_content()) == rounded(weight, 4)
    visit.page.mouse.click(*middle_of_line(visit, 0, 3, 1))
    with visit.changing():
        card.get_by_label("weight").fill("-1.25")
        card.get_by_label("weight").press("Enter")
    run = Run()
    run.edit(0, 3, 1, -1.25)
    assert_same(visit, run)
    visit.shoot("weight-card")
    with visit.changing():
        card.get_by_label("weight").press("ArrowUp")
    assert visit.theta[7] == -1.15
    card.get_by_label("weight").press("Escape")
    assert card.is_hidden()


@pytest.mark.parametrize(("layer", "place"), [(0, 2), (1, 1), (2, 0)])
def test_a_bias_takes_another_value(visit, layer, place):
    """The output's bias too."""
    unit(visit, layer, place).locator(".bias").click()
    card = visit.page.locator(".weight-card")
    with visit.changing():
        card.get_by_label("bias").fill("0.75")
        card.get_by_label("bias").press("Enter")
    run = Run()
    run.edit(layer, place, None, 0.75)
    assert_same(visit, run)
    visit.step("epoch", 1)
    run.advance("epoch", 1)
    assert_same(visit, run)


def test_a_neuron_shows_all_that_comes_in(visit):
    unit(visit, 1, 0).click()
    card = visit.page.locator(".weight-card")
    values = [float(one.input_value()) for one in card.locator("input").all()]
    first = 4 * 2 + 4
    expected = [visit.theta[first + 8], *visit.theta[first : first + 4]]
    assert values == [rounded(one, 4) for one in expected]
    assert card.locator("strong").text_content() == "Layer 2, neuron 1 · tanh"


def test_an_impossible_weight_is_refused_in_words(visit):
    unit(visit, 0, 0).locator(".bias").click()
    field = visit.page.locator(".weight-card").get_by_label("bias")
    field.fill("1e9")
    field.press("Enter")
    refusal = visit.page.locator(".refusal")
    refusal.wait_for()
    assert "1e6" in refusal.text_content()
    assert visit.theta[8] == Run().theta[8]


def test_test_points_are_shown(visit):
    def drawn():
        return int((visit.pixels("canvas.points")[..., 3] > 0).sum())

    before = drawn()
    visit.control("show-test").locator("input").check()
    assert drawn() > 1.5 * before
    assert "show_test=1" in visit.page.url
    visit.control("show-test").locator("input").uncheck()
    assert drawn() == before


def test_discretize_leaves_two_colors(visit):
    visit.step("epoch", 5)
    assert len(colors(visit)) > 20
    visit.control("discretize").locator("input").check()
    assert len(colors(visit)) == 2
    visit.shoot("discretized")
    visit.control("discretize").locator("input").uncheck()
    assert len(colors(visit)) > 20


@pytest.mark.parametrize(("kind", "n"), [("three_gauss", 3), ("rings", 4), ("pinwheel", 5)])
def test_softmax_of_several_classes(opened, kind, n):
    visit = opened(f"data={kind}&learning_rate=0.1")
    visit.step("epoch", 8)
    run = Run(data={"kind": kind}, learning_rate=0.1)
    run.advance("epoch", 8)
    assert_same(visit, run)
    assert visit.page.locator(".outputs button.unit").count() == n
    assert visit.page.locator(".legend .class-sign").all_text_contents() == [str(k) for k in range(n)]
    visit.control("discretize").locator("input").check()
    side = -6 + (np.arange(100) + 0.5) * 0.12
    X = np.array([(x, y) for y in side[::-1] for x in side])
    classes = run.outputs(X).argmax(axis=1)
    flat = visit.pixels(".main-picture").reshape(-1, 4)
    assert len(colors(visit)) == len(np.unique(classes))
    for k in np.unique(classes):
        assert len(np.unique(flat[classes == k], axis=0)) == 1
    visit.shoot(f"softmax-{n}")


def test_the_pictures_of_a_regression(opened):
    visit = opened("data=plane")
    assert visit.page.locator(".legend .scale-ends span").all_text_contents() != ["−", "0", "+"]
    visit.step("epoch", 3)
    visit.control("discretize").locator("input").check()
    assert 2 <= len(colors(visit)) <= 8
