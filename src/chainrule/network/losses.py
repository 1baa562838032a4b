"""The losses, one class each; `loss.py` says what they have in common."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.activations import get_activation
from chainrule.network.loss import CustomLoss, Loss
from chainrule.network.special import namespace

__all__ = [
    "LOSSES",
    "HalfSquaredError",
    "Huber",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "MultilabelCrossEntropy",
    "Pinball",
    "Poisson",
    "Quantiles",
    "SoftmaxCrossEntropy",
    "SumOfSquares",
    "get_loss",
]

Array = Any


class SumOfSquares(Loss):
    """L = Σ_n Σ_k w_n (a_nk - y_nk)²          lecture equations (14), (15); gradient 2 w (a - y), (25)."""

    kind: ClassVar[str] = "sum_of_squares"
    adds_up: ClassVar[bool] = True

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        r = a - y
        return (r * r).sum(1), 2 * r


class MeanSquaredError(Loss):
    """ℓ = mean_k (a_k - y_k)²."""

    kind: ClassVar[str] = "mean_squared_error"

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        r = a - y
        return (r * r).sum(1) / a.shape[1], r * (2 / a.shape[1])


class HalfSquaredError(Loss):
    """ℓ = ½ mean_k (a_k - y_k)², what scikit-learn's MLPRegressor calls "squared_error"."""

    kind: ClassVar[str] = "squared_error"

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        r = a - y
        return (r * r).sum(1) * (0.5 / a.shape[1]), r * (1 / a.shape[1])


class MeanAbsoluteError(Loss):
    """ℓ = mean_k |a_k - y_k|; its slope where a = y is 0."""

    kind: ClassVar[str] = "absolute_error"

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        xp = namespace(a)
        r = a - y
        return xp.abs(r).sum(1) / a.shape[1], xp.sign(r) * (1 / a.shape[1])


@dataclass(frozen=True)
class Huber(Loss):
    """ℓ = mean_k h(a_k - y_k),  h(r) = ½ r² if |r| ≤ δ else δ (|r| - ½ δ).          Huber 1964.

    Parameters
    ----------
    delta : float, default=1.0
        Residual, in units of the target, at which the parabola turns into a line.
    """

    kind: ClassVar[str] = "huber"
    delta: float = 1.0

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise ParameterError(f"delta must be positive, however: {self.delta!r}")

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        xp = namespace(a)
        r = a - y
        inside = xp.minimum(xp.maximum(r, -self.delta), self.delta)
        # ½ c² + δ (|r| - |c|) with c = r cut to ±δ is h(r) without a second branch
        losses = 0.5 * inside * inside + self.delta * (xp.abs(r) - xp.abs(inside))
        return losses.sum(1) / a.shape[1], inside * (1 / a.shape[1])


@dataclass(frozen=True)
class Pinball(Loss):
    """ℓ = mean_k (q (y_k - a_k) if y_k ≥ a_k else (1 - q) (a_k - y_k)): a predicts the q-quantile of y.

    Koenker and Bassett 1978. Slope where a = y: 0.

    Parameters
    ----------
    quantile : float in (0, 1), default=0.5
    """

    kind: ClassVar[str] = "pinball"
    quantile: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ParameterError(f"quantile must be in (0, 1), however: {self.quantile!r}")

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        xp = namespace(a)
        q = self.quantile
        r = a - y
        losses = xp.maximum((1 - q) * r, -q * r)
        slopes = (1 - q) * (r > 0).astype(a.dtype) - q * (r < 0).astype(a.dtype)
        return losses.sum(1) / a.shape[1], slopes * (1 / a.shape[1])


@dataclass(frozen=True)
class Quantiles(Loss):
    """ℓ = mean_k of the pinball loss of output k at the k-th quantile: several quantiles of one target.

    Targets are (n, 1), outputs (n, number of quantiles).

    Parameters
    ----------
    quantiles : tuple of float in (0, 1), ascending
    """

    kind: ClassVar[str] = "quantiles"
    quantiles: tuple[float, ...] = (0.05, 0.5, 0.95)

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantiles", tuple(self.quantiles))
        ascending = all(low < high for low, high in pairwise(self.quantiles))
        if not self.quantiles or not all(0 < q < 1 for q in self.quantiles) or not ascending:
            raise ParameterError(f"quantiles must ascend and be in (0, 1), however: {self.quantiles!r}")

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        xp = namespace(a)
        q = xp.asarray(self.quantiles, dtype=a.dtype)
        r = a - y
        losses = xp.maximum((1 - q) * r, -q * r)
        slopes = (1 - q) * (r > 0).astype(a.dtype) - q * (r < 0).astype(a.dtype)
        return losses.sum(1) * (1 / a.shape[1]), slopes * (1 / a.shape[1])

    def _check(self, a: Array, y: Array, weights: Array) -> None:
        n = len(a)
        if (a.shape, y.shape, weights.shape) != ((n, len(self.quantiles)), (n, 1), (n,)):
            raise ParameterError(
                f"{len(self.quantiles)} quantiles take outputs (n, {len(self.quantiles)}), targets (n, 1) "
                f"and weights (n,), however: {a.shape}, {y.shape}, {weights.shape}"
            )


class Poisson(Loss):
    """ℓ = mean_k (exp(a_k) - y_k + y_k log y_k - y_k a_k): half the Poisson deviance, log link.

    y ≥ 0; the prediction is exp(a). Its slope is (exp(a) - y) / K.
    """

    kind: ClassVar[str] = "poisson"
    out_activation: ClassVar[str] = "exp"

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        xp = namespace(a)
        rate = xp.exp(a)
        y_log_y = xp.where(y > 0, y * xp.log(xp.where(y > 0, y, 1)), 0)
        return (rate - y + y_log_y - y * a).sum(1) / a.shape[1], (rate - y) * (1 / a.shape[1])


def _check_smoothing(value: float) -> None:
    if not 0 <= value < 1:
        raise ParameterError(f"label_smoothing must be in [0, 1), however: {value!r}")


@dataclass(frozen=True)
class MultilabelCrossEntropy(Loss):
    """ℓ = Σ_k softplus(a_k) - y_k a_k = -Σ_k (y_k log p_k + (1 - y_k) log(1 - p_k)),  p = σ(a).

    Every output is a yes/no question of its own; with one output it is the cross entropy of two classes.
    The slope is p - y.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default=0
        ε: targets 0 and 1 become ε/2 and 1 - ε/2 (Szegedy et al. 2016, arXiv 1512.00567).
    """

    kind: ClassVar[str] = "binary_cross_entropy"
    out_activation: ClassVar[str] = "logistic"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        _check_smoothing(self.label_smoothing)

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        xp = namespace(a)
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / 2
        # softplus(a) - y a, written so that neither term is large when the prediction is right
        losses = xp.maximum(a, 0) - y * a + xp.log1p(xp.exp(-xp.abs(a)))
        return losses.sum(1), get_activation("logistic").value(a) - y


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """ℓ = log Σ_j exp(a_j) - Σ_k y_k a_k = -Σ_k y_k log p_k,  p = softmax(a)     equations (16), (66).

    The slope is p - y. Targets are class numbers (n, 1) or probabilities of the classes (n, K).

    Parameters
    ----------
    label_smoothing : float in [0, 1), default=0
        ε: the target distribution y becomes (1 - ε) y + ε/K (Szegedy et al. 2016, arXiv 1512.00567).
    """

    kind: ClassVar[str] = "softmax_cross_entropy"
    out_activation: ClassVar[str] = "softmax"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        _check_smoothing(self.label_smoothing)

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        xp = namespace(a)
        n_classes = a.shape[1]
        if y.shape[1] != n_classes:
            y = (y == xp.arange(n_classes, dtype=y.dtype)).astype(a.dtype)
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / n_classes
        shifted = a - a.max(1)[:, None]
        e = xp.exp(shifted)
        total = e.sum(1)
        return xp.log(total) - (y * shifted).sum(1), e / total[:, None] - y


LOSSES: dict[str, type[Loss]] = {
    loss.kind: loss
    for loss in (
        SumOfSquares,
        MeanSquaredError,
        HalfSquaredError,
        MeanAbsoluteError,
        Huber,
        Pinball,
        Quantiles,
        Poisson,
        MultilabelCrossEntropy,
        SoftmaxCrossEntropy,
    )
}


def get_loss(choice: Any) -> Loss:
    """The loss behind a name, a description, a function or a loss.

    Names: sum_of_squares, mean_squared_error, squared_error (half of it), absolute_error, huber (setting
    delta), pinball (quantile), quantiles (quantiles), poisson, binary_cross_entropy and softmax_cross_entropy
    (label_smoothing).

    Parameters
    ----------
    choice : str, dict, callable or Loss
        ``"huber"``; ``{"loss": "huber", "delta": 2.0}``; ``my_function``; ``Huber(2.0)``.

    Raises
    ------
    ParameterError
        For a name that does not exist or a setting that the loss does not have.
    """
    if isinstance(choice, Loss):
        return choice
    if isinstance(choice, str):
        choice = {"loss": choice}
    if isinstance(choice, dict):
        settings = {key: value for key, value in choice.items() if key != "loss"}
        if "loss" not in choice:
            raise ParameterError(f"a loss as a dictionary needs the key 'loss', however: {choice!r}")
        if choice["loss"] not in LOSSES:
            raise ParameterError(f"loss {choice['loss']!r} is unknown; use one of {sorted(LOSSES)}")
        try:
            return LOSSES[choice["loss"]](**settings)
        except TypeError:
            known = [f.name for f in fields(LOSSES[choice["loss"]])]
            raise ParameterError(
                f"loss {choice['loss']!r} has no setting {sorted(set(settings) - set(known))}; it has {known}"
            ) from None
    if callable(choice):
        return CustomLoss(choice)
    raise ParameterError(
        f"loss must be a name, a function or a Loss, however: {choice!r}; names are {sorted(LOSSES)}"
    )
