"""The public names: this list, all of them there, and every error below the package's own."""

import pytest

import chainrule
from chainrule import errors

NAMES = [
    "Activation",
    "AveragePool1D",
    "AveragePool2D",
    "Bidirectional",
    "Checkpoint",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Forecaster",
    "GRU",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "ImageClassifier",
    "LSTM",
    "LayerNormalization",
    "MLPClassifier",
    "MLPRegressor",
    "MaxPool1D",
    "MaxPool2D",
    "Network",
    "Polynomial",
    "RNN",
    "SequenceClassifier",
    "SequenceRegressor",
    "TabularClassifier",
    "TabularRegressor",
    "TokenEmbedding",
    "__version__",
    "check_gradients",
    "doctor",
    "fit_together",
    "load",
    "save",
    "show_versions",
    "trace",
]


def test_the_public_names_are_these():
    assert sorted(chainrule.__all__) == NAMES
    assert dir(chainrule) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_says_what_it_is(name):
    thing = getattr(chainrule, name)
    assert name == "__version__" or thing.__doc__


def test_a_name_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(AttributeError, match=r"'chainrule' has no attribute 'MLP'; it has \['Activation'"):
        _ = chainrule.MLP


def test_every_error_and_warning_is_one_of_the_packages():
    for name in errors.__all__:
        base = errors.ChainruleWarning if name.endswith("Warning") else errors.ChainruleError
        assert issubclass(getattr(errors, name), base)
        assert name in errors.__doc__
    assert issubclass(errors.ParameterError, ValueError)
    assert issubclass(errors.EngineError, RuntimeError)


def test_show_versions_prints_what_a_bug_report_needs(capsys):
    chainrule.show_versions()
    printed = capsys.readouterr().out
    assert f"chainrule: {chainrule.__version__}" in printed
    for package in ("python", "numpy", "jax", "scikit-learn"):
        assert f"{package}: " in printed
