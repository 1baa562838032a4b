"""Predicting with NumPy: the forward pass with its parameters at hand, for one row or for many."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.engine.blas import in_threads, one_thread, one_thread_for
from chainrule.network import Activation, Dense, Dropout, EnsembleLoss, Network
from chainrule.network.activations import get_activation
from chainrule.network.members import of_members, shared_part, through

__all__ = ["Forward", "outputs_left_out", "raw_outputs"]

Array = Any

_VALUES_PER_PIECE = 1 << 18
"""Values of the widest layer at a time: they stay in a core's cache until the next layer takes them."""


_RELU = get_activation("relu")


class Forward:
    """z ↦ f(z), prepared: what can be done once for all rows is done.

    Parameters
    ----------
    layers : sequence of Layer
    parameters : sequence of dict, one per layer
        As `Network.views` gives them.
    widths : sequence of int
        Values per row in front of each layer and behind the last.
    dtype : float32 or float64, optional
        To compute in; default: what the parameters have, float32 at least.
    own : bool, default=False
        Keep copies of the parameters; False: see what is changed in them later.
    """

    def __init__(
        self,
        layers: Sequence[Any],
        parameters: Sequence[dict[str, Array]],
        widths: Sequence[int],
        dtype: Any = None,
        own: bool = False,
    ) -> None:
        arrays = [array for named in parameters for array in named.values()]
        self.dtype = np.result_type(np.float32, *arrays) if dtype is None else np.dtype(dtype)
        self._rows_per_piece = max(1, _VALUES_PER_PIECE // max(widths))
        often = (
            layer.multiplications(n_in)
            for layer, n_in in zip(layers, widths[:-1], strict=True)
            if hasattr(layer, "multiplications")
        )
        self._largest = max([*(array.size for array in arrays), *often], default=0)
        # The layout in which W is multiplied without being turned is worth the copy to an owner only.
        as_dtype = partial(np.array, order="F") if own else np.asarray
        before = (None, *layers)
        self._steps = [
            _step(layer, {name: as_dtype(value, self.dtype) for name, value in named.items()}, previous)
            for layer, named, previous in zip(layers, parameters, before[:-1], strict=True)
            if not isinstance(layer, Dropout)
        ]

    def __call__(self, z: Array) -> Array:
        """The raw outputs for rows `z` (n, n_in) of this object's dtype, finite or not."""
        # Some BLAS kernels read beyond a short row's end and throw the result away, but not its "invalid".
        with one_thread_for(z.shape[0] * self._largest), np.errstate(over="ignore", invalid="ignore"):
            for step in self._steps:
                z = step(z)
        return z

    def fits_in_a_piece(self, X: Array) -> bool:
        """Whether `of_table` computes all rows at once."""
        return bool(X.shape[0] <= self._rows_per_piece)

    def of_table(self, X: Array) -> Array:
        """The same for as many rows as there are: piece by piece, the pieces shared among the cores.

        The pieces do not depend on the number of threads, and so neither does the result.
        """
        with np.errstate(over="ignore"):
            if self.fits_in_a_piece(X):
                return self(X.astype(self.dtype, copy=False))
            with in_threads() as each:
                starts = range(0, X.shape[0], self._rows_per_piece)
                return np.concatenate(list(each(lambda start: self._piece(X, start), starts)))

    def _piece(self, X: Array, start: int) -> Array:
        return self(X[start : start + self._rows_per_piece].astype(self.dtype, copy=False))


def raw_outputs(network: Network, p: dict[str, Array], X: Array) -> Array:
    """f(X) for parameters by their full names; many rows are shared among the cores."""
    return Forward(network.layers, network.by_layer(p), network.widths).of_table(X)


@one_thread()
def outputs_left_out(loss: EnsembleLoss, network: Network, p: dict[str, Array], X: Array, y: Array) -> Array:
    """f(X) of those members that did not learn from a row, whose fold is the last column of y; else 0.

    Members that are not asked are not computed: in 8 folds an eighth of the work.
    """
    shared, own = shared_part(network, p)
    z = through(shared, X)
    a = np.zeros((X.shape[0], loss.members, network.n_outputs // loss.members), dtype=X.dtype)
    for fold in range(loss.folds):
        rows, chosen = np.flatnonzero(y[:, -1] == fold), slice(fold, None, loss.folds)
        z_fold = z[rows] if z.ndim == 2 else z[chosen][:, rows]
        a[rows, chosen] = through(of_members(own, chosen), z_fold).reshape(len(rows), -1, a.shape[2])
    return a.reshape(len(a), -1)


def _step(layer: Any, p: dict[str, Array], previous: Any) -> Callable[[Array], Array]:
    """What a layer does when predicting."""
    if isinstance(layer, Dense):
        W, b = p["W"].T, p["b"]

        def dense(z: Array) -> Array:
            a = z.dot(W)
            a += b
            return a

        return dense
    if isinstance(layer, Activation):
        if layer.function is _RELU and isinstance(previous, Dense):
            return lambda a: np.maximum(a, 0, out=a)  # a is the dense layer's own
        return layer.function.value  # type: ignore[no-any-return]
    return lambda z: layer.forward(p, z, None)[0]
