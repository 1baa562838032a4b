"""Fitting a table model to a data set that is read piece by piece, and predicting for one."""

import shutil
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np

from chainrule.errors import DegradedWarning, ParameterError, TableError
from chainrule.estimators.presets import Settings, batch_size_for
from chainrule.estimators.tabular_parameters import kinds_of_columns
from chainrule.estimators.tabular_rows import EncodedRows
from chainrule.scale.feed import Encode, Feed
from chainrule.scale.places import naming_rows
from chainrule.scale.source import Source, source_of
from chainrule.scale.survey import Roles, Survey, survey
from chainrule.scale.weighting import Weighting, weighting_of
from chainrule.table.names import absent_message
from chainrule.table.network_encoder import NetworkEncoder
from chainrule.table.schema import Schema

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "encoding",
    "judging",
    "learned_from_sample",
    "plain_target",
    "prepared_stream",
    "roles_of",
    "taken_apart",
]

Array = Any

_SHARE_OF_FREE_DISK = 0.5


def prepared_stream(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    judges: tuple[Any, Any, Any] | None,
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[EncodedRows, Settings, Feed]:
    """(a sample to begin from and rows to judge by, settings, where the rows come from).

    The estimator then knows its columns, labels and targets.

    Parameters
    ----------
    estimator : TabularClassifier or TabularRegressor
    X : see `source_of`
    y, sample_weight : str
        Columns of X.
    judges : (X_val, y_val, weights), optional
        Rows in memory to judge by, instead of a part of the source.

    Raises
    ------
    ParameterError
        If the target or the weights are no names of columns.
    TableError
        If the source cannot be used.
    """
    source = source_of(X)
    roles = roles_of(source, y, sample_weight)
    estimator.n_features_in_ = len(roles.features)
    estimator.feature_names_in_ = np.array(roles.features, dtype=object)
    kinds = kinds_of_columns(estimator, roles.features)
    share = settings.validation_fraction if judges is None else 0.0
    known = survey(source, roles, kinds, share, int(rng.integers(2**31)))
    settings = replace(settings, folds=0, own_lines=False)
    rows, weighting = learned_from_sample(estimator, source, roles, known, kinds, settings, rng)
    if known.judges is not None:
        with naming_rows(source, None):
            rows = replace(
                rows, **judging(estimator, weighting, *taken_apart(estimator, known.judges, roles))
            )
    elif judges is not None:
        rows = replace(rows, **judging(estimator, weighting, *judges))
    return rows, settings, _feed(estimator, source, roles, known, rows, weighting)


def roles_of(source: Source, target: Any, weight: Any) -> Roles:
    """Which columns are what: the target and the weights are named, all others are features.

    Raises
    ------
    ParameterError
        If the target or the weights are no names.
    TableError
        If they name no column, or there is no other one.
    """
    for what, name in (("y", target), ("sample_weight", weight)):
        if not isinstance(name, str) and (what == "y" or name is not None):
            raise ParameterError(
                f"for a data set that is read piece by piece, {what} must be the name of a column, however: "
                f"{type(name).__name__}"
            )
        if name is not None and name not in source.names:
            raise TableError(f"{source.name}: {absent_message([name], list(source.names))}")
    if weight == target:
        raise ParameterError(f"sample_weight must be another column than y, however: both are {target!r:.80}")
    features = tuple(name for name in source.names if name not in (target, weight))
    if not features:
        raise TableError(f"{source.name} has no column but the target; add what is to be learned from")
    return Roles(features, target, weight)


def taken_apart(estimator: Any, frame: "pl.DataFrame", roles: Roles) -> tuple[Any, Array, Array]:
    """(features, targets, weights) of typed rows."""
    import polars as pl

    target = plain_target(frame[roles.target])
    values = target.to_numpy() if target.dtype != pl.String else np.asarray(target.to_list())
    weights = np.ones(frame.height)
    if roles.weight is not None:
        weights = frame[roles.weight].cast(pl.Float64).to_numpy()
    return frame.select(roles.features), estimator._checked_targets(values), weights


def plain_target(target: "pl.Series") -> "pl.Series":
    """A column of targets as numbers, truth values or text."""
    import polars as pl

    if target.dtype.is_decimal():
        return target.cast(pl.Float64)
    return target if target.dtype.is_numeric() or target.dtype == pl.Boolean else target.cast(pl.String)


def learned_from_sample(
    estimator: Any,
    source: Source,
    roles: Roles,
    known: Survey,
    kinds: dict[str, str],
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[EncodedRows, Weighting]:
    """Learn columns and targets from the sample; (the sample encoded, how rows are weighted)."""
    X, y, weights = taken_apart(estimator, known.sample, roles)
    weights = weights * known.weights
    estimator._learn_labels(y)
    with naming_rows(source, None):
        schema = Schema.learn(X, kinds)
        read = schema.read(X)
    estimator.encoder_ = NetworkEncoder.of_read(schema, read, weights / weights.mean(), settings.bins)
    estimator._learn_targets(y, weights / weights.mean())
    matrix = estimator.encoder_.encode(read, rng)
    weighting = weighting_of(estimator, known, weights)
    return EncodedRows(matrix, estimator._encode_targets(y), weighting.of(y, weights)), weighting


def judging(estimator: Any, weighting: Weighting, X: Any, y: Array, weights: Array) -> dict[str, Any]:
    """The fields of `EncodedRows` for rows to judge by."""
    return {
        "X_val": estimator.encoder_.transform(X),
        "y_val": estimator._encode_targets(y),
        "weights_val": weighting.of(y, weights),
        "labels_val": y,
    }


def encoding(estimator: Any, roles: Roles, weighting: Weighting) -> Encode:
    """How typed rows are encoded for a table model that knows its columns and targets."""

    def encode(frame: "pl.DataFrame", rng: np.random.Generator) -> Array:
        X, y, weights = taken_apart(estimator, frame, roles)
        matrix = estimator.encoder_.encode(estimator.encoder_.schema.read(X), rng)
        weights = weighting.of(y, weights)
        return np.column_stack([matrix, estimator._encode_targets(y), weights]).astype(np.float32, copy=False)

    return encode


def _feed(
    estimator: Any, source: Source, roles: Roles, known: Survey, rows: EncodedRows, weighting: Weighting
) -> Feed:
    batch_size = min(estimator.batch_size or batch_size_for(known.n_learned), known.n_learned)
    encode = encoding(estimator, roles, weighting)
    feed = Feed(source, roles, known, encode, rows.X.shape[1], rows.y.shape[1], batch_size)
    feed.keeps = estimator.max_iter != 1 and _has_room(feed.n_bytes)
    return feed


def _has_room(n_bytes: int) -> bool:
    """Whether the encoded rows may be kept on disk; a warning where there is no room."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if n_bytes <= _SHARE_OF_FREE_DISK * free:
        return True
    warn(
        f"{folder} has {free / 1e9:.1f} GB free, too few to keep {n_bytes / 1e9:.1f} GB of encoded rows: the "
        "data is read and encoded anew in every epoch; set TMPDIR to a folder with more room",
        DegradedWarning,
        stacklevel=5,
    )
    return False
