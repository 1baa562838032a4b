"""The estimators on a dask cluster: the rows stay on its workers, the model comes out as from any fit.

`DaskTabularClassifier(client=Client("tcp://...")).fit(frame, "target")` learns from a dask DataFrame; see
`docs/cluster.md` for what is promised.
"""

from collections.abc import Callable
from copy import copy
from inspect import Parameter, Signature, signature
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from chainrule.table.levels import level_text

try:
    from distributed import Client, get_client

    from chainrule.scale.cluster import Cluster
    from chainrule.scale.dask_answers import answered, scored
    from chainrule.scale.dask_data import is_distributed
    from chainrule.scale.dask_fit import prepared_rows, prepared_table
except ImportError as error:
    raise ImportError(
        f'chainrule.scale.dask needs dask, which cannot be imported ({error}): pip install "chainrule[dask]"'
    ) from error

__all__ = ["DaskMLPClassifier", "DaskMLPRegressor", "DaskTabularClassifier", "DaskTabularRegressor"]

Array = Any

_TIMEOUT = 600.0
_SHARDS = 16


def _with_cluster(plain: type) -> Callable[..., None]:
    """The constructor of a plain estimator with the parameters of a cluster behind its own."""

    def __init__(  # noqa: N807
        self: Any,
        *given: Any,
        client: Any = None,
        timeout: Any = _TIMEOUT,
        shards: Any = _SHARDS,
        **named: Any,
    ) -> None:
        plain.__init__(self, *given, **named)  # type: ignore[misc]
        self.client = client
        self.timeout = timeout
        self.shards = shards

    own = [
        Parameter("client", Parameter.KEYWORD_ONLY, default=None),
        Parameter("timeout", Parameter.KEYWORD_ONLY, default=_TIMEOUT),
        Parameter("shards", Parameter.KEYWORD_ONLY, default=_SHARDS),
    ]
    __init__.__signature__ = Signature([*signature(plain.__init__).parameters.values(), *own])  # type: ignore[attr-defined, misc]
    return __init__


class _OnCluster:
    """What the four have in common: a client, lazy answers, scores that are added up where the rows are."""

    client: Any
    timeout: float
    shards: int
    _plain: ClassVar[Any]

    def predict(self, X: Any) -> Any:
        """As the plain estimator; a lazy dask array for dask's collections and for data sets."""
        return self._answered("predict", X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy or R², computed where the rows are; y and sample_weight may be names of columns."""
        if is_distributed(X):
            return scored(self.to_local(), X, y, sample_weight)
        return float(super().score(X, y, sample_weight))  # type: ignore[misc]

    def to_local(self) -> Any:
        """The plain estimator with all that was learned, which needs no cluster."""
        own = ("client", "timeout", "shards", "_class_counts")
        local = self._plain()
        local.__dict__.update({name: value for name, value in vars(self).items() if name not in own})
        return local

    def save(self, path: Any) -> None:
        """Write the fitted model to `path`, as the plain estimator: see `chainrule.save`."""
        self.to_local().save(path)

    def _answered(self, method: str, X: Any) -> Any:
        if is_distributed(X):
            return answered(self.to_local(), method, X)
        return getattr(super(), method)(X)

    def _cluster(self) -> Cluster:
        if not (isinstance(self.timeout, int | float) and self.timeout > 0):
            raise ParameterError(f"timeout must be a number of seconds > 0, however: {self.timeout!r}")
        if not (isinstance(self.shards, int) and self.shards > 0):
            raise ParameterError(f"shards must be a whole number > 0, however: {self.shards!r}")
        return Cluster(self._known_client(), self.timeout, self.shards)

    def _known_client(self) -> Client:
        if isinstance(self.client, Client):
            return self.client
        try:
            return get_client() if self.client is None else get_client(self.client)
        except (ValueError, OSError) as error:
            raise ParameterError(
                f"client must be a distributed.Client or a scheduler's address, however: {self.client!r} "
                f"({error})"
            ) from None

    def __sklearn_clone__(self) -> Any:
        bare = copy(self)
        bare.client = None
        clone = super(_OnCluster, bare).__sklearn_clone__()  # type: ignore[misc]
        clone.client = self.client
        return clone

    def __getstate__(self) -> Any:
        return {**super().__getstate__(), "client": None}  # type: ignore[dict-item]


class _OfClasses(_OnCluster):
    """What the classifiers have in common."""

    _class_counts: dict[str, int] | None

    def predict_proba(self, X: Any) -> Any:
        """As the plain estimator; a lazy dask array for dask's collections and for data sets."""
        return self._answered("predict_proba", X)

    def predict_log_proba(self, X: Any) -> Any:
        """Logarithm of `predict_proba`; -inf where a probability is 0."""
        if is_distributed(X):
            return self._answered("predict_log_proba", X)
        return super().predict_log_proba(X)  # type: ignore[misc]

    def _class_weights(self, y: Array) -> Array:
        """Factors that do not depend on the rows that are asked for together."""
        counts = vars(self).get("_class_counts")
        if counts is None:
            return super()._class_weights(y)  # type: ignore[misc]
        weights = self.class_weight  # type: ignore[attr-defined]
        if isinstance(weights, str) and weights == "balanced":
            classes = self._coding.classes.tolist()  # type: ignore[attr-defined]
            n_rows = sum(counts.values())
            weights = {label: n_rows / (len(classes) * counts[level_text(label)]) for label in classes}
        return self._coding.row_factors(weights, y)  # type: ignore[attr-defined]


class _OfTables(_OnCluster):
    """What the table models have in common."""

    def _prepared_stream(
        self, X: Any, y: Any, sample_weight: Any, judges: Any, settings: Any, rng: np.random.Generator
    ) -> Any:
        return prepared_table(self, self._cluster(), (X, y, sample_weight), judges, settings, rng)

    def _prepared(self, *given: Any) -> Any:
        vars(self).pop("_class_counts", None)
        return super()._prepared(*given)  # type: ignore[misc]


class _OfNumbers(_OnCluster):
    """What the textbook networks have in common."""

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Any,
        incremental: bool,
        checkpoint: Any = None,
        feed: Any = None,
    ) -> Any:
        vars(self).pop("_class_counts", None)
        if not is_distributed(X):
            return super()._fit(X, y, sample_weight, validation, incremental, checkpoint, feed)  # type: ignore[misc]
        for what, refused in (("solver='lbfgs'", self.solver == "lbfgs"), ("partial_fit", incremental)):  # type: ignore[attr-defined]
            if refused:
                raise ParameterError(f"{what} needs rows in memory, however X is a {type(X).__name__}")
        own_judges = self.early_stopping and validation[0] is None  # type: ignore[attr-defined]
        share = self.validation_fraction if own_judges else 0.0  # type: ignore[attr-defined]
        seed = int(self._generator(True, self.random_state).integers(2**31))  # type: ignore[attr-defined]
        sample, judged, feed = prepared_rows(self, self._cluster(), (X, y, sample_weight), share, seed)
        rows, targets, weights = sample
        try:
            return super()._fit(  # type: ignore[misc]
                rows,
                targets,
                None if sample_weight is None else weights,
                judged if own_judges else validation,
                incremental=False,
                checkpoint=checkpoint,
                feed=feed,
            )
        finally:
            feed.close()


class DaskTabularClassifier(_OfTables, _OfClasses, TabularClassifier):
    """`TabularClassifier` on a dask cluster: its parameters, and three of the cluster.

    X is a dask DataFrame or array, or names a Parquet data set that all workers can read; y and sample_weight
    are names of columns, or collections in the partitions of X. `predict` and its like give lazy dask arrays.
    For tables in memory everything is as with the plain estimator.

    Parameters
    ----------
    client : distributed.Client or address of a scheduler, optional
        Default: the client that was made last.
    timeout : float, default=600
        Seconds without any finished task after which a fit ends with an `EngineError`.
    shards : int, default=16
        Groups of partitions at the most, each of which is learned from by one worker at a time. What is
        learned depends on them, not on the workers.
    """

    _plain = TabularClassifier
    __init__ = _with_cluster(TabularClassifier)


class DaskTabularRegressor(_OfTables, TabularRegressor):
    """`TabularRegressor` on a dask cluster; see `DaskTabularClassifier`."""

    _plain = TabularRegressor
    __init__ = _with_cluster(TabularRegressor)


class DaskMLPClassifier(_OfNumbers, _OfClasses, MLPClassifier):
    """`MLPClassifier` on a dask cluster, for columns of numbers; see `DaskTabularClassifier`."""

    _plain = MLPClassifier
    __init__ = _with_cluster(MLPClassifier)


class DaskMLPRegressor(_OfNumbers, MLPRegressor):
    """`MLPRegressor` on a dask cluster, for columns of numbers; see `DaskTabularClassifier`."""

    _plain = MLPRegressor
    __init__ = _with_cluster(MLPRegressor)
