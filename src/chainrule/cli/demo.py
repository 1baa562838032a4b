"""chainrule demo: two real tables that ship with scikit-learn, from CSV to predictions."""

import io
import json
import shlex
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.outputs import guarded, write_text
from chainrule.cli.terminal import results
from chainrule.errors import ParameterError
from chainrule.training import hold_out

__all__ = ["demo"]

_SHARE_OF_NEW_ROWS = 0.2


def demo(
    folder: Path, preset: str, seed: int, run: Callable[[Sequence[str]], int], as_json: bool
) -> dict[str, Any]:
    """Write both tables, then train, evaluate, predict and inspect by the command line itself.

    Parameters
    ----------
    folder : Path
        Made if it does not exist; files of an earlier demo in it are replaced.
    preset, seed
        Of the trainings.
    run : callable
        Runs the command line with the given words and returns its exit code.
    as_json : bool
        Collect the reports instead of showing them.

    Returns
    -------
    dict
        With as_json the commands and their reports.

    Raises
    ------
    ParameterError
        If the folder cannot be made, or a command fails.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"--folder: {folder} cannot be made: {error.strerror}") from None
    steps = []
    for name, target, title in (
        ("breast_cancer", "diagnosis", "Classification: is a tumor benign or malignant?"),
        ("diabetes", "progression", "Regression: how far will the disease have progressed in a year?"),
    ):
        _write_tables(folder, name, target, seed)
        if not as_json:
            results().print()
            results().rule(f"[bold]{title}[/bold]", align="left", style="cyan")
        lines = _command_lines(folder / name, target, preset, seed)
        steps += [{"command_line": line} | _step(line, run, as_json) for line in lines]
    return {"command": "demo", "folder": str(folder), "steps": steps}


def _command_lines(stem: Path, target: str, preset: str, seed: int) -> list[str]:
    names = (f"{stem}{ending}" for ending in (".csv", "_new.csv", ".safetensors", "_predictions.csv"))
    data, new, model, predictions = map(shlex.quote, names)
    again = " --overwrite" if Path(f"{stem}.safetensors").exists() else ""
    chosen = (f" --preset {preset}" if preset != "default" else "") + (f" --seed {seed}" if seed else "")
    return [
        f"chainrule inspect {data}",
        f"chainrule train {data} --target {target} --model {model}{chosen}{again}",
        f"chainrule evaluate {model} {new}",
        f"chainrule predict {model} {new} --output {predictions}{again}",
        f"chainrule inspect {model}",
    ]


def _step(line: str, run: Callable[[Sequence[str]], int], as_json: bool) -> dict[str, Any]:
    words = shlex.split(line)[1:]
    if not as_json:
        results().print(f"\n[bold green]$ {line}[/bold green]\n", soft_wrap=True)
        code, report = run(words), {}
    else:
        with redirect_stdout(io.StringIO()) as output:
            code = run([*words, "--json"])
        report = {"report": json.loads(output.getvalue())} if code == 0 else {}
    if code != 0:
        raise ParameterError(f"the demo ended at: {line}")
    return report


def _write_tables(folder: Path, name: str, target: str, seed: int) -> None:
    """Write NAME.csv to learn from and NAME_new.csv with rows that training does not see."""
    import polars as pl

    columns, values = _bundled_table(name)
    table = pl.DataFrame(columns | {target: values})
    classes = values if name == "breast_cancer" else None
    known, new = hold_out(table.height, _SHARE_OF_NEW_ROWS, np.random.default_rng(seed), classes)
    for file, rows in ((folder / f"{name}.csv", known), (folder / f"{name}_new.csv", new)):
        write_text("--folder", file, guarded(table[rows]).write_csv())


def _bundled_table(name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    from sklearn.datasets import load_breast_cancer, load_diabetes

    if name == "breast_cancer":
        bundled = load_breast_cancer()
        target = bundled.target_names[bundled.target]
    else:
        bundled = load_diabetes(scaled=False)
        target = bundled.target.astype(int)
    return dict(zip(map(str, bundled.feature_names), bundled.data.T, strict=True)), target
