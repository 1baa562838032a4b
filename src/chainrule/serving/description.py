"""The server's own description, as OpenAPI 3.1: made of the model's columns."""

import csv
from io import StringIO
from typing import Any

from chainrule import __version__
from chainrule.serving.limits import Limits
from chainrule.serving.model import ServedModel
from chainrule.serving.request_error import ERRORS

__all__ = ["describe_api"]

Json = dict[str, Any]

_OF_READING = (400, 404, 405)
_OF_PREDICTING = (400, 404, 405, 406, 408, 411, 413, 415, 422, 500, 503)


def describe_api(model: ServedModel, limits: Limits, has_token: bool) -> Json:
    """Describe all addresses, with schemas of requests and answers, and an example that works."""
    paths = {
        "/health": {"get": _reading("Whether the server runs and takes requests", "Health", has_token)},
        "/model": {"get": _reading("What the model predicts, and from what", "Model", has_token)},
        "/openapi.json": {"get": _reading("This description", None, has_token)},
        "/predict": {"post": _predicting(model, limits, has_token)},
    }
    api: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": f"Predictions of {model.target}",
            "version": __version__,
            "description": f"Model: {model.kind}. Bodies have at most {limits.max_bytes:,} bytes.",
        },
        "paths": paths,
        "components": {"schemas": _schemas(model, limits)},
    }
    if has_token:
        api["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        api["security"] = [{"token": []}]
    return api


# -- addresses ---------------------------------------------------------------------------------------------


def _reading(summary: str, schema: str | None, has_token: bool) -> Json:
    answer = {"type": "object"} if schema is None else _reference(schema)
    found = {"200": {"description": summary, "content": {"application/json": {"schema": answer}}}}
    return {"summary": summary, "responses": found | _errors(_OF_READING, has_token)}


def _predicting(model: ServedModel, limits: Limits, has_token: bool) -> Json:
    row = {column.name: column.example for column in model.columns}
    bodies = {
        "application/json": {
            "schema": _reference("Rows"),
            "examples": {"rows": {"value": {"rows": [row]}}, "row": {"value": {"row": row}}},
        },
        "text/csv": {
            "schema": {"type": "string"},
            "examples": {"table": {"summary": "A header, then rows", "value": _as_csv(row)}},
        },
    }
    answers = {
        "application/json": {"schema": _reference("Predictions")},
        "text/csv": {"schema": {"type": "string"}},
    }
    return {
        "summary": f"Predict {model.target}, in the order of the rows",
        "description": f"At most {limits.max_rows:,} rows. Further columns are ignored.",
        "parameters": _parameters(model),
        "requestBody": {"required": True, "content": bodies},
        "responses": {
            "200": {
                "description": "One prediction per row",
                "headers": {
                    "chainrule-warnings": {
                        "description": "Of CSV: how many warnings the same answer in JSON would hold.",
                        "schema": {"type": "string"},
                    }
                },
                "content": answers,
            }
        }
        | _errors(_OF_PREDICTING, has_token),
    }


def _parameters(model: ServedModel) -> list[Json]:
    found: list[Json] = []
    if model.is_classifier:
        found.append(
            {
                "name": "proba",
                "in": "query",
                "description": "Add the probability of each class.",
                "schema": {"type": "boolean", "default": False},
            }
        )
    if model.largest_interval is not None:
        found.append(
            {
                "name": "interval",
                "in": "query",
                "description": "Add bounds that hold this share of the numbers.",
                "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": model.largest_interval},
                "example": 0.5,
            }
        )
    return found


def _errors(statuses: tuple[int, ...], has_token: bool) -> Json:
    content = {"application/json": {"schema": _reference("Error")}}
    known = sorted((*statuses, 401) if has_token else statuses)
    return {str(status): {"description": ERRORS[status][1], "content": content} for status in known}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _as_csv(row: Json) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([row.keys(), row.values()])
    return text.getvalue()


# -- schemas -----------------------------------------------------------------------------------------------


def _schemas(model: ServedModel, limits: Limits) -> Json:
    return _of_requests(model, limits) | _of_answers(model)


def _of_requests(model: ServedModel, limits: Limits) -> Json:
    rows = {
        "type": "array",
        "items": _reference("Row"),
        "minItems": 1,
        "maxItems": limits.max_rows,
    }
    return {
        "Row": _object({column.name: column.schema() for column in model.columns}, further=True),
        "Rows": {"oneOf": [_object({"rows": rows}), _object({"row": _reference("Row")})]},
    }


def _of_answers(model: ServedModel) -> Json:
    text = {"type": "string"}
    error = {
        "type": {"enum": [name for name, _ in ERRORS.values()]},
        "message": text,
        "where": {"type": ["string", "null"]},
    }
    return {
        "Predictions": _object(
            {
                "target": text,
                "predictions": {"type": "array", "items": _prediction(model)},
                "warnings": {"type": "array", "items": text},
            }
        ),
        "Health": _object({"ready": {"type": "boolean"}, "kind": text, "target": text, "version": text}),
        "Model": _object(
            {
                "kind": text,
                "task": {"enum": ["classification", "regression"]},
                "target": text,
                "classes": {"type": "array"},
                "largest_interval": {"type": ["number", "null"]},
                "columns": {
                    "type": "array",
                    "items": {"type": "object", "required": ["name", "kind", "types"]},
                },
            }
        ),
        "Error": _object({"error": _object(error)}),
    }


def _prediction(model: ServedModel) -> Json:
    if not model.is_classifier:
        number = {"type": "number"}
        of_interval = {} if model.largest_interval is None else {"lower": number, "upper": number}
        return _object({"prediction": number}, optional=of_interval)
    share = {"type": "number", "minimum": 0, "maximum": 1}
    probabilities = _object(dict.fromkeys(model.class_names, share))
    return _object({"prediction": {"enum": model.classes}}, optional={"probabilities": probabilities})


def _object(properties: Json, optional: Json | None = None, further: bool = False) -> Json:
    return {
        "type": "object",
        "properties": properties | (optional or {}),
        "required": list(properties),
        "additionalProperties": further,
    }
