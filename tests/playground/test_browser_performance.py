"""The page stays responsive, and memory stays where it is: bounds that only a fault exceeds."""

import json
import subprocess
import sys
from pathlib import Path

import browser_pages  # noqa: F401  (skips where there is no browser)
import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "playground.py"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the engine's memory is read from /proc")
def test_the_page_is_fast_and_does_not_grow(tmp_path):
    output = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARK), "--minutes", "0.3", "--output", str(output)]
    print(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)  # noqa: T201
    figures = json.loads(output.read_text())
    assert figures["first paint"]["first paint, s"] < 30
    for part in ("playing", "table"):
        assert figures[part]["pictures per second"] > 2
        assert figures[part]["steps per second"] > 50
        assert figures[part]["longest time without a picture, s"] < 1
    memory = figures["memory"]
    assert memory["heap, MB at last"] < memory["heap, MB at first"] + 15
    assert memory["engine, MB at last"] < memory["engine, MB at first"] + 60
