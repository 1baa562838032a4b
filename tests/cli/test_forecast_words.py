"""Errors and warnings of forecasters, in the words of the command line."""

import ast
import re
import warnings
from pathlib import Path

import pytest

import chainrule
from chainrule.cli.forecast_words import WORDS, in_options
from chainrule.errors import ParameterError


def messages():
    """All texts of the forecaster's modules, {} where something is filled in."""
    for path in sorted((Path(chainrule.__file__).parent / "estimators").glob("forecast*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("said", WORDS)
def test_what_is_translated_is_still_said(said):
    assert any(re.search(said, message) for message in messages())


def test_errors_and_warnings_are_translated_and_others_are_let_be():
    told = []

    def fail():
        warnings.warn("missing='fill' would help", stacklevel=1)
        raise ParameterError("give more, or missing='fill'")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show = lambda message, *_, **__: told.append(str(message))
        with pytest.raises(ParameterError, match=r"^give more, or --missing fill$"), in_options():
            fail()
        assert warnings.showwarning is show
    assert told == ["--missing fill would help"]
    with pytest.raises(KeyError, match="future must"), in_options():
        raise KeyError("future must stay")


def test_options_are_those_that_there_are(run):
    known = run("train", "--help").stdout + run("predict", "--help").stdout
    for option in re.findall("--[a-z-]+", " ".join(WORDS.values())):
        assert option in known
