"""JSON Schema, as far as the server's description uses it: what fits a schema, and values that do."""

import re

from hypothesis import strategies as st

KNOWN = {
    "type",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "pattern",
    "properties",
}
KNOWN |= {"required", "additionalProperties", "items", "minItems", "maxItems", "oneOf", "$ref", "description"}
KNOWN |= {"examples", "default"}
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "null": type(None),
}


def resolved(api, schema):
    assert set(schema) <= KNOWN, schema
    if "$ref" in schema:
        assert schema["$ref"].startswith("#/components/schemas/")
        return resolved(api, api["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    return schema


def types_of(schema):
    found = schema.get("type", [])
    return [found] if isinstance(found, str) else found


def fits(api, schema, value):
    """Whether a value is what the schema says."""
    schema = resolved(api, schema)
    if "oneOf" in schema:
        return sum(fits(api, one, value) for one in schema["oneOf"]) == 1
    if "enum" in schema:
        return value in schema["enum"]
    names = [name for name in types_of(schema) if isinstance(value, TYPES[name])]
    if isinstance(value, bool):
        names = [name for name in names if name == "boolean"]
    if not names:
        return False
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        further = schema.get("additionalProperties", True) or set(value) <= set(properties)
        return (
            further
            and set(schema.get("required", [])) <= set(value)
            and all(fits(api, properties[name], value[name]) for name in properties if name in value)
        )
    if isinstance(value, list):
        enough = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9)
        return enough and all(fits(api, schema.get("items", {"type": list(TYPES)}), item) for item in value)
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if names == ["number"]:
        return schema.get("minimum", -1e309) <= value <= schema.get("maximum", 1e309) and schema.get(
            "exclusiveMinimum", -1e309
        ) < value < schema.get("exclusiveMaximum", 1e309)
    return True


def values_of(api, schema):
    """A strategy that makes values which fit the schema."""
    schema = resolved(api, schema)
    if "oneOf" in schema:
        return st.one_of([values_of(api, one) for one in schema["oneOf"]])
    return st.one_of([_values_of_type(api, schema, name) for name in types_of(schema)])


def _values_of_type(api, schema, name):
    if name == "object":
        return st.fixed_dictionaries(
            {key: values_of(api, schema["properties"][key]) for key in schema["required"]}
        )
    if name == "array":
        return st.lists(values_of(api, schema["items"]), min_size=schema["minItems"], max_size=4)
    if name == "string":
        return (
            st.from_regex(schema["pattern"].rstrip("$") + r"\Z")
            if "pattern" in schema
            else st.text(max_size=8)
        )
    return {
        "null": st.none(),
        "boolean": st.booleans(),
        "number": st.integers(-(2**70), 2**70) | st.floats(schema.get("minimum"), schema.get("maximum")),
    }[name]
