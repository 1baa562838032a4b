"""The loss of an ensemble: every member learns from its own, the prediction is judged by their mean."""

from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.loss import Loss
from chainrule.network.settings import check_positive
from chainrule.network.special import namespace

__all__ = ["EnsembleLoss"]

Array = Any


@dataclass(frozen=True)
class EnsembleLoss(Loss):
    """ℓ(a, y) = mean over members m of ℓ(a_m, y); the prediction is the mean of the members' predictions.

    Training with the mean of the losses rather than with the loss of the mean keeps the members strong
    and different: Gorishniy et al. 2024, arXiv 2410.24210, section 3.

    With `folds`, targets have one column more: the fold of the row, 0 to folds - 1. Member m does not learn
    from the rows of fold m mod folds, and a row is judged by the members that did not learn from it: bagging
    (Breiman 1996) with honest predictions for every row, in one training.

    Parameters
    ----------
    loss : Loss
        Of one member.
    members : int
        Outputs come member after member, as `Join` leaves them.
    folds : int, default=0
        Divides `members`; 0: every member learns from every row.
    """

    kind: ClassVar[str] = "ensemble"
    loss: Loss
    members: int
    folds: int = 0

    def __post_init__(self) -> None:
        check_positive(members=self.members)
        if self.folds and (self.folds < 2 or self.members % self.folds):
            raise ParameterError(
                f"folds must be 0, or at least 2 and divide the {self.members} members, however: "
                f"{self.folds!r}"
            )

    @property
    def out_activation(self) -> str:  # type: ignore[override]  # a constant elsewhere, the member's here
        return self.loss.out_activation

    @property
    def adds_up(self) -> bool:  # type: ignore[override]
        return self.loss.adds_up

    def rows(self, a: Array, y: Array) -> tuple[Array, Array]:
        xp = namespace(a)
        n = a.shape[0]
        targets = y[:, :-1] if self.folds else y
        own = self._by_member(a).reshape(self.members * n, -1)
        losses, slopes = self.loss.rows(own, xp.tile(targets, (self.members, 1)))
        losses, slopes = losses.reshape(self.members, n), slopes.reshape(self.members, n, -1)
        if self.folds:
            learns = 1 - self._left_out(a, y)
            factor = self.folds / ((self.folds - 1) * self.members)
            losses, slopes = losses * learns * factor, slopes * (learns * factor)[:, :, None]
        else:
            losses, slopes = losses * (1 / self.members), slopes * (1 / self.members)
        return losses.sum(0), xp.permute_dims(slopes, (1, 0, 2)).reshape(a.shape)

    def judged(self, a: Array, y: Array, weights: Array) -> Any:
        """The member's loss of the mean prediction, of those members that did not learn from the row."""
        return self.loss(*self.prediction(a, y), weights)[0]

    def prediction(self, a: Array, y: Array) -> tuple[Array, Array]:
        """`combined` of all members, or with folds `left_out`, and the targets without their folds."""
        return (self.left_out(a, y), y[:, :-1]) if self.folds else (self.combined(a), y)

    def left_out(self, a: Array, y: Array) -> Array:
        """`combined` of the members that did not learn from the row, whose fold is the last column of y."""
        return self.combined(a, self._left_out(a, y) * (self.folds / self.members))

    def combined(self, a: Array, shares: Array | None = None) -> Array:
        """The raw output (n, K) whose `link` is the mean of the members' predictions.

        Not of the outputs `a` themselves: apply `link` to what this gives.

        Parameters
        ----------
        shares : array (members, n), optional
            Of each member in the mean of a row, with sum 1; default: equal ones.
        """
        a = self._by_member(a)
        shares = 1 / self.members if shares is None else shares[:, :, None]
        if self.out_activation == "softmax":
            xp = namespace(a)
            shifted = a - a.max(2)[:, :, None]
            return _log_mean_exp(shifted - xp.log(xp.exp(shifted).sum(2))[:, :, None], shares)
        if self.out_activation == "logistic":
            return _log_mean_exp(-_softplus(-a), shares) - _log_mean_exp(-_softplus(a), shares)
        return _log_mean_exp(a, shares) if self.out_activation == "exp" else (a * shares).sum(0)

    def _left_out(self, a: Array, y: Array) -> Array:
        """1 where member m has not learned from row n, else 0: (members, n)."""
        groups = namespace(a).arange(self.members) % self.folds
        return (groups[:, None] == y[:, -1]).astype(a.dtype)

    def _by_member(self, a: Array) -> Array:
        return namespace(a).permute_dims(a.reshape(a.shape[0], self.members, -1), (1, 0, 2))

    def _check(self, a: Array, y: Array, weights: Array) -> None:
        if a.ndim != 2 or a.shape[1] % self.members:
            raise ParameterError(
                f"the loss of {self.members} members takes as many outputs for each, however: {a.shape}"
            )
        self.loss._check(a[:, : a.shape[1] // self.members], y[:, :-1] if self.folds else y, weights)

    def describe(self) -> dict[str, Any]:
        return {"loss": self.kind, "of": self.loss.describe(), "members": self.members, "folds": self.folds}


def _log_mean_exp(a: Array, shares: Any) -> Array:
    """Over the first axis: log Σ_m shares_m exp(a_m), whatever an `a_m` without a share is."""
    xp = namespace(a)
    a = xp.where(xp.asarray(shares) > 0, a, -xp.inf)
    top = a.max(0)
    return top + xp.log((shares * xp.exp(a - top)).sum(0))


def _softplus(a: Array) -> Array:
    xp = namespace(a)
    return xp.maximum(a, 0) + xp.log1p(xp.exp(-xp.abs(a)))
