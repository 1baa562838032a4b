"""A run is the training of the estimators, step by step; and it can be taken back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import MLPClassifier, MLPRegressor
from chainrule.errors import ParameterError
from chainrule.playground.model import estimator_of, parameters_of
from chainrule.playground.past import Past
from chainrule.playground.run import Run

TWO = [{"units": 4, "activation": "tanh"}, {"units": 2, "activation": "relu", "dropout": 0.2}]
RUNS = {
    "as it comes": {},
    "no hidden layer": {"layers": [], "data": {"kind": "gauss"}},
    "dropout, adam, adaptive": {"layers": TWO, "solver": "adam", "schedule": "adaptive"},
    "momentum, l1": {"solver": "momentum", "penalty": "l1", "penalty_rate": 0.01},
    "nesterov, l2, cosine": {
        "solver": "nesterov",
        "penalty": "l2",
        "penalty_rate": 0.1,
        "schedule": "cosine",
        "planned_epochs": 12,
    },
    "adamw, one cycle": {"solver": "adamw", "schedule": "one_cycle", "planned_epochs": 9},
    "inverse scaling": {"schedule": "invscaling", "learning_rate": 0.5},
    "softmax": {"data": {"kind": "pinwheel", "noise": 10}, "solver": "adam", "seed": 7},
    "a batch that does not fit": {"batch_size": 37, "features": ["x1*x2", "sin(x1)"]},
    "one batch": {"batch_size": 100_000, "initializer": "he_normal"},
    "squared error": {"data": {"kind": "plane"}, "loss": "squared_error"},
    "mean squared error": {"data": {"kind": "wave"}, "loss": "mean_squared_error"},
    "absolute error": {"data": {"kind": "ripple"}, "loss": "absolute_error", "solver": "adam"},
    "huber": {"data": {"kind": "multi_gauss", "noise": 30, "seed": 3, "share": 80}, "loss": "huber"},
    "a table of classes": {"data": {"kind": "wine"}, "learning_rate": 0.01},
    "a table of numbers": {"data": {"kind": "diabetes"}, "learning_rate": 0.01, "layers": TWO},
}


def trained(run, epochs):
    """The estimator that partial_fit trains with the run's settings."""
    examples, rows = run.examples, run.examples.rows
    kind = MLPClassifier if rows.labels else MLPRegressor
    parameters = parameters_of(run.settings, rows.task)
    parameters["batch_size"] = min(parameters["batch_size"], len(examples.y_train))
    model = kind(**parameters)
    y = examples.y_train.astype(int) if rows.labels else examples.y_train
    classes = {"classes": range(len(rows.labels))} if rows.labels else {}
    for _ in range(epochs):
        model.partial_fit(examples.X_train, y, **classes)
    return model


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_the_training_of_the_estimator(name):
    run = Run(**RUNS[name])
    run.advance("epoch", 8)
    model = trained(run, 8)
    np.testing.assert_allclose(run.theta, model._theta(model.network_), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(run.epoch_losses, model.loss_curve_, rtol=1e-12)


def test_scores_are_those_of_scikit_learn():
    from sklearn.metrics import accuracy_score, log_loss, r2_score

    run = Run(data={"kind": "rings"}, solver="adam")
    run.advance("epoch", 5)
    model = trained(run, 5)
    X, y = run.examples.X_test, run.examples.y_test
    scores = run.scores(test=True)
    assert scores.loss == pytest.approx(log_loss(y, model.predict_proba(X)))
    assert scores.score == pytest.approx(accuracy_score(y, model.predict(X)))
    run = Run(data={"kind": "plane"})
    run.advance("epoch", 2)
    answers = run.outputs(run.examples.X_test)[:, 0]
    assert run.scores(test=True).score == pytest.approx(r2_score(run.examples.y_test, answers))


# -- time ------------------------------------------------------------------------------------------


@settings(max_examples=7, deadline=None)
@given(st.integers(1, 900), st.data())
def test_going_back_is_as_if_the_rest_had_not_been(steps, data):
    back_to = data.draw(st.integers(0, steps - 1))
    run = Run(solver="adam", layers=TWO, batch_size=40)
    run.advance("batch", steps)
    run.go_to(back_to)
    other = Run(solver="adam", layers=TWO, batch_size=40)
    if back_to:
        other.advance("batch", back_to)
    assert run.now.step == back_to
    assert run.log == other.log
    np.testing.assert_array_equal(run.theta, other.theta)
    run.advance("batch", 3)
    other.advance("batch", 3)
    np.testing.assert_array_equal(run.theta, other.theta)


def test_going_back_takes_back_what_was_changed():
    run = Run()
    run.advance("epoch", 2)
    before = run.theta
    run.change({"layers": [{"units": 6, "activation": "relu"}], "learning_rate": 0.1})
    run.edit(0, 1, None, 0.25)
    run.advance("sample", 3)
    run.draw(add=[{"x": 1, "y": 1, "target": 1}])
    run.advance("epoch")
    run.go_to(49)
    assert run.settings.learning_rate == 0.03
    assert run.settings.data.kind == "circle"
    assert len(run.examples.y) == 500
    run.advance("batch")
    np.testing.assert_array_equal(run.theta, before)


def test_back_by_units():
    run = Run(batch_size=50)  # 5 steps an epoch
    run.advance("epoch", 3)
    run.advance("batch", 2)
    run.back("batch")
    assert run.now.step == 16
    run.back("epoch")
    assert run.now.step == 15
    run.back("epoch")
    assert run.now.step == 10
    run.back("epoch", 100)
    assert run.now.step == 0
    assert run.curve.points[0][0] == 0


def test_back_by_epochs_finds_their_beginning_whatever_the_steps_were():
    run = Run(batch_size=50)  # 5 steps an epoch
    run.advance("epoch", 2)
    run.advance("sample", 30)
    run.advance("batch", 2)
    run.back("epoch")
    assert (run.now.step, run.epoch) == (10, 2.0)
    run.change({"batch_size": 10})
    run.advance("epoch", 2)
    run.back("epoch", 3)
    assert (run.now.step, run.epoch) == (5, 1.0)
    with pytest.raises(ParameterError, match="'week'"):
        run.back("week")


def test_the_losses_of_many_epochs_are_those_of_the_estimator():
    run = Run(layers=[], batch_size=250, data={"kind": "gauss"})
    run.advance("epoch", 230)
    assert run.epoch_losses == pytest.approx(trained(run, 230).loss_curve_, rel=1e-12)
    run.go_to(120)
    assert len(run.epoch_losses) == 120
    model = estimator_of(run)
    assert (model.n_iter_, len(model.loss_curve_)) == (120, 120)


def test_the_learning_rate_is_that_of_the_schedule():
    run = Run(schedule="cosine", planned_epochs=4, learning_rate=0.2)
    assert run.learning_rate == pytest.approx(0.2, rel=1e-2)
    run.advance("epoch", 2)
    assert run.learning_rate == pytest.approx(0.1, rel=1e-2)


def test_a_sample_is_a_step_of_one_row():
    run = Run(learning_rate=0.5, layers=[])
    theta, row = run.theta, run.now.epoch.order[0]
    run.advance("sample")
    x, y = run.examples.X_train[row], run.examples.y_train[row]
    p = 1 / (1 + np.exp(-(theta[:2] @ x + theta[2])))
    np.testing.assert_allclose(run.theta, theta - 0.5 * (p - y) * np.append(x, 1), rtol=1e-12)
    assert run.epoch == 1 / 250


def test_a_long_past_is_thinned_but_reaches_back():
    past = Past()
    for step in range(20_000):
        past.keep(step, step, fixed=step == 7_777)
    assert len(past.steps) < 1_300
    assert past.first_step == 0
    assert past.steps[-200:] == list(range(19_800, 20_000))
    assert past.at(7_777) == 7_777


def test_no_step_of_a_long_past_is_far_from_a_moment():
    past = Past()
    for step in range(100_000):
        past.keep(step, step, fixed=step == 0)
    assert max(np.diff(past.steps)) <= 256
    past.at(50_000)
    for step in range(past.steps[-1] + 1, 52_000):
        past.keep(step, step)
    assert max(np.diff(past.steps)) <= 256


def test_a_past_holds_no_more_bytes_than_allowed():
    shared = np.zeros(1_000)
    past = Past(lambda moment: [*moment, shared], most_bytes=100_000)
    for step in range(1_000):
        past.keep(step, [np.zeros(100), np.zeros(150)], fixed=step % 7 == 0)
    sizes = {id(one): one.nbytes for moment in past.moments for one in [*moment, shared]}
    assert 30_000 < sum(sizes.values()) <= 100_000
    assert past.steps[-1] == 999
    past.keep(1_000, [np.zeros(10**6)])
    assert past.steps == [1_000]


@pytest.mark.thorough
def test_a_large_network_with_adam_has_a_past_of_bounded_size():
    run = Run(layers=[{"units": 64}] * 8, solver="adam", batch_size=250)
    run.past.most_bytes = 20 * 2**20
    run.advance("batch", 60)
    theta = run.theta
    assert 5 < len(run.past.steps) < 40
    run.go_to(run.past.first_step)
    run.advance("batch", 60 - run.now.step)
    np.testing.assert_array_equal(run.theta, theta)


def test_a_past_of_changes_only_forgets_the_earliest():
    past = Past()
    for step in range(20_000):
        past.keep(step, step, fixed=True)
    assert len(past.steps) < 1_300
    assert past.at(19_999) == 19_999
    assert past.at(0) == past.first_step


# -- changes ---------------------------------------------------------------------------------------


def test_more_neurons_leave_the_others_as_they_are():
    run = Run()
    run.advance("epoch", 3)
    before = [p for p in run.now.setup.network.views(run.theta) if p]
    run.change({"layers": [{"units": 5, "activation": "tanh"}, {"units": 2, "activation": "tanh"}]})
    after = [p for p in run.now.setup.network.views(run.theta) if p]
    np.testing.assert_array_equal(after[0]["W"][:4], before[0]["W"])
    np.testing.assert_array_equal(after[1]["W"][:, :4], before[1]["W"])
    np.testing.assert_array_equal(after[2]["W"], before[2]["W"])
    assert after[0]["W"][4].any()


def test_inputs_remain_by_their_names():
    run = Run(features=["x1", "x2", "x1^2"])
    run.advance("epoch")
    before = run.now.setup.network.views(run.theta)[0]["W"].copy()
    run.change({"features": ["x1^2", "x1", "sin(x2)"]})
    after = run.now.setup.network.views(run.theta)[0]["W"]
    np.testing.assert_array_equal(after[:, :2], before[:, [2, 0]])


@pytest.mark.parametrize("layers", [[], [{"units": 3}], [{"units": 3}] * 3])
def test_layers_come_and_go_while_training_goes_on(layers):
    run = Run()
    run.advance("epoch")
    run.change({"layers": layers})
    assert run.now.step == 25
    run.advance("epoch", 2)
    assert run.is_finite
    run.change({"layers": [{"units": 4}]})
    run.advance("epoch")
    assert run.is_finite


def test_settings_can_change_in_the_middle_of_an_epoch():
    run = Run()
    run.advance("batch", 7)
    run.change({"batch_size": 1, "solver": "adam", "penalty": "l2", "penalty_rate": 0.1})
    run.advance("epoch")
    assert run.now.epochs == 1
    assert run.now.step == 7 + 180


def test_another_data_set_is_another_run():
    run = Run()
    run.advance("epoch", 2)
    run.change({"data": {"kind": "plane"}})
    assert (run.now.step, run.settings.loss) == (0, "squared_error")
    np.testing.assert_array_equal(run.theta, Run(data={"kind": "plane"}).theta)


def test_more_noise_is_the_same_run():
    run = Run()
    run.advance("epoch", 2)
    run.change({"data": {"noise": 30, "share": 20}})
    assert run.now.step == 50
    run.advance("epoch")
    assert run.now.step == 60


def test_before_the_first_step_a_change_begins_anew():
    run = Run()
    run.change({"layers": [{"units": 3}]})
    np.testing.assert_array_equal(run.theta, Run(layers=[{"units": 3}]).theta)
    assert run.log == []


def test_a_weight_that_was_set_stays_when_the_network_changes():
    run = Run()
    run.edit(0, 1, 0, 0.75)
    run.change({"layers": [{"units": 4}, {"units": 3}]})
    assert run.now.setup.network.views(run.theta)[0]["W"][1, 0] == 0.75


@pytest.mark.parametrize(
    "edit",
    [
        (9, 0, 0, 1.0),
        (0, 9, 0, 1.0),
        (0, 0, 9, 1.0),
        (0, -1, 0, 1.0),
        (0, 0, 0, "1"),
        (0, 0, 0, np.nan),
        (0, 0.5, 0, 1.0),
    ],
)
def test_edits_of_what_there_is_not_are_refused(edit):
    run = Run()
    before = run.theta
    with pytest.raises(ParameterError):
        run.edit(*edit)
    np.testing.assert_array_equal(run.theta, before)


def test_drawn_points():
    run = Run(data={"kind": "gauss"})
    is_test = run.examples.is_test.copy()
    run.draw(add=[{"x": 0.5, "y": -1.5, "target": 2}], move=[{"index": 3, "x": 1.0, "y": 2.0}], erase=[0, 1])
    rows = run.examples.rows
    assert rows.classes == ("0", "1", "2")
    assert run.now.setup.network.n_outputs == 3
    np.testing.assert_array_equal(rows.values[-1], [0.5, -1.5])
    np.testing.assert_array_equal(rows.values[1], [1.0, 2.0])
    np.testing.assert_array_equal(run.examples.is_test[:-1], is_test[2:])
    run.draw(erase=list(range(len(rows.y))))
    with pytest.raises(ParameterError, match="no training row"):
        run.advance()


def test_the_first_point_of_a_class_is_learned_from():
    run = Run()
    run.draw(erase=list(range(500)))
    run.draw(add=[{"x": i, "y": 1, "target": i} for i in range(4)])
    assert not run.examples.is_test.any()
    run.draw(add=[{"x": 1, "y": 1, "target": 0}] * 60)
    assert 10 < run.examples.is_test.sum() < 50


@pytest.mark.parametrize(
    "points",
    [
        {"add": [{"x": 1, "y": 2}]},
        {"add": [{"x": "1", "y": 2, "target": 0}]},
        {"add": [{"x": 1e9, "y": 2, "target": 0}]},
        {"add": [{"x": 1, "y": 2, "target": 10}]},
        {"add": [{"x": 1, "y": 2, "target": 0.5}]},
        {"add": [{"x": 1, "y": 2, "target": 0}] * 6_000},
        {"add": [5]},
        {"move": [None]},
        {"erase": [500]},
        {"move": [{"index": -1, "x": 0, "y": 0}]},
    ],
)
def test_points_that_cannot_be_are_refused(points):
    run = Run()
    with pytest.raises(ParameterError):
        run.draw(**points)
    assert len(run.examples.y) == 500


def test_a_rate_that_is_too_high_ends_the_run_where_it_can_be_taken_back():
    run = Run(data={"kind": "plane"}, layers=[{"units": 4, "activation": "relu"}], learning_rate=1e4)
    run.advance("epoch", 5)
    assert not run.now.state.finite
    assert run.now.step < 125
    run.back("batch", 3)
    assert run.is_finite
    run.change({"learning_rate": 0.01})
    run.advance("batch", 2)
    assert run.is_finite


def test_a_frozen_moment_is_not_touched_by_what_comes_after():
    run = Run()
    before = run.now
    theta = run.theta
    run.advance("epoch", 2)
    np.testing.assert_array_equal(before.setup.parts.join(before.state.theta), theta)
