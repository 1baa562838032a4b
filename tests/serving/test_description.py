"""The server keeps to its own description: what it describes it answers, and only so."""

import json

import pytest
from description_check import TYPES, fits, resolved, values_of
from hypothesis import given
from hypothesis import strategies as st

JSON = {"content-type": "application/json"}
NAMES = ["classes", "numbers", "mlp", "mlp_named"]


@pytest.fixture(scope="module")
def descriptions(servers):
    return {name: server.request("GET", "/openapi.json").document for name, server in servers.items()}


def answer_fits(api, path, method, answer):
    """Whether status and content are described."""
    described = api["paths"][path][method]["responses"][str(answer.status)]["content"]
    schema = described[answer.headers["content-type"].partition(";")[0]]["schema"]
    return schema == {"type": "string"} or fits(api, schema, answer.document)


@pytest.mark.parametrize("name", NAMES)
def test_the_description_is_of_the_form_that_it_claims(descriptions, name):
    api = descriptions[name]
    assert set(api) == {"openapi", "info", "paths", "components"}
    assert api["openapi"] == "3.1.0"
    assert set(api["info"]) == {"title", "version", "description"}
    for path, methods in api["paths"].items():
        assert path.startswith("/")
        for method, described in methods.items():
            assert method in ("get", "post")
            assert {"summary", "responses"} <= set(described)
            for status, response in described["responses"].items():
                assert status.isdigit()
                assert response["description"]
                for content in response["content"].values():
                    resolved(api, content["schema"])
            for parameter in described.get("parameters", []):
                assert {"name", "in", "schema"} <= set(parameter)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["/health", "/model", "/openapi.json"])
def test_what_can_be_read_is_as_described(servers, descriptions, name, path):
    answer = servers[name].request("GET", path)
    assert answer.status == 200
    assert answer_fits(descriptions[name], path, "get", answer)


@pytest.mark.parametrize("name", NAMES)
def test_its_examples_work(servers, descriptions, name):
    api, server = descriptions[name], servers[name]
    described = api["paths"]["/predict"]["post"]
    bodies = described["requestBody"]["content"]
    given = (
        {f"{p['name']}={str(p.get('example', True)).lower()}" for p in described["parameters"]}
        if ("parameters" in described)
        else set()
    )
    for query in ("", *(f"?{option}" for option in given)):
        answers = [
            server.predict(example["value"], query)
            for example in bodies["application/json"]["examples"].values()
        ]
        answers += [
            server.predict(example["value"].encode(), query, {"content-type": "text/csv"})
            for example in bodies["text/csv"]["examples"].values()
        ]
        for answer in answers:
            assert answer.status == 200, answer.content
            assert answer.document == answers[0].document
            assert answer_fits(api, "/predict", "post", answer)
    row = resolved(api, api["components"]["schemas"]["Row"])
    for column in row["properties"].values():
        assert all(fits(api, column, example) for example in column["examples"])


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_it_describes_is_answered_as_described(servers, descriptions, name, data):
    api = descriptions[name]
    schema = api["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body = data.draw(values_of(api, schema))
    assert fits(api, schema, body)
    answer = servers[name].predict(body)
    too_large = b"is not finite; its values are too large" in answer.content
    assert answer.status == 200 or (answer.status == 422 and too_large), answer.content
    assert answer_fits(api, "/predict", "post", answer)
    if answer.status == 200:
        assert len(answer.document["predictions"]) == len(body.get("rows", [0]))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(data=st.data())
def test_what_it_does_not_describe_is_refused_as_described(servers, descriptions, data):
    name = data.draw(st.sampled_from(NAMES))
    api = descriptions[name]
    schema = api["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body = data.draw(values_of(api, schema))
    row = body["row"] if "row" in body else data.draw(st.sampled_from(body["rows"]))
    column = data.draw(st.sampled_from(sorted(row)))
    if data.draw(st.booleans()):
        del row[column]
    else:
        row[column] = data.draw(JUNK)
    answer = servers[name].predict(json.dumps(body).encode())
    if not fits(api, schema, body):
        assert answer.status == 422, (body, answer.content)
    assert answer.status in (200, 422)
    assert answer_fits(api, "/predict", "post", answer)


def test_the_checks_themselves_see_what_does_not_fit(descriptions):
    api = descriptions["classes"]
    row = api["components"]["schemas"]["Row"]
    good = {name: column["examples"][0] for name, column in row["properties"].items()}
    assert fits(api, row, good)
    assert not fits(api, row, good | {"age": "1"})
    assert not fits(api, row, good | {"age": True})
    assert not fits(api, row, good | {"joined": "x2020-01-01"})
    assert not fits(api, {"type": "number", "exclusiveMaximum": 1}, 1)
    assert not any(fits(api, row, value) for value in (None, [], "a", 1, {}))
    assert set(TYPES) == {"object", "array", "string", "boolean", "number", "null"}
