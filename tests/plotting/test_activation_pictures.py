"""ActivationDisplay: its slopes are the slopes of its values."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from chainrule.errors import ParameterError
from chainrule.network import ACTIVATIONS
from chainrule.plotting import ActivationDisplay

SMOOTH = sorted(set(ACTIVATIONS) - {"heaviside"})


def cube(a):
    return a**3


def test_slopes_are_central_differences_of_the_values():
    display = ActivationDisplay.from_names([*SMOOTH, {"name": "elu", "alpha": 2.0}], n_points=4001)
    a, h = display.a, display.a[1] - display.a[0]
    assert len(display.functions) == len(SMOOTH) + 1
    for z, slope in zip(display.values, display.slopes, strict=True):
        differences = (z[2:] - z[:-2]) / (2 * h)
        away_from_kinks = np.abs(a[1:-1]) > 2 * h
        np.testing.assert_allclose(slope[1:-1][away_from_kinks], differences[away_from_kinks], atol=1e-4)


def test_the_closed_forms_of_the_lecture():
    display = ActivationDisplay.from_names(["sigmoid", "tanh", "relu"], limits=(-3, 5))
    a = display.a
    assert (a[0], a[-1]) == (-3, 5)
    np.testing.assert_allclose(display.values[0], 1 / (1 + np.exp(-a)))
    np.testing.assert_allclose(display.slopes[0], np.exp(-a) / (1 + np.exp(-a)) ** 2)
    np.testing.assert_allclose(display.slopes[1], 1 / np.cosh(a) ** 2, atol=1e-12)
    np.testing.assert_array_equal(display.slopes[2], a > 0)


def test_own_functions_with_and_without_a_slope():
    display = ActivationDisplay.from_names([(cube, lambda a: 3 * a**2), cube])
    for slope in display.slopes:
        np.testing.assert_allclose(slope, 3 * display.a**2, atol=1e-12)


def test_a_panel_for_each_with_its_formula(assert_readable):
    display = ActivationDisplay.from_names(["tanh", "relu", {"name": "elu", "alpha": 0.5}, "softplus"])
    assert len(display.axes_) == 4
    assert display.ax_ is display.axes_[0]
    assert "alpha = 0.5" in display.axes_[2].get_title()
    assert "log(1 + exp(a))" in display.axes_[3].get_title()
    assert_readable(display.figure_)


def test_what_is_drawn_is_what_is_kept():
    display = ActivationDisplay.from_names("tanh")
    curve, slope = display.ax_.get_lines()[2:]
    np.testing.assert_array_equal(curve.get_ydata(), display.values[0])
    np.testing.assert_array_equal(slope.get_ydata(), display.slopes[0])


def test_a_jump_is_a_gap_and_a_steep_curve_is_not():
    jumps = ActivationDisplay.from_names("heaviside").ax_.get_lines()[2].get_ydata()
    assert np.isnan(jumps).sum() == 1
    steep = ActivationDisplay.from_names("tanh", limits=(-300, 300)).ax_.get_lines()[2].get_ydata()
    assert not np.isnan(steep).any()


def test_axes_of_ones_own_and_what_is_refused():
    axes = plt.subplots(1, 2)[1]
    assert list(ActivationDisplay.from_names(["relu", "silu"], ax=axes).axes_) == list(axes)
    with pytest.raises(ParameterError, match="one or 3 axes"):
        ActivationDisplay.from_names(["relu", "silu", "elu"], ax=axes)
    with pytest.raises(ParameterError, match="unknown"):
        ActivationDisplay.from_names("rectify")
    with pytest.raises(ParameterError, match="limits must rise"):
        ActivationDisplay.from_names("relu", limits=(1, 1))
