"""Tables as people and attackers write them: what is read trains and predicts, all else is one sentence."""

import csv
import gzip
import io
import os
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import answers, fitted, outcome
from tried import examples

from chainrule.errors import TableError
from chainrule.table import open_table, prepare_target

WORDS = st.sampled_from(
    ["red", "Grün", "naïve café", "日本", "Ω≈ç", "x, y", 'say "hi"', " blank ", "é", "", "NA"]
)
NUMBERS = st.floats(-1e6, 1e6).map(repr) | st.integers(-(2**70), 2**70).map(str)


@st.composite
def tables(draw, words=WORDS, numbers=NUMBERS):
    """Header and rows of text: a number, a word, the target."""
    n = draw(st.integers(12, 30))
    some_words = draw(st.lists(words, min_size=1, max_size=5))
    some_numbers = draw(st.lists(numbers, min_size=1, max_size=8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = [[str(rng.choice(some_numbers)), str(rng.choice(some_words)), f"class {i % 2}"] for i in range(n)]
    return [["number", "word", "y"], *rows]


def written(rows, separator=",", line_end="\n", quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=quoting).writerows(rows)
    return text.getvalue()


@pytest.fixture(scope="module")
def path_of(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")

    def path_of(content, name="table.csv"):
        path = folder / name
        path.write_bytes(content)
        return path

    return path_of


def learned_and_predicted(path, expected=None):
    """All of the way from a file to predictions; the fields are those that were written."""
    file = open_table(path)
    if expected is not None:
        fields = [[cell.strip() for cell in row] for row in [file.fields.columns, *file.fields.rows()]]
        assert fields == [[cell.strip() for cell in row] for row in expected]
    table = file.table()
    target = prepare_target(table, table.columns[-1])
    X = table.drop(target.name)
    answers(fitted(X[target.rows], target.values), X)


def tried(fault, path, expected=None):
    started = time.perf_counter()
    with outcome(f"csv: {fault}"):
        learned_and_predicted(path, expected)
    assert time.perf_counter() - started < 20


# -- what is written well ----------------------------------------------------------------------------------


@examples(12)
@given(
    rows=tables(),
    separator=st.sampled_from([",", "\t"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
    packed=st.booleans(),
)
def test_every_way_of_writing_a_table_is_read_alike(
    path_of, rows, separator, line_end, quoting, encoding, packed
):
    content = written(rows, separator, line_end, quoting).encode(encoding)
    name = "t.csv" if separator == "," else "t.TSV"
    path = path_of(gzip.compress(content), f"{name}.gz") if packed else path_of(content, name)
    tried("ways of writing", path, rows)


@examples(5)
@given(rows=tables(st.text(st.sampled_from("ab \n\r,\"'"), max_size=6)))
def test_fields_hold_line_ends_and_quotes(path_of, rows):
    tried("fields of several lines", path_of(written(rows, quoting=csv.QUOTE_ALL).encode()), rows)


# -- what is not -------------------------------------------------------------------------------------------


@examples(6)
@given(
    rows=tables(),
    encoding=st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7"]),
)
def test_other_encodings(path_of, rows, encoding):
    tried("encodings", path_of(written(rows).encode(encoding, "replace")))


@st.composite
def spoiled(draw):
    """Bytes of a table in which something was changed."""
    content = bytearray(written(draw(tables()), draw(st.sampled_from(",;\t|"))).encode())
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from([0, 0, 1, 5, 50]))
        put = st.sampled_from(
            [b"\0", b"\r", b"\n", b"\r\n", b'"', b",", b";", b"\xff", b"\xef\xbb\xbf", b"\x1a", b"=", b""]
        )
        content[place : place + length] = draw(put | st.binary(max_size=4))
    return bytes(content)


@examples(30)
@given(content=spoiled())
def test_a_few_bytes_are_others(path_of, content):
    tried("spoiled bytes", path_of(content))


@examples(12)
@given(
    content=st.sampled_from(
        [b"", b"\n", b"\r\n" * 9, b"a,b,y\n", b",,\n,,\n", b",", b"\t\t\n", b'"', b'""', b"\xef\xbb\xbf"]
    )
    | st.text(' ,;\t"\n\r', max_size=30).map(str.encode)
)
def test_next_to_nothing(path_of, content):
    tried("next to nothing", path_of(content))


@examples(10)
@given(rows=tables(), data=st.data())
def test_rows_of_other_lengths(path_of, rows, data):
    row = rows[data.draw(st.integers(0, len(rows) - 1))]
    how = data.draw(st.sampled_from(["shorter", "longer", "empty", "one"]))
    row[:] = {"shorter": row[:-1], "longer": [*row, "x"], "empty": ["", "", ""], "one": ["x"]}[how]
    tried("ragged rows", path_of(written(rows).encode()))


@examples(7)
@given(
    rows=tables(),
    names=st.lists(
        st.sampled_from(["a", "A", " a", "a ", "", "ａ", "a\n", "x" * 3_000, "1"]), min_size=3, max_size=3
    ),
)
def test_headers(path_of, rows, names):
    rows[0] = names
    tried("headers", path_of(written(rows).encode()))


DIGITS = ["9" * 100, "9" * 4_301, "-" + "9" * 400, "0." + "0" * 400 + "1"]
WORDS_FOR_NUMBERS = (
    "1e308 1e309 -1e999 1e-999 inf -Infinity nan 0x1F 1_000 ٣٤ 1,5 1.234,5 +-1 1e --1 007 ½ ∞ 1d5 1f"
)
MONSTERS = st.sampled_from([*DIGITS, *WORDS_FOR_NUMBERS.split()])


@examples(15)
@given(rows=tables(numbers=MONSTERS | NUMBERS))
def test_numbers_that_are_none_or_too_large(path_of, rows):
    tried("monstrous numbers", path_of(written(rows).encode()))


ENDS_OF_TIME = (
    "9999-12-31T23:59:59.999999-23:59 0001-01-01T00:00:00+23:59 0000-00-00 99999-01-01 2024-02-30 2024-W01-1 "
    "20240131 31.12.9999 1/1/1 2024-01-31T25:00 24:00 23:59:60 12:00PM ١٢:٠٠ 2024-01-31T10:30:05.12345678901 "
    "1969-12-31 -2024-01-01 2024-01-31Z 9999-12-31"
)
DATES = st.sampled_from(ENDS_OF_TIME.split())


@examples(15)
@given(rows=tables(words=DATES, numbers=DATES | NUMBERS))
def test_dates_at_the_ends_of_time(path_of, rows):
    tried("date bombs", path_of(written(rows).encode()))


def test_a_number_of_a_million_digits(path_of):
    rows = [["a", "y"], *([str(i), f"class {i % 2}"] for i in range(20)), ["9" * 1_000_000, "class 0"]]
    tried("monstrous numbers", path_of(written(rows).encode()))


# -- what is no file of a table ----------------------------------------------------------------------------


@examples(10)
@given(rows=tables(), data=st.data())
def test_packed_files_that_are_cut_packed_twice_or_not_packed(path_of, rows, data):
    packed = gzip.compress(written(rows).encode(), mtime=0)
    place = data.draw(st.integers(0, len(packed) - 1))
    flipped = bytearray(packed)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    content = data.draw(
        st.sampled_from(
            [
                packed[:place],
                bytes(flipped),
                gzip.compress(packed),
                packed + b"x",
                packed + packed,
                written(rows).encode(),
            ]
        )
    )
    tried(
        "packed files",
        path_of(content, data.draw(st.sampled_from(["t.csv.gz", "t.csv", "t.tsv.gz", "t.gz"]))),
    )


@pytest.mark.parametrize(
    "name",
    [
        "t.xlsx",
        "t.pkl",
        "t.h5",
        "t.feather",
        "t.json",
        "t",
        "t.csv.zst",
        "t.csv.bz2",
        "t.csv.xz",
        "t.parquet",
        ".csv",
    ],
)
def test_other_formats_are_refused_by_name(path_of, name):
    with pytest.raises(TableError):
        open_table(path_of(b"a,b\n1,2\n", name))


@pytest.mark.skipif(os.name == "nt", reason="links and modes of Unix")
def test_what_is_no_regular_file(tmp_path, monkeypatch):
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    long = tmp_path / ("x" * 300 + ".csv")
    for path in (
        *tmp_path.iterdir(),
        long,
        tmp_path / "a\0b.csv",
        tmp_path / "folder.csv" / "t.csv" / "u.csv",
    ):
        with outcome("csv: no regular file"), pytest.raises(TableError) as refusal:
            open_table(path)
        assert "\n" not in str(refusal.value)
    (tmp_path / "linked.csv").symlink_to(path_to_table := tmp_path / "table.csv")
    path_to_table.write_text("a,b\n1,2\n")
    assert open_table(tmp_path / "linked.csv").fields.rows() == [("1", "2")]


@pytest.mark.parametrize("method", ["stat", "open"])
def test_what_the_system_refuses(path_of, monkeypatch, method):
    path = path_of(b"a,b\n1,2\n")

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), method, refused)
    with pytest.raises(TableError, match="cannot be read: Permission denied"):
        open_table(path)
