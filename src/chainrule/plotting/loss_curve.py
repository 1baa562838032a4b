"""Training and validation loss, epoch by epoch."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.plotting.canvas import (
    BLUE,
    GREY,
    VERMILLION,
    axes_for,
    describe_axes,
    legend_beside,
)
from chainrule.plotting.reading import last_step

__all__ = ["LossCurveDisplay"]

Array = Any


class LossCurveDisplay:
    """L by epoch, in training and on validation rows, with the epoch whose weights were kept.

    Parameters
    ----------
    loss : array (n_epochs,)
    validation_loss : array (n_epochs,), optional
    best_epoch : int, optional
        Counted from 1.
    loss_name : str, default="loss"
    step_name : str, default="epoch"

    Attributes
    ----------
    ax_, figure_ : what was drawn

    Examples
    --------
    >>> LossCurveDisplay.from_estimator(model, log=True)  # doctest: +SKIP
    """

    def __init__(
        self,
        loss: Array,
        validation_loss: Array | None = None,
        best_epoch: int | None = None,
        loss_name: str = "loss",
        step_name: str = "epoch",
    ) -> None:
        self.loss = np.asarray(loss, dtype=np.float64)
        self.validation_loss = (
            None if validation_loss is None else np.asarray(validation_loss, dtype=np.float64)
        )
        self.best_epoch = best_epoch
        self.loss_name = loss_name
        self.step_name = step_name

    @classmethod
    def from_estimator(cls, estimator: Any, *, log: bool = False, ax: Any = None) -> "LossCurveDisplay":
        """Draw how the loss of a fitted model went down.

        Parameters
        ----------
        estimator : a fitted model with `loss_curve_`, or a pipeline that ends in one
        log : bool, default=False
            Logarithmic axis of the loss.
        ax : axes, optional
        """
        model = last_step(estimator)
        if not getattr(model, "loss_curve_", None):
            raise ParameterError(
                f"this {type(model).__name__} has no `loss_curve_`; give losses to LossCurveDisplay itself"
            )
        loss = getattr(model, "loss", "loss")
        name = f"loss ({loss})" if isinstance(loss, str) and loss != "loss" else "loss"
        step = "iteration" if getattr(model, "solver", "") == "lbfgs" else "epoch"
        validation_loss = getattr(model, "validation_loss_curve_", None)
        display = cls(model.loss_curve_, validation_loss, _best_epoch(model), name, step)
        return display.plot(ax, log=log)

    def plot(self, ax: Any = None, *, log: bool = False) -> "LossCurveDisplay":
        """Draw the curves; parameters as in `from_estimator`."""
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        alone = "o" if len(self.loss) == 1 else None
        epochs = np.arange(1, len(self.loss) + 1)
        ax.plot(epochs, self.loss, color=BLUE, marker=alone, label="training")
        judged_by = self.loss
        if self.validation_loss is not None:
            judged_by = self.validation_loss
            later = epochs[-1] + 1 - np.arange(len(judged_by), 0, -1)
            ax.plot(later, judged_by, color=VERMILLION, linestyle="--", marker=alone, label="validation")
        if self.best_epoch is not None:
            label = f"best {self.step_name}: {self.best_epoch}"
            ax.axvline(self.best_epoch, color=GREY, linestyle=":", linewidth=1.2, label=label)
            height = judged_by[self.best_epoch - 1 - len(self.loss)]
            ax.plot(self.best_epoch, height, color=GREY, marker="*", markersize=8, linestyle="none")
        if log:
            ax.set_yscale("log")
        describe_axes(ax, self.step_name, self.loss_name)
        ax.xaxis.get_major_locator().set_params(integer=True)
        legend_beside(ax)
        return self


def _best_epoch(model: Any) -> int | None:
    """The epoch whose weights were kept, where held-out rows chose it."""
    if getattr(model, "validation_loss_curve_", None) is None:
        return None
    if hasattr(model, "best_iter_"):
        return int(model.best_iter_)
    scores = np.asarray(getattr(model, "validation_scores_", None) or [], dtype=np.float64)
    if not getattr(model, "early_stopping", False) or not np.isfinite(scores).any():
        return None
    return len(model.loss_curve_) - len(scores) + int(np.nanargmax(scores)) + 1
