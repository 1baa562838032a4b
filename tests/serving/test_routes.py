"""Every address with every method; the answers to rows are those of the model, whatever form they come in."""

import json

import numpy as np
import polars as pl
import pytest

import chainrule

JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
ADDRESSES = {"/health": "GET", "/model": "GET", "/openapi.json": "GET", "/predict": "POST"}


@pytest.fixture(scope="module")
def estimators(model_files):
    return {name: chainrule.load(file) for name, file in model_files.items()}


# -- addresses and methods ---------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_other_methods_are_refused_with_those_that_there_are(server, address):
    allowed = {"GET", "HEAD", "OPTIONS"} if ADDRESSES[address] == "GET" else {"POST", "OPTIONS"}
    for method in METHODS - allowed:
        answer = server.request(method, address, b"{}" if method == "POST" else None, JSON)
        assert (answer.status, set(answer.headers["allow"].split(", "))) == (405, allowed)
    options = server.request("OPTIONS", address)
    assert (options.status, set(options.headers["allow"].split(", "))) == (204, allowed)
    assert not any(name.startswith("access-control") for name in options.headers)


@pytest.mark.parametrize("address", [name for name, method in ADDRESSES.items() if method == "GET"])
def test_what_can_be_read_can_be_asked_for_its_head(server, address):
    answer, head = server.request("GET", address), server.request("HEAD", address)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert (head.status, head.content) == (200, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]


@pytest.mark.parametrize(
    "address", ["/", "/predict/", "/Predict", "/../predict", "/docs", "/%00", "//predict"]
)
def test_other_addresses_are_not_found(server, address):
    for method in ("GET", "POST", "OPTIONS"):
        answer = server.request(method, address)
        assert (answer.status, answer.document["error"]["type"]) == (404, "not_found")


def test_answers_are_not_for_other_pages_nor_to_be_kept(server):
    for answer in (server.request(), server.request("GET", "/no"), server.predict({})):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


def test_health_says_what_runs(servers):
    says = {"ready": True, "kind": "TabularClassifier", "target": "risk", "version": chainrule.__version__}
    assert servers["classes"].request().document == says
    assert servers["mlp"].request().document["target"] == "y"


def test_the_model_is_described_by_its_columns(servers):
    found = servers["classes"].request("GET", "/model").document
    assert (found["task"], found["target"], found["classes"]) == ("classification", "risk", ["high", "low"])
    assert found["largest_interval"] is None
    columns = {column.pop("name"): column for column in found["columns"]}
    assert list(columns) == ["age", "city", "member", "joined", "opens", "size", "note"]
    assert columns["age"]["types"] == ["number", "null"]
    assert 18 <= columns["age"]["range"][0] < columns["age"]["range"][1] <= 89
    assert columns["city"]["levels"] == ["7", "=1+1", "Oslo", "Rome"]
    assert (columns["opens"]["kind"], columns["opens"]["form"]) == ("date", "time")
    assert columns["joined"]["range"][0].startswith("201")
    named = servers["mlp_named"].request("GET", "/model").document
    assert [column["name"] for column in named["columns"]] == ["a", "b b", "ç"]
    assert named["columns"][0] == {"name": "a", "kind": "number", "types": ["number"]}


# -- rows in, predictions out ------------------------------------------------------------------------------


def test_rows_get_the_predictions_of_the_model(servers, estimators, rows, table):
    for name, target in (("classes", "risk"), ("numbers", "cost")):
        answer = servers[name].predict({"rows": rows})
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        expected = estimators[name].predict(table).tolist()
        predictions = [{"prediction": value} for value in expected]
        assert answer.document == {"target": target, "predictions": predictions, "warnings": []}


def test_one_row_is_answered_as_rows_are(server, rows):
    one = server.predict({"row": rows[3]}).document
    assert one == server.predict({"rows": [rows[3]]}).document
    assert len(one["predictions"]) == 1


def test_probabilities_and_bounds_stand_beside_the_predictions(servers, estimators, rows, table):
    found = servers["classes"].predict({"rows": rows}, "?proba=true").document["predictions"]
    p = [[row["probabilities"]["high"], row["probabilities"]["low"]] for row in found]
    assert p == estimators["classes"].predict_proba(table).tolist()
    assert "probabilities" not in servers["classes"].predict({"rows": rows}, "?proba=false").content.decode()
    found = servers["numbers"].predict({"rows": rows}, "?interval=0.75").document["predictions"]
    bounds = [[row["lower"], row["upper"]] for row in found]
    assert bounds == estimators["numbers"].predict_interval(table, 0.75).tolist()


def test_networks_of_numbers_answer_as_they_do_from_python(servers, estimators):
    X = np.random.default_rng(3).normal(size=(20, 3))
    found = servers["mlp"].predict(
        {"rows": [dict(zip(("x0", "x1", "x2"), x, strict=True)) for x in X.tolist()]}
    )
    assert [row["prediction"] for row in found.document["predictions"]] == estimators["mlp"].predict(
        X
    ).tolist()
    frame = pl.DataFrame(X, schema=["a", "b b", "ç"])
    found = servers["mlp_named"].predict({"rows": frame.to_dicts()}).document
    assert [row["prediction"] for row in found["predictions"]] == estimators["mlp_named"].predict(
        frame
    ).tolist()
    csv = servers["mlp_named"].predict(frame.write_csv().encode(), headers=CSV).document
    assert csv == found


@pytest.mark.parametrize("change", ["as it is", "BOM", "order", "windows"])
def test_csv_is_read_as_the_command_line_reads_it(servers, table, rows, change):
    columns = table.columns[::-1] if change == "order" else table.columns
    text = table.select(columns).write_csv()
    text = text.replace("\n", "\r\n") if change == "windows" else text
    content = text.encode("utf-8-sig" if change == "BOM" else "utf-8")
    for server in (servers["classes"], servers["numbers"]):
        answer = server.predict(content, headers={"content-type": "text/csv; charset=UTF-8"})
        assert answer.document == server.predict({"rows": rows}).document


@pytest.mark.parametrize(("name", "query"), [("classes", "?proba=true"), ("numbers", "?interval=0.5")])
def test_answers_come_as_csv_to_those_who_accept_that(servers, rows, name, query):
    server = servers[name]
    answer = server.predict({"rows": rows}, query, {**JSON, "accept": "text/csv"})
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    table = pl.read_csv(answer.content)
    found = server.predict({"rows": rows}, query).document["predictions"]
    if name == "classes":
        assert table.columns == ["predicted_risk", "probability_high", "probability_low"]
        assert table["probability_low"].to_list() == [row["probabilities"]["low"] for row in found]
    else:
        assert table.columns == ["predicted_cost", "lower_cost", "upper_cost"]
        assert table["upper_cost"].to_list() == [row["upper"] for row in found]
    assert table[table.columns[0]].to_list() == [row["prediction"] for row in found]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/csv; charset=utf-8"),
        ("text/csv, application/json", "application/json"),
        ("text/csv;q=0.9, application/json;q=0.8", "text/csv; charset=utf-8"),
        ("application/json;q=0, */*", "text/csv; charset=utf-8"),
        ("text/html, text/csv;q=0.1", "text/csv; charset=utf-8"),
        ("TEXT/CSV", "text/csv; charset=utf-8"),
    ],
)
def test_the_answer_has_the_form_that_is_liked_best(server, rows, accept, expected):
    assert (
        server.predict({"row": rows[0]}, "", {**JSON, "accept": accept}).headers["content-type"] == expected
    )


def test_what_training_never_saw_is_told(server, rows):
    strange = {**rows[0], "city": "Atlantis"}
    answer = server.predict({"rows": [strange, rows[1]]})
    (warning,) = answer.document["warnings"]
    assert warning.startswith("column 'city' holds in 1 row what training never saw, such as 'Atlantis'")
    csv = server.predict({"rows": [strange]}, "", {**JSON, "accept": "text/csv"})
    assert csv.headers["chainrule-warnings"] == "1"
    half = server.predict(json.dumps({"row": {**rows[0], "city": "\ud800"}}).encode())
    assert (half.status, len(half.document["warnings"])) == (200, 1)


def test_nulls_are_missing_values_and_further_columns_ignored(server, rows, table, estimators):
    nothing = dict.fromkeys(rows[0])
    expected = estimators["classes"].predict(
        table[:1].with_columns(pl.lit(None).alias(n) for n in table.columns)
    )
    answer = server.predict({"row": {**nothing, "always": {"deep": [1]}, "more": 1e308}})
    assert [row["prediction"] for row in answer.document["predictions"]] == expected.tolist()


def test_levels_are_matched_by_value(server, rows):
    def answer(**changes):
        return server.predict({"row": rows[0] | changes}, "?proba=true").document["predictions"]

    assert answer(city="7") == answer(city=7) == answer(city=7.0)
    assert answer(member=True) == answer(member="true") == answer(member=1)
    assert answer(joined="2015-03-04") == answer(joined="04.03.2015")
    assert answer(opens="21:05") == answer(opens="9:05 PM")
    assert answer(size="12") == answer(size=12)
