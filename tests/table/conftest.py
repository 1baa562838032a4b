"""A table with a column of every kind."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def table():
    """200 rows, ten columns."""
    rng = np.random.default_rng(0)
    n = 200
    start = pd.Timestamp("2020-01-01")
    return pd.DataFrame(
        {
            "x": rng.normal(5, 3, n),
            "gaps": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(1e4, n)),
            "count": rng.integers(0, 50, n),
            "color": rng.choice(["red", "green", "blue"], n),
            "flag": rng.choice([True, False], n),
            "constant": 7.0,
            "bought": [start + pd.Timedelta(minutes=int(m)) for m in rng.integers(0, 10**6, n)],
            "city": pd.Series(rng.choice(["Rome", "Oslo", None], n), dtype=object),
            "lab": rng.choice([*map(str, range(40)), "?", "> 90"], n),
            "comment": [
                " ".join(rng.choice(["good", "bad", "very", "slow", "not"], 6)) + f" {i}" for i in range(n)
            ],
        }
    )
