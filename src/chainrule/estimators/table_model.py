"""A fitted network together with the table it understands."""

from dataclasses import dataclass, field
from typing import Any
from warnings import warn

import numpy as np

from chainrule.errors import DegradedWarning, ParameterError
from chainrule.table import Column, TableEncoder, Target, prepare_target
from chainrule.table.encoder import wrapped_frame

__all__ = ["TableModel", "default_estimator"]

_FEWEST_ROWS_TO_STOP_EARLY = 100


@dataclass(frozen=True)
class TableModel:
    """Table in, predictions out: encoder and estimator as one thing that can be saved.

    Parameters
    ----------
    encoder : TableEncoder
    estimator : MLPClassifier or MLPRegressor
        Fitted on the encoder's float32 matrix; for regression on (y - target_mean) / target_scale.
    target : str
        Name of the column that is predicted.
    task : "classification" or "regression"
    target_mean, target_scale : float
    record : dict
        What is worth knowing about the training, as plain data (numbers, strings, lists, dicts by string).

    Examples
    --------
    >>> import polars
    >>> table = polars.DataFrame({"x": [0, 1, 2, 3] * 5, "y": ["no", "no", "yes", "yes"] * 5})
    >>> model = TableModel.fit(table, "y")
    >>> model.predict(polars.DataFrame({"x": [3, 0]})).tolist()
    ['yes', 'no']
    """

    encoder: TableEncoder
    estimator: Any
    target: str
    task: str
    target_mean: float = 0.0
    target_scale: float = 1.0
    record: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        frame: Any,
        target: str,
        task: str = "auto",
        estimator: Any = None,
        record: dict[str, Any] | None = None,
    ) -> "TableModel":
        """Train on all rows of a table that have a target.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
        target : str
            Column to be predicted; all other columns are used to predict it.
        task : "auto", "classification" or "regression"
            "auto": see `chainrule.table.infer_task`.
        estimator : MLPClassifier or MLPRegressor, optional
            Fitted in place. Without one: `default_estimator`.
        record : dict, optional
            Kept with the model, beside "rows" and "baseline": the place of the most frequent class among the
            sorted classes, or the mean of the target.

        Raises
        ------
        TableError
            For a column or target that cannot be used, by name.
        ParameterError
            If the estimator is for the other task.

        Warns
        -----
        DegradedWarning
            If rows are left out because they have no target.
        """
        goal = prepare_target(frame, target, task)
        if goal.n_missing:
            warn(
                f"{goal.n_missing} rows without a value of {target!r} are left out",
                DegradedWarning,
                stacklevel=2,
            )
        rows = wrapped_frame(frame)[goal.rows.tolist()].drop(target)
        encoder = TableEncoder.fit(rows)
        if estimator is None:
            estimator = default_estimator(goal.task, len(goal.rows))
        _check_task(goal.task, estimator)
        y, mean, scale = goal.values, 0.0, 1.0
        if goal.task == "regression":
            learned = Column.of_numbers(target, goal.values)
            mean, scale = learned.mean, learned.scale
            y = (goal.values - mean) / scale
        estimator.fit(encoder.transform(rows), y)
        known = {"rows": len(goal.rows), "baseline": _baseline(goal)}
        return cls(encoder, estimator, target, goal.task, mean, scale, known | (record or {}))

    @property
    def classes(self) -> np.ndarray:
        """The classes in the order of `predict_proba`'s columns; empty for regression."""
        return np.asarray(getattr(self.estimator, "classes_", ()))

    def predict(self, frame: Any) -> np.ndarray:
        """Predict a class or a number (float64) for each row.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            With the columns of training, in any order; further ones are ignored.
        """
        predicted = np.asarray(self.estimator.predict(self.encoder.transform(frame)))
        if self.task == "classification":
            return predicted
        return predicted.astype(np.float64) * self.target_scale + self.target_mean

    def predict_proba(self, frame: Any) -> np.ndarray:
        """Predict the probability of each class (n rows, n classes) in the order of `classes`.

        Raises
        ------
        ParameterError
            For a regression.
        """
        if self.task != "classification":
            raise ParameterError(
                f"a regression has no probabilities; {self.target!r} is a number, use predict"
            )
        return np.asarray(self.estimator.predict_proba(self.encoder.transform(frame)))


def _check_task(task: str, estimator: Any) -> None:
    from chainrule.estimators.mlp import MLPClassifier, MLPRegressor

    wanted = MLPClassifier if task == "classification" else MLPRegressor
    if not isinstance(estimator, wanted):
        raise ParameterError(f"the task {task} needs an {wanted.__name__}, however: {estimator!r:.200}")


def _baseline(goal: Target) -> int | float:
    """Answer without a model: the place of the most frequent class, or the mean."""
    if goal.task == "classification":
        return int(np.argmax(np.unique(goal.values, return_counts=True)[1]))
    return Column.of_numbers(goal.name, goal.values).mean


def default_estimator(task: str, n_rows: int, **settings: Any) -> Any:
    """Make an unfitted network that trains well on most tables of this size.

    Two hidden layers of 64 ReLU units, Adam, batches of a tenth of the rows (8 to 256), an L2 penalty that
    weighs as 3 rows do. From 100 rows on it stops early, when 30 epochs brought no better loss on 15 % of the
    rows, and keeps the best; with fewer rows there is nothing to spare.

    Parameters
    ----------
    task : "classification" or "regression"
    n_rows : int
        Rows that it will be trained on.
    **settings
        Parameters of `MLPClassifier` or `MLPRegressor` that replace these.
    """
    from chainrule.estimators.mlp import MLPClassifier, MLPRegressor

    batch_size = min(n_rows, int(np.clip(n_rows // 10, 8, 256)))
    defaults: dict[str, Any] = {
        "hidden_layer_sizes": (64, 64),
        "batch_size": batch_size,
        "learning_rate_init": 2e-3,
        "alpha": 3 * batch_size / n_rows,  # the estimator divides it by the batch's rows
        "max_iter": 500,
        "early_stopping": n_rows >= _FEWEST_ROWS_TO_STOP_EARLY,
        "validation_fraction": 0.15,
        "n_iter_no_change": 30,
        "random_state": 0,
    }
    estimator = MLPClassifier if task == "classification" else MLPRegressor
    chosen = {**defaults, **settings}
    return estimator(**{"scoring": "loss" if chosen["early_stopping"] else None, **chosen})
