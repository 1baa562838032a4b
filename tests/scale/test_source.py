"""A data set of any form gives the rows that it holds, piece by piece."""

import polars as pl
import pyarrow.dataset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ParameterError, TableError
from chainrule.scale.ahead import ahead
from chainrule.scale.parts import rows_of_a_piece
from chainrule.scale.source import source_of
from chainrule.scale.types import TextTypes
from chainrule.table import read_table

pytestmark = pytest.mark.usefixtures("small_pieces")


def rows_of(source, columns=None, order=None):
    pieces = list(source.pieces(columns or source.names, order))
    assert max(piece.height for piece in pieces) <= 50
    return pl.concat(pieces)


@pytest.mark.parametrize(
    "form",
    [
        lambda folder: folder,
        lambda folder: f"{folder}/*.parquet",
        lambda folder: pyarrow.dataset.dataset(folder),
        lambda folder: pl.scan_parquet(folder / "*.parquet"),
    ],
    ids=["folder", "pattern", "pyarrow", "polars"],
)
def test_a_data_set_of_every_form_gives_its_rows(form, parquet, table):
    source = source_of(form(parquet))
    assert source.names == tuple(table.columns)
    assert rows_of(source).equals(table)
    assert rows_of(source, ["y", "a"]).equals(table.select("y", "a"))


def test_pieces_of_wide_rows_have_fewer_of_them(parquet, csv, table, monkeypatch):
    monkeypatch.setattr("chainrule.scale.parts._CELLS_OF_A_PIECE", 80)
    for form in (parquet, csv, table.lazy()):
        source = source_of(form)
        assert max(piece.height for piece in source.pieces(source.names)) == 10
        assert max(piece.height for piece in source.pieces(["a", "y"])) == 40
        assert sum(piece.height for piece in source.pieces(source.names)) == 600
    assert rows_of_a_piece(1000) == 1  # a piece has a row at least


def test_row_groups_are_parts_that_are_read_in_any_order(parquet, table):
    source = source_of(parquet)
    assert len(source.parts) == 12
    order = [5, 11, 0]
    expected = pl.concat([table[264:328], table[592:600], table[0:64]])
    assert rows_of(source, order=order).equals(expected)


def test_text_is_read_with_blanks_gone_and_missing_values_missing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('a,b\n 1 ,x\nNA," y "\n,?\n')
    assert rows_of(source_of(path)).rows() == [("1", "x"), (None, "y"), (None, None)]


def test_folders_of_a_partitioned_data_set_are_columns(table, tmp_path):
    table.write_parquet(pl.PartitionBy(tmp_path / "parts", key="kind", include_key=False), mkdir=True)
    source = source_of(tmp_path / "parts")
    assert sorted(source.names) == sorted(table.columns)
    found = rows_of(source, table.columns).with_columns(pl.col("kind").cast(pl.String))
    assert found.sort("a", "b").equals(table.sort("a", "b"))


def written(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: "nothing*.parquet", "does not exist, and matches no file"),
        (lambda folder: folder, r"holds no \.parquet, \.csv or \.tsv file"),
        (lambda folder: written(folder / "t.csv.gz", b"x"), "not packed"),
        (lambda folder: written(folder / "t.parquet", b"x"), "cannot be read as Parquet"),
        (lambda folder: written(folder / "t.csv", b""), r"is empty \(0 bytes\)"),
    ],
    ids=["no file", "empty folder", "packed", "no Parquet", "empty file"],
)  # fmt: skip
def test_what_is_no_data_set_is_refused(make, said, tmp_path):
    with pytest.raises(TableError, match=said):
        source_of(make(tmp_path))


def test_files_that_do_not_belong_together_are_refused(table, tmp_path):
    table.write_csv(tmp_path / "a.csv")
    table.drop("w").write_csv(tmp_path / "b.csv")
    with pytest.raises(TableError, match=r"b\.csv has other columns than .*a\.csv"):
        source_of(tmp_path)
    table.write_parquet(tmp_path / "c.parquet")
    with pytest.raises(TableError, match=r"files of the formats \.csv, \.parquet"):
        source_of(tmp_path)
    with pytest.raises(ParameterError, match="however: int"):
        source_of(3)


def test_a_name_with_brackets_is_a_name_and_no_pattern(tmp_path):
    (tmp_path / "x1.csv").write_text("a\n1\n")
    path = written(tmp_path / "x[1].csv", b"a\n2\n")
    assert rows_of(source_of(path)).rows() == [("2",)]


def test_names_with_a_dot_or_a_line_in_front_are_no_data(tmp_path, parquet):
    for name in (".ipynb_checkpoints/0.parquet", "_temporary/0.parquet", "1/_x.parquet", "README.txt"):
        (parquet / name).parent.mkdir(exist_ok=True)
        (parquet / name).write_bytes(b"x")
    source = source_of(parquet)
    assert len(source.parts) == 12
    assert [file.name for file in source.files] == ["0.parquet", "1.parquet", "2.parquet"]
    written(parquet / "b.csv.gz", b"x")
    with pytest.raises(TableError, match=r"b\.csv\.gz is packed"):
        source_of(parquet)


def test_columns_of_parquet_files_are_of_the_widest_type(tmp_path):
    for name, a, b in (("0", None, 1), ("1", "x", 2.5)):
        pl.DataFrame({"a": [a], "b": [b]}).write_parquet(tmp_path / f"{name}.parquet")
    assert rows_of(source_of(tmp_path)).rows() == [(None, 1.0), ("x", 2.5)]


def test_parquet_files_that_do_not_belong_together_are_refused(tmp_path):
    pl.DataFrame({"a": [1], "y": [1]}).write_parquet(tmp_path / "0.parquet")
    pl.DataFrame({"a": [1], "z": [1]}).write_parquet(tmp_path / "1.parquet")
    with pytest.raises(TableError, match=r"1\.parquet has other columns than .*0\.parquet"):
        source_of(tmp_path)
    pl.DataFrame({"a": ["x"], "y": [1]}).write_parquet(tmp_path / "1.parquet")
    with pytest.raises(TableError, match="cannot be read as Parquet"):
        source_of(tmp_path)


def test_a_data_set_without_parts_is_refused(parquet):
    rows = pyarrow.dataset.dataset(parquet)
    with pytest.raises(ParameterError, match=r"give a polars\.LazyFrame"):
        source_of(rows.filter(pyarrow.dataset.field("a") > 0))


def test_what_is_wrong_with_a_lazy_frame_is_said(table):
    with pytest.raises(TableError, match="the lazy frame cannot be read"):
        source_of(table.lazy().select("why"))
    broken = source_of(table.lazy().with_columns(pl.col("kind").cast(pl.Int64)))
    with pytest.raises(TableError, match="the lazy frame cannot be read"):
        list(broken.pieces(["kind"]))


def result_of(read):
    try:
        return read()
    except (TableError, ValueError) as error:
        return str(error)


LINES = st.lists(
    st.sampled_from(
        [
            "1,2",
            " x ,y",
            ",",
            "",
            "  ",
            '"a,b",c',
            '"x\n\ny",z',
            '1, "2"',
            "1",
            "1,2,3",
            'x"y,1',
            '"x"y,1',
            '"',
            "ä,NA",
        ]
    ),
    max_size=6,
)


@given(
    st.sampled_from(["a,b", " a, b", "\n\na,b", '"a",b', "a,a", "a,", "a", "a;b", "\ufeffa,b"]),
    LINES,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_text_is_read_by_the_rules_of_a_table_in_memory(tmp_path_factory, header, lines, end, is_ended):
    """In blocks of a few lines; what one refuses the other refuses in the same words."""
    path = tmp_path_factory.mktemp("text") / "t.csv"
    path.write_text(end.join([header, *lines]) + end * is_ended, newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.scale.text._BYTES_OF_A_BLOCK", 8)
        found = result_of(lambda: pl.concat(source_of(path).pieces(source_of(path).names)))
    expected = result_of(lambda: read_table(path, {"a", "b", "c", "a;b"}))
    if "a header and no rows" in str(expected):
        assert "concat" in str(found)
    elif isinstance(expected, str):
        assert found == expected
    else:
        assert found.equals(expected)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n3\n", "line 3: 1 field, however the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "line 3: 3 fields, however the header has 2"),
        (b"a,b\n1,2\n3,\xff\n", "line 3: byte 10 .* is not UTF-8"),
        (b"a,b\n1,2\n3,\0\n", "line 3: byte 10 is NUL"),
        (b"a,b\n1," + b"x" * 200_000 + b"\n", "a field is longer than 131,072 characters; .* mend the file"),
        (b"\x1f\x8bxx", "is packed with gzip"),
    ],
    ids=["short", "long", "not UTF-8", "NUL", "endless", "packed"],
)  # fmt: skip
def test_text_that_is_no_table_is_refused_by_line(content, said, tmp_path):
    path = written(tmp_path / "t.csv", content)
    with pytest.raises(TableError, match=said):
        list(source_of(path).pieces(["a"]))


def test_a_column_that_is_absent_is_named(parquet):
    with pytest.raises(TableError, match="kinds"):
        list(source_of(parquet).pieces(["kinds"]))


FIELDS = st.sampled_from(
    [
        *("1", "-2", "+3", "007", "0", "1.5", "1e3", "true", "False", "x", "", "NA", "nan", "inf"),
        *("9223372036854775807", "9223372036854775808", "12345678901234567890", "0012345678901234567890"),
    ]
)


@given(st.lists(FIELDS, min_size=1, max_size=12), st.integers(1, 5))
def test_types_of_text_are_those_of_a_table_in_memory(tmp_path_factory, fields, n):
    path = tmp_path_factory.mktemp("types") / "t.csv"
    path.write_text("a,b\n" + "".join(f'"{field}",.\n' for field in fields))
    known, expected = TextTypes(), read_table(path)["a"]
    whole = pl.concat(source_of(path).pieces(["a"]))
    for start in range(0, whole.height, n):
        known.learn(whole[start : start + n])
    found = known.applied(whole)["a"]
    assert found.dtype == expected.dtype
    assert found.equals(expected, null_equal=True)


def test_columns_that_are_to_stay_text_do():
    types = TextTypes(["a"])
    piece = pl.DataFrame({"a": ["1"], "b": ["1"]})
    types.learn(piece)
    assert types.applied(piece).dtypes == [pl.String, pl.Int64]


def test_items_made_ahead_come_in_order_and_errors_where_they_occur():
    def items():
        yield from range(100)
        raise ZeroDivisionError

    found = []
    with ahead(items()) as prepared, pytest.raises(ZeroDivisionError):
        found.extend(prepared)
    assert found == list(range(100))


def test_nobody_waits_for_items_that_nobody_takes():
    made = []

    def items():
        for i in range(1000):
            made.append(i)
            yield i

    with ahead(items()) as prepared:
        assert next(prepared) == 0
    assert len(made) <= 4


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_that_nobody_waits_for_is_no_error():
    def items():
        yield 0
        yield 1
        raise ZeroDivisionError

    with ahead(items()) as prepared:
        next(prepared)
