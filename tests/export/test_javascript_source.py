"""The JavaScript source predicts as the model does."""

import re
import warnings

import numpy as np
import pytest
from scipy.special import erf

from chainrule import MLPClassifier
from chainrule.errors import ParameterError
from chainrule.export import javascript_source
from chainrule.export.javascript_functions import JAVASCRIPT_FUNCTIONS
from chainrule.export.javascript_source import _TAKEN


def test_every_model_predicts_the_same(models, rows, run_javascript, as_numbers):
    calls = []
    for model in models.values():
        source = javascript_source(model)
        calls.append((source, "predict", [rows.tolist()]))
        calls.append(
            (source, "predictProba" if isinstance(model, MLPClassifier) else "predict", [rows.tolist()])
        )
    answers = iter(run_javascript(calls))
    for name, model in models.items():
        labels, numbers = next(answers)["value"], as_numbers(next(answers)["value"])
        if isinstance(model, MLPClassifier):
            assert labels == model.predict(rows).tolist(), name
            expected = model.predict_proba(rows)
        else:
            expected = model.predict(rows)
        assert numbers.shape == expected.shape, name
        tolerance = 1e-6 if "float32" in name else 1e-12
        np.testing.assert_allclose(numbers, expected, rtol=tolerance, atol=tolerance, err_msg=name)


def test_no_nan_comes_of_extreme_rows(models, extreme_rows, run_javascript, as_numbers):
    methods = [
        ("predictProba", "predict_proba") if isinstance(model, MLPClassifier) else ("predict", "predict")
        for model in models.values()
    ]
    calls = [
        (javascript_source(model), theirs, [extreme_rows.tolist()])
        for model, (theirs, _) in zip(models.values(), methods, strict=True)
    ]
    answers = run_javascript(calls)
    for (name, model), (_, ours), answer in zip(models.items(), methods, answers, strict=True):
        expected, found = getattr(model, ours)(extreme_rows), as_numbers(answer["value"])
        assert not np.isnan(found).any(), name
        if "float32" not in name:
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=name)


def test_every_function_has_the_values_of_the_library(run_javascript, as_numbers, library_function):
    grid = np.concatenate([np.linspace(-40, 40, 4001), [-1e6, 1e6, -1e-9, 1e-9]])
    functions = "\n".join(JAVASCRIPT_FUNCTIONS.values())
    names = [name for name in JAVASCRIPT_FUNCTIONS if name != "softmax"]
    calls = []
    for name in names:
        settings = "".join(f", {value}" for value in library_function(name)[1].values())
        call = f"export const values = (grid) => grid.map((a) => {name}(a{settings}));"
        calls.append((f"{functions}\n{call}", "values", [grid.tolist()]))
    for name, answer in zip(names, run_javascript(calls), strict=True):
        with np.errstate(over="ignore"):
            z = library_function(name)[0](grid)
        found = as_numbers(answer["value"])
        # in the library too, the factor on a of these two is exact to 1e-16 of 1, not of itself
        absolute = 1e-15 * np.abs(grid) if name in ("gelu", "silu") else 1e-300
        assert np.isclose(found, z, rtol=2e-15, atol=absolute).all(), name


def test_erf_has_double_precision(run_javascript, as_numbers):
    x = np.concatenate([np.linspace(-7, 7, 20001), [1e-300, -1e-300, 1e300, 0.0]])
    source = f"{JAVASCRIPT_FUNCTIONS['erf']}\nexport const values = (x) => x.map(erf);"
    found = as_numbers(run_javascript([(source, "values", [x.tolist()])])[0]["value"])
    np.testing.assert_allclose(found, erf(x), rtol=1.5e-15, atol=0)
    assert np.abs(found).max() == 1


def test_weights_in_float32_are_rounded_to_float32(fitted, run_javascript):
    model = fitted("one number", hidden_layer_sizes=(), dtype="float32")
    model.coefs_[0][:, 0] = [0.1, 0.2, 0.3]
    model.intercepts_[0][:] = 0.7
    x = [0.1, 1e-3, 1 / 3]
    exact = np.float64(np.float32(0.7)) + sum(
        np.float64(np.float32(a)) * np.float64(np.float32(b)) for a, b in zip([0.1, 0.2, 0.3], x, strict=True)
    )
    source = javascript_source(model)
    assert "  [0.1, 0.2, 0.3],\n" in source
    assert run_javascript([(source, "predict", [[x]])]) == [{"value": [pytest.approx(exact, rel=1e-15)]}]


def test_the_source_is_in_lecture_notation(fitted):
    model = fitted("one number", hidden_layer_sizes=(2, 2), activation=["tanh", {"name": "elu", "alpha": 2}])
    assert """\
  const z0 = checked(x);
  const a1 = dense(W1, z0, b1);
  const z1 = a1.map(tanh);
  const a2 = dense(W2, z1, b2);
  const z2 = a2.map((a) => elu(a, 2.0));
  const a3 = dense(W3, z2, b3);
  return a3;
""" in javascript_source(model)


def test_it_has_no_dependencies_and_knows_its_own_names(models):
    for model in models.values():
        source = javascript_source(model, function="guess")
        assert not re.search(r"^\s*import|require\(", source, flags=re.MULTILINE)
        names = set(re.findall(r"^(?:export )?(?:const|function) (\w+)", source, flags=re.MULTILINE))
        strange = names - _TAKEN - {"guess", "guessProba"}
        assert all(re.fullmatch("[Wb][0-9]+", name) for name in strange), strange


# -- names -------------------------------------------------------------------------------------------------

HOSTILE = [
    "*/",
    "*\\/",
    "/*",
    "//",
    "</script>",
    "<!--<script",
    '"',
    "'",
    "`${process.exit(1)}`",
    "\\",
    '\\"; process.exit(1); "',
    "a\nb\r\nc",
    "\0\x1b[31m",
    "\u2028\u2029\u202e",
    "\ud800",
    "ä 中 🙂",
    "",
]


def test_hostile_names_stay_names(run_javascript):
    rows = np.random.default_rng(0).normal(size=(4 * len(HOSTILE), len(HOSTILE)))
    y = np.repeat(np.array(HOSTILE, dtype=object), 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((2,), max_iter=1, engine="numpy").fit(rows, y)
    source = javascript_source(model, input_names=HOSTILE)
    constants, predicted = run_javascript([(source, None, []), (source, "predict", [rows.tolist()])])
    assert constants["value"] == {"INPUTS": HOSTILE, "CLASSES": sorted(HOSTILE)}
    assert predicted["value"] == model.predict(rows).tolist()
    assert "</" not in source
    assert "<!" not in source
    assert all(sign.isprintable() or sign == "\n" for sign in source)
    comment = source[: source.index("export")]
    assert comment.count("*/") == 1
    assert comment.endswith(" */\n\n")


def test_labels_of_every_kind(fitted, run_javascript, rows):
    model = fitted("three classes", hidden_layer_sizes=(2,))
    kinds = [True, -3, 0.5], ["a", 2**53 - 1, False], [1e300, 1e-5, np.float64(2)]
    answers = run_javascript(
        [(javascript_source(model, classes=classes), "predict", [rows.tolist()]) for classes in kinds]
    )
    places = model.classes_.tolist()
    for classes, answer in zip(kinds, answers, strict=True):
        assert answer["value"] == [classes[places.index(label)] for label in model.predict(rows)]


def test_whole_numbers_that_javascript_does_not_have_are_refused(fitted):
    model = fitted("two classes", hidden_layer_sizes=())
    with pytest.raises(ParameterError, match=r"the class 9007199254740992 is beyond .* classes=\[...\]"):
        javascript_source(model, classes=[0, 2**53])


def test_the_functions_can_have_another_name(fitted, rows, run_javascript):
    model = fitted("two classes", hidden_layer_sizes=(2,))
    source = javascript_source(model, function="isBlue")
    labels, p = run_javascript(
        [(source, "isBlue", [rows.tolist()]), (source, "isBlueProba", [rows.tolist()])]
    )
    assert labels["value"] == model.predict(rows).tolist()
    assert np.shape(p["value"]) == (40, 2)


def test_rows_that_cannot_be_answered_are_refused(fitted, run_javascript):
    sources = [javascript_source(fitted(task, hidden_layer_sizes=())) for task in ("one class", "one number")]
    bad = [[1, 2, 3]], [[[1, 2]]], [[[1, 2, 3, 4]]], [[[1, None, 3]]], [[["1", "2", "3"]]], [["123"]]
    answers = run_javascript([(source, "predict", args) for source in sources for args in bad])
    for answer in answers:
        assert answer["error"].startswith(
            "RangeError: a row must be 3 finite numbers as in INPUTS, however: "
        )
