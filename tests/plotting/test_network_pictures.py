"""NetworkDisplay: every line is a weight."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from sklearn.decomposition import PCA

from chainrule import Activation, Dense, Network
from chainrule.errors import ParameterError
from chainrule.plotting import NetworkDisplay
from chainrule.plotting.blocks import rows_of_blocks
from chainrule.plotting.canvas import BLUE, VERMILLION
from chainrule.plotting.neurons import shown_units


@pytest.fixture
def network():
    return Network(3, (Dense(4), Activation("tanh"), Dense(2)))


@pytest.fixture
def theta(network):
    return network.initialize(np.random.default_rng(0), np.float64) + 0.01


def drawn(lines):
    """{(from height, to height): (width, colour)} of a layer's lines."""
    found = {}
    for path, width, colour in zip(
        lines.get_segments(), lines.get_linewidths(), lines.get_colors(), strict=True
    ):
        found[(path[0][1], path[1][1])] = width, tuple(colour[:3])
    return found


def test_width_is_proportional_to_the_weight_and_colour_is_its_sign(network, theta):
    display = NetworkDisplay.from_network(network, theta)
    matrices = [p["W"] for p in network.views(theta) if p]
    largest = max(np.abs(W).max() for W in matrices)
    widest = max(np.max(lines.get_linewidths()) for lines in display.lines_)
    for W, lines in zip(matrices, display.lines_, strict=True):
        found = drawn(lines)
        assert len(found) == W.size
        for to, start in np.ndindex(W.shape):
            key = ((W.shape[1] - 1) / 2 - start, (W.shape[0] - 1) / 2 - to)
            width, colour = found[key]
            assert width == pytest.approx(widest * abs(W[to, start]) / largest)
            assert colour == pytest.approx(to_rgb(BLUE if W[to, start] > 0 else VERMILLION))


def test_biases_are_drawn_when_asked_for(network, theta):
    plain = NetworkDisplay.from_network(network, theta)
    with_biases = NetworkDisplay.from_network(network, theta, biases=True)
    pairs = plain.lines_, with_biases.lines_
    more = [len(b.get_segments()) - len(a.get_segments()) for a, b in zip(*pairs, strict=True)]
    assert more == [4, 2]


@pytest.mark.parametrize(
    ("n", "most", "shown"),
    [(3, 5, [0, 1, 2]), (5, 5, [0, 1, 2, 3, 4]), (100, 5, [0, 1, None, 98, 99]), (9, 3, [0, None, 8])],
)
def test_long_layers_are_shortened(n, most, shown):
    assert shown_units(n, most) == shown


def test_a_long_layer_has_an_ellipsis_and_says_how_long_it_is():
    network = Network.mlp(30, (100,), 1)
    theta = network.initialize(np.random.default_rng(0), np.float64)
    display = NetworkDisplay.from_network(network, theta, max_units=6)
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts.count("⋮") == 2
    assert {"input\n30", "relu\n100", "output\n1"} <= set(texts)
    assert [len(lines.get_segments()) for lines in display.lines_] == [25, 5]


def test_names_come_from_the_estimator_or_from_the_caller(classifier, network, theta):
    texts = {text.get_text() for text in NetworkDisplay.from_estimator(classifier).ax_.texts}
    assert {"petal width (cm)", "setosa", "versicolor", "virginica", "softmax\n3"} <= texts
    display = NetworkDisplay.from_network(network, theta, input_names=list("abc"), output_names=["u", "v"])
    assert {"a", "b", "c", "u", "v"} <= {text.get_text() for text in display.ax_.texts}


def test_what_is_refused(network, theta, table_regressor):
    with pytest.raises(ParameterError, match="input_names must be 3 names"):
        NetworkDisplay.from_network(network, theta, input_names=["a"])
    with pytest.raises(ParameterError, match="needs theta"):
        NetworkDisplay.from_network(network)
    with pytest.raises(ParameterError, match="view='blocks'"):
        NetworkDisplay.from_estimator(table_regressor, view="neurons")
    with pytest.raises(ParameterError, match="max_units must be 3"):
        NetworkDisplay.from_network(network, theta, max_units=2)
    with pytest.raises(ParameterError, match="needs a model of this package, however: PCA"):
        NetworkDisplay.from_estimator(PCA().fit(np.eye(3)))
    with pytest.raises(ParameterError, match="view must be one of"):
        NetworkDisplay.from_network(network, theta, view="tree")


def test_blocks_hold_all_parameters_and_all_columns(table_regressor):
    network = table_regressor.network_
    rows = rows_of_blocks(network, "identity")
    assert sum(block.n_parameters for row in rows for block in row) == network.n_parameters
    kinds = [" ".join(block.lines[:-1]) for block in rows[1]]
    assert kinds == ["unchanged", "periodic", "category embedding", "piecewise linear"]
    widths = [int(block.lines[-1].split(" → ")[1]) for block in rows[1]]
    assert sum(widths) == network.widths[1]
    of_members = next(i for i, layer in enumerate(network.layers) if layer.kind == "member_dense")
    n_from = network.widths[of_members] // (2 if network.layers[of_members - 1].kind == "fan_out" else 1)
    assert [f"2 members: {n_from} → 64, silu"] in [row[0].lines for row in rows]
    assert rows[-1][0].lines == ["prediction: mean of 2 members"]


def test_the_diagram_of_an_ensemble_names_its_parameters(table_regressor):
    ax = NetworkDisplay.from_estimator(table_regressor).ax_
    assert f"{table_regressor.network_.n_parameters:,} parameters" in ax.get_title()


def test_a_network_of_other_layers_is_drawn_as_blocks():
    from chainrule import Polynomial

    network = Network(2, (Polynomial(2), Dense(3), Activation("relu"), Dense(1)))
    rows = rows_of_blocks(network)
    assert [row[0].lines[0] for row in rows] == [
        "input: 2 numbers per row",
        "polynomial: 2 → 5",
        "dense: 5 → 3, relu",
        "dense: 3 → 1",
    ]
    assert NetworkDisplay.from_network(network).view == "blocks"
