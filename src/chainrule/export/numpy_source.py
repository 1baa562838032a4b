"""A trained network as a Python module that needs NumPy only."""

from collections.abc import Iterator
from keyword import kwlist
from typing import Any

import numpy as np

from chainrule.export.content import ActivationStep, Content, DenseStep, check_function_name, read_model
from chainrule.export.functions import with_what_they_need
from chainrule.export.literals import python_literal, wrapped, written_array
from chainrule.export.numpy_functions import NUMPY_FUNCTIONS

__all__ = ["numpy_source"]

_TAKEN = {*kwlist, *NUMPY_FUNCTIONS, "np", "math", "X", "checked", "outputs", "INPUTS", "CLASSES"} | {
    *("float", "int", "len", "print", "ValueError")
}

_CHECKED = """\
def checked(X):
    \"\"\"X as an array of finite numbers, one row per sample, one column per input.\"\"\"
    X = np.asarray(X, dtype=np.{dtype})
    if X.ndim != 2 or X.shape[1] != len(INPUTS):
        raise ValueError(f"X must have {{len(INPUTS)}} columns as in INPUTS, however its shape: {{X.shape}}")
    if not np.isfinite(X).all():
        raise ValueError("X must hold finite numbers, however some are NaN or infinite")
    return X"""

_PREDICT = {
    "one class": "    return np.repeat(CLASSES, len(checked(X)))",
    "two classes": "    return CLASSES[(outputs(X)[:, 0] > 0).astype(int)]",
    "classes": "    return CLASSES[outputs(X).argmax(axis=1)]",
    "several labels": "    return (outputs(X) > 0).astype(int)",
    "number": "    return {linked}[:, 0]",
    "numbers": "    return {linked}",
}

_PREDICT_PROBA = {
    "one class": "    return np.ones((len(checked(X)), 1))",
    "two classes": "    p = {linked}\n    return np.hstack([1 - p, p])",
    "classes": "    return {linked}",
    "several labels": "    return {linked}",
}


def numpy_source(
    model: Any, *, input_names: Any = None, classes: Any = None, function: str = "predict"
) -> str:
    """A Python module that predicts as the model does, and needs NumPy only.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted; of exactly these classes. A network in float32 computes in float32 there too.
    input_names : sequence of str, optional
        Names of the inputs; default: `feature_names_in_`, else x1, x2, ...
    classes : sequence of str, int, float or bool, optional
        Labels to answer with instead of `classes_`, in their order; for several labels per row, their names.
    function : str, default="predict"
        Name of the function that predicts; the one for probabilities has "_proba" behind it.

    Returns
    -------
    str
        With `predict(X)` and, of a classifier, `predict_proba(X)`, for X of shape (n_rows, n_inputs).

    Raises
    ------
    ParameterError
        For what cannot be written: a model of tables, an activation or a layer of your own, labels without a
        literal, weights that are not finite.
    """
    check_function_name(function, _TAKEN, "Python")
    content = read_model(model, input_names, classes)
    names = with_what_they_need(content.functions)
    blocks = [
        _docstring(content, function),
        "import math\n\nimport numpy as np" if "gelu" in names else "import numpy as np",
        "\n".join(_constants(content)),
        *(NUMPY_FUNCTIONS[name] for name in names),
        _CHECKED.format(dtype=content.dtype.name),
        "\n".join(_outputs(content)),
        *_public_functions(content, function),
        _example(content, function),
    ]
    return _spaced(blocks)


def _spaced(blocks: list[str]) -> str:
    """Two empty lines around functions, one below the docstring and the imports."""
    docstring, imports, *others = blocks
    return f"{docstring}\n\n{imports}\n\n" + "\n\n\n".join(others) + "\n"


def _docstring(content: Content, function: str) -> str:
    labels, probabilities = content.promises
    parts = [
        wrapped(content.title, "", "."),
        wrapped(map(python_literal, content.inputs), "Inputs, in this order: ", ".", indent=""),
    ]
    if content.labels:
        parts.append(wrapped(map(python_literal, content.labels), "Classes: ", ".", indent=""))
    parts.append(f"{function}(X): {labels}")
    if probabilities:
        parts[-1] += f"\n{function}_proba(X): {probabilities}"
    text = "\n\n".join(parts).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{text}\n"""'


def _constants(content: Content) -> Iterator[str]:
    yield wrapped(map(python_literal, content.inputs), "INPUTS = [", "]")
    if content.labels:
        dtype = "" if content.label_dtype is None else f", dtype={_dtype_name(content.label_dtype)}"
        yield wrapped(map(python_literal, content.labels), "CLASSES = np.array([", f"]{dtype})")
    yield ""
    yield "# a = W z + b; W[to][from] is the weight from one neuron to another."
    for step in content.steps:
        if isinstance(step, DenseStep):
            end, indent = f", dtype=np.{content.dtype.name})", " " * 4
            yield written_array(step.W, f"W{step.number} = np.array(", end, indent)
            yield written_array(step.b, f"b{step.number} = np.array(", end, indent)


def _dtype_name(dtype: Any) -> str:
    return "object" if dtype == np.dtype(object) else f"np.{dtype.name}"


def _outputs(content: Content) -> Iterator[str]:
    yield '@np.errstate(over="ignore")'
    yield "def outputs(X):"
    yield '    """What the neurons of the last layer give, before the output activation."""'
    yield "    z0 = checked(X)"
    for step in content.steps:
        yield f"    {step.result} = {_right_side(step)}"
    yield f"    return {content.result}"


def _right_side(step: DenseStep | ActivationStep) -> str:
    if isinstance(step, DenseStep):
        return f"{step.source} @ W{step.number}.T + b{step.number}"
    settings = "".join(f", {name}={value!r}" for name, value in step.function.settings)
    return f"{step.name}({step.source}{settings})"


def _public_functions(content: Content, function: str) -> Iterator[str]:
    labels, probabilities = content.promises
    linked = f"{content.out_activation}(outputs(X))" if content.has_link else "outputs(X)"
    body = _PREDICT[content.answer].format(linked=linked)
    yield f'def {function}(X):\n    """{labels}"""\n{body}'
    if probabilities:
        body = _PREDICT_PROBA[content.answer].format(linked=linked)
        yield f'def {function}_proba(X):\n    """{probabilities}"""\n{body}'


def _example(content: Content, function: str) -> str:
    lines = [
        'if __name__ == "__main__":',
        wrapped(["0.0"] * len(content.inputs), "    X = [[", "]]  # one row"),
        f"    print({function}(X))",
    ]
    if content.promises[1]:
        lines.append(f"    print({function}_proba(X))")
    return "\n".join(lines)
