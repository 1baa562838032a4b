"""Links: the address restores what was chosen, hides what should not be seen, and tells nobody the token."""

import pytest
from browser_pages import a_browser, a_playground, a_visit, assert_same, pages_to_open  # noqa: F401

from chainrule.playground import Run

SETTINGS = {
    "data": {"kind": "pinwheel", "noise": 10, "seed": 3, "share": 70},
    "features": ["x1", "x1*x2", "sin(x2)"],
    "layers": [{"units": 5, "activation": "relu", "dropout": 0.1}, {"units": 3, "activation": "tanh"}],
    "solver": "nesterov",
    "momentum": 0.8,
    "learning_rate": 0.003,
    "schedule": "cosine",
    "planned_epochs": 50,
    "penalty": "l1",
    "penalty_rate": 0.001,
    "batch_size": 20,
    "initializer": "he_normal",
    "seed": 11,
}
ADDRESS = (
    "data=pinwheel&noise=10&data_seed=3&share=70&features=x1,x1*x2,sin(x2)&layers=5:relu:0.1,3:tanh&"
    "solver=nesterov&momentum=0.8&learning_rate=0.003&schedule=cosine&planned_epochs=50&penalty=l1&"
    "penalty_rate=0.001&batch_size=20&initializer=he_normal&seed=11&show_test=1&discretize=1&panel=scores"
)


def fragment(visit):
    return visit.page.url.partition("#")[2]


def test_the_token_leaves_the_address(visit):
    assert "token" not in visit.page.url
    assert fragment(visit) == ""


@pytest.mark.essential
def test_all_settings_are_in_the_address_and_come_back(opened):
    """In a page of its own: the settings, what is shown, the panel; and it trains the same."""
    visit = opened(ADDRESS)
    visit.wait("state.settings.seed === 11 && frame.revision === state.revision")
    assert fragment(visit) == ADDRESS
    assert visit.control("show-test").locator("input").is_checked()
    assert visit.control("discretize").locator("input").is_checked()
    assert visit.page.get_by_role("tab", name="Scores").get_attribute("aria-selected") == "true"
    visit.step("epoch", 2)
    run = Run(**SETTINGS)
    run.advance("epoch", 2)
    assert_same(visit, run)


def test_what_is_chosen_is_in_a_link_that_another_page_restores(visit, opened):
    visit.choose("learning-rate", "0.1")
    with visit.changing():
        visit.page.get_by_role("button", name="One neuron more in layer 2", exact=True).click()
    visit.type("seed", 4)
    visit.step("epoch", 2)
    assert fragment(visit) == "layers=4:tanh,3:tanh&learning_rate=0.1&seed=4"
    other = opened(fragment(visit))
    other.wait("state.settings.seed === 4 && frame.revision === state.revision")
    other.step("epoch", 2)
    assert (other.theta == visit.theta).all()


def test_a_reload_keeps_the_settings(visit):
    visit.choose("learning-rate", "0.3")
    visit.page.reload()
    visit.wait("state?.settings.learning_rate === 0.3 && frame?.revision === state.revision")
    assert visit.control("learning-rate").locator("select").input_value() == "0.3"


def test_axes_and_held_columns_of_a_table_come_back(opened):
    settings = "data=iris&axes=petal+length,petal+width&held.sepal+width=2.5"
    visit = opened(settings)
    visit.wait("state.problem.held['sepal width'] === 2.5")
    assert visit.state["problem"]["axes"] == ["petal length", "petal width"]
    assert visit.control("axis-x").locator("select").input_value() == "petal length"


@pytest.mark.parametrize(
    "settings", ["learning_rate=fast", "layers=4:tanhh", "data=nothing", "seed=-1", "noise=1e99"]
)
def test_an_impossible_address_is_refused_in_words(opened, settings):
    visit = opened(settings)
    refusal = visit.page.locator(".refusal")
    refusal.wait_for()
    assert "however" in refusal.text_content() or "there is no" in refusal.text_content()
    assert_same(visit, Run())


def test_controls_are_hidden_by_the_address(opened):
    visit = opened("hide=learning-rate,layers,noise,panel-doctor,output,nonsense")
    for name in ("learning-rate", "layers", "noise", "panel-doctor"):
        assert visit.control(name).first.is_hidden(), name
    for name in ("solver", "play", "batch-size"):
        assert visit.control(name).first.is_visible(), name


def test_the_dialog_makes_a_link_that_hides(visit, opened):
    page = visit.page
    page.get_by_role("button", name="Hide controls…").click()
    dialog = page.get_by_role("dialog", name="Hide controls")
    for name in ("Solver", "Regularization", "Penalty"):
        if dialog.get_by_label(name, exact=True).count():
            dialog.get_by_label(name, exact=True).uncheck()
    visit.shoot("hide-dialog", whole=False)
    dialog.get_by_role("button", name="Copy the link").click()
    dialog.get_by_text("Copied.").wait_for()
    dialog.get_by_role("button", name="Close").click()
    assert visit.control("solver").is_hidden()
    link = page.evaluate("navigator.clipboard.readText()")
    other = opened(link.partition("#")[2])
    assert other.control("solver").is_hidden()
    assert other.control("penalty").is_hidden()
    assert other.control("learning-rate").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_chosen_and_remembered(opened, theme):
    visit = opened(color_scheme="dark" if theme == "light" else "light")
    light = visit.pixels(".main-picture")
    visit.control("theme").click()
    assert visit.page.locator("body").get_attribute("data-theme") == theme
    assert (visit.pixels(".main-picture") != light).any()
    visit.page.reload()
    visit.page.locator(f"body[data-theme={theme}]").wait_for()
