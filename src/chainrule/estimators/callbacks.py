"""scikit-learn's callbacks around a training: one task per fit, one per epoch."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.training import EpochRecord, Training

__all__ = ["FitTasks"]

Array = Any


class FitTasks:
    """Tells an estimator's callbacks when a fit and its epochs begin and end.

    Parameters
    ----------
    estimator : with scikit-learn's `CallbackSupportMixin`
    rows : (X, y, weights or None)
        What callbacks are shown.
    max_epochs : int
    attributes : callable (theta) -> dict
        The fitted attributes that belong to parameters.
    """

    def __init__(
        self,
        estimator: Any,
        rows: tuple[Any, Any, Any],
        max_epochs: int,
        attributes: Callable[[Array], dict[str, Any]],
    ) -> None:
        X, y, weights = rows
        self._estimator = estimator
        self._shown = {"X": X, "y": y, "metadata": None if weights is None else {"sample_weight": weights}}
        self._attributes = attributes
        self._root = estimator._init_callback_context(max_subtasks=max_epochs + 1)
        self.are_watched = bool(getattr(estimator, "_skl_callbacks", []))
        """Whether there is any callback: then every epoch is handed over by itself."""
        self._begin(self._root)

    def epoch(self) -> Any:
        """The task of the next epoch, begun."""
        return self._begin(self._root.subcontext(task_name="epoch"))

    def _begin(self, task: Any) -> Any:
        task.call_on_fit_task_begin(estimator=self._estimator, **self._shown)
        return task

    def end(self, theta: Array, task: Any = None) -> bool:
        """Tell the callbacks that a task, by default the whole fit, ended; whether one wants to stop."""
        return bool(
            (self._root if task is None else task).call_on_fit_task_end(
                estimator=self._estimator,
                reconstruction_attributes=lambda: self._attributes(np.asarray(theta)),
                **self._shown,
            )
        )

    def around(self, training: Training) -> Iterator[EpochRecord]:
        """The training's records, each epoch within its task."""
        epochs = training.epochs()
        if not self.are_watched:
            yield from epochs
            return
        while training.goes_on:
            task = self.epoch()
            record = next(epochs)
            state = training.state
            if self.end(state.theta if state.finite else state.best_theta, task):
                training.stop()
            yield record
