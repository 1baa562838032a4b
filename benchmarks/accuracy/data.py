"""The data sets: `NAME/data.csv.gz` and `NAME/meta.json` in one folder, read and split as `peers.jsonl` was.

Imports pandas and scikit-learn only when a table is read.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ROWS_TO_TEST", "ROWS_TO_TRAIN", "Part", "Table", "load", "names_in", "peers_in", "task_of"]

ROWS_TO_TRAIN = 10_000
ROWS_TO_TEST = 20_000

Array = Any
Frame = Any


@dataclass(frozen=True)
class Part:
    """One split of a table: pandas frames, and targets as arrays (numbers, or labels as in the file)."""

    X_train: Frame
    y_train: Array
    X_test: Frame
    y_test: Array


@dataclass(frozen=True)
class Table:
    """A data set without its target: numbers, and categories with strings as levels; both may be missing."""

    X: Frame
    y: Array
    classes: bool

    def split(self, seed: int) -> Part:
        """80 % to train, of which the first 10,000 rows; 20 % to test, at most 20,000. Classes in strata."""
        import numpy as np
        from sklearn.model_selection import train_test_split

        stratify = self.y if self.classes else None
        rows = np.arange(len(self.y))
        train, test = train_test_split(rows, test_size=0.2, random_state=seed, stratify=stratify)
        train, test = train[:ROWS_TO_TRAIN], test[:ROWS_TO_TEST]
        X_train, X_test = (self.X.iloc[index].reset_index(drop=True) for index in (train, test))
        return Part(X_train, self.y[train], X_test, self.y[test])


def names_in(folder: Path) -> list[str]:
    """The data sets of a folder."""
    return sorted(path.parent.name for path in folder.glob("*/meta.json"))


def peers_in(folder: Path) -> list[dict[str, Any]]:
    """What other systems have reached on the same splits; [] where the file is missing."""
    path = folder / "peers.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def task_of(folder: Path, name: str) -> str:
    """As `peers.jsonl` has it: reg or class."""
    return "reg" if _meta(folder, name)["task"] == "regression" else "class"


def load(folder: Path, name: str) -> Table:
    """Columns named as categorical, and all that are not numbers, become categories; rows need a target."""
    import pandas as pd

    meta = _meta(folder, name)
    named = meta["categorical"]
    frame = pd.read_csv(folder / name / "data.csv.gz", dtype=dict.fromkeys(named, "str"), low_memory=False)
    target = meta["target"]
    frame = frame[frame[target].notna()].drop(columns=meta["drop"])
    X, y = frame.drop(columns=target).reset_index(drop=True), frame[target]
    for column in X:
        if column in named or not pd.api.types.is_numeric_dtype(X[column]):
            X[column] = _categories(X[column])
    values = y.to_numpy() if pd.api.types.is_numeric_dtype(y) else y.to_numpy(object)
    return Table(X, values, classes=meta["task"] != "regression")


def _meta(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name / "meta.json").read_text()))


def _categories(values: Any) -> Any:
    """Values as strings in a categorical column, its levels in order; what is missing stays missing."""
    import pandas as pd

    known = values[values.notna()].astype(str)
    levels = sorted(known.unique())
    return pd.Series(pd.Categorical(known.reindex(values.index), categories=levels), index=values.index)
