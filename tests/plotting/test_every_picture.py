"""What holds for all displays: they take axes, are readable when small, show nothing, import late."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

import chainrule.plotting
from chainrule.errors import EngineError
from chainrule.plotting import (
    ActivationDisplay,
    DecisionBoundaryDisplay,
    GradientFlowDisplay,
    HiddenSpaceDisplay,
    IntervalDisplay,
    LossCurveDisplay,
    NetworkDisplay,
    ReliabilityDisplay,
)


@pytest.fixture
def draw(request, iris_frame, diabetes_frame, mixed_frame):
    """``draw(name, ax)``: a display of the name, drawn into the axes."""
    models = "classifier pipeline regressor table_classifier table_regressor"
    mlp, pipe, mlp_reg, tab, tab_reg = (request.getfixturevalue(name) for name in models.split())
    iris, (X, y), mixed = iris_frame, diabetes_frame, mixed_frame
    two = X[["bmi", "s5"]]
    pictures = {
        "activation": lambda ax: ActivationDisplay.from_names({"name": "elu", "alpha": 2.0}, ax=ax),
        "activation with a long formula": lambda ax: ActivationDisplay.from_names("heaviside", ax=ax),
        "activations": lambda ax: ActivationDisplay.from_names(["logistic", "tanh", "relu", "mish"], ax=ax),
        "network": lambda ax: NetworkDisplay.from_estimator(mlp, ax=ax),
        "network with biases": lambda ax: NetworkDisplay.from_estimator(pipe, biases=True, ax=ax),
        "blocks of an ensemble": lambda ax: NetworkDisplay.from_estimator(tab_reg, ax=ax),
        "blocks of an MLP": lambda ax: NetworkDisplay.from_estimator(mlp, view="blocks", ax=ax),
        "loss": lambda ax: LossCurveDisplay.from_estimator(mlp, ax=ax),
        "loss, logarithmic": lambda ax: LossCurveDisplay.from_estimator(tab_reg, log=True, ax=ax),
        "gradients": lambda ax: GradientFlowDisplay.from_estimator(mlp, *iris, ax=ax),
        "gradients of an ensemble": lambda ax: GradientFlowDisplay.from_estimator(tab_reg, *mixed, ax=ax),
        "boundary": lambda ax: DecisionBoundaryDisplay.from_estimator(
            pipe, *iris, features=(2, 3), grid_resolution=40, ax=ax
        ),
        "boundary of a regression": lambda ax: DecisionBoundaryDisplay.from_estimator(
            mlp_reg, two, y / 100, grid_resolution=40, ax=ax
        ),
        "boundary of a table": lambda ax: DecisionBoundaryDisplay.from_estimator(
            tab_reg, *mixed, features=("bmi", "s5"), grid_resolution=20, ax=ax
        ),
        "reliability": lambda ax: ReliabilityDisplay.from_estimator(tab, *iris, ax=ax),
        "intervals": lambda ax: IntervalDisplay.from_estimator(tab_reg, mixed[0][300:], y[300:], ax=ax),
        "hidden space": lambda ax: HiddenSpaceDisplay.from_estimator(pipe, *iris, ax=ax),
        "hidden space of a regression": lambda ax: HiddenSpaceDisplay.from_estimator(mlp_reg, two, y, ax=ax),
    }
    return lambda name, ax: pictures[name](ax)


NAMES = [
    "activation",
    "activation with a long formula",
    "activations",
    "network",
    "network with biases",
    "blocks of an ensemble",
    "blocks of an MLP",
    "loss",
    "loss, logarithmic",
    "gradients",
    "gradients of an ensemble",
    "boundary",
    "boundary of a regression",
    "boundary of a table",
    "reliability",
    "intervals",
    "hidden space",
    "hidden space of a regression",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_small_picture_is_readable_labelled_and_stays_in_the_axes_given(
    name, draw, small_axes, assert_readable
):
    display = draw(name, small_axes)
    assert display.ax_ is small_axes
    assert display.figure_ is small_axes.figure
    assert plt.get_fignums() == [display.figure_.number]
    assert_readable(display.figure_)
    if "network" in name or "blocks" in name:
        assert not small_axes.axison
    else:
        assert small_axes.get_xlabel()
        assert small_axes.get_ylabel() or name in ("activation", "activation with a long formula")


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_usual_size_makes_a_figure_of_its_own(name, draw, assert_readable, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_: pytest.fail("a display shows nothing by itself"))
    display = draw(name, None)
    assert plt.get_fignums() == [display.figure_.number]
    assert_readable(display.figure_)


def test_the_check_sees_texts_on_each_other_outside_and_too_small(assert_readable):
    for x, size, other in ((0.5, 10, "there"), (1.2, 10, ""), (0.2, 3, "")):
        figure, ax = plt.subplots(figsize=(3, 2.5))
        ax.text(0.5, 0.5, other)
        ax.text(x, 0.5, "here", fontsize=size)
        with pytest.raises(AssertionError):
            assert_readable(figure)


def test_a_display_can_be_drawn_again(classifier, small_axes):
    display = LossCurveDisplay.from_estimator(classifier)
    first = display.ax_
    assert display.plot(small_axes) is display
    assert display.ax_ is small_axes
    curves = [ax.get_lines()[0].get_ydata() for ax in (first, small_axes)]
    np.testing.assert_array_equal(*curves)


def test_without_matplotlib_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for module in [name for name in sys.modules if name.startswith("matplotlib.")]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EngineError, match=r"plotting needs matplotlib.*pip install 'chainrule\[plot\]'"):
        LossCurveDisplay(np.array([1.0, 0.5])).plot()


def test_the_import_brings_no_matplotlib(run_python):
    assert run_python("import sys, chainrule.plotting; print('matplotlib' in sys.modules)") == "False"


def test_every_public_name_is_there_and_says_what_it_is():
    for name in chainrule.plotting.__all__:
        assert getattr(chainrule.plotting, name).__doc__


def test_colours_of_classes_differ_until_the_marker_changes():
    from chainrule.plotting.canvas import class_style

    assert len({class_style(k) for k in range(64)}) == 64
