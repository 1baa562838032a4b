"""The NumPy source predicts as the model does."""

import ast
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from chainrule import MLPClassifier
from chainrule.export import numpy_source
from chainrule.export.numpy_functions import NUMPY_FUNCTIONS
from chainrule.export.numpy_source import _TAKEN


def run(source):
    """The names of a module with this source."""
    names = {"__name__": "model"}
    exec(compile(source, "model.py", "exec"), names)
    return names


def test_every_model_predicts_the_same(models, rows):
    for name, model in models.items():
        module = run(numpy_source(model))
        tolerance = 1e-6 if "float32" in name else 1e-12
        predicted, expected = module["predict"](rows), model.predict(rows)
        assert predicted.shape == expected.shape, name
        assert ("predict_proba" in module) == isinstance(model, MLPClassifier)
        if isinstance(model, MLPClassifier):
            np.testing.assert_array_equal(predicted, expected, err_msg=name)
            predicted, expected = module["predict_proba"](rows), model.predict_proba(rows)
        else:
            assert predicted.dtype == expected.dtype, name
        np.testing.assert_allclose(predicted, expected, rtol=tolerance, atol=tolerance, err_msg=name)


def test_no_nan_comes_of_extreme_rows(models, extreme_rows):
    for name, model in models.items():
        method = "predict_proba" if isinstance(model, MLPClassifier) else "predict"
        expected = getattr(model, method)(extreme_rows)
        predicted = run(numpy_source(model))[method](extreme_rows)
        assert not np.isnan(expected).any()
        tolerance = 1e-4 if "float32" in name else 1e-9
        np.testing.assert_allclose(predicted, expected, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_function_has_the_values_of_the_library(dtype, library_function):
    module = run("import math\nimport numpy as np\n" + "\n".join(NUMPY_FUNCTIONS.values()))
    grid = np.concatenate([np.linspace(-40, 40, 4001), [-1e6, 1e6, -1e-9, 1e-9]]).astype(dtype)[:, None]
    for name in NUMPY_FUNCTIONS:
        a = np.hstack([grid, -grid, 0 * grid]) if name == "softmax" else grid
        function, settings = library_function(name)
        with np.errstate(over="ignore"):
            z = function(a)
        found = module[name](a, **settings)
        assert found.dtype == dtype, name
        eps = np.finfo(dtype).eps
        # two implementations of erf: the factor on a is exact to ε of 1, not of itself
        absolute = eps * np.abs(a) if name == "gelu" else 1e-300
        assert np.isclose(found, z, rtol=4 * eps, atol=absolute).all(), name


def test_weights_are_exact(fitted):
    for dtype in ("float32", "float64"):
        model = fitted("three classes", hidden_layer_sizes=(5,), dtype=dtype)
        model.coefs_[0][0, 0] = np.float32(float.fromhex("0x1.5c87fap-84"))  # its 7 digits are not enough
        module = run(numpy_source(model))
        for place, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True), start=1):
            assert module[f"W{place}"].dtype == module[f"b{place}"].dtype == dtype
            np.testing.assert_array_equal(module[f"W{place}"], W.T)
            np.testing.assert_array_equal(module[f"b{place}"], b)


def test_float32_is_written_with_the_fewest_digits(fitted):
    model = fitted("one number", hidden_layer_sizes=(), dtype="float32")
    model.coefs_[0][:, 0] = [0.1, -2.5, 1e-10]
    assert "    [0.1, -2.5, 1e-10],\n" in numpy_source(model)


def test_the_source_is_in_lecture_notation(fitted):
    model = fitted("one number", hidden_layer_sizes=(2, 2), activation=["tanh", {"name": "elu", "alpha": 2}])
    assert """\
    z0 = checked(X)
    a1 = z0 @ W1.T + b1
    z1 = tanh(a1)
    a2 = z1 @ W2.T + b2
    z2 = elu(a2, alpha=2.0)
    a3 = z2 @ W3.T + b3
    return a3
""" in numpy_source(model)


def test_it_needs_nothing_but_numpy_and_knows_its_own_names(models):
    some = [model for name, model in models.items() if name.startswith(("random", "two counts"))]
    for model in some:
        tree = ast.parse(numpy_source(model, function="guess"))
        imported = {n.names[0].name for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)}
        assert imported <= {"numpy", "math"}
        locals_ = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                locals_ |= {
                    n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                }
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        used |= {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        strange = used - _TAKEN - locals_ - {"guess", "guess_proba", "__name__"}
        assert all(re.fullmatch("[Wb][0-9]+", name) for name in strange), strange


def test_the_example_runs(fitted, tmp_path, run_python):
    path = tmp_path / "model.py"
    path.write_text(numpy_source(fitted("several labels", hidden_layer_sizes=())), encoding="utf-8")
    printed = run_python(f"import runpy; runpy.run_path({str(path)!r}, run_name='__main__')")
    assert len(re.findall(r"[01]\.\d+|\b[01]\b", printed)) == 6


def test_lines_are_short_and_end_without_blanks(fitted):
    model = fitted("three classes", hidden_layer_sizes=(60, 60))
    lines = numpy_source(model, input_names=["n" * 40] * 3).splitlines()
    assert max(map(len, lines)) < 130
    assert all(line == line.rstrip() for line in lines)


# -- names -------------------------------------------------------------------------------------------------

HOSTILE = [
    '"""',
    "'''",
    "\\",
    '\\"""\nimport os\n"""',
    "a\nb\r\nc",
    "\0\x1b[31m",
    "\u2028\u2029\u202e",
    "*/</script><!--",
    "${1}`",
    "{0}%s",
    "\ud800",
    "ä 中 🙂",
    "'",
    '"',
    "#",
    "",
]


def test_hostile_names_stay_names(fitted):
    rows = np.random.default_rng(0).normal(size=(4 * len(HOSTILE), len(HOSTILE)))
    y = np.repeat(np.array(HOSTILE, dtype=object), 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((2,), max_iter=1, engine="numpy").fit(rows, y)
    source = numpy_source(model, input_names=HOSTILE)
    module = run(source)
    assert module["INPUTS"] == HOSTILE
    assert module["CLASSES"].tolist() == sorted(HOSTILE)
    assert module["predict"](rows).tolist() == model.predict(rows).tolist()
    plain = numpy_source(model, classes=list(range(len(HOSTILE))))
    kinds = [[type(node) for node in ast.parse(text).body] for text in (source, plain)]
    assert kinds[0] == kinds[1]
    assert all(sign.isprintable() or sign == "\n" for sign in source)
    described = ast.get_docstring(ast.parse(source), clean=False).replace("\n", " ")
    assert all(repr(name)[1:-1] in described for name in HOSTILE)


def test_names_of_the_frame_are_the_names_of_the_inputs(rows):
    frame = pd.DataFrame(rows, columns=["width", "height", "x < y"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((2,), max_iter=2, engine="numpy").fit(frame, rows[:, 0] > 0)
    source = numpy_source(model)
    assert 'Inputs, in this order: "width", "height", "x < y".' in source
    module = run(source)
    predicted = module["predict"](frame[module["INPUTS"]])
    np.testing.assert_array_equal(predicted, model.predict(frame))


@pytest.mark.parametrize(
    "labels",
    [
        np.array([False, True]),
        np.array([-5, 2**62]),
        np.array([1, 2], dtype=np.int8),
        np.array([-2.0, 1e9]),
        np.array([1.0, 2.0**30], dtype=np.float32),
        np.array(["a", "longer"]),
        np.array(["a", "longer"], dtype=object),
    ],
    ids=repr,
)
def test_labels_come_back_with_their_dtype(rows, labels):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((2,), max_iter=2, engine="numpy").fit(
            rows, labels[(rows[:, 0] > 0).astype(int)]
        )
    predicted = run(numpy_source(model))["predict"](rows)
    assert predicted.dtype == model.predict(rows).dtype
    np.testing.assert_array_equal(predicted, model.predict(rows))


def test_classes_can_have_other_names(fitted, rows):
    model = fitted("two classes", hidden_layer_sizes=(2,))
    module = run(numpy_source(model, classes=["no", 1]))
    expected = ["no" if not label else 1 for label in model.predict(rows)]
    assert module["predict"](rows).tolist() == expected


def test_the_functions_can_have_another_name(fitted, rows):
    model = fitted("two classes", hidden_layer_sizes=(2,))
    module = run(numpy_source(model, function="is_blue"))
    np.testing.assert_array_equal(module["is_blue"](rows), model.predict(rows))
    assert module["is_blue_proba"](rows.tolist()).shape == (40, 2)
    assert "predict" not in module


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([1.0, 2.0, 3.0], r"X must have 3 columns as in INPUTS, however its shape: \(3,\)"),
        ([[1.0, 2.0]], r"however its shape: \(1, 2\)"),
        ([[1.0, np.nan, 0.0]], "X must hold finite numbers"),
        ([[1.0, np.inf, 0.0]], "X must hold finite numbers"),
    ],
)
@pytest.mark.parametrize("task", ["one class", "two classes", "one number"])
def test_rows_that_cannot_be_answered_are_refused(fitted, task, X, message):
    module = run(numpy_source(fitted(task, hidden_layer_sizes=())))
    with pytest.raises(ValueError, match=message):
        module["predict"](X)
