"""Larger than memory: rows per second and peak memory of a streamed epoch, beside the same table in memory.

    python benchmarks/streaming.py FOLDER [--rows N,N,N] [--in-memory N] [--seeds N] [--preset NAME]
                                          [--results FILE]

FOLDER holds what `benchmarks/make_big.py` writes; the first files with so many rows are used, the last file
is held out to score. Seeds beyond the first are for the rows in memory, and for as many streamed. Every run
is a process of its own, which trains for one epoch. "Epoch" is the time from the first step to the last,
without looking through the data before; "all" is the whole fit.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHILD = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
import polars as pl
from chainrule import TabularRegressor
from chainrule.estimators.tabular_fitting import TabularFitting
from chainrule.scale import source

mode, preset, seed, held_out, *files = sys.argv[1:]
seconds = {}
run = TabularFitting._run
def timed(self, *given):
    begun = time.perf_counter()
    state = run(self, *given)
    seconds["epoch"] = time.perf_counter() - begun
    return state
TabularFitting._run = timed
imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
model = TabularRegressor(preset, max_iter=1, random_state=int(seed))
begun = time.perf_counter()
if mode == "memory":
    table = pl.read_parquet(files)
    model.fit(table.drop("y"), table["y"])
else:
    import pyarrow.dataset
    model.fit(pyarrow.dataset.dataset(files), "y")
seconds["all"] = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
test = pl.read_parquet(held_out)[:100_000]
seconds |= {"peak_MB": peak, "imported_MB": imported, "engine": model.engine_, "epochs": model.n_iter_}
print(json.dumps(seconds | {"r2": model.score(test.drop("y"), test["y"])}))
"""


def measured(mode: str, preset: str, seed: int, held_out: Path, files: list[Path]) -> dict[str, Any]:
    command = [sys.executable, "-c", CHILD, mode, preset, str(seed), str(held_out), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", default="1000000,5000000,20000000")
    parser.add_argument("--in-memory", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--results", type=Path)
    given = parser.parse_args()
    import polars as pl

    *files, held_out = sorted(given.folder.glob("*.parquet"))
    per_file = pl.scan_parquet(files[0]).select(pl.len()).collect().item()
    rows = []
    print("| rows | where | seed | epoch | all | rows/s (epoch) | peak memory | R² |")
    print("|---|---|---|---|---|---|---|---|")
    sizes = [("memory", given.in_memory), *(("stream", int(n)) for n in given.rows.split(",") if n)]
    runs = [(*size, 0) for size in sizes]
    runs += [(mode, given.in_memory, seed) for seed in range(1, given.seeds) for mode in ("memory", "stream")]
    for mode, n, seed in runs:
        used = files[: max(1, round(n / per_file))]
        found = {"mode": mode, "rows": len(used) * per_file, "seed": seed}
        found |= measured(mode, given.preset, seed, held_out, used)
        rows.append(found)
        rate = found["rows"] / found["epoch"]
        print(
            f"| {found['rows']:,} | {mode} | {seed} | {found['epoch']:.1f} s | {found['all']:.1f} s | "
            f"{rate:,.0f} | {found['peak_MB']:,.0f} MB | {found['r2']:.4f} |",
            flush=True,
        )
    if given.results:
        given.results.write_text(
            json.dumps({"preset": given.preset, "runs": rows}, indent=1) + "\n", encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
