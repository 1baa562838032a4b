"""How many broken, hostile and unlucky inputs were tried, and what happened?

    python benchmarks/trust.py [--scale K] [--results FILE] [pytest's arguments]

Runs the tests of faults (tests/trust) with K times as many inputs as by default, drawn at random, together
with the checks that are too long for every day, and prints a table: for each class of fault how many inputs
were tried, how many were answered (and the answer checked), and how many were refused in words. There is no
third column: anything else fails, and the exit status says so.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--results", type=Path, help="write the counts there, as JSON")
    given, others = parser.parse_known_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.jsonl"
        variables = {"CHAINRULE_FUZZ": str(given.scale), "CHAINRULE_FUZZ_COUNTS": str(counts)}
        command = [sys.executable, "-m", "pytest", "-n", "2", "--thorough", *(others or places())]
        status = subprocess.run(command, cwd=ROOT, env=os.environ | variables, check=False).returncode
        found: Counter[tuple[str, str]] = Counter()
        for line in counts.read_text(encoding="utf-8").splitlines() if counts.exists() else ():
            entry = json.loads(line)
            found[entry["fault"], entry["outcome"]] += entry["n"]
    minutes = (time.monotonic() - started) / 60
    print(table(found))
    verdict = "FAILED" if status else "none failed"
    print(f"\n{sum(found.values()):,} inputs in {minutes:.1f} minutes; {verdict}")
    if given.results is not None:
        rows = [
            {"fault": fault, "answered": found[fault, "answered"], "refused": found[fault, "refused"]}
            for fault in sorted({fault for fault, _ in found})
        ]
        report = {"scale": given.scale, "minutes": round(minutes, 1), "failed": bool(status)}
        report |= {"python": platform.python_version(), "counts": rows}
        given.results.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return status


def places() -> list[str]:
    """Where there are tests of faults, and tests that are left out every day."""
    others = ["test_scikit_learn_checks.py", "test_together.py"]
    return [
        "tests/trust",
        *(f"tests/estimators/{name}" for name in others),
        "tests/explain/test_doctor.py",
        "tests/serving/test_threads.py",
        "tests/scale/test_stream_fit.py",
        "tests/scale/test_dask.py",
        "tests/playground/test_run.py",
    ]


def table(found: Counter[tuple[str, str]]) -> str:
    faults = sorted({fault for fault, _ in found})
    lines = ["| class of fault | inputs | answered | refused in words |", "|---|---|---|---|"]
    for fault in faults:
        answered, refused = found[fault, "answered"], found[fault, "refused"]
        lines.append(f"| {fault} | {answered + refused:,} | {answered:,} | {refused:,} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
