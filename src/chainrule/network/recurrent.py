"""Recurrent layers: what they share, backpropagation through time; and the simple one, RNN.

A row is a sequence, (steps, features) flattened. The state h_t is computed from the step's features x_t and
the state before: the same weights at every step.

    a_t = W x_t + b              the inputs' share, all steps in one product
    h_t = cell(a_t, U h_{t-1})   step by step, from h = 0 on

Backward, from the last step to the first, with u_t = U h_{t-1} and dh_t = what comes from above plus what
the step behind passes on (Werbos 1990, Backpropagation through time: what it does and how to do it):

    (da_t, du_t) from dh_t by the cell
    dh_{t-1} ← du_t U    (and what the cell passes on by itself)
    dW = Σ_t da_tᵀ x_t,  dU = Σ_t du_tᵀ h_{t-1},  db = Σ_t da_t,  dx_t = da_t W    one product each
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from math import prod
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.activation import Activation
from chainrule.network.activations import get_activation
from chainrule.network.initializers import initial_weights
from chainrule.network.scan import scan
from chainrule.network.settings import check_flag, check_positive
from chainrule.network.special import as_rows, namespace

__all__ = ["RNN", "Recurrent"]

Array = Any
Arrays = tuple[Array, ...]


@dataclass(frozen=True)
class Recurrent(ABC):
    """What RNN, LSTM and GRU share: all but the cell.

    Parameters
    ----------
    units : int
        Values of the state h that a step hands out.
    steps : int
        Steps of a row.
    returns : {"last", "sequence"}, default="last"
        The state behind the last step, (units,), or those of all steps, (steps, units).
    reverse : bool, default=False
        Go from the last step to the first. States come out at the places of their steps.
    masked : bool, default=False
        The last feature of every step is no input: it is 1 where the step exists and 0 where it is padding,
        which stands behind. At padding the state stays what it was. With ``returns="sequence"`` this feature
        comes out again as the last of every step.
    truncate : int, optional
        Truncated backpropagation through time (Williams and Peng 1990): gradients do not flow out of blocks
        of so many steps, counted from the last step that is taken. The values stay the same.
    """

    kind: ClassVar[str]
    decayed: ClassVar[tuple[str, ...]] = ("W", "U")
    is_random: ClassVar[bool] = False
    gates: ClassVar[int]
    n_states: ClassVar[int] = 1
    units: int
    steps: int
    returns: str = "last"
    reverse: bool = False
    masked: bool = False
    truncate: int | None = None

    def __post_init__(self) -> None:
        check_positive(units=self.units, steps=self.steps)
        if self.truncate is not None:
            check_positive(truncate=self.truncate)
        check_flag(reverse=self.reverse, masked=self.masked)
        if self.returns not in ("last", "sequence"):
            raise ParameterError(f"returns must be 'last' or 'sequence', however: {self.returns!r}")

    # -- the cell --------------------------------------------------------------------------------------

    @abstractmethod
    def _advance(self, p: dict[str, Array], state: Arrays, a: Array) -> tuple[Arrays, Arrays]:
        """(state, kept): the state behind a step from that before it, and what `_go_back` needs."""

    @abstractmethod
    def _go_back(self, before: Arrays, kept: Arrays, dstate: Arrays) -> tuple[Arrays, Arrays]:
        """((du, da), dbefore) from dL/d(state behind a step); (du,) where da is the same.

        `dbefore` is what reaches the state before the step by other ways than through U.
        """

    # -- what it is ------------------------------------------------------------------------------------

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(units,), or (steps, features): what a row that comes out consists of."""
        return (self.units,) if self.returns == "last" else (self.steps, self.units + self.masked)

    def n_features(self, n_in: int) -> int:
        """Features of a step that weights multiply."""
        features, rest = divmod(n_in, self.steps)
        if rest or features <= self.masked:
            mask = " and, as masked=True, one more that is the mask" if self.masked else ""
            raise ParameterError(
                f"{type(self).__name__} takes rows of steps={self.steps} times one or more features{mask}, "
                f"however: {n_in} values; give the steps that the rows have"
            )
        return features - self.masked

    def n_out(self, n_in: int) -> int:
        self.n_features(n_in)
        return prod(self.out_shape)

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        rows = self.gates * self.units
        return {"W": (rows, self.n_features(n_in)), "U": (rows, self.units), "b": (rows,)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        """Glorot's uniform W and an orthogonal U for every gate by itself; biases 0.

        An orthogonal U keeps the length of what flows through it: Saxe, McClelland, Ganguli 2013, arXiv
        1312.6120.
        """

        def per_gate(name: str, initializer: str) -> Array:
            shape = (self.units, shapes[name][1])
            return np.concatenate([initial_weights(initializer, rng, shape) for _ in range(self.gates)])

        W, U = per_gate("W", "glorot_uniform"), per_gate("U", "orthogonal")
        return {"W": W, "U": U, "b": np.zeros(shapes["b"])}

    def multiplications(self, n_in: int) -> int:
        return self.steps * self.gates * self.units * (self.n_features(n_in) + self.units)

    # -- what it computes ------------------------------------------------------------------------------

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(z)
        x, exists = self.by_step(z)
        a = (_flat(x) @ p["W"].T + p["b"]).reshape(*x.shape[:2], self.gates * self.units)

        def advance(state: Arrays, at: Arrays) -> tuple[Arrays, Arrays]:
            a, here = at
            after, kept = self._advance(p, state, a)
            if here is not None:
                after = tuple(xp.where(here, new, old) for new, old in zip(after, state, strict=True))
            return after, (*after, *kept)

        start = (xp.zeros_like(a[0, :, : self.units]),) * self.n_states
        last, kept = scan(advance, start, (a, exists), self.reverse)
        if self.returns == "last":
            return last[0], (z, kept)
        mask = [self._rows(z)[:, :, -1:]] if self.masked else []
        return as_rows(xp.concat([_turned(kept[0]), *mask], axis=2)), (z, kept)

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        xp = namespace(dout)
        dp, da = self._through_time(p, saved, dout)
        dx = _turned((_flat(da) @ p["W"]).reshape(*da.shape[:2], p["W"].shape[1]))
        if self.masked:
            mask = xp.zeros_like(dx[:, :, :1])
            if self.returns == "sequence":
                mask = dout.reshape(-1, *self.out_shape)[:, :, -1:]
            dx = xp.concat([dx, mask], axis=2)
        return dp, as_rows(dx)

    def parameter_gradients(self, p: dict[str, Array], saved: Any, dout: Array) -> dict[str, Array]:
        """The gradients alone: what the first layer of a network needs."""
        return self._through_time(p, saved, dout)[0]

    def _through_time(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        """(dp, da): the gradients, and dL/da of all steps."""
        z, kept = saved
        xp = namespace(dout)
        x, exists = self.by_step(z)
        states, kept = kept[: self.n_states], kept[self.n_states :]
        befores = tuple(map(self._shifted, states))
        from_above = None
        dh = dout
        if self.returns == "sequence":
            from_above = _turned(dout.reshape(-1, *self.out_shape)[:, :, : self.units])
            dh = xp.zeros_like(from_above[0])

        def go_back(dafter: Arrays, at: Arrays) -> tuple[Arrays, Arrays]:
            from_above, here, flows, before, kept = at
            if from_above is not None:
                dafter = (dafter[0] + from_above, *dafter[1:])
            slopes, (passed, *others) = self._go_back(before, kept, dafter)
            dbefore = (passed + slopes[0] @ p["U"], *others)
            if here is not None:
                slopes = tuple(xp.where(here, slope, 0) for slope in slopes)
                dbefore = tuple(xp.where(here, new, old) for new, old in zip(dbefore, dafter, strict=True))
            if flows is not None:
                dbefore = tuple(xp.where(flows, slope, 0) for slope in dbefore)
            return dbefore, slopes

        start = (dh, *(xp.zeros_like(dh) for _ in range(self.n_states - 1)))
        sequences = (from_above, exists, self._flows(x, exists), befores, kept)
        slopes = scan(go_back, start, sequences, not self.reverse)[1]
        du, da = _flat(slopes[0]), _flat(slopes[-1])
        return {"W": da.T @ _flat(x), "U": du.T @ _flat(befores[0]), **self._biases(du, da)}, slopes[-1]

    def _biases(self, du: Array, da: Array) -> dict[str, Array]:
        """Gradients of the biases."""
        return {"b": da.sum(0)}

    def _shifted(self, states: Array) -> Array:
        """The state before each step, from those behind them."""
        xp = namespace(states)
        start = xp.zeros_like(states[:1])
        return xp.concat([states[1:], start] if self.reverse else [start, states[:-1]])

    def _rows(self, z: Array) -> Array:
        """(n, steps, features), the mask included."""
        return z.reshape(z.shape[0], self.steps, z.shape[1] // self.steps)

    def by_step(self, z: Array) -> tuple[Array, Array]:
        """Features (steps, n, features), and which steps exist (steps, n, 1), None for all of them."""
        x = _turned(self._rows(z))
        return (x[:, :, :-1], x[:, :, -1:] > 0.5) if self.masked else (x, None)

    def _flows(self, x: Array, exists: Array | None) -> Array | None:
        """Whether a gradient flows from each step to the one before it; None: everywhere."""
        if self.truncate is None:
            return None
        xp = namespace(x)
        if exists is None:
            exists = xp.ones((self.steps, 1, 1), dtype=bool)
        counts = exists.astype(xp.int32)
        remaining = counts.cumsum(0) if self.reverse else counts.sum(0) - counts.cumsum(0) + counts
        return ~(exists & (remaining % self.truncate == 0))

    # -- as plain data ---------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind} | {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> Any:
        return cls(**{f.name: description[f.name] for f in fields(cls)})


def _turned(array: Array) -> Array:
    """(n, steps, features) ↔ (steps, n, features): what belongs to a step lies together."""
    return namespace(array).permute_dims(array, (1, 0, 2))


def _flat(array: Array) -> Array:
    """(steps, n, values) as one matrix: a product of all steps is one product."""
    return array.reshape(-1, array.shape[-1])


@dataclass(frozen=True)
class RNN(Recurrent):
    """h_t = φ(W x_t + U h_{t-1} + b)        Elman 1990, Finding structure in time.

    Backward:  da_t = dh_t φ'(a_t),  du_t = da_t,  dh_{t-1} = da_t U.

    Parameters
    ----------
    units, steps, returns, reverse, masked, truncate : see `Recurrent`
    activation : see `get_activation`, default="tanh"
        φ, element by element.
    """

    kind: ClassVar[str] = "rnn"
    gates: ClassVar[int] = 1
    activation: Any = "tanh"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "activation", get_activation(self.activation))

    def _advance(self, p: dict[str, Array], state: Arrays, a: Array) -> tuple[Arrays, Arrays]:
        h, kept = Activation(self.activation).forward({}, a + state[0] @ p["U"].T, None)
        return (h,), kept

    def _go_back(self, before: Arrays, kept: Arrays, dstate: Arrays) -> tuple[Arrays, Arrays]:
        _, da = Activation(self.activation).backward({}, kept, dstate[0])
        return (da,), (0,)

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"activation": self.activation.describe()}
