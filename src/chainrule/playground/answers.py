"""What the page asks for: explanations, code, files."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.playground.failures import sentence_of
from chainrule.playground.run import Run

__all__ = ["answer"]

Message = tuple[dict[str, Any], dict[str, np.ndarray]]


def answer(run: Run, question: Mapping[str, Any], path: str | None) -> Message:
    """The answer to a message `ask`; what cannot be answered says why."""
    what, number = question.get("what"), question.get("id")
    content: dict[str, Any] = {"type": "answer", "id": number, "what": what}
    try:
        found, buffers = _answer(run, question, path)
        return content | found, buffers
    except Exception as error:  # whatever it is: a question without an answer would be waited for
        return content | {"error": sentence_of(error)}, {}


def _answer(run: Run, question: Mapping[str, Any], path: str | None) -> Message:
    from chainrule.playground import glass

    what, row = question.get("what"), question.get("row")
    if run.examples.rows.grid and what not in ("python", "model_file"):
        raise ParameterError(
            f"{run.examples.rows.title} is read by a convolution or a recurrence, and {what!r:.40} is there "
            "for networks of dense layers only; choose points or a table"
        )
    if what == "trace":
        return {"document": glass.trace_page(run, row)}, {}
    if what == "neuron":
        page = glass.neuron_page(run, row, question.get("layer"), question.get("unit"))
        return {"document": page}, {}
    if what == "gradient_check":
        return glass.gradient_check(run, row), {}
    if what == "doctor":
        findings, healthy = glass.examination(run)
        return {"findings": findings, "healthy": healthy}, {}
    if what == "model_file":
        return _model_file(run)
    if what in ("python", "numpy", "javascript"):
        return _code(run, what, path), {}
    raise ParameterError(f"the page asks for {what!r:.80}, which there is not")


def _code(run: Run, language: str, path: str | None) -> dict[str, str]:
    if language == "python":
        from chainrule.playground.python_code import python_code

        return {"text": python_code(run, path), "file_name": "run.py"}
    from chainrule.export import javascript_source, numpy_source
    from chainrule.playground.model import in_units_of_the_table

    write = {"numpy": numpy_source, "javascript": javascript_source}[language]
    name = {"numpy": "model.py", "javascript": "model.mjs"}[language]
    return {"text": write(in_units_of_the_table(run)), "file_name": name}


def _model_file(run: Run) -> Message:
    from chainrule.files import save
    from chainrule.playground.model import in_units_of_the_table

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        save(in_units_of_the_table(run), path, record={"target": run.examples.rows.target})
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    return {"file_name": "model.safetensors"}, {"bytes": data}
