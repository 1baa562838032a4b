"""Text that a spreadsheet would run is written with a ' in front of it, and nothing else is changed."""

import csv
import io

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import fitted
from tried import counted, examples

from chainrule.cli.outputs import guarded
from chainrule.cli.predict import predict
from chainrule.files import save

BEGINNINGS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
FORMULAS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", " ", "  ", "\u00a0", "\u3000", "\n"]),
    st.sampled_from(BEGINNINGS),
    st.sampled_from(
        ["", "1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://a.b")', "SUM(A1:A9)", "x", "é", "3-2"]
    ),
)
HARMLESS = st.sampled_from(
    [
        "-3",
        "+3.5",
        "-1e9",
        " -7 ",
        "3-2",
        "a=b",
        "x@y.z",
        "'=1",
        "",
        " ",
        "Rome",
        "1,5",
        "⊖1",
        "–3",
        "a\t=b",
        "0",
    ]
)


def read_back(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def is_run(cell):
    """Whether a spreadsheet may take a cell for a formula."""
    try:
        float(cell)
    except ValueError:
        return cell[:1] in ("\t", "\r", "\n") or cell.strip()[:1] in BEGINNINGS
    return False


@examples(40)
@given(
    texts=st.lists(
        FORMULAS | HARMLESS | st.text(max_size=4).filter(lambda text: text.isprintable()), min_size=1
    ),
    name=FORMULAS | HARMLESS.filter(str.strip),
    numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9),
)
def test_only_what_would_be_run_is_changed(texts, name, numbers):
    n = max(len(texts), len(numbers))
    texts, numbers = ([(values * n)[i] for i in range(n)] for values in (texts, numbers))
    table = pl.DataFrame({name: texts, "number": numbers})
    header, *rows = read_back(guarded(table).write_csv())
    for before, after in [(name, header[0]), *zip(texts, (row[0] for row in rows), strict=True)]:
        assert not is_run(after), (before, after)
        assert after == (f"'{before}" if is_run(before) else before)
    assert [float(row[1]) for row in rows] == numbers
    counted("csv: formulas", "answered")


@pytest.mark.parametrize("with_input", [False, True])
def test_predictions_and_what_stands_beside_them(tmp_path, with_input):
    rng = np.random.default_rng(0)
    words = ["=1+1", "@SUM(A1)", "-cmd", "+x", "plain", "-3", "＝2", "a=b"]
    X = pl.DataFrame({"-x": rng.normal(size=40), "word": [words[i % 8] for i in range(40)]})
    y = np.array(["=a()", "@b", "-1", "c"])[rng.integers(0, 4, 40)]
    save(fitted(X, y), tmp_path / "m.safetensors", record={"target": "=y"})
    X.write_csv(tmp_path / "t.csv")
    _, text = predict(
        tmp_path / "m.safetensors",
        tmp_path / "t.csv",
        output=tmp_path / "p.csv",
        probabilities=True,
        with_input=with_input,
    )
    assert (tmp_path / "p.csv").read_bytes() == text.encode()
    header, *rows = read_back(text)
    assert not any(is_run(cell) for row in [header, *rows] for cell in row)
    assert header[-5:] == [
        "predicted_=y",
        "probability_-1",
        "probability_=a()",
        "probability_@b",
        "probability_c",
    ]
    if with_input:
        assert header[0] == "'-x"
        assert [float(row[0]) for row in rows] == X["-x"].to_list()
        assert {row[1] for row in rows} >= {"'=1+1", "plain", "-3", "'@SUM(A1)"}
    counted("csv: formulas", "answered")
