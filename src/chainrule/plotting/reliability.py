"""Whether a classifier is as often right as it says."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.plotting.canvas import (
    BLUE,
    GREY,
    axes_for,
    describe_axes,
    legend_beside,
    text_size,
)

__all__ = ["ReliabilityDisplay"]

Array = Any


class ReliabilityDisplay:
    """Accuracy by confidence max_k p(k | x), and ECE = Σ_b n_b / n · |accuracy_b - confidence_b|.

    For any number of classes: Guo, Pleiss, Sun, Weinberger 2017, arXiv 1706.04599, section 2. On the dashed
    line the model is right as often as it says, below it promises too much.

    Parameters
    ----------
    accuracy, confidence : arrays (n_bins,)
        Means over the rows of each bin; NaN where it has none.
    counts : array (n_bins,)
        Rows of each bin. Bin b holds confidences in (b / n_bins, (b + 1) / n_bins].

    Attributes
    ----------
    expected_calibration_error : float
    ax_, figure_, counts_ax_ : what was drawn; the last has the bars of the rows' numbers
    """

    def __init__(self, accuracy: Array, confidence: Array, counts: Array) -> None:
        self.accuracy = np.asarray(accuracy, dtype=np.float64)
        self.confidence = np.asarray(confidence, dtype=np.float64)
        self.counts = np.asarray(counts)
        gaps = np.nan_to_num(np.abs(self.accuracy - self.confidence))
        self.expected_calibration_error = float(gaps @ self.counts / self.counts.sum())

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, n_bins: int = 10, ax: Any = None
    ) -> "ReliabilityDisplay":
        """Compare what a classifier says of rows with what they are.

        Parameters
        ----------
        estimator : a fitted classifier with `predict_proba`
        X, y : rows that training has not seen, and their labels
        n_bins : int, default=10
        ax : axes, optional
        """
        probabilities = estimator.predict_proba(X)
        return cls.from_predictions(y, probabilities, classes=estimator.classes_, n_bins=n_bins, ax=ax)

    @classmethod
    def from_predictions(
        cls, y_true: Any, probabilities: Any, *, classes: Any = None, n_bins: int = 10, ax: Any = None
    ) -> "ReliabilityDisplay":
        """Compare probabilities with labels.

        Parameters
        ----------
        y_true : array (n,)
        probabilities : array (n, n_classes)
        classes : array (n_classes,), optional
            Labels in the order of the columns; default: 0, 1, ...
        n_bins : int, default=10
        ax : axes, optional
        """
        y_true, p = np.asarray(y_true), np.asarray(probabilities, dtype=np.float64)
        if p.ndim != 2 or y_true.shape != p.shape[:1] or n_bins < 1:
            raise ParameterError(
                "probabilities (n, n_classes), labels (n,) and n_bins ≥ 1 are needed, however: "
                f"{p.shape}, {y_true.shape}, {n_bins!r}"
            )
        classes = np.arange(p.shape[1]) if classes is None else np.asarray(classes)
        confidence = p.max(1)
        right = classes[p.argmax(1)] == y_true
        place = np.clip(np.searchsorted(np.arange(n_bins) / n_bins, confidence) - 1, 0, None)
        counts = np.bincount(place, minlength=n_bins)
        with np.errstate(invalid="ignore"):
            accuracy, mean = (np.bincount(place, part, n_bins) / counts for part in (right, confidence))
        return cls(accuracy, mean, counts).plot(ax)

    def plot(self, ax: Any = None) -> "ReliabilityDisplay":
        """Draw accuracy by confidence, and below it the number of rows.

        Parameters
        ----------
        ax : axes, optional
        """
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        n_bins = len(self.counts)
        describe_axes(ax, "confidence", "accuracy")
        self.counts_ax_ = beside = ax.twinx()
        middles = (np.arange(n_bins) + 0.5) / n_bins
        bars = beside.bar(middles, self.counts, 0.9 / n_bins, color="0.85", label="rows")
        beside.set_ylim(0, 3 * self.counts.max())
        describe_axes(beside, "", "rows")
        # The bars take the lower third, where more numbers have no room.
        beside.set_yticks([0, int(self.counts.max())])
        # The curve belongs in front of the bars, whose axes came later.
        ax.set_zorder(beside.get_zorder() + 1)
        ax.patch.set_visible(False)
        diagonal = ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="calibrated")
        label = f"model, ECE = {self.expected_calibration_error:.3f}"
        used = self.counts > 0
        size = 0.6 * text_size(ax)
        curve = ax.plot(
            self.confidence[used], self.accuracy[used], "o-", color=BLUE, markersize=size, label=label
        )
        ax.set(xlim=(0, 1), ylim=(0, 1.02))
        legend_beside(ax, handles=[*curve, *diagonal, bars])
        return self
