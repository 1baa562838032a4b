"""Arguments and options that several commands have, and the names to choose from."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "ChosenPreset",
    "Data",
    "EngineName",
    "ExportFormat",
    "Form",
    "Json",
    "Limits",
    "Model",
    "Overwrite",
    "Port",
    "Preset",
    "Seed",
    "Stream",
    "Task",
]


class Task(StrEnum):
    """What is predicted."""

    auto = "auto"
    classification = "classification"
    regression = "regression"
    forecast = "forecast"


class Preset(StrEnum):
    """How much work to spend."""

    fast = "fast"
    default = "default"
    best = "best"


class EngineName(StrEnum):
    """Who computes."""

    auto = "auto"
    numpy = "numpy"
    xla = "xla"


class Form(StrEnum):
    """How a page is written."""

    text = "text"
    markdown = "markdown"
    latex = "latex"
    html = "html"


class ExportFormat(StrEnum):
    """What a model is written as."""

    onnx = "onnx"
    numpy = "numpy"
    javascript = "javascript"


Data = Annotated[
    Path,
    typer.Argument(metavar="DATA", help="Table: .csv, .tsv (or .gz of them), .parquet.", show_default=False),
]
Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="File that train has written.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="The same seed, the same result.")]
Port = Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0: one that is free.")]
ChosenPreset = Annotated[Preset, typer.Option(metavar="NAME", help="Work to spend: fast, default or best.")]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=N",
        help="Read larger tables, or refuse smaller ones: bytes, rows, columns, field (its characters) or "
        "levels (texts of a column); none lifts it; may be repeated.",
        rich_help_panel="Limits",
        show_default=False,
    ),
]
Stream = Annotated[
    bool, typer.Option("--stream", help="Read the table piece by piece; folders and patterns always are.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]
