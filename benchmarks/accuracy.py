"""How accurate is chainrule on real tables, without an argument, and how long does it take?

    python benchmarks/accuracy.py [--systems default,fast,best,hgb,...] [--sets a,b,...] [--splits 0,1]

Each system fits each table with its defaults: our presets, HistGradientBoosting, LightGBM, XGBoost,
CatBoost, scikit-learn's MLP, a linear model, RealMLP. What the others have reached on the same splits, and
how long they took, stands in the file peers.jsonl of the data folder, and ours are ranked among those. A peer
that is measured here again only says by how much times differ from that file's ("anchored").

A system has one process for all its tables, the systems take turns on every table, and the clock runs during
fit and predict only: libraries are imported before. Compiling counts: unless --warm is given, the cache of
compiled programs is empty at first.

What is measured already is kept, what has failed is tried again; --fresh measures all again. Records are kept
in a file of JSON lines, and the tables beside it with the ending .md. The machine should do nothing else. The
exit status is 1 if a fit of ours failed.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from accuracy.data import names_in, peers_in
from accuracy.report import report
from accuracy.runs import Plan, read, run
from accuracy.systems import OWN, SYSTEMS, missing

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "shared" / "data"
USUAL = (*OWN, "hgb", "catboost")  # two peers, to anchor the times
RESULTS = HERE / "results" / "accuracy.jsonl"


def main() -> int:
    arguments = parsed()
    available = names_in(arguments.data)
    if not available:
        return refusal(f"no data sets in {arguments.data}: give the folder with --data")
    if unknown := set(arguments.sets or []) - set(available):
        return refusal(f"{', '.join(sorted(unknown))}: known are {', '.join(available)}")
    if not arguments.summary_only:
        run(plan_of(arguments, available))
    results = read(arguments.results)
    if not results:
        return refusal(f"no records in {arguments.results}")
    text = report(peers_in(arguments.data), results)
    target = arguments.results.with_suffix(".md")
    target.write_text(f"# Accuracy\n\n{text}")
    print(f"\n{text}\nwritten to {arguments.results} and {target}")
    return 1 if any("failed" in record for record in results if record["method"] in OWN) else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--systems", type=systems, default=list(USUAL), help=",".join(SYSTEMS))
    parser.add_argument("--sets", type=words, help="all that are in the folder")
    parser.add_argument("--splits", type=numbers, default=[0, 1], help="0,1")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--results", type=Path, default=RESULTS, help=f"default: {RESULTS.name} in results/")
    parser.add_argument("--summary-only", action="store_true", help="tables of the records there are")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there")
    parser.add_argument("--longest", type=float, default=1800.0, help="seconds until a fit is given up")
    cache = parser.add_mutually_exclusive_group()
    cache.add_argument("--cold", dest="cold", action="store_true", default=True, help="default: compile anew")
    cache.add_argument("--warm", dest="cold", action="store_false", help="with the user's compiled programs")
    return parser.parse_args()


def plan_of(arguments: argparse.Namespace, available: list[str]) -> Plan:
    """What is asked for, without the systems whose libraries are missing."""
    chosen = []
    for name in arguments.systems:
        if lacking := missing(name):
            print(f"{name} left out: not installed: {', '.join(lacking)}", flush=True)
        else:
            chosen.append(name)
    return Plan(
        chosen,
        arguments.sets or available,
        arguments.splits,
        arguments.data.resolve(),
        arguments.results,
        arguments.fresh,
        arguments.cold,
        arguments.longest,
    )


def systems(text: str) -> list[str]:
    """A type of argument: names of systems, separated by commas."""
    if unknown := [name for name in words(text) if name not in SYSTEMS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: known are {', '.join(SYSTEMS)}")
    return words(text)


def words(text: str) -> list[str]:
    """A type of argument: words, separated by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def numbers(text: str) -> list[int]:
    """A type of argument: whole numbers, separated by commas."""
    return [int(word) for word in words(text)]


def refusal(message: Any) -> int:
    """Exit status 2, the message among the errors."""
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
