"""Scales that are learned from rows and stay as they are."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from chainrule.errors import ParameterError
from chainrule.network import Standardize


def test_every_feature_gets_mean_0_and_spread_1_over_rows_and_places():
    X = np.random.default_rng(0).normal(3, 5, size=(20, 4, 3))
    layer, rows = Standardize(3), X.reshape(20, 12)
    p = layer.learned_from(rows)
    out, _ = layer.forward(p, rows, None)
    wanted = StandardScaler().fit_transform(X.reshape(-1, 3)).reshape(20, 12)
    np.testing.assert_allclose(out, wanted, rtol=1e-12)


def test_places_without_anything_count_for_nothing_and_stay_0():
    rng = np.random.default_rng(0)
    X, mask = rng.normal(3, 5, size=(20, 4, 2)), (rng.random((20, 4, 1)) < 0.6).astype(float)
    rows = np.concatenate([X, mask], axis=2).reshape(20, 12)
    layer = Standardize(2, masked=True)
    p = layer.learned_from(rows)
    np.testing.assert_allclose(p["m"], X[mask[..., 0] == 1].mean(axis=0))
    np.testing.assert_allclose(1 / p["s"], X[mask[..., 0] == 1].std(axis=0))
    out = layer.forward(p, rows, None)[0].reshape(20, 4, 3)
    np.testing.assert_array_equal(out[..., 2:], mask)
    assert (out[mask[..., 0] == 0] == 0).all()


def test_what_never_changes_is_only_moved_to_0():
    rows = np.full((5, 2), 7.25)
    p = Standardize(2).learned_from(rows)
    np.testing.assert_array_equal(p["s"], [1, 1])
    assert (Standardize(2).forward(p, rows, None)[0] == 0).all()
    nothing = Standardize(1, masked=True).learned_from(np.zeros((3, 4)))
    np.testing.assert_array_equal([nothing["m"], nothing["s"]], [[0], [1]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Standardize(0), "features must be a positive integer, however: 0"),
        (lambda: Standardize(2, masked=1), "masked must be True or False, however: 1"),
        (lambda: Standardize(3).n_out(7), "places of 3 values each, however: 7 values"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()
