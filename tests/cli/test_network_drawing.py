"""The drawing of a network: every layer and width is in it, and it fits a terminal."""

import pytest

from chainrule import Network
from chainrule.cli.describe import describe_layers
from chainrule.cli.network_drawing import drawn
from chainrule.estimators.presets import settings_of, table_network
from chainrule.table.network_encoder import Layout


def test_a_plain_network_is_one_line():
    network = Network.mlp(4, (16, 8), 3, "tanh", 0.1)
    assert drawn(describe_layers(network)) == ["4 inputs ─ 16 tanh ─ 8 tanh ─ 3"]


def test_branches_join_and_the_members_are_averaged():
    network = table_network(Layout(3, 0, (100,)), 1, settings_of("fast", "classification", {}))
    lines = drawn(describe_layers(network), 4)
    assert lines == [
        "  ┌─ as they are ────────  3 ─┐",
        "7 ┼─ periodic ───────────  9 ─┼─ 32 ─ 64 silu ─ 64 silu ─ 64 silu",
        "  ├─ category embedding ─  8 ─┤",
        "  └─ piecewise linear ─── 12 ─┘",
        " " * 33 + "─ 1 (mean of 4)",
    ]


@pytest.mark.parametrize("n_categories", [0, 1, 3, 20])
@pytest.mark.parametrize("depth", [0, 1, 8])
def test_whatever_the_table_the_lines_fit_and_the_widths_add_up(n_categories, depth):
    layout = Layout(2, 5, tuple(range(70, 70 + n_categories)))
    settings = settings_of("fast", "classification", {"hidden_layer_sizes": (512,) * depth})
    network = table_network(layout, 3, settings)
    lines = drawn(describe_layers(network), settings.members)
    assert max(map(len, lines)) <= 80
    text = " ".join(lines)
    assert f"─ {network.widths[1]} ─ " in text
    assert text.count("512 silu") == depth
    assert "─ 3 (mean of 4)" in text
