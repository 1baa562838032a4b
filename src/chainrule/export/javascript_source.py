"""A trained network as a JavaScript module without dependencies."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.export.content import ActivationStep, Content, DenseStep, check_function_name, read_model
from chainrule.export.functions import with_what_they_need
from chainrule.export.javascript_functions import JAVASCRIPT_FUNCTIONS
from chainrule.export.literals import javascript_literal, wrapped, written_array

__all__ = ["javascript_source"]

_TAKEN = {*JAVASCRIPT_FUNCTIONS, "dense", "checked", "outputs", "INPUTS", "CLASSES"} | {
    *("Array", "Infinity", "Math", "NaN", "Number", "RangeError", "arguments", "await", "break", "case"),
    *("catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum", "eval"),
    *("export", "extends", "false", "finally", "for", "function", "if", "implements", "import", "in"),
    *("instanceof", "interface", "let", "new", "null", "package", "private", "protected", "public"),
    *("return", "static", "super", "switch", "this", "throw", "true", "try", "typeof", "undefined", "var"),
    *("void", "while", "with", "yield"),
}

_LARGEST_WHOLE_NUMBER = 2**53 - 1

_DENSE = """\
/** a = W z + b */
function dense(W, z, b) {
  return W.map((row, to) => row.reduce((sum, weight, from) => sum + weight * z[from], b[to]));
}"""

_CHECKED = """\
/** The row as an array of finite numbers, one per input. */
function checked(x) {
  const numbers = Array.from(x);
  if (numbers.length !== INPUTS.length || !numbers.every(Number.isFinite)) {
    throw new RangeError(`a row must be ${INPUTS.length} finite numbers as in INPUTS, however: ${x}`);
  }
  return %s;
}"""

_PREDICT = {
    "one class": "return rows.map(checked).map(() => CLASSES[0]);",
    "two classes": "return rows.map((x) => CLASSES[outputs(x)[0] > 0 ? 1 : 0]);",
    "classes": """\
return rows.map((x) => {
    const a = outputs(x);
    return CLASSES[a.indexOf(Math.max(...a))];
  });""",
    "several labels": "return rows.map((x) => outputs(x).map((a) => (a > 0 ? 1 : 0)));",
    "number": "return rows.map((x) => {one});",
    "numbers": "return rows.map((x) => {each});",
}

_PREDICT_PROBA = {
    "one class": "return rows.map(checked).map(() => [1]);",
    "two classes": """\
return rows.map((x) => {
    const p = logistic(outputs(x)[0]);
    return [1 - p, p];
  });""",
    "classes": "return rows.map((x) => softmax(outputs(x)));",
    "several labels": "return rows.map((x) => outputs(x).map(logistic));",
}


def javascript_source(
    model: Any, *, input_names: Any = None, classes: Any = None, function: str = "predict"
) -> str:
    """A JavaScript module that predicts as the model does, for browsers and Node.

    It computes in double precision, a network in float32 from weights and inputs rounded to float32.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted; of exactly these classes.
    input_names : sequence of str, optional
        Names of the inputs; default: `feature_names_in_`, else x1, x2, ...
    classes : sequence of str, int, float or bool, optional
        Labels to answer with instead of `classes_`, in their order; for several labels per row, their names.
    function : str, default="predict"
        Name of the function that predicts; the one for probabilities has "Proba" behind it.

    Returns
    -------
    str
        An ES module with `predict(rows)` and, of a classifier, `predictProba(rows)`, for an array of rows.

    Raises
    ------
    ParameterError
        For what cannot be written: a model of tables, an activation or a layer of your own, labels without a
        literal, weights that are not finite.
    """
    check_function_name(function, _TAKEN, "JavaScript")
    content = read_model(model, input_names, classes)
    _check_whole_numbers(content)
    is_double = content.dtype == np.float64
    blocks = [
        _comment(content, function),
        "\n".join(_constants(content, is_double)),
        *(JAVASCRIPT_FUNCTIONS[name] for name in with_what_they_need(content.functions)),
        _DENSE,
        _CHECKED % ("numbers" if is_double else "numbers.map(Math.fround)"),
        "\n".join(_outputs(content)),
        *_public_functions(content, function),
    ]
    return "\n\n".join(blocks) + "\n"


def _check_whole_numbers(content: Content) -> None:
    for label in content.labels:
        if type(label) is int and abs(label) > _LARGEST_WHOLE_NUMBER:
            raise ParameterError(
                f"the class {label!r} is beyond ±(2⁵³ - 1), where JavaScript's numbers are no longer exact; "
                "name the classes otherwise with classes=[...]"
            )


def _comment(content: Content, function: str) -> str:
    labels, probabilities = content.promises
    parts = [
        wrapped(content.title, " * ", ".", indent=" * "),
        wrapped(map(javascript_literal, content.inputs), " * Inputs, in this order: ", ".", indent=" * "),
    ]
    if content.labels:
        literals = map(javascript_literal, content.labels)
        parts.append(wrapped(literals, " * Classes: ", ".", indent=" * "))
    names = [function]
    parts.append(f" * {function}(rows): {labels}")
    if probabilities:
        names.append(f"{function}Proba")
        parts[-1] += f"\n * {function}Proba(rows): {probabilities}"
    row = wrapped(["0.0"] * len(content.inputs), f" *     {function}([[", "]]);", indent=" *       ")
    parts.append(f' *     import {{ {", ".join(names)} }} from "./model.mjs";\n{row}')
    return "/**\n" + "\n *\n".join(parts) + "\n */"


def _constants(content: Content, is_double: bool) -> Iterator[str]:
    yield wrapped(map(javascript_literal, content.inputs), "export const INPUTS = [", "];")
    if content.labels:
        yield wrapped(map(javascript_literal, content.labels), "export const CLASSES = [", "];")
    yield ""
    yield "// a = W z + b; W[to][from] is the weight from one neuron to another."
    of_matrix = ";" if is_double else ".map((row) => row.map(Math.fround));"
    of_vector = ";" if is_double else ".map(Math.fround);"
    for step in content.steps:
        if isinstance(step, DenseStep):
            yield written_array(step.W, f"const W{step.number} = ", of_matrix, "  ")
            yield written_array(step.b, f"const b{step.number} = ", of_vector, "  ")


def _outputs(content: Content) -> Iterator[str]:
    yield "/** What the neurons of the last layer give, before the output activation. */"
    yield "function outputs(x) {"
    yield "  const z0 = checked(x);"
    for step in content.steps:
        yield f"  const {step.result} = {_right_side(step)};"
    yield f"  return {content.result};"
    yield "}"


def _right_side(step: DenseStep | ActivationStep) -> str:
    if isinstance(step, DenseStep):
        return f"dense(W{step.number}, {step.source}, b{step.number})"
    if not step.function.settings:
        return f"{step.source}.map({step.name})"
    settings = "".join(f", {value!r}" for _, value in step.function.settings)
    return f"{step.source}.map((a) => {step.name}(a{settings}))"


def _public_functions(content: Content, function: str) -> Iterator[str]:
    labels, probabilities = content.promises
    link = content.out_activation
    one, each = "outputs(x)[0]", "outputs(x)"
    if content.has_link:
        one, each = f"{link}(outputs(x)[0])", f"outputs(x).map({link})"
    body = _PREDICT[content.answer].replace("{one}", one).replace("{each}", each)
    yield f"/** {labels} */\nexport function {function}(rows) {{\n  {body}\n}}"
    if probabilities:
        body = _PREDICT_PROBA[content.answer]
        yield f"/** {probabilities} */\nexport function {function}Proba(rows) {{\n  {body}\n}}"
