"""The guided tours: each can be walked to its task, and tasks that are solved are recognized."""

import pytest
from browser_pages import a_browser, a_playground, a_visit, pages_to_open  # noqa: F401

TOURS = {
    "What a neuron does": 5,
    "Why nonlinear?": 5,
    "Exclusive or": 5,
    "Watch backpropagation": 6,
    "Learning rate too high": 6,
    "Overfitting": 5,
    "Convolution": 5,
    "Recurrence": 6,
}


def begin(visit, title, to_task=False):
    """Start a tour; with `to_task`, go on to its end at once."""
    visit.tab("Tours").get_by_role("button", name=f"Start the tour: {title}").click()
    card = visit.page.get_by_role("complementary", name="Guided tour")
    card.get_by_text(f"1 of {TOURS[title]}").wait_for()
    if to_task:
        for place in range(TOURS[title]):
            go_on(card, place, TOURS[title])
        card.locator(".goals li").first.wait_for()
    return card


def go_on(card, place, n):
    """One step further, whether or not what it asks for is done."""
    card.get_by_text(f"{place + 1} of {n}", exact=True).wait_for()
    card.locator("footer button").last.click()
    card.get_by_text("Task" if place + 1 == n else f"{place + 2} of {n}", exact=True).wait_for()


def is_done(visit, card, title):
    card.get_by_text("✓ Done!").wait_for(timeout=60_000)
    card.get_by_role("button", name="Finish").click()
    item = visit.tab("Tours").locator("li.tour", has_text=title)
    return "✓ task done" in item.text_content()


@pytest.mark.parametrize("title", TOURS)
def test_every_tour_leads_to_its_task(visit, title):
    card = begin(visit, title)
    for place in range(TOURS[title]):
        assert card.locator(".tour-body").text_content()
        assert visit.page.locator(".tour-target").count() <= 1
        go_on(card, place, TOURS[title])
    goals = card.locator(".goals li")
    goals.first.wait_for()
    assert not card.get_by_text("✓ Done!").is_visible()
    visit.shoot(f"tour-{list(TOURS).index(title) + 1}", whole=False)
    hints = 0
    while card.get_by_role("button", name="hint").count():
        card.get_by_role("button", name="hint").click()
        hints += 1
        assert card.locator(".hints li").count() == hints
    assert hints >= 2
    card.get_by_role("button", name="End tour").click()
    card.wait_for(state="hidden")
    assert visit.page.locator(".tour-target").count() == 0


def test_a_step_waits_for_what_it_asks(visit):
    """Why nonlinear: training for 30 epochs is recognized."""
    card = begin(visit, "Why nonlinear?")
    go_on(card, 0, 5)
    assert card.locator("footer button").last.text_content() == "Skip"
    visit.control("play").click()
    card.get_by_text("✓ Let it train for 30 epochs.").wait_for(timeout=60_000)
    assert card.locator("footer button").last.text_content() == "Next"
    visit.pause()


def test_the_task_of_the_neuron_is_solved_by_hand(visit):
    title = "What a neuron does"
    card = begin(visit, title, to_task=True)
    visit.wait("state.settings.layers.length === 0 && frame.revision === state.revision")
    visit.page.locator('button.unit[data-key="0:0"]').focus()
    visit.page.keyboard.press("Enter")
    fields = visit.page.locator(".weight-card input")
    fields.first.wait_for()
    for i, value in enumerate(["0", "3", "3"]):
        with visit.changing():
            fields.nth(i).fill(value)
            fields.nth(i).press("Enter")
    assert is_done(visit, card, title)


def test_the_task_of_the_nonlinear_tour_is_solved_with_features(visit):
    title = "Why nonlinear?"
    card = begin(visit, title, to_task=True)
    visit.wait("state.settings.layers[0].activation === 'identity' && frame.revision === state.revision")
    for place in (2, 3):
        with visit.changing():
            visit.control("features").locator("button").nth(place).click()
    visit.control("play").click()
    assert is_done(visit, card, title)


def test_the_task_of_backpropagation_is_solved_by_one_weight(visit):
    title = "Watch backpropagation"
    card = begin(visit, title, to_task=True)
    visit.wait("state.settings.layers[0].units === 3 && frame.revision === state.revision")
    visit.page.locator('button.unit[data-key="1:0"]').focus()
    visit.page.keyboard.press("Enter")
    with visit.changing():
        visit.page.locator(".weight-card").get_by_label("from layer 1, neuron 1").fill("0")
        visit.page.keyboard.press("Enter")
    assert is_done(visit, card, title)


def test_the_task_of_the_learning_rate_is_solved_by_its_list(visit):
    title = "Learning rate too high"
    card = begin(visit, title, to_task=True)
    visit.wait("state.settings.data.kind === 'plane' && frame.revision === state.revision")
    visit.choose("learning-rate", "0.1")
    visit.step("epoch", 40)
    assert is_done(visit, card, title)


@pytest.mark.slow
def test_the_task_of_exclusive_or_is_solved(visit):
    title = "Exclusive or"
    card = begin(visit, title, to_task=True)
    visit.wait("state.settings.layers.length === 0 && frame.revision === state.revision")
    with visit.changing():
        visit.page.get_by_role("button", name="One layer more").click()
    for _ in range(2):
        with visit.changing():
            visit.page.get_by_role("button", name="One neuron more in layer 1", exact=True).click()
    visit.choose("activation", "relu")
    visit.control("play").click()
    assert is_done(visit, card, title)


def test_the_task_of_the_convolution_is_solved(visit):
    title = "Convolution"
    card = begin(visit, title, to_task=True)
    visit.wait("state.settings.data.kind === 'bars' && frame.revision === state.revision")
    visit.type("filters", 2)
    visit.slide("share", "80 %")
    visit.control("play").click()
    assert is_done(visit, card, title)


@pytest.mark.slow
def test_the_task_of_the_recurrence_is_solved(visit):
    title = "Recurrence"
    card = begin(visit, title, to_task=True)
    visit.wait("state.settings.data.kind === 'first_symbol' && frame.revision === state.revision")
    visit.choose("cell", "lstm")
    visit.choose("solver", "adam")
    visit.choose("learning-rate", "0.01")
    visit.control("play").click()
    assert is_done(visit, card, title)


@pytest.mark.slow
def test_the_task_of_overfitting_is_solved(visit):
    title = "Overfitting"
    card = begin(visit, title, to_task=True)
    visit.wait("state.settings.layers[0]?.units === 16 && frame.revision === state.revision")
    visit.choose("penalty", "l2")
    visit.choose("penalty-rate", "0.1")
    visit.control("play").click()
    assert is_done(visit, card, title)


def test_a_change_that_is_made_at_once_does_not_lose_the_goals(visit):
    """Together with the click that leads to the task, before the engine has answered to it."""
    title = "Learning rate too high"
    card = begin(visit, title)
    for place in range(TOURS[title] - 1):
        go_on(card, place, TOURS[title])
    visit.page.evaluate("""() => {
      document.querySelector(".tour-card footer button:last-child").click();
      const rate = document.querySelector("[data-control=learning-rate] select");
      rate.value = "0.1";
      rate.dispatchEvent(new Event("change"));
    }""")
    card.locator(".goals li").first.wait_for(timeout=5000)


def test_done_tasks_are_remembered_and_forgotten(visit):
    visit.page.evaluate("localStorage.setItem('chainrule.tours', '[\"neuron\"]')")
    visit.page.reload()
    tours = visit.tab("Tours")
    tours.get_by_text("✓ task done").wait_for()
    tours.get_by_role("button", name="Forget which tasks are done").click()
    tours.get_by_text("✓ task done").wait_for(state="hidden")
