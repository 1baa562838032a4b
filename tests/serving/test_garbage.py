"""What nobody should send gets an answer of 400 to 499 that says what is wrong and where; never more."""

import gzip
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import refused

JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}


# -- JSON --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body is empty"),
        (b"{", "the body is not JSON: Expecting property name"),
        (b'{"rows": [}', "the body is not JSON"),
        (b"{'row': 1}", "the body is not JSON"),
        (b'{"row": {}} {}', "the body is not JSON: Extra data"),
        (b'{"row": {"age": NaN}}', "NaN is not JSON"),
        (b'{"row": {"age": -Infinity}}', "-Infinity is not JSON"),
        (b'{"row": {"age": ' + b"9" * 5000 + b"}}", "a number of too many digits"),
        (b'{"row": {"age": 01}}', "the body is not JSON"),
        (b'{"row": {"city": "a\nb"}}', "the body is not JSON: Invalid control character"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"row": {"age": 1, "age": 2}}', "names 'age' twice"),
        (b'{"row": {}, "row": {}}', "names 'row' twice"),
        (b'{"row": {"city": "\xff"}}', "the body is not UTF-8"),
        ('{"row": {}}'.encode("utf-16"), "the body is not UTF-8"),
        (b"\x00", "the body is not JSON"),
        (b"\x1f\x8b\x08\x00", "the body is not UTF-8"),
        (b"age,city\n1,Rome\n", "the body is not JSON"),
    ],
)
def test_what_is_no_json_is_told(server, body, says):
    refused(server.predict(body), 400, says)


@pytest.mark.parametrize(
    "document",
    [None, 1, "rows", [], [{}], {}, {"columns": {}}, {"rows": [], "row": {}}, {"rows": [{}], "a": 1}],
)
def test_other_forms_are_told_the_two_that_there_are(server, document):
    refused(server.predict(document), 422, 'send {"rows": [{column: value, ...}, ...]} or {"row": {', None)


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"rows": []}, "rows"),
        ({"rows": {}}, "rows"),
        ({"rows": "abc"}, "rows"),
        ({"rows": None}, "rows"),
        ({"rows": [None]}, "rows[0]"),
        ({"rows": [[1, 2]]}, "rows[0]"),
        ({"row": None}, "row"),
        ({"row": [1]}, "row"),
        ({"row": {}}, "row"),
    ],
)
def test_what_is_no_row_is_told_with_its_place(server, document, where):
    refused(server.predict(document), 422, None, where)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("age", "31", "column 'age' takes number or null, however: \"31\""),
        ("age", True, "takes number or null, however: true"),
        ("age", [1], "takes number or null, however: an array"),
        ("age", {"a": 1}, "takes number or null, however: an object"),
        ("city", ["Rome"], "takes string or number or boolean or null"),
        ("member", {}, "takes boolean or string or number or null"),
        ("joined", 20240131, "takes string or null"),
        ("note", 1, "takes string or null"),
        ("size", False, "takes number or string or null"),
    ],
)
def test_a_value_of_another_type_is_told_with_its_place(server, rows, column, value, says):
    answer = server.predict({"rows": [rows[0], rows[1] | {column: value}]})
    refused(answer, 422, says, f"rows[1].{column}")


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        (
            "joined",
            "yesterday",
            "column 'joined': 'yesterday' in rows[1] is no date; write dates as 2024-01-31",
        ),
        ("joined", "2024-02-31", "is no date"),
        ("joined", "", "is no date"),
        ("joined", "03/04/2024", "does not settle whether day or month comes first"),
        ("opens", "25:00", "column 'opens': '25:00' in rows[1] is no time"),
        ("opens", "2024-01-31", "is no time"),
    ],
)
def test_what_cannot_be_read_as_a_date_is_not_guessed_at(server, rows, column, value, says):
    refused(server.predict({"rows": [rows[0], rows[1] | {column: value}]}), 422, says, "rows[1]")


def test_dates_of_one_request_settle_each_other(server, rows):
    both = [rows[0] | {"joined": "03/04/2024"}, rows[1] | {"joined": "31/01/2024"}]
    assert server.predict({"rows": both}).status == 200


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" + b"0" * 400, b"-1" + b"0" * 308 + b".0"])
@pytest.mark.parametrize("column", ["age", "city", "member", "size"])
def test_numbers_that_no_float_holds_are_told(server, rows, column, number):
    body = json.dumps({"rows": [rows[0] | {column: 0}]}).encode()
    body = body.replace(f'"{column}": 0'.encode(), f'"{column}": '.encode() + number)
    too_large = f"column {column!r} holds a number beyond 1.8e+308"
    if number.endswith(b".0"):
        assert server.predict(body).status == 200
    else:
        refused(server.predict(body), 422, too_large, f"rows[0].{column}")


def test_huge_numbers_are_answered_where_they_can_be(servers, rows):
    for number in (1e308, -1e308, 5e-324, 2**63, 10**300, 0.0, -0.0):
        assert servers["classes"].predict({"row": rows[0] | {"age": number}}).status == 200
        assert servers["numbers"].predict({"row": rows[0] | {"age": number}}, "?interval=0.5").status == 200


def test_an_answer_that_is_not_finite_is_none(servers):
    """The sum over three such numbers is beyond the largest one, for some of their signs."""
    answers = []
    for signs in itertools.product([-1.7e308, 1.7e308], repeat=3):
        row = dict(zip(("a", "b b", "ç"), signs, strict=True))
        answer = servers["mlp_named"].predict({"rows": [dict.fromkeys(row, 0), row]})
        answers.append(answer.status)
        if answer.status != 200:
            refused(answer, 422, "the answer to rows[1] is not finite; its values are too large", "rows[1]")
    assert 422 in answers


def test_networks_of_numbers_need_all_of_them(servers):
    refused(servers["mlp"].predict({"row": {"x0": 1, "x1": None, "x2": 3}}), 422, "takes number", "row.x1")
    refused(servers["mlp"].predict({"row": {"x0": 1, "x1": 2}}), 422, "the row has no column 'x2'", "row")
    refused(
        servers["mlp"].predict(b"x0,x1,x2\n1,,3\n", headers=CSV), 422, "'x1' has no value in line 2", "line 2"
    )
    refused(
        servers["mlp"].predict(b"x0,x1,x2\n1,2,3\n1,a,3\n", headers=CSV), 422, "must hold numbers", "line 3"
    )


def test_an_absent_column_is_told_with_one_that_looks_like_it(server, rows):
    wrong = {("Age" if name == "age" else name): value for name, value in rows[1].items()}
    refused(
        server.predict({"rows": [rows[0], wrong]}), 422, "no column 'age'; did you mean 'Age'?", "rows[1]"
    )


def test_messages_stay_short_and_can_be_sent(server, rows):
    refused(server.predict({"row": {"x" * 100_000: 1}}), 422)
    refused(server.predict(json.dumps({"row": {"\ud800": 1}}).encode()), 422)
    refused(server.predict({"row": rows[0] | {"joined": "x" * 100_000}}), 422)
    refused(server.predict({"row": rows[0] | {"age": "\ud800" * 1000}}), 422)
    refused(server.predict(b"{}", "?" + "x" * 5000 + "=1"), 400)


# -- CSV ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says", "where"),
    [
        (b"age,city\n", "the table has a header and no rows", None),
        (b"\n\n\n", "the table holds blank lines only", None),
        (b"age,city\n1\n", "1 field, however the header has 2", "line 2"),
        (b"age,city\n1,Rome\n1,Rome,3\n", "3 fields, however the header has 2", "line 3"),
        (b"age,age\n1,2\n", "columns 1 and 2 of the header are both named 'age'", "line 1"),
        (b"age,\n1,2\n", "column 2 of the header has no name", "line 1"),
        (b"age;city\n1;Rome\n", "separated by ';'", "line 1"),
        (b'age,city\n1,"Rome\n', "ends inside a quoted field", None),
        (b'age,city\n1,"Rome"x\n', "something follows the closing", "line 2"),
        (b"age,city\n1,\xff\n", "is not UTF-8", "line 2"),
        (b"age,city\n1,\0\n", "is NUL", "line 2"),
        (b"age,city\r1,Rome\r", "a carriage return stands inside the line", "line 1"),
        ("age,city\n1,Rome\n".encode("utf-16"), "is not UTF-8", "line 1"),
        (gzip.compress(b"age,city\n1,Rome\n", mtime=0), "the table is packed with gzip", None),
    ],
)
def test_what_is_no_csv_is_told_with_the_line(server, body, says, where):
    answer = server.predict(body, headers=CSV)
    refused(answer, 400, says)
    if where is not None:
        assert answer.document["error"]["where"] == where


def test_a_field_without_end_is_too_large(server):
    answer = server.predict(b"a" * 200_000 + b"\n1\n", headers=CSV)
    refused(answer, 413, "a field is longer than")
    assert answer.document["error"]["where"] == "line 1"


def test_values_of_csv_are_told_with_their_line(server, table):
    lines = table.write_csv().splitlines()
    first = lines[1].split(",", 1)[1]
    blank = "\n".join([lines[0], lines[2], "", f"many,{first}"])
    refused(server.predict(blank.encode(), headers=CSV), 422, "must hold numbers, however line 4", "line 4")
    refused(server.predict(f"{lines[0]}\ninf,{first}".encode(), headers=CSV), 422, "is infinite in line 2")
    absent = table.drop("city", "note").write_csv().encode()
    refused(server.predict(absent, headers=CSV), 422, "the table has no columns 'city', 'note'", None)


# -- anything ---------------------------------------------------------------------------------------------


@given(body=st.binary(min_size=1, max_size=200), kind=st.sampled_from([JSON, CSV]))
def test_no_bytes_make_the_server_fail(server, body, kind):
    assert 400 <= server.predict(body, headers=kind).status < 500


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(
    changes=st.dictionaries(
        st.sampled_from(["age", "city", "member", "joined", "opens", "size", "note"]), JSON_VALUES
    )
)
def test_any_values_get_the_models_answer_or_a_4xx(server, models, rows, changes):
    import polars as pl

    row = rows[0] | changes
    answer = server.predict({"row": row})
    assert answer.status in (200, 400, 422), answer.content
    if answer.status == 200:
        expected = models["classes"].estimator.predict(
            pl.DataFrame([row], strict=False, infer_schema_length=None)
        )
        assert answer.document["predictions"] == [{"prediction": expected[0]}]
