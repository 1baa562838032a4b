"""The loss: value and gradient from one function, sample weights included.

What is averaged over what, in one sentence: a loss is the mean over the rows, weighted by the sample
weights, of a row's loss, which is the mean over the outputs for regression and the sum over the outputs
for classification (minus the log-likelihood of the row); only `SumOfSquares` adds up instead.

A loss takes the raw output `a` of the network (scores, logits) and applies its own output activation,
so that no probability is rounded to 0 before its logarithm is taken. `link(a)` is that activation: what
`predict` returns.

    loss(a, y, weights) -> (value, da)          da = dL/da, what backpropagation starts from
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.activations import get_activation
from chainrule.network.automatic import pulled_back
from chainrule.network.special import namespace

__all__ = ["OUT_ACTIVATIONS", "CustomLoss", "Loss"]

Array = Any


def _exp(a: Array) -> Array:
    """Compute exp(a), where that is no number of this dtype the largest power of e that is."""
    xp = namespace(a)
    return xp.exp(xp.minimum(a, 88.0 if a.dtype == np.float32 else 709.0))


def _softmax(a: Array) -> Array:
    e = namespace(a).exp(a - a.max(1)[:, None])
    return e / e.sum(1)[:, None]


OUT_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": get_activation("identity").value,
    "logistic": get_activation("logistic").value,
    "exp": _exp,
    "softmax": _softmax,
}
"""From the raw output of a network to a prediction; softmax is equation (66)."""


@dataclass(frozen=True)
class Loss:
    """L = Σ_n w_n ℓ(a_n, y_n) / Σ_n w_n.

    Subclasses define `rows`, which gives a row's loss and its derivative together.
    """

    kind: ClassVar[str]
    out_activation: ClassVar[str] = "identity"
    adds_up: ClassVar[bool] = False

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        """(ℓ of shape (n,), dℓ/da of shape (n, K)) for outputs `a` (n, K) and targets `y`."""
        raise NotImplementedError

    def __call__(self, a: Array, y: Array, weights: Array) -> tuple[Array, Array]:
        """(value, dL/da).

        Parameters
        ----------
        a : array (n, K)
            Raw output of the network.
        y : array (n, K), or class numbers (n, 1) for `SoftmaxCrossEntropy`
        weights : array (n,)
            Sample weights ≥ 0 with a positive sum; all 1 where there are none.
        """
        return self.shared(a, y, weights if self.adds_up else weights / weights.sum())

    def shared(self, a: Array, y: Array, shares: Array) -> tuple[Array, Array]:
        """(Σ_n s_n ℓ_n, its gradient) for shares s_n = w_n / Σ w, or w_n for a loss that adds up."""
        self._check(a, y, shares)
        losses, slopes = self.rows(a, y)
        return shares @ losses, shares[:, None] * slopes

    def judged(self, a: Array, y: Array, weights: Array) -> Any:
        """The loss of the prediction, by which validation rows judge; the same but for ensembles."""
        return self(a, y, weights)[0]

    def prediction(self, a: Array, y: Array) -> tuple[Array, Array]:
        """(raw output, targets) that validation rows judge; `a` and `y` but for ensembles."""
        return a, y

    def _check(self, a: Array, y: Array, weights: Array) -> None:
        """Refuse shapes that would broadcast to a wrong value without a word."""
        wanted = {a.shape, (a.shape[0], 1)} if self.out_activation == "softmax" else {a.shape}
        if a.ndim != 2 or y.shape not in wanted or weights.shape != a.shape[:1]:
            raise ParameterError(
                f"the loss {self.kind!r} takes outputs (n, K), targets of the same shape (softmax: or class "
                f"numbers (n, 1)) and weights (n,), however: {a.shape}, {y.shape}, {weights.shape}"
            )

    def link(self, a: Array) -> Array:
        """The prediction that belongs to the raw output `a`."""
        return OUT_ACTIVATIONS[self.out_activation](a)

    def describe(self) -> dict[str, Any]:
        """Plain data that `get_loss` reads back: ``{"loss": kind, setting: value, ...}``."""
        return {"loss": self.kind, **{f.name: getattr(self, f.name) for f in fields(self)}}


def _like(y: Array, a: Array) -> Array:
    """`y` as an array of the kind that `a` is: JAX's where NumPy's are being differentiated."""
    return y if isinstance(a, np.ndarray) else namespace(a).asarray(y)


@dataclass(frozen=True)
class CustomLoss(Loss):
    """A loss of your own: ``function(a, y) -> ℓ`` of shape (n,), or ``-> (ℓ, dℓ/da)``, the slope (n, K).

    Without the slope, `jax.vjp` derives it. Write it with operators and ``xp = a.__array_namespace__()``
    instead of ``np``, so that it takes NumPy and JAX arrays alike:
    ``lambda a, y: a.__array_namespace__().log1p((a - y) ** 2).sum(1)``.

    Parameters
    ----------
    function : callable
    output : str, default="identity"
        Name in `OUT_ACTIVATIONS`: how the raw output becomes a prediction.
    """

    kind: ClassVar[str] = "custom"
    function: Callable[[Array, Array], Any]
    output: str = "identity"

    @property
    def out_activation(self) -> str:  # type: ignore[override]  # a constant elsewhere, a choice here
        return self.output

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        result = self.function(a, y)
        if not isinstance(result, tuple):
            self._check_shape("loss", result, a.shape[:1])
            return pulled_back(lambda outputs: self.function(outputs, _like(y, outputs)), a)
        losses, slopes = result
        self._check_shape("loss", losses, a.shape[:1])
        self._check_shape("slope", slopes, a.shape)
        return losses, slopes

    def _check_shape(self, what: str, value: Array, wanted: tuple[int, ...]) -> None:
        shape = getattr(value, "shape", ())
        if shape != wanted:
            cure = "; sum or average over the outputs, e.g. .sum(1)" if what == "loss" else ""
            raise ParameterError(
                f"your loss {self.function!r} must give a {what} of shape {wanted}, however: {shape}{cure}"
            )

    def describe(self) -> dict[str, Any]:
        raise ParameterError(
            f"loss {self.function!r} is your own function, and a description holds no code; "
            "use a loss with a name to describe or save the model"
        )
