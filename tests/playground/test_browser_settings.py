"""Every setting that can be chosen at the page trains as the library does with it."""

import pytest
from browser_pages import a_browser, a_playground, a_visit, assert_same, number, pages_to_open  # noqa: F401

from chainrule.playground import Run
from chainrule.playground.catalog import catalog

CATALOG = catalog("")


def names(what):
    return [choice["name"] for choice in CATALOG[what]]


def options(visit, control):
    return visit.control(control).locator("option").evaluate_all("all => all.map(one => one.value)")


def check_each(visit, control, values, settings_of):
    """Choose each value; after a reset two epochs of the page are two of the library."""
    for value in values:
        if visit.control(control).locator("select").input_value() != str(value):
            visit.choose(control, value)
        if visit.frame["step"]:
            with visit.changing():
                visit.control("reset").click()
        visit.step("epoch", 2)
        run = Run(**settings_of(value))
        run.advance("epoch", 2)
        assert_same(visit, run)


def test_learning_rates(visit):
    rates = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]
    assert [float(one) for one in options(visit, "learning-rate")] == rates
    check_each(visit, "learning-rate", ["0.00001", "0.3", "10"], lambda rate: {"learning_rate": float(rate)})


def test_every_activation_for_all_layers_at_once(visit):
    assert options(visit, "activation") == names("activations")
    assert {"relu", "tanh", "logistic", "identity"} <= set(names("activations"))

    def settings(name):
        return {"layers": [{"units": units, "activation": name} for units in (4, 2)]}

    check_each(visit, "activation", names("activations"), settings)


def test_an_activation_and_a_dropout_for_each_layer(visit):
    page = visit.page
    with visit.changing():
        page.get_by_label("Activation of layer 1").select_option("relu")
    with visit.changing():
        page.get_by_label("Activation of layer 2").select_option("gelu")
    with visit.changing():
        page.get_by_label("Dropout of layer 1").select_option("0.2")
    assert visit.control("activation").locator("select").input_value() == "mixed"
    visit.step("epoch", 2)
    layers = [{"units": 4, "activation": "relu", "dropout": 0.2}, {"units": 2, "activation": "gelu"}]
    run = Run(layers=layers)
    run.advance("epoch", 2)
    assert_same(visit, run)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_penalties_and_their_rates(visit, penalty):
    visit.choose("penalty", penalty)
    rates = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]
    assert [float(one) for one in options(visit, "penalty-rate")] == rates
    check_each(
        visit, "penalty-rate", ["0.003", "1"], lambda rate: {"penalty": penalty, "penalty_rate": float(rate)}
    )
    visit.choose("penalty", "none")
    assert visit.control("penalty-rate").is_hidden()


def test_problem_types_bring_their_data_and_losses(visit):
    visit.choose("problem", "regression")
    assert visit.state["problem"]["title"] == "Plane"
    assert visit.control("data-sets").locator("button").all_text_contents() == [
        "Plane",
        "Multi Gaussian",
        "Wave",
        "Ripple",
    ]
    assert visit.control("scores").locator("thead").text_content() == "lossR²"
    visit.choose("problem", "classification")
    assert visit.state["problem"]["title"] == "Circle"
    assert options(visit, "loss") == ["log_loss"]


def test_every_loss_of_a_regression(opened):
    visit = opened("data=wave")
    losses = [loss["name"] for loss in CATALOG["losses"] if loss["task"] == "regression"]
    assert options(visit, "loss") == losses
    check_each(visit, "loss", losses, lambda loss: {"data": {"kind": "wave"}, "loss": loss})
    visit.shoot("regression")


def test_every_solver(visit):
    assert options(visit, "solver") == names("solvers")
    check_each(visit, "solver", names("solvers"), lambda solver: {"solver": solver})


def test_momentum_is_typed(visit):
    assert visit.control("momentum").is_hidden()
    visit.choose("solver", "nesterov")
    visit.type("momentum", 0.5)
    visit.step("epoch", 2)
    run = Run(solver="nesterov", momentum=0.5)
    run.advance("epoch", 2)
    assert_same(visit, run)


def test_every_schedule(visit):
    assert options(visit, "schedule") == names("schedules")
    visit.choose("schedule", "cosine")
    visit.type("planned-epochs", 4)
    check_each(visit, "schedule", names("schedules"), lambda one: {"schedule": one, "planned_epochs": 4})


def test_every_initializer_and_seed(visit):
    assert options(visit, "initializer") == names("initializers")
    for name in names("initializers"):
        if name != visit.control("initializer").locator("select").input_value():
            visit.choose("initializer", name)
        assert_same(visit, Run(initializer=name))
    visit.type("seed", 7)
    assert_same(visit, Run(initializer=name, seed=7))


def test_layers_and_neurons_come_and_go(visit):
    page = visit.page

    def press(label):
        with visit.changing():
            page.get_by_role("button", name=label, exact=True).click()
        layers = [layer["units"] for layer in visit.state["network"]["layers"]]
        shown = page.locator(".layer[aria-label^='Hidden layer']")
        assert [shown.nth(i).locator("button.unit").count() for i in range(shown.count())] == layers
        return layers

    assert press("One neuron more in layer 1") == [5, 2]
    assert press("One neuron less in layer 2") == [5, 1]
    assert page.get_by_role("button", name="One neuron less in layer 2").is_disabled()
    assert press("One layer more") == [5, 1, 1]
    for n in (2, 1, 0):
        assert len(press("One layer less")) == n
    assert page.get_by_role("button", name="One layer less").is_disabled()
    assert visit.control("activation").is_hidden()
    assert_same(visit, Run(layers=[]))
    for n in range(12):
        assert len(press("One layer more")) == n + 1
    assert page.get_by_role("button", name="One layer more").is_disabled()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visit.shoot("twelve-layers")


def test_weights_stay_when_the_network_grows(visit):
    visit.step("epoch", 3)
    before = visit.theta
    with visit.changing():
        visit.page.get_by_role("button", name="One neuron more in layer 2", exact=True).click()
    run = Run()
    run.advance("epoch", 3)
    run.change({"layers": [{"units": 4}, {"units": 3}]})
    assert_same(visit, run)
    assert (visit.theta[:12] == before[:12]).all()
    assert visit.frame["epoch"] == 3


def test_features_are_switched_on_and_off(visit):
    features = visit.control("features").locator("button")
    assert features.count() == 9
    for i in range(2, 9):
        with visit.changing():
            features.nth(i).click()
    assert visit.state["settings"]["features"] == names("features")
    with visit.changing():
        features.nth(0).click()
    assert features.nth(0).get_attribute("aria-pressed") == "false"
    visit.step("epoch", 1)
    run = Run(features=names("features")[1:])
    run.advance("epoch", 1)
    assert_same(visit, run)
    visit.shoot("all-features")


def test_the_last_feature_cannot_be_taken(visit):
    features = visit.control("features").locator("button")
    with visit.changing():
        features.nth(0).click()
    features.nth(1).click()
    refusal = visit.page.locator(".refusal")
    refusal.wait_for()
    assert "choose a feature" in refusal.text_content()
    assert visit.state["settings"]["features"] == ["x2"]
    refusal.get_by_role("button", name="Dismiss").click()
    assert refusal.is_hidden()


@pytest.mark.parametrize("kind", [one["name"] for one in CATALOG["data_sets"] if one["kind"] == "toy"])
def test_every_data_set_trains(opened, kind):
    """By its picture; with noise, share and batch size by their sliders for two of them."""
    task = next(one["task"] for one in CATALOG["data_sets"] if one["name"] == kind)
    visit = opened("" if task == "classification" else "data=ripple")
    label = next(one["label"] for one in CATALOG["data_sets"] if one["name"] == kind)
    button = visit.control("data-sets").get_by_role("button", name=label, exact=True)
    if button.get_attribute("aria-pressed") == "false":
        with visit.changing():
            button.click()
    settings = {"data": {"kind": kind}}
    if kind in ("spiral", "plane"):
        visit.slide("noise", "15 %")
        visit.slide("share", "70 %")
        visit.slide("batch-size", "3")
        settings = {"data": {"kind": kind, "noise": 15, "share": 70}, "batch_size": 3}
    visit.step("epoch", 1)
    run = Run(**settings)
    run.advance("epoch", 1)
    assert_same(visit, run)
    visit.shoot(f"data-{kind}", whole=False)


def test_regenerate_brings_other_points(visit):
    before = visit.told("state")[1]["points"]
    with visit.changing():
        visit.control("regenerate").click()
    assert (visit.told("state")[1]["points"] != before).any()
    assert visit.control("data-seed").locator("input").input_value() == "1"
    visit.type("data-seed", 5)
    run = Run(data={"seed": 5})
    assert_same(visit, run)
    assert visit.told("state")[1]["points"] == pytest.approx(run.examples.rows.values.astype("float32"))


def test_the_slider_for_batches_ends_with_all_rows(visit):
    visit.slide("batch-size", "all")
    visit.step("epoch", 2)
    assert visit.frame["step"] == 2
    assert number(visit.control("epoch").locator(".epoch").text_content()) == 2
