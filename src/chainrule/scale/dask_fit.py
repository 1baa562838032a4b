"""From rows on a cluster to a fit on the driver: what is known of them, and shards to train on."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from dask import delayed

from chainrule.errors import ParameterError
from chainrule.estimators.presets import Settings
from chainrule.estimators.tabular_parameters import kinds_of_columns
from chainrule.estimators.tabular_rows import EncodedRows
from chainrule.estimators.weights import in_reach
from chainrule.scale.cluster import RETRIES, Cluster, ClusterShards, gathered
from chainrule.scale.dask_data import Partitions, shards_of
from chainrule.scale.feed import Encode
from chainrule.scale.fit import encoding, judging, learned_from_sample, taken_apart
from chainrule.scale.places import naming_rows
from chainrule.scale.shards import Known, Whole, encoded_shard, surveyed_shard, whole
from chainrule.scale.source import Source
from chainrule.scale.survey import Roles

if TYPE_CHECKING:
    import polars as pl

__all__ = ["prepared_rows", "prepared_table", "rows_of"]

Array = Any


@dataclass(frozen=True)
class Surveyed:
    """Rows on a cluster that have been looked at.

    Attributes
    ----------
    cluster : who computes
    partitions, roles : which rows, and which of their columns are what
    shards : list of delayed `Source`
    known : what is known of each shard
    whole : what is known of all of them
    """

    cluster: Cluster
    partitions: Partitions
    roles: Roles
    shards: list[Any]
    known: list[Known | None]
    whole: Whole

    def feed(
        self, encode: Callable[[], Encode], widths: Callable[[], tuple[int, int]], dtype: Any
    ) -> ClusterShards:
        """The shards to train on; what encodes their rows is asked for when the training begins."""

        def made() -> list[Any]:
            how = delayed(_Handed(encode()))
            return [
                delayed(_encoded)(shard, _slim(known), self.roles, how, widths(), dtype)
                for shard, known in zip(self.shards, self.known, strict=True)
            ]

        lengths = [0 if known is None else known.survey.n_learned for known in self.known]
        return ClusterShards(self.cluster, made, lengths)


@dataclass(frozen=True)
class _Handed:
    """A function that goes to the workers once, as a value."""

    function: Encode


def _encoded(shard: Source, known: Known | None, roles: Roles, how: _Handed, widths: Any, dtype: Any) -> Any:
    return encoded_shard(shard, known, roles, how.function, widths, dtype)


def _slim(known: Known | None) -> Known | None:
    """What encoding has to know, without any rows."""
    if known is None:
        return None
    return known._replace(
        survey=replace(known.survey, sample=known.survey.sample[:0], judges=None, weights=np.empty(0))
    )


def rows_of(
    cluster: Cluster,
    data: tuple[Any, Any, Any],
    kinds: Callable[[Roles], Mapping[str, str]],
    judges: float,
    seed: int,
) -> Surveyed:
    """Look at all rows, where they are.

    Parameters
    ----------
    data : (X, y, sample_weight), see `shards_of`
    kinds : what is known of columns already
    judges : share of the rows to judge by
    """
    partitions, roles, shards = shards_of(*data, cluster.most_shards)
    told = dict.fromkeys(partitions.categories, "category") | dict(kinds(roles))
    tasks = [
        delayed(surveyed_shard)(shard, roles, told, judges, [seed, place], len(shards))
        for place, shard in enumerate(shards)
    ]
    futures = cluster.client.compute(tasks, retries=RETRIES)
    found = gathered(cluster, futures, "looking at the rows")
    return Surveyed(cluster, partitions, roles, shards, found, whole(found, partitions.name))


def prepared_table(
    estimator: Any,
    cluster: Cluster,
    data: tuple[Any, Any, Any],
    judges: tuple[Any, Any, Any] | None,
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[EncodedRows, Settings, ClusterShards]:
    """What `prepared_stream` gives, of rows on a cluster."""
    share = settings.validation_fraction if judges is None else 0.0
    seed = int(rng.integers(2**31))
    rows = rows_of(cluster, data, lambda roles: kinds_of_columns(estimator, roles.features), share, seed)
    features, together = rows.roles.features, rows.whole.survey
    estimator.n_features_in_ = len(features)
    estimator.__dict__.pop("feature_names_in_", None)
    if rows.partitions.has_names:
        estimator.feature_names_in_ = np.array(features, dtype=object)
    estimator._class_counts = together.classes
    kinds = dict.fromkeys([name for name in rows.partitions.categories if name in features], "category")
    kinds |= kinds_of_columns(estimator, features)
    settings = replace(settings, folds=0, own_lines=False)
    source = Source(rows.partitions.name, rows.partitions.names, ())
    learned, weighting = learned_from_sample(estimator, source, rows.roles, together, kinds, settings, rng)
    if together.judges is not None:
        with naming_rows(source, None):
            X, y, weights = taken_apart(estimator, together.judges, rows.roles)
            weights = weights * rows.whole.weights_of_judges
            learned = replace(learned, **judging(estimator, weighting, X, y, weights))
    elif judges is not None:
        learned = replace(learned, **judging(estimator, weighting, *judges))
    widths = learned.X.shape[1], learned.y.shape[1]
    feed = rows.feed(lambda: encoding(_bare(estimator), rows.roles, weighting), lambda: widths, np.float32)
    return learned, settings, feed


def prepared_rows(
    estimator: Any, cluster: Cluster, data: tuple[Any, Any, Any], judges: float, seed: int
) -> tuple[tuple[Any, Any, Any], tuple[Any, Any, Any], ClusterShards]:
    """((X, y, weights) of a sample, the same of rows to judge by or None, shards), for a textbook network."""
    rows = rows_of(cluster, data, lambda _: {}, judges, seed)
    roles, together = rows.roles, rows.whole.survey
    estimator._class_counts = together.classes
    X, y, weights = _numbers(estimator, together.sample, roles)
    judged = (None, None, None)
    if together.judges is not None:
        X_val, y_val, weights_val = _numbers(estimator, together.judges, roles)
        judged = _named(X_val, rows), y_val, weights_val * rows.whole.weights_of_judges
    dtype = np.dtype(estimator.dtype or X.dtype)

    def encode() -> Encode:
        bare = _bare(estimator)
        unit = 1.0
        if not bare._make_loss().adds_up:
            unit = in_reach(weights * bare._class_weights(y), dtype)[1]
        return _encoding_of_numbers(bare, roles, unit)

    def widths() -> tuple[int, int]:
        return len(roles.features), estimator._encode_known_targets(y[:1]).shape[1]

    return (_named(X, rows), y, weights), judged, rows.feed(encode, widths, dtype)


def _named(X: Array, rows: Surveyed) -> Any:
    """X as a frame, if the columns have names."""
    import polars as pl

    return pl.DataFrame(X, schema=list(rows.roles.features)) if rows.partitions.has_names else X


def _encoding_of_numbers(estimator: Any, roles: Roles, unit: float) -> Encode:
    def encode(frame: "pl.DataFrame", rng: np.random.Generator) -> Array:  # noqa: ARG001
        X, y, weights = _numbers(estimator, frame, roles)
        weights = weights * estimator._class_weights(y) / unit
        return np.column_stack([X, estimator._encode_known_targets(y), weights])

    return encode


def _numbers(estimator: Any, frame: "pl.DataFrame", roles: Roles) -> tuple[Array, Array, Array]:
    """(features, targets, weights) of rows of numbers.

    Raises
    ------
    ParameterError
        If a feature is no number, or missing.
    """
    features, y, weights = taken_apart(estimator, frame, roles)
    for name, kind in features.schema.items():
        if not (kind.is_numeric() or kind.is_(bool)):
            raise ParameterError(
                f"column {name!r:.80} must hold numbers, however: {kind}; use DaskTabularClassifier or "
                "DaskTabularRegressor for any table"
            )
    X = features.to_numpy()
    X = X if X.dtype in (np.float32, np.float64) else X.astype(np.float64)
    if not np.isfinite(X).all():
        raise ParameterError("X must not have missing or infinite numbers; use DaskTabular... for any table")
    return X, y, weights


def _bare(estimator: Any) -> Any:
    """A copy of the estimator that can go to the workers: without its client and its callbacks."""
    bare = copy(estimator)
    bare.client = None
    for name in [name for name in vars(bare) if "callback" in name]:
        delattr(bare, name)
    return bare
