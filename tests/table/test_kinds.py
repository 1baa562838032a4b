"""Which kind a column is taken for."""

import random
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import polars as pl
import pytest

from chainrule.errors import DegradedWarning, TableError
from chainrule.table import Schema


def kind(values):
    return Schema.learn(pd.DataFrame({"c": pd.Series(values, dtype=object)})).kinds["c"]


SENTENCES = [f"item {i} is rather good" for i in range(12)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], "number"),
        ([1, True, 0.5], "number"),
        ([True, False, None], "boolean"),
        (["a", "b"], "category"),
        ([str(i) for i in range(30)] * 2, "category"),
        ([str(i) for i in range(20)], "number"),
        ([str(i / 2) for i in range(31)], "number"),
        ([f"{i:05}" for i in range(31)] * 2, "category"),
        ([*map(str, range(20)), "?"], "mixed"),
        ([*map(str, range(19)), "?", "?"], "category"),
        ([*map(str, range(20)), *(f"w{i}" for i in range(21))] * 2, "category"),
        ([*range(20), "?"], "mixed"),
        (SENTENCES, "text"),
        (SENTENCES[:6] * 2, "category"),
        ([f"https://example.org/a/rather/long/address/{i}" for i in range(25)], "text"),
        (["2024-01-31"] * 7 + ["2024-02-01", "unknown"], "category"),
        (["10:30", "9:05 PM", None], "date"),
        (["2024", "2025"], "category"),
        (["32.01.2024", "x"], "category"),
        (["2024-13-45", "x"], "category"),
        (["12:75", "x"], "category"),
        (["v1.2.3", "1.2.3"], "category"),
        (["a,b", "1,2,x"], "category"),
    ],
)
def test_kinds_are_inferred(values, expected):
    assert kind(values) == expected


def test_categoricals_are_categories_whatever_they_hold():
    frame = pd.DataFrame({"c": pd.Categorical(SENTENCES), "d": pd.Categorical(range(12))})
    assert Schema.learn(frame).kinds == {"c": "category", "d": "category"}
    frame = pl.DataFrame({"c": pl.Series(["2024-01-01", "2024-01-02"], dtype=pl.Categorical)})
    assert Schema.learn(frame).kinds == {"c": "category"}
    frame = pl.DataFrame({"c": pl.Series(["b", "a"], dtype=pl.Enum(["a", "b"]))})
    np.testing.assert_array_equal(Schema.learn(frame).read(frame), [[3], [2]])


@pytest.mark.parametrize("ids", [[f"u{i}" for i in range(20)], [f"{i:064x}" + "f" for i in range(20)]])
def test_an_identifier_is_ignored_and_it_is_said_once(ids):
    frame = pd.DataFrame({"id": ids, "x": range(20)})
    with pytest.warns(DegradedWarning, match="'id' has another value in every row.* ignored") as caught:
        schema = Schema.learn(frame)
    assert len(caught) == 1
    assert schema.columns[0].becomes == "ignored: identifier"
    assert schema.read(frame).shape == (20, 1)
    assert Schema.learn(frame[:19]).kinds["id"] == "category"


@pytest.mark.parametrize(
    "comma", ["1,5", "-0,25", "1,234", "1,234.50", "1,234,567", "1.234,5", "1.234.567,89"]
)
def test_numbers_with_commas_are_refused(comma):
    with pytest.raises(
        TableError, match=rf"'c' holds numbers with commas \(such as '{comma}'\), .* write 1.5"
    ):
        Schema.learn(pd.DataFrame({"c": ["7", "2.5", comma, None]}))


def test_words_are_counted_in_buckets():
    frame = pd.DataFrame({"c": [*SENTENCES, None]})
    matrix = Schema.learn(frame).read(frame)
    for text, row in zip(SENTENCES, matrix, strict=False):
        counts = np.zeros(32)
        for word in text.split():
            counts[zlib.crc32(word.encode()) % 32] += 1
        np.testing.assert_allclose(np.expm1(row), counts, atol=1e-12)
    assert not matrix[-1].any()
    new = pd.DataFrame({"c": ["Item 3 IS, rather: good!", "größe 東京 東京"]})
    schema = Schema.learn(frame)
    np.testing.assert_array_equal(schema.read(new)[0], matrix[3])
    assert np.expm1(schema.read(new)[1]).sum() == pytest.approx(3)


def test_buckets_do_not_depend_on_the_hash_seed():
    program = (
        "from chainrule.table import Schema; rows = [[f'item {i} is rather good'] for i in range(9)]; "
        "print(Schema.learn(rows).read(rows).tolist())"
    )
    seeds = [str(random.Random(i).randrange(1, 10**6)) for i in range(2)]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in seeds
    }
    assert len(outputs) == 1
