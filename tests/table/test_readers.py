"""Table files: what is read, and the one sentence for everything that cannot be."""

import builtins
import csv
import gzip
import io
import os

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule.errors import TableError
from chainrule.table import open_table, read_table


@pytest.fixture
def write(tmp_path):
    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_types_are_inferred_from_all_rows(write):
    filler = "1,1,true,a\n" * 3000
    table = read_table(write("i,f,b,s\n" + filler + "2,2.5,FALSE,7\n"))
    assert dict(table.schema) == {"i": pl.Int64, "f": pl.Float64, "b": pl.Boolean, "s": pl.String}
    assert table.height == 3001
    assert table.row(-1) == (2, 2.5, False, "7")


def test_agrees_with_polars_on_a_plain_file(write):
    content = "x,y,z\n1,0.5,red\n-2,1e-3,blue\n,,\n"
    ours = read_table(write(content))
    assert ours.equals(pl.read_csv(io.BytesIO(content.encode()), infer_schema_length=None))


@pytest.mark.parametrize("spelling", ["", "NA", "N/A", "nan", "NaN", "null", "None", "?", " NA "])
def test_missing_values(write, spelling):
    table = read_table(write(f"x,y\n1,a\n{spelling},{spelling}\n"))
    assert table.rows() == [(1, "a"), (None, None)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("\ufeffa,b\n1,2\n", [(1, 2)]),
        ("a,b\r\n1,2\r\n", [(1, 2)]),
        ("a,b\n1,2", [(1, 2)]),
        ('a,b\n"x\ny",2\n', [("x\ny", 2)]),
        ('a,b\n"x, y","say ""hi"""\n', [("x, y", 'say "hi"')]),
        ('a,b\n5"x,2\n', [('5"x', 2)]),
        ("\na,b\n\n1,2\n\n\n3,4\n\n", [(1, 2), (3, 4)]),
        (" a , b\n 1, 2 \n", [(1, 2)]),
        ("a,b\n+1,9223372036854775808\n", [(1, 9223372036854775808.0)]),
        ("ä,☃\n1,ü\n", [(1, "ü")]),
    ],
)
def test_dialects(write, content, rows):
    assert read_table(write(content)).rows() == rows


@pytest.mark.parametrize(
    ("fields", "dtype"),
    [
        (["00013", "90210"], pl.String),
        (["007", ""], pl.String),
        (["00012345678901234567890", "1"], pl.String),
        (["0", "10"], pl.Int64),
        (["0.5", "00.25"], pl.Float64),
        (["-0", "0"], pl.Int64),
    ],
)
def test_integers_with_leading_zeros_are_text(write, fields, dtype):
    column = read_table(write("\n".join(["a,b", *(f"{field},1" for field in fields)])))["a"]
    assert column.dtype == dtype
    if dtype == pl.String:
        assert column.to_list() == [field or None for field in fields]


def test_fields_and_lines_are_kept(write):
    file = open_table(write('a,b\n\n 1,"x\ny "\nNA,\n'))
    assert file.fields.rows() == [("1", "x\ny "), ("NA", "")]
    assert list(file.lines) == [3, 5]
    assert file.table().rows() == [(1, "x\ny"), (None, None)]


def test_tab_separated(write):
    assert read_table(write("a\tb\n1,5\tx\n", "table.TSV")).rows() == [("1,5", "x")]


def test_parquet_keeps_its_types(tmp_path):
    table = pl.DataFrame({"a": [1, None], "b": ["x", "NA"]}, schema={"a": pl.Int8, "b": pl.String})
    table.write_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").equals(table)


def test_text_columns_stay_text(write):
    table = read_table(write("a,b\n007,1\n"), text_columns=["a", "absent"])
    assert table.rows() == [("007", 1)]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "t.csv", "t.csv is empty (0 bytes)"),
        (b"\n \n", "t.csv", "holds blank lines only"),
        (b"a,b\n", "t.csv", "has a header and no rows"),
        (b"a,b\n1,2\n1\n", "t.csv", "t.csv, line 3: 1 field, however the header has 2; add"),
        (b"a,b\n1,2,3\n", "t.csv", "t.csv, line 2: 3 fields, however the header has 2; quote"),
        (b'a,b\n"x\ny",2\n\n1\n', "t.csv", "t.csv, line 5: 1 field"),
        (
            b"a,b\n1,\xe9\n",
            "t.csv",
            "t.csv, line 2: byte 6 (0xe9) is not UTF-8; save the file with the encoding UTF-8",
        ),
        ("a,b\n1,2\n".encode("utf-16"), "t.csv", "line 1: byte 0 (0xff) is not UTF-8"),
        (b"a,b\n1,\0\n", "t.csv", "line 2: byte 6 is NUL"),
        (b"a,b,a\n1,2,3\n", "t.csv", "columns 1 and 3 of the header are both named 'a'"),
        (b"a,,b\n1,2,3\n", "t.csv", "column 2 of the header has no name"),
        (b"a;b\n1;2\n", "t.csv", "separated by ';' and not by ','"),
        (b"a\tb\n1\t2\n", "t.csv", r"separated by '\t' and not by ','"),
        (b"a;b\n1;2\n", "t.tsv", r"separated by ';' and not by '\t'"),
        (b"a,b\n1,2\n", "t.tsv", r"separated by ',' and not by '\t'"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "t.csv", "t.csv is packed with gzip; unpack it first"),
        (gzip.compress(b"a,b\n1\n", mtime=0), "t.xlsx.gz", "t.xlsx.gz is packed with gzip; unpack it first"),
        (b"PK\x03\x04" + b"\0" * 40, "t.parquet", "t.parquet is packed with zip; unpack it first"),
        (b'a,b\n"x,2\n', "t.csv", "line 2: the file ends inside a quoted field"),
        (b'a,b\n"x"y,2\n', "t.csv", 'line 2: something follows the closing "'),
        (b"a,b\r1,2\r", "t.csv", "line 1: a carriage return stands inside the line"),
        (b"a,b\n" + b"9" * 200_000 + b",1\n", "t.csv", "line 2: a field is longer than 131,072 characters"),
        (b"1", "t.xlsx", "has the extension '.xlsx', and known are .csv, .tsv, .parquet"),
        (b"not parquet", "t.parquet", "cannot be read as Parquet"),
        (b"PAR1" + b"\xff" * 64 + b"PAR1", "t.parquet", "cannot be read as Parquet"),
    ],
)
def test_refusals_name_the_place_and_the_fix(write, content, name, says):
    with pytest.raises(TableError) as refusal:
        read_table(write(content, name))
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_refuses_what_is_no_file(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(TableError, match="is a directory"):
        read_table(tmp_path / "folder.csv")
    (tmp_path / "iris.csv").write_text("a\n1\n")
    with pytest.raises(TableError, match=r"does not exist; did you mean .*iris.csv\?"):
        read_table(tmp_path / "irsi.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TableError, match="not a regular file"):
        read_table(tmp_path / "pipe.csv")


def test_without_polars_the_extra_is_named(write, monkeypatch):
    path, real_import = write("a\n1\n"), builtins.__import__

    def no_polars(name, *args, **kwargs):
        if name == "polars":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_polars)
    with pytest.raises(ImportError, match=r'pip install "chainrule\[cli\]"'):
        read_table(path)


_fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(_fields, min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_the_csv_module_writes_is_read_back(tmp_path, rows):
    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    table = read_table(path, text_columns=["a", "b", "c"])
    from chainrule.table.readers import MISSING

    expected = [
        tuple(None if (s := pl.Series([f]).str.strip_chars()[0]) in MISSING else s for f in row)
        for row in rows
    ]
    assert table.rows() == expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | st.text('a1,;"\n\r\t \0é', max_size=40).map(str.encode))
def test_any_bytes_are_a_table_or_a_table_error(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    try:
        table = read_table(path)
    except TableError:
        return
    assert table.height > 0
