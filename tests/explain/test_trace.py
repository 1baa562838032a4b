"""The trace: against sums worked out by hand, against training steps to the bit, and against differences."""

import json

import numpy as np
import pytest

from chainrule import Activation, Dense, MLPClassifier, MLPRegressor, Network
from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.xla import XlaEngine
from chainrule.errors import ParameterError
from chainrule.explain import trace
from chainrule.network import EnsembleLoss, Join, MemberDense, Polynomial, get_loss
from chainrule.optimization import SGD, Adam

PLAIN = SGD(momentum=False, nesterov=False)


def test_two_layers_worked_out_by_hand():
    """A regression network with two inputs and two tanh neurons.

    x = (1, 2), y = 1.   w_11 = 0.5, w_12 = -0.25, b_1 = 0.1;  w_21 = 0.3, w_22 = 0.2, b_2 = -0.2
    a_1 = 0.5·1 - 0.25·2 + 0.1 = 0.1        z_1 = tanh 0.1 = 0.0996680        (18)-(20)
    a_2 = 0.3·1 + 0.2·2 - 0.2  = 0.5        z_2 = tanh 0.5 = 0.4621172
    o = 2 z_1 - 1 z_2 + 0.5 = 0.2372188     L = (o - y)² = 0.5818352           (22)-(24)
    dL/do = 2 (o - y) = -1.5255624 = δ^(2)                                      (25)
    dL/dw^(2) = δ z = (-0.1520498, -0.7049886), dL/db^(2) = δ                   (25), (26)
    dL/dz = wᵀ δ = (2 δ, -1 δ) = (-3.0511248, 1.5255624)                        (33)
    φ' = 1 - z² = (0.9900663, 0.7864477)
    δ^(1) = dL/dz φ' = (-3.0208159, 1.1997751)                                  (35)
    dL/dW^(1) = δ xᵀ, row by row δ_1 (1, 2) and δ_2 (1, 2)                       (47)
    """
    network = Network.mlp(2, (2,), 1, "tanh")
    theta = [0.5, -0.25, 0.3, 0.2, 0.1, -0.2, 2.0, -1.0, 0.5]
    t = trace(network, [1.0, 2.0], 1.0, theta=theta, learning_rate=0.1)
    hidden, out = t.layers
    close = {"rtol": 1e-6}
    np.testing.assert_allclose(hidden.a, [[0.1, 0.5]], **close)
    np.testing.assert_allclose(hidden.z, [[0.0996680, 0.4621172]], **close)
    np.testing.assert_allclose(hidden.slope, [[0.9900663, 0.7864477]], **close)
    np.testing.assert_allclose(out.a, [[0.2372188]], **close)
    assert t.loss == pytest.approx(0.5818352, rel=1e-6)
    np.testing.assert_allclose(out.delta, [[-1.5255624]], **close)
    np.testing.assert_allclose(out.dW, [[-0.1520498, -0.7049886]], **close)
    np.testing.assert_allclose(out.db, [-1.5255624], **close)
    np.testing.assert_allclose(hidden.dz, [[-3.0511248, 1.5255624]], **close)
    np.testing.assert_allclose(out.dz_in, hidden.dz)
    np.testing.assert_allclose(hidden.delta, [[-3.0208159, 1.1997751]], **close)
    np.testing.assert_allclose(hidden.dW, [[-3.0208159, -6.0416318], [1.1997751, 2.3995502]], **close)
    np.testing.assert_allclose(hidden.db, [-3.0208159, 1.1997751], **close)
    np.testing.assert_allclose(hidden.update_W, -0.1 * hidden.dW)
    np.testing.assert_allclose(out.update_b, [0.15255624], **close)


def test_three_layers_worked_out_by_hand():
    """One input, one neuron per layer, sigmoid twice: equations (63)-(65) factor by factor.

    x = 1, y = 0.   a_1 = 0·1 + 0 = 0, z_1 = σ(0) = ½;  a_2 = 2·½ - 1 = 0, z_2 = ½;  o = 4·½ + 1 = 3, L = 9
    (63)  dL/dw_3 = dL/do · do/da_3 · da_3/dw_3 = 6 · 1 · ½ = 3
    (64)  dL/dw_2 = 6 · 1 · w_3 · σ'(a_2) · z_1 = 6 · 4 · ¼ · ½ = 3
    (65)  dL/dw_1 = 6 · 1 · w_3 · σ'(a_2) · w_2 · σ'(a_1) · x = 6 · 4 · ¼ · 2 · ¼ · 1 = 3
    and for the biases, whose last factor is 1: 6, 6, 3
    """
    network = Network.mlp(1, (1, 1), 1, "sigmoid")
    t = trace(network, [1.0], 0.0, theta=np.array([0.0, 0, 2, -1, 4, 1]))
    assert t.loss == 9
    assert [layer.dW.item() for layer in t.layers] == [3, 3, 3]
    assert [layer.db.item() for layer in t.layers] == [3, 6, 6]
    assert [layer.delta.item() for layer in t.layers] == [3, 6, 6]
    assert [layer.number for layer in t.layers] == [1, 2, 3]
    assert [layer.z.item() for layer in t.layers] == [0.5, 0.5, 3]


def test_softmax_of_two_rows_by_hand():
    """Equal outputs: p = (⅓, ⅓, ⅓), L = log 3, δ = (p - y) / 2 for two rows of weight 1."""
    network = Network(2, (Dense(3),))
    t = trace(network, [[1.0, 0], [0, 1]], [0, 2], theta=np.zeros(9), loss="softmax_cross_entropy")
    (layer,) = t.layers
    assert t.loss == pytest.approx(np.log(3))
    third = 1 / 3
    np.testing.assert_allclose(2 * layer.delta, [[third - 1, third, third], [third, third, third - 1]])
    np.testing.assert_allclose(layer.z, np.full((2, 3), third))
    np.testing.assert_allclose(layer.slope[0], (3 * np.eye(3) - 1) / 9)
    np.testing.assert_allclose(layer.dW, layer.delta.T @ np.array([[1.0, 0], [0, 1]]))


# -- the trace is the training -----------------------------------------------------------------------

INNER = (Dense(3), Activation("silu"))
NETWORKS = {
    "relu": Network.mlp(3, (5, 4), 2),
    "mixed": Network(3, (Polynomial(2), Dense(4), Activation("elu"), Network(4, INNER), Dense(2))),
    "dropout": Network.mlp(3, (8,), 2, "tanh", dropout=0.4),
}  # fmt: skip
OPTIMIZERS = {"plain": PLAIN, "nesterov": SGD(), "adam": Adam()}


def one_step(engine, make_training, network, X, y, optimizer, **given):
    training = make_training(
        engine, network, X, y, optimizer=optimizer, epochs=1, batch_size=len(X), rate=0.05, shuffle=False,
        dtype=np.float32, seed=3, **given,
    )  # fmt: skip
    before = training.state.theta
    list(training.epochs())
    return before, training.state.theta


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    "penalties", [{}, {"l1": 0.01, "clip": 0.5, "weight_decay": 0.1, "numbers": {"l2": 0.1}}]
)
def test_the_update_is_that_of_training_to_the_bit(make_training, numbers, name, optimizer, penalties):
    network, chosen = NETWORKS[name], OPTIMIZERS[optimizer]
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 3)).astype("f4"), rng.normal(size=(7, 2)).astype("f4")
    before, after = one_step(NumpyEngine(), make_training, network, X, y, chosen, **penalties)
    settings = {k: v for k, v in penalties.items() if k != "numbers"} | penalties.get("numbers", {})
    known = {k: v for k, v in numbers(**settings).items() if k not in ("tol", "patience")}
    if not penalties:
        known |= {"clip": 0.0}
    seed = int(np.random.default_rng(3).integers(2**32))  # the first draw of the training's generator
    t = trace(
        network, X, y, theta=before, loss="squared_error", optimizer=chosen, learning_rate=0.05,
        numbers=known, dropout_seed=seed,
    )  # fmt: skip
    np.testing.assert_array_equal(t.theta_after, after)
    assert t.dropped == (name == "dropout")
    moved = {f"{step.name}.{p}": step.p[p] + step.update[p] for step in t.steps for p in step.p}
    for full, value in network.named(after).items():
        np.testing.assert_allclose(moved[full], value, rtol=1e-5, atol=1e-7)
    xla = one_step(XlaEngine(), make_training, network, X, y, chosen, **penalties)[1]
    np.testing.assert_allclose(t.theta_after, xla, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("solver", ["adam", "sgd", "adamw"])
def test_the_trace_of_an_mlp_is_its_next_step(solver):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.integers(3, size=40)
    model = MLPClassifier(
        (6, 5), "tanh", solver=solver, shuffle=False, batch_size=40, engine="numpy", random_state=0
    )
    for _ in range(3):
        model.partial_fit(X, y, classes=[0, 1, 2])
    before = [W.copy() for W in model.coefs_]
    t = trace(model, X, y)
    assert t.penalty > 0, "alpha is at work"
    assert all((one == other).all() for one, other in zip(before, model.coefs_, strict=True))
    model.partial_fit(X, y)
    for layer, W, b in zip(t.layers, model.coefs_, model.intercepts_, strict=True):
        np.testing.assert_allclose((layer.W + layer.update_W).T, W, rtol=1e-12)
        np.testing.assert_allclose(layer.b + layer.update_b, b, rtol=1e-12)
    np.testing.assert_array_equal(t.theta_after, model._theta(model.network_))


def test_the_trace_of_lbfgs_says_that_its_step_is_another():
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0, max_iter=200).fit(
        X, X[:, 0]
    )
    assert "L-BFGS" in str(trace(model, X[0], 1.0))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradients_are_the_slopes_of_the_loss(name, central_differences):
    network = NETWORKS[name]
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    weights = np.array([1.0, 2, 0.5, 3])
    theta = network.initialize(rng, np.float64)
    t = trace(network, X, y, theta=theta, loss="squared_error", sample_weight=weights)
    loss = get_loss("squared_error")

    def value(theta):
        return loss(network.predict(theta, X), y, weights)[0]

    slopes = network.named(central_differences(value, theta))
    for step in t.steps:
        for parameter, dp in step.dp.items():
            np.testing.assert_allclose(dp, slopes[f"{step.name}.{parameter}"], rtol=1e-4, atol=1e-8)
    for layer in t.layers:
        assert layer.dW.shape == layer.W.shape == layer.update_W.shape
        np.testing.assert_allclose(layer.dW, layer.delta.T @ layer.z_in, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(layer.dz_in, layer.delta @ layer.W, rtol=1e-10, atol=1e-12)
        if layer.dz is not None:
            np.testing.assert_allclose(layer.delta, layer.dz * layer.slope, rtol=1e-10, atol=1e-12)


def test_dropped_neurons_pass_nothing_either_way():
    t = trace(NETWORKS["dropout"], [1.0, 2, 3], [1.0, 1], dropout_seed=1, learning_rate=0.1)
    hidden = t.layers[0]
    gone = hidden.mask[0] == 0
    assert 0 < gone.sum() < 8
    assert (hidden.z[0, gone] == 0).all()
    assert (hidden.delta[0, gone] == 0).all()
    assert (hidden.delta[0, ~gone] != 0).all()


def test_an_ensemble_has_its_members_in_front():
    layers = (MemberDense(4, 3, fan_out=True), Activation("tanh"), MemberDense(1, 3), Join())
    network = Network(2, layers)
    X, y = np.array([[1.0, -1], [0.5, 2]]), np.array([[0.3], [1]])
    t = trace(network, X, y, loss=EnsembleLoss(get_loss("squared_error"), 3))
    hidden, out = t.layers
    assert hidden.members == 3
    assert hidden.a.shape == (3, 2, 4)
    assert out.W.shape == (3, 1, 4)
    of_member = hidden.W[1] @ X[0] / np.sqrt(2) + hidden.b[1]
    np.testing.assert_allclose(hidden.a[1, 0], of_member)
    neuron = t.neuron(1, 2, member=2)
    assert neuron.a == pytest.approx(of_member[1])
    assert neuron.a == pytest.approx(neuron.products.sum() + neuron.bias)
    assert neuron.dz == pytest.approx(neuron.next_products.sum())
    np.testing.assert_allclose(t.prediction[:, 0], t.output.mean(1))


# -- one neuron ------------------------------------------------------------------------------------------


def test_a_neuron_is_its_sum_and_its_chain_rule():
    network = NETWORKS["relu"]
    t = trace(network, [[1.0, -2, 0.5], [0, 1, 1]], [[0.0, 1], [1, 0]], loss="squared_error")
    for layer in t.layers:
        for m in range(layer.n_units):
            neuron = t.neuron(layer.number, m + 1, row=2)
            assert neuron.name == f"z_{m + 1}^({layer.number})"
            assert neuron.a == pytest.approx(neuron.products.sum() + neuron.bias, abs=1e-12)
            assert neuron.z == layer.z[1, m]
            assert neuron.delta == layer.delta[1, m]
            if layer.number < 3:
                assert neuron.dz == pytest.approx(neuron.next_products.sum(), abs=1e-12)
                assert neuron.delta == pytest.approx(neuron.dz * neuron.slope, abs=1e-12)
        shares = [t.neuron(layer.number, m + 1).share for m in range(layer.n_units)]
        assert sum(shares) == pytest.approx(1) or not np.abs(layer.delta[0]).any()
    assert t.neuron(2, 1).input_names == tuple(f"z_{i}^(1)" for i in range(1, 6))


@pytest.mark.parametrize(
    ("layer", "unit", "row"), [(0, 1, 1), (4, 1, 1), (1, 0, 1), (1, 6, 1), (1, 1, 2), (True, 1, 1)]
)
def test_a_neuron_that_there_is_not_is_named(layer, unit, row):
    t = trace(NETWORKS["relu"], [1.0, -2, 0.5], [0.0, 1])
    with pytest.raises(ParameterError, match="must be a whole number from 1 to"):
        t.neuron(layer, unit, row=row)


# -- what it looks like ------------------------------------------------------------------------------


def traces():
    yield trace(NETWORKS["relu"], [[1.0, -2, 0.5]], [[0.0, 1]])
    yield trace(Network(2, (Dense(30),)), [[1.0, 0], [0, 1]], [0, 2], loss="softmax_cross_entropy")
    yield trace(Network(2, ()), [1.0, 2], [1.0, 1])


@pytest.mark.parametrize("t", list(traces()))
def test_every_form_shows_the_loss_and_the_numbers(t):
    text = str(t)
    assert f"L = {t.loss:.6g}" in text
    assert max(map(len, text.splitlines())) <= 100
    for form in (t.to_markdown(), t.to_latex(), t.to_html(), t._repr_html_(), text):
        for layer in t.layers:
            assert f"{layer.a.reshape(-1)[0]:.4g}" in form
            assert f"{layer.delta.reshape(-1)[0]:.4g}" in form
    assert t.to_latex().count("{") == t.to_latex().count("}")
    assert t.to_html().count("<table") == t.to_html().count("</table>")


def test_rich_prints_what_the_text_says():
    from io import StringIO

    from rich.console import Console

    t = next(traces())
    console = Console(file=StringIO(), width=100)
    console.print(t)
    printed = [line.strip() for line in console.file.getvalue().splitlines() if line.strip()]
    plain = [line.strip() for line in str(t).splitlines() if line.strip(" -=")]
    assert printed == plain


def test_long_layers_are_cut_and_say_so():
    t = trace(Network.mlp(50, (40,), 1), np.ones(50), 0.0)
    assert "34 more neurons" in str(t)
    assert "38 more neurons" in t.to_text(units=2)
    assert len(t.to_text(units=50)) > 10 * len(t.to_text(units=2))


def test_a_row_of_the_batch_is_shown_by_its_number():
    t = trace(NETWORKS["relu"], [[1.0, -2, 0.5], [7, 7, 7]], [[0.0, 1], [1, 0]])
    assert "row 2 of a batch of 2" in t.to_text(row=2)
    assert f"{t.layers[0].a[1, 0]:.4g}" in t.to_text(row=2)
    with pytest.raises(ParameterError, match="row must be a number from 1 to 2"):
        t.to_text(row=3)


def test_as_plain_data():
    t = trace(NETWORKS["relu"], [[1.0, -2, 0.5]], [[0.0, 1]])
    data = json.loads(t.to_json())
    assert data == t.to_dict()
    assert data["loss"] == t.loss
    assert data["layers"][1]["dW"] == t.layers[1].dW.tolist()
    assert set(data["layers"][0]) >= {
        "z_in",
        "a",
        "z",
        "slope",
        "delta",
        "dW",
        "db",
        "dz_in",
        "W",
        "b",
        "update_W",
    }
    assert [step["layer"] for step in data["steps"]] == [
        "dense",
        "activation",
        "dense",
        "activation",
        "dense",
    ]


def test_numbers_that_are_not_finite_are_null_in_plain_data():
    t = trace(Network.mlp(1, (1,), 1), [1.0], 0.0, theta=np.array([1e200, 0, 1e200, 0]))
    assert json.loads(t.to_json())["loss"] is None
    assert "inf" in str(t)


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "X", "y", "given", "message"),
    [
        ("no model", [1.0], 1.0, {}, "must be a Network or a fitted"),
        (NETWORKS["relu"], [1.0, 2], [0.0, 1], {}, "rows must have 3 values"),
        (NETWORKS["relu"], [1.0, 2, 3], [0.0, 1, 2], {}, "takes outputs"),
        (NETWORKS["relu"], np.ones((2, 3)), np.ones((3, 2)), {}, "as many rows"),
        (NETWORKS["relu"], [1.0, 2, 3], [0.0, 1], {"theta": np.ones(3)}, "vector of the network's 54"),
        (NETWORKS["relu"], [1.0, 2, 3], [0.0, 1], {"learning_rate": 0.0}, "must be positive"),
        (NETWORKS["relu"], [1.0, 2, 3], [0.0, 1], {"sample_weight": [-1]}, "numbers ≥ 0"),
        (NETWORKS["relu"], [1.0, 2, 3], [0.0, 1], {"numbers": {"beta": 1}}, "numbers may hold"),
    ],
)
def test_what_does_not_fit_is_named(model, X, y, given, message):
    with pytest.raises(ParameterError, match=message):
        trace(model, X, y, **given)


def test_an_estimator_brings_its_own_loss_and_parameters():
    model = MLPRegressor(hidden_layer_sizes=(2,), max_iter=1, random_state=0, tol=0)
    X = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.warns(match="Maximum iterations|did not converge|converge"):
        model.fit(X, X[:, 0])
    with pytest.raises(ParameterError, match="an estimator has its own"):
        trace(model, X, X[:, 0], theta=np.ones(9))


# -- tables, pipelines, one row in every form ----------------------------------------------------------


@pytest.fixture(scope="module")
def people():
    import pandas as pd

    rng = np.random.default_rng(0)
    X = pd.DataFrame({"b": rng.normal(size=120), "a": rng.choice(["x", "y"], 120)})
    X.loc[1, "b"] = None
    return X, (X["b"].fillna(0) * 3 + (X["a"] == "x")).to_numpy()


@pytest.fixture(scope="module")
def regressor(people):
    from chainrule import TabularRegressor

    return TabularRegressor(preset="fast", max_iter=2, random_state=0, engine="numpy").fit(*people)


def test_a_table_model_begins_with_the_raw_row(people, regressor):
    X, y = people
    t = trace(regressor, X[:2], y[:2])
    values = {column.name: column.value for column in t.columns}
    assert values == {"b": str(X["b"][0]), "a": X["a"][0]}
    encoded = dict(t.columns[1].encoded)
    assert encoded[f"is {X['a'][0]}"] == 1
    np.testing.assert_array_equal(t.problem.X, regressor.encoder_.transform(X[:2]))
    assert "(missing)" in t.to_text(row=2)
    assert f"{regressor.predict(X[:1])[0]:.4g}" in t.to_text()
    assert t.to_text(member=2) != t.to_text(member=1)
    neuron = t.neuron(1, 3, member=2)
    assert neuron.input_names[0].startswith("b ")
    assert neuron.a == pytest.approx(neuron.products.sum() + neuron.bias, rel=1e-4)
    assert str(neuron).count("w_{3,") == len(neuron.input_names) == 12


def test_the_trace_of_a_table_model_is_its_next_step(people, regressor):
    from copy import deepcopy

    X, y = people
    for _ in range(2):  # the second time there are moments
        t = trace(regressor, X[:1], y[:1])
        after = deepcopy(regressor).partial_fit(X[:1], y[:1])
        np.testing.assert_array_equal(t.theta_after, after.theta_)
        regressor = after


def test_one_row_in_every_form_is_the_same_row(people, regressor):
    X, y = people
    row = X.iloc[0]
    forms = [X[:1], row, dict(row), {"a": row["a"], "b": row["b"]}, [row["b"], row["a"]]]
    assert len({trace(regressor, form, float(y[0])).loss for form in forms}) == 1
    with pytest.raises(ParameterError, match="the row lacks 'a'"):
        trace(regressor, {"b": 1.0}, 1.0)


def test_a_pipeline_is_traced_behind_its_scaler(people):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = people[0][["b"]].fillna(0)
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((3,), solver="lbfgs", random_state=0))
    pipeline.fit(X, people[0]["a"])
    inside = trace(pipeline[-1], pipeline[:-1].transform(X[:1]), "x").loss
    assert trace(pipeline, X[:1], "x").loss == inside
    assert trace(pipeline, {"b": X["b"][0]}, "x").loss == inside


def test_a_row_may_have_several_targets():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    model = MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs", random_state=0).fit(X, Y)
    assert trace(model, X[0], Y[0]).loss == trace(model, X[:1], Y[:1]).loss


def test_quantiles_are_shown_beside_their_one_target(people):
    from chainrule import TabularRegressor

    X, y = people
    model = TabularRegressor(quantiles=(0.1, 0.5, 0.9), preset="fast", max_iter=1, random_state=0).fit(X, y)
    assert "quantiles" in str(trace(model, X[:1], y[:1]))


def test_a_model_that_is_not_fitted_says_so(people):
    from sklearn.exceptions import NotFittedError

    from chainrule import TabularClassifier

    for model in (TabularClassifier(), MLPClassifier()):
        with pytest.raises(NotFittedError):
            trace(model, *people)


def test_layers_between_two_with_weights_are_named_and_not_skipped():
    network = Network(2, (Dense(2), Activation("tanh"), Polynomial(2), Dense(1)))
    t = trace(network, [1.0, 2.0], 0.3)
    assert t.layers[0].behind == ("polynomial",)
    neuron = t.neuron(1, 1)
    assert len(neuron.next_products) == 0
    assert neuron.dz == t.layers[0].dz[0, 0]
    assert "comes back through: polynomial" in str(t)


def test_an_activation_at_the_end_is_part_of_the_chain():
    t = trace(Network(2, (Dense(1), Activation("tanh"))), [1.0, 2.0], 0.2)
    (layer,) = t.layers
    assert layer.delta.item() == pytest.approx(2 * (layer.z.item() - 0.2) * (1 - layer.z.item() ** 2))
    assert "2 (a - y)" not in str(t)


def test_the_schedule_is_in_the_step():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    model = MLPRegressor(
        hidden_layer_sizes=(3,), solver="sgd", learning_rate="invscaling", shuffle=False, random_state=0,
        engine="numpy", batch_size=20,
    )  # fmt: skip
    for _ in range(3):
        model.partial_fit(X, y)
    t = trace(model, X, y)
    model.partial_fit(X, y)
    np.testing.assert_array_equal(t.theta_after, model._theta(model.network_))


@pytest.mark.parametrize(
    "settings", [{"optimizer": "adam"}, {"numbers": {"l2": "a"}}, {"learning_rate": -1.0}]
)
def test_settings_that_cannot_be_are_named(settings):
    with pytest.raises(ParameterError, match="however"):
        trace(NETWORKS["relu"], [1.0, 2, 3], [0.0, 1], **settings)


@pytest.mark.parametrize("shown", [{"units": 1.5}, {"units": 0}, {"row": "a"}, {"member": 2}])
def test_what_can_not_be_shown_is_named(shown):
    with pytest.raises(ParameterError, match="must be"):
        trace(NETWORKS["relu"], [1.0, 2, 3], [0.0, 1]).to_text(**shown)


@pytest.mark.parametrize("extra", ["nothing", "missing values", "booleans"])
def test_a_table_model_for_numbers_is_told_whole_whatever_the_width_of_its_columns(extra):
    """Columns before the members need not come in a multiple of these."""
    from sklearn.datasets import load_diabetes

    from chainrule import TabularRegressor

    X, y = load_diabetes(return_X_y=True, as_frame=True)
    if extra == "missing values":
        X = X.mask(np.random.default_rng(0).uniform(size=X.shape) < 0.1)
    if extra == "booleans":
        X["tall"] = X["bmi"] > 0
    X, y = X.iloc[:200], y[:200]
    t = trace(TabularRegressor("fast", max_iter=1, random_state=0).fit(X, y), X[:1], y[:1])
    assert json.loads(t.to_json())["loss"] == t.loss
    assert "member" in t.to_text()
