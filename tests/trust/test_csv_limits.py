"""Tables that are too large are refused while they are read, in bounded memory; every limit can be moved."""

import gzip
import io
import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import check_sentence, outcome
from tried import SCALE, counted, examples

from chainrule.errors import ParameterError
from chainrule.table import TableLimits, open_table
from chainrule.table.limits import TooLargeError

NAMES = ["bytes", "rows", "columns", "field", "levels"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("limits")


def sizes_of(path, table):
    """What each limit counts, by other means than the reader's."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        import pyarrow.parquet

        metadata = pyarrow.parquet.ParquetFile(path).metadata
        packed = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        counted_bytes = max(len(content), packed, 8 * table.height * table.width)
        field = None
    else:
        counted_bytes = len(gzip.decompress(content) if path.suffix == ".gz" else content)
        field = max(len(str(cell)) for row in [table.columns, *table.rows()] for cell in row)
    texts = [column.n_unique() for column in table if column.dtype == pl.String]
    found = [counted_bytes, table.height, table.width, field, max(texts, default=None)]
    return dict(zip(NAMES, found, strict=True))


@examples(25)
@given(
    n_rows=st.integers(1, 1500),
    n_columns=st.integers(1, 12),
    n_levels=st.integers(1, 40),
    extension=st.sampled_from(["csv", "tsv", "csv.gz", "parquet"]),
    name=st.sampled_from(NAMES),
    above=st.sampled_from([-1000, -1, 0, 1, 1000, None]),
)
def test_exactly_what_is_more_than_a_limit_is_refused(
    folder, n_rows, n_columns, n_levels, extension, name, above
):
    table = pl.DataFrame(
        {f"c{i}": ["t" * (1 + row % n_levels) for row in range(n_rows)] for i in range(n_columns)}
    )
    path = folder / f"t.{extension}"
    if extension == "parquet":
        table.write_parquet(path)
    else:
        content = table.write_csv(separator="\t" if extension == "tsv" else ",").encode()
        path.write_bytes(gzip.compress(content) if extension == "csv.gz" else content)
    size = sizes_of(path, table)[name]
    limit = None if above is None else max(1, (size or 1) + above)
    is_fine = size is None or limit is None or size <= limit
    try:
        assert open_table(path, TableLimits(**{name: limit})).table().equals(table)
    except TooLargeError as error:
        said = str(error)
        assert not is_fine
        check_sentence(said)
        for part in (str(path), f"at most {limit:,} are read", f"--limit {name}="):
            assert part in said
        counted("csv: limits", "refused")
    else:
        assert is_fine
        counted("csv: limits", "answered")


@examples(20)
@given(
    texts=st.lists(
        st.sampled_from(
            ["rows=5", "bytes=none", "field=1", "rows=none", "rows=0", "rows=-1", "rows=1e6", "rows"]
        )
        | st.sampled_from(
            ["", "=", "row=5", "levels=99999999999999999999", "columns=٣", "columns= 7", "rows=None"]
        )
        | st.text(max_size=8),
        max_size=3,
    )
)
def test_limits_are_said_in_words(texts):
    with outcome("csv: limits in words"):
        limits = TableLimits.parse(texts)
        said = dict(text.split("=") for text in texts)
        for name in NAMES:
            usual = str(getattr(TableLimits(), name))
            assert str(getattr(limits, name)) == said.get(name, usual).replace("none", "None")


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "5", float("nan")])
def test_a_limit_is_a_number_above_0(value):
    for name in NAMES:
        with pytest.raises(ParameterError, match=f"the limit of {name} must be an integer above 0"):
            TableLimits(**{name: value})


def test_longer_fields_are_read_where_they_are_allowed(folder):
    path = folder / "long.csv"
    path.write_text("a,b\n" + "x" * 200_000 + ",1\n")
    with pytest.raises(TooLargeError, match=r"line 2: a field is longer than 131,072 characters; perhaps"):
        open_table(path)
    for limit in (200_000, None):
        assert open_table(path, TableLimits(field=limit)).fields["a"].str.len_chars().to_list() == [200_000]
    with pytest.raises(TooLargeError, match="a field is longer than 199,999 characters"):
        open_table(path, TableLimits(field=199_999))
    with pytest.raises(TooLargeError, match="longer than 131,072"):  # the limit of the csv module is back
        open_table(path)


def test_a_line_without_an_end(folder):
    path = folder / "line.csv"
    path.write_bytes(b"a,b\n" + b"1," * 2**23 + b"1\n")
    with pytest.raises(TooLargeError, match="line 2 is longer than 16,777,216 bytes; perhaps the line ends"):
        open_table(path)


# -- bombs: read in a process whose memory is limited ------------------------------------------------------

READ = """
import resource, sys
import polars
from chainrule.errors import TableError
from chainrule.table import TableLimits, open_table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
for path, *limits in (line.split(chr(9)) for line in sys.argv[1:]):
    try:
        open_table(path, TableLimits.parse(limits))
    except TableError as error:
        print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def bomb(path, head, unit, size):
    """`head`, then `unit` again and again, 20 MB at a time."""
    part = gzip.compress(unit * (20_000_000 // len(unit)), 9, mtime=0)
    with path.open("wb") as file:
        file.write(gzip.compress(head, mtime=0))
        for _ in range(size // 20_000_000):
            file.write(part)
    return str(path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of memory are those of Unix")
def test_bombs_are_refused_in_bounded_memory(tmp_path):
    size = 10_000_000_000  # 10 MB, packed
    fewer = "\trows=100000"
    asked = {
        bomb(tmp_path / "line.csv.gz", b"a,b", b"7" * 1000, size): "line 1 is longer than",
        bomb(tmp_path / "wide.csv.gz", b"", b"ab,", size): "line 1 is longer than",
        bomb(tmp_path / "open.csv.gz", b'a,b\n"', b"x\n", size): "a field is longer",
        bomb(tmp_path / "rows.csv.gz", b"a,b", b"\n7,8", size) + fewer: "than 100,000 rows",
        bomb(tmp_path / "blank.csv.gz", b"a,b", b"\n", size) + fewer: "than 100,000 rows",
        bomb(tmp_path / "long.csv.gz", b"a", b"\n" + b"x" * 99_999, size) + "\tbytes=50000000": "0 bytes,",
        bomb(tmp_path / "head.csv.gz", b"a", b",a", 20_000_000) + "\tfield=none": "columns, and at most",
    }
    done = subprocess.run(
        [sys.executable, "-c", READ, *asked], capture_output=True, text=True, timeout=120, check=True
    )
    *said, megabytes = done.stdout.splitlines()
    assert len(said) == len(asked)
    for line, says in zip(said, asked.values(), strict=True):
        assert says in line
        check_sentence(line)
    assert int(megabytes) < 500
    counted("csv: bombs", "refused", len(asked))


# -- Parquet -----------------------------------------------------------------------------------------------


def parquet_of(table, **settings):
    content = io.BytesIO()
    table.write_parquet(content, **settings)
    return content.getvalue()


def test_a_parquet_file_of_one_repeated_value_is_large(folder):
    path = folder / "repeated.parquet"
    constant = pl.DataFrame({"a": np.zeros(1_000_000)})
    path.write_bytes(parquet_of(constant.with_columns(pl.col("a").alias(f"b{i}") for i in range(7))))
    assert path.stat().st_size < 500_000
    with pytest.raises(TooLargeError, match=r"64,[0-9]{3},[0-9]{3} bytes, and at most 50,000,000 are read"):
        open_table(path, TableLimits(bytes=50_000_000))


@examples(30)
@given(data=st.data())
def test_parquet_files_with_other_bytes_are_tables_or_refused(folder, data):
    table = pl.DataFrame({"a": [1, 2, None], "b": ["x", "y", None], "c": [[1], [], None]})
    content = bytearray(parquet_of(table, compression=data.draw(st.sampled_from(["zstd", "uncompressed"]))))
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(start, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path = folder / "spoiled.parquet"
    path.write_bytes(content[: data.draw(st.sampled_from([len(content), len(content) - 1, start + 20, 11]))])
    with outcome("csv: Parquet"):
        assert open_table(path, TableLimits(rows=1000, bytes=10**6)).fields.height


# -- the command line --------------------------------------------------------------------------------------


def test_every_command_that_reads_a_table_has_the_option(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from chainrule.cli.app import app

    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{i},{i % 2}\n" for i in range(30)))

    def run(*words):
        return CliRunner().invoke(app, list(words), prog_name="chainrule")

    few = ("--engine", "numpy", "--preset", "fast", "--epochs", "2", "--model", "m.safetensors")
    assert run("train", "t.csv", "--target", "b", "--limit", "rows=30", *few).exit_code == 0
    for words in (
        ("train", "t.csv", "--target", "b", "--model", "n.safetensors"),
        ("inspect", "t.csv"),
        *(
            (verb, "m.safetensors", "t.csv")
            for verb in ("predict", "evaluate", "explain", "doctor", "report")
        ),
    ):
        result = run(*words, "--limit", "rows=29")
        assert result.exit_code == 2, words
        assert "t.csv, line 31: more than 29 rows, and at most 29 are read" in result.stderr
        assert "--limit rows=none (in Python: limits=TableLimits(rows=None))" in result.stderr
        result = run(*words, "--limit", "rows=many")
        assert result.exit_code == 2, words
        assert "'rows=many' is not NAME=N with a name of bytes, rows" in result.stderr
    assert (
        run("predict", "m.safetensors", "t.csv", "--limit", "rows=none", "--limit", "columns=2").exit_code
        == 0
    )


def test_the_playground_reads_by_the_limits_of_its_command(tmp_path):
    from chainrule.playground.session import Session

    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{i},{i % 2}\n" for i in range(30)))
    told = []
    session = Session(lambda content, _: told.append(content), lambda work: work())
    session.begin(str(tmp_path / "t.csv"), limits={"rows": 29})
    uploaded = {"bytes": np.frombuffer((tmp_path / "t.csv").read_bytes(), np.uint8)}
    session.take({"type": "table", "name": "t.csv"}, uploaded)
    refusals = [content["message"] for content in told if content["type"] == "refused"]
    assert len(refusals) == 2
    assert all("more than 29 rows" in message for message in refusals)


def test_wide_tables_are_read_where_they_are_allowed(folder):
    path = folder / "wide.csv"

    def write(n):
        path.write_text(",".join(f"c{i}" for i in range(n)) + "\n" + ",".join("1" * n) + "\n")

    write(100_000)
    with pytest.raises(TooLargeError, match="line 1: 100,000 columns, and at most 10,000 are read"):
        open_table(path)
    write(n := 2_000 if SCALE == 1 else 100_000)
    assert open_table(path, TableLimits(columns=n)).table().shape == (1, n)
