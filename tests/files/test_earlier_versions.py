"""Files that were written once for each version of the format are read, and answer as they did."""

import json

import numpy as np
import pytest
from make_fixtures import FIXTURES, answers

import chainrule
from chainrule.files.container import VERSION, read_container
from chainrule.files.model_file import _LOADERS, _load

FILES = sorted(FIXTURES.glob("v*/*.safetensors"))

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
"""Relative: by as much as the order of sums, which differs between machines, can change."""


def _dtype_of(model):
    """The dtype that it computes in: table models in float64 whatever their parameters are."""
    network = getattr(model, "network_", None)
    if hasattr(network, "theta_"):  # a forecaster's is an estimator
        return _dtype_of(network)
    if hasattr(model, "theta_") and not hasattr(model, "encoder_"):
        return str(model.theta_.dtype)
    return "float64" if not hasattr(model, "coefs_") else str(model.coefs_[0].dtype)


def test_there_are_files_of_every_version():
    assert {int(path.parent.name[1:]) for path in FILES} == set(range(1, VERSION + 1))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_of_an_earlier_version_answers_as_it_did(path):
    beside = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    model = chainrule.load(path)
    found = answers(model, beside["rows"])
    assert found.keys() == beside["answers"].keys()
    for method, expected in beside["answers"].items():
        if np.asarray(expected).dtype.kind in "fc":
            scale = np.abs(expected).max()
            np.testing.assert_allclose(
                found[method], expected, rtol=TOLERANCE[_dtype_of(model)], atol=1e-12 * scale
            )
        else:
            assert found[method] == expected


def test_there_is_a_file_of_every_kind_of_model():
    assert {read_container(path)[0]["kind"] for path in FILES} == set(_LOADERS)


def test_the_files_are_small():
    assert all(path.stat().st_size < 32_000 for path in FILES)


def test_a_parameter_that_a_file_does_not_know_has_its_default_value():
    described, tensors = read_container(FIXTURES / "v1" / "mlp_two_numbers.safetensors")
    del described["record"], described["parameters"]["power_t"]
    assert _load(described, tensors).power_t == 0.5
