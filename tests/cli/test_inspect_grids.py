"""chainrule inspect of networks of images and sequences: layers with the shapes that they see."""

import numpy as np
import pandas as pd
import pytest

from chainrule import SequenceRegressor
from chainrule.cli.inspect import inspect
from chainrule.cli.network_drawing import drawn
from chainrule.estimators.image import ImageClassifier

RNG = np.random.default_rng(0)
QUICK = {"max_iter": 1, "batch_size": 10, "random_state": 0, "engine": "numpy"}


@pytest.fixture
def report(tmp_path):
    def of(model):
        model.save(tmp_path / "model.chainrule")
        return inspect(tmp_path / "model.chainrule")

    return of


def test_a_network_of_images_is_drawn_with_its_grids(report):
    X = RNG.normal(size=(20, 8, 8))
    found = report(ImageClassifier((4, 6), hidden_layer_sizes=(5,), **QUICK).fit(X, np.arange(20) % 3))
    assert found["network"]["widths"] == [64, 256, 384, 5, 3]
    assert drawn(found["layers"]) == [
        "64 inputs ─ conv 3×3, 4 filters: 8×8×1 → 8×8×4 relu",
        "    ─ conv 3×3, 6 filters: 8×8×4 → 8×8×6 relu ─ max pool 2×2: 8×8×6 → 4×4×6",
        "    ─ 5 relu ─ 3",
    ]
    assert [row["formula"] for row in found["layers"] if row["layer"] == "conv2d"] == ["a = W * z + b"] * 2


def test_branches_of_steps_and_static_columns_are_drawn(report):
    lists = [RNG.normal(size=n) for n in RNG.integers(1, 5, 20)]
    frame = pd.DataFrame({"a": lists, "size": RNG.normal(size=20)})
    model = SequenceRegressor("gru", 3, steps=4, bidirectional=True, **QUICK).fit(frame, frame["size"])
    found = report(model)
    assert found["network"]["activations"] == ["GRU"]
    assert found["network"]["widths"] == [9, 7, 1]
    assert drawn(found["layers"]) == [
        "9 ┬─ standardize, GRU 3, 4 steps, both ways ─ 6 ─┬─ 7 ─ 1",
        "  └─ standardize ──────────────────────────── 1 ─┘",
    ]
    assert [row["in_words"] for row in found["layers"][:2]] == [
        "standardize: 4×2 → 4×2",
        "GRU 3, 4 steps, both ways: 4×2 → 6",
    ]
