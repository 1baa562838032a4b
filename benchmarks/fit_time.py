"""How long does `fit` take beside scikit-learn's MLP, on a small and on a large real table?

    python benchmarks/fit_time.py [--data FOLDER] [--runs 5]

One process, the same cores, the same rows, batches and number of epochs for all; the systems take turns, and
the median of the runs is kept. "first" is the first fit in the process, which imports JAX and compiles (or
reads the compiled program from the cache on disk). The small tables come with scikit-learn; the large one,
SGEMM GPU kernel performance (241,600 rows, 14 numbers, UCI), is read from FOLDER/sgemm/data.csv.gz and left
out with a message where it is missing. Results are written to benchmarks/results/fit_time.json.
"""

import argparse
import json
import os
import platform
import time
import warnings
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as SklearnClassifier
from sklearn.neural_network import MLPRegressor as SklearnRegressor
from sklearn.preprocessing import scale

import chainrule

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "shared" / "data"


def small_tables() -> dict[str, tuple[Any, Any, bool, dict[str, Any]]]:
    """Name -> (X, y, whether y holds classes, settings of the fit)."""
    return {
        "breast cancer": (*load_breast_cancer(return_X_y=True), True, {"max_iter": 200}),
        "diabetes": (*load_diabetes(return_X_y=True), False, {"max_iter": 200}),
        "digits": (*load_digits(return_X_y=True), True, {"max_iter": 100}),
    }


def sgemm(folder: Path) -> tuple[Any, Any, bool, dict[str, Any]] | None:
    """Logarithm of the mean run time of a matrix product from 14 settings of the kernel."""
    path = folder / "sgemm" / "data.csv.gz"
    if not path.exists():
        print(f"sgemm left out: {path} is missing; give its folder with --data")
        return None
    import polars as pl

    table = pl.read_csv(path).to_numpy().astype(np.float64)
    return table[:, :14], np.log(table[:, 14:].mean(axis=1)), False, {"max_iter": 10}


def compare(X: Any, y: Any, classes: bool, settings: dict[str, Any], runs: int) -> dict[str, Any]:
    """Median fit time and held-out score per system, the systems taking turns."""
    X = scale(X)
    y = y if classes else scale(y)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
    # Equal work: no system may stop before the others.
    settings = settings | {"tol": 0.0, "n_iter_no_change": np.inf, "random_state": 0}
    ours = chainrule.MLPClassifier if classes else chainrule.MLPRegressor
    theirs = SklearnClassifier if classes else SklearnRegressor
    systems = {
        "scikit-learn": lambda: theirs(**settings),
        "chainrule": lambda: ours(**settings),
        "chainrule, float32": lambda: ours(**settings, dtype="float32"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    scores, engines = {}, {}
    for _ in range(runs + 1):
        for name, make in systems.items():
            model = make()
            start = time.perf_counter()
            model.fit(X_train, y_train)
            seconds[name].append(time.perf_counter() - start)
            scores[name] = model.score(X_test, y_test)
            engines[name] = getattr(model, "engine_", "")
    return {
        name: {
            "first_s": times[0],
            "median_s": median(times[1:]),
            "best_s": min(times[1:]),
            "score": scores[name],
            "engine": engines[name],
        }
        for name, times in seconds.items()
    } | {"rows": len(y_train), "columns": X.shape[1], "epochs": settings["max_iter"]}


def report(results: dict[str, Any]) -> str:
    """The results as a Markdown table; ratios are scikit-learn's median over ours."""
    lines = [
        "| table | rows × columns, epochs | scikit-learn | chainrule | ratio | chainrule, float32 | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, r in results.items():
        reference = r["scikit-learn"]
        cells = [name, f"{r['rows']:,} × {r['columns']}, {r['epochs']}", _seconds(reference)]
        for system in ("chainrule", "chainrule, float32"):
            cells += [_seconds(r[system]), f"{reference['median_s'] / r[system]['median_s']:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _seconds(r: dict[str, Any]) -> str:
    return f"{r['median_s']:.2f} s (first {r['first_s']:.2f} s, score {r['score']:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder with sgemm/data.csv.gz")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each system")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    tables = small_tables()
    if (large := sgemm(arguments.data)) is not None:
        tables["SGEMM"] = large
    results = {name: compare(*table, runs=arguments.runs) for name, table in tables.items()}
    print(report(results))
    record = {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "runs": arguments.runs,
        "tables": results,
    }
    target = HERE / "results" / "fit_time.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
