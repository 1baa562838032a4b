"""Processes killed at random moments lose nothing: see kills.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tried import SCALE, counted

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")


def kills(*arguments):
    """What kills.py prints."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("kills.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_fifty_kills_while_saving():
    n = round(50 * SCALE)
    found = kills("saving", n, 1)
    assert found["left the one"] + found["left the other"] == n
    assert min(found.values()) > 0
    counted("killed while: saving a model", "answered", n)


def test_fifty_kills_while_training():
    found = kills("training", round(50 * SCALE), 1)
    assert found["with something to go on from"] >= found["killed"] / 3
    counted("killed while: training, numpy engine", "answered", found["killed"])


@pytest.mark.thorough
def test_kills_while_training_with_the_compiled_engine():
    found = kills("training", 10, 1, "xla")
    counted("killed while: training, xla engine", "answered", found["killed"])
