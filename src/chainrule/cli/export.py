"""chainrule export: a model file in, ONNX or source code out."""

from pathlib import Path
from typing import Any

from chainrule.cli.outputs import check_output, describe_file
from chainrule.errors import ModelFileError, ParameterError
from chainrule.export import javascript_source, numpy_source, to_onnx
from chainrule.files import load
from chainrule.files.atomic import write_atomically

__all__ = ["export"]


def export(model_file: Path, output: Path, *, form: str, overwrite: bool = False) -> dict[str, Any]:
    """Write a model for where chainrule is not installed.

    Parameters
    ----------
    form : {"onnx", "numpy", "javascript"}
        Source is written of MLPs only.

    Returns
    -------
    report : dict
        As plain data.

    Raises
    ------
    ChainruleError
        If the model file or the place for the output cannot be used, or the model has no such form.
    ImportError
        If onnx is asked for and not installed.
    """
    check_output("--output", output, overwrite, {"model": model_file})
    model = load(model_file)
    if isinstance(model, tuple):
        raise ModelFileError(f"{model_file} holds a Network without an estimator; use it from Python")
    try:
        write_atomically(output, _content(model, form))
    except OSError as error:
        raise ParameterError(f"--output: {output} cannot be written: {error.strerror}") from None
    return {"command": "export", "model": str(model_file), "format": form, "output": describe_file(output)}


def _content(model: Any, form: str) -> bytes:
    if form == "onnx":
        return bytes(to_onnx(model).SerializeToString(deterministic=True))
    source = numpy_source if form == "numpy" else javascript_source
    return source(model).encode()
