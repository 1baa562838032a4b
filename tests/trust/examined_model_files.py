"""What a model file must be: refused in one sentence, or a model whose every answer is a finite number."""

import contextlib
import datetime as dt
import io
import json
import warnings
from time import process_time

import numpy as np
import pandas as pd

from chainrule import Forecaster, ImageClassifier, SequenceClassifier, SequenceRegressor
from chainrule.cli.app import app
from chainrule.errors import DegradedWarning, ModelFileError, ParameterError
from chainrule.files.model_file import load_with_record

__all__ = ["examined", "inspected"]

MOST_SECONDS = 2


def examined(path):
    """ "answered" or "refused", after every public method was asked for rows of the model's own table."""
    begun = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DegradedWarning)
        try:
            model, _ = load_with_record(path)
        except ModelFileError as error:
            refused = str(error)
        else:
            refused = None
            _ask(model)
    assert process_time() - begun < MOST_SECONDS
    assert refused is None or (str(path) in refused and "\n" not in refused), refused
    return "answered" if refused is None else "refused"


def _ask(model):
    if isinstance(model, tuple):
        network, theta = model
        _finite(network.predict(theta, _numbers(network.n_inputs)), "Network.predict")
        return
    repr(model)
    if isinstance(model, Forecaster):
        _ask_for_forecasts(model)
        return
    X = _samples(model)
    if hasattr(model, "classes_"):
        predicted = model.predict(X)
        assert np.isin(predicted, [0, 1] if model._coding.multilabel else model.classes_).all()
        p = model.predict_proba(X)
        _finite(p, "predict_proba")
        assert p.shape == (len(X), len(model.classes_))
        assert ((p >= 0) & (p <= 1)).all(), p
        assert model._coding.multilabel or np.allclose(p.sum(1), 1), p
    else:
        _finite(model.predict(X), "predict")
    if getattr(model, "_residuals", None) is not None:
        bounds = model.predict_interval(X, 0.5)
        _finite(bounds, "predict_interval")
        assert (bounds[..., 0] <= bounds[..., 1]).all()
    if hasattr(model, "encoder_"):
        str(model.encoder_.schema_), model.encoder_.schema_._repr_html_(), model.encoder_.inputs
    elif model.n_layers_ > 2:
        _finite(model.transform(X), "transform")


def _ask_for_forecasts(model):
    """What follows, where nothing need be known of it, and where no step of the past is missing."""
    with contextlib.suppress(ParameterError):
        told = model.predict()
        if not model.form_.of_array:
            time = model.form_.time and model.form_.time.name
            told = [told[name] for name in told.columns if name != time]
        _finite(told, "predict")


def _samples(model):
    if hasattr(model, "encoder_"):
        return _rows(model.encoder_.schema)
    if isinstance(model, ImageClassifier):
        return _numbers(int(np.prod(model.input_shape_))).reshape(-1, *model.input_shape_)
    if isinstance(model, SequenceClassifier | SequenceRegressor):
        return _sequences(model.sequence_shape_)
    return _named(model)


def _sequences(shape):
    series = _numbers(shape.steps * shape.features).reshape(-1, shape.steps, shape.features)
    if not shape.names:
        return series
    cells = [list(series[:, :, i]) for i in range(shape.features)]
    cells += list(_numbers(shape.static).T)
    return pd.concat([pd.Series(each) for each in cells], axis=1).set_axis(
        pd.Index(shape.names, dtype=object), axis=1
    )


def _named(model):
    X = _numbers(model.n_features_in_)
    if not hasattr(model, "feature_names_in_"):
        return X
    # Half a character is a text for Python, and none for the Arrow strings of pandas' column names.
    names = pd.Index(model.feature_names_in_, dtype=object)
    return pd.DataFrame(X, columns=names)


def _finite(answer, of):
    assert np.isfinite(np.asarray(answer, dtype=float)).all(), f"{of}: {answer}"


def inspected(path, as_json):
    """What `chainrule inspect` prints of a file that can be read, as a terminal that takes UTF-8 gets it."""
    printed = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        app(["inspect", str(path), *(["--json"] if as_json else [])], prog_name="chainrule")
    printed.flush()
    text = printed.buffer.getvalue().decode()
    assert text
    return json.loads(text) if as_json else text


def _numbers(n):
    rows = np.random.default_rng(0).normal(size=(8, n))
    rows[0], rows[1] = 0, 10 * rows[1]
    return rows


def _rows(schema):
    """Rows of such a table: usual values, unusual ones, nothing."""
    columns = [_values(column) for column in schema.columns]
    rows = [[values[i % len(values)] for values in columns] for i in range(6)]
    return [*rows, [None] * len(columns)]


def _values(column):
    if column.kind == "number":
        return [column.low, column.high, 0.5, None, 1e6, -1e200]
    if column.kind in ("category", "boolean"):
        return [*column.levels[:2], "never seen", None, *column.levels[-1:]]
    if column.kind == "mixed":
        return ["12", *column.levels[:2], None, "-3.5", "never seen"]
    if column.kind == "text":
        return ["a few words of a remark", "", None, "Words, words!"]
    if column.kind == "date":
        kinds = {
            "date": [dt.date(2024, 1, 31), dt.date(1999, 12, 1), None],
            "time": [dt.time(12, 30), None],
            "duration": [dt.timedelta(hours=3), None],
        }
        return kinds[column.form]
    return [None, "whatever"]
