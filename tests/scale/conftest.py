"""A table, and the same table as data sets of every form."""

import numpy as np
import polars as pl
import pytest


def _make_table(n=600, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, n)).round(4)
    kind = rng.choice(["red", "green", "blue"], n)
    some = np.where(rng.random(n) < 0.1, None, rng.integers(0, 50, n))
    y = x[0] * x[1] + (kind == "red") + 0.1 * rng.normal(size=n)
    return pl.DataFrame(
        {
            "a": x[0], "b": x[1], "c": x[2], "kind": kind, "some": some.tolist(), "flag": rng.random(n) < 0.5,
            "y": y.round(4), "w": rng.integers(0, 3, n).astype(float),
        },
        schema_overrides={"some": pl.Int64},
    )  # fmt: skip


@pytest.fixture(scope="session")
def make_table():
    """``make_table(n, seed)``: rows with numbers, a category, a flag, missing values, targets and weights."""
    return _make_table


@pytest.fixture(scope="session")
def table():
    """600 rows of `make_table`."""
    return _make_table()


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces of 50 rows, so that a small table has many."""
    monkeypatch.setattr("chainrule.scale.parts.PIECE", 50)


@pytest.fixture
def parquet(table, tmp_path):
    """A folder of three files with row groups of 64 rows."""
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(3):
        table[200 * i : 200 * (i + 1)].write_parquet(folder / f"{i}.parquet", row_group_size=64)
    return folder


@pytest.fixture
def csv(table, tmp_path):
    """One text file."""
    path = tmp_path / "data.csv"
    table.write_csv(path)
    return path
