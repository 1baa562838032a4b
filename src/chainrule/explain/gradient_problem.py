"""A number L of named arrays with its derivatives as they are written: what a gradient check looks at."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators import problem as of_model
from chainrule.network import (
    ACTIVATIONS,
    LOSSES,
    Activation,
    ActivationFunction,
    Bidirectional,
    CategoryEmbedding,
    Columns,
    Dense,
    Draw,
    Layer,
    Loss,
    MemberDense,
    Network,
    TokenEmbedding,
    get_activation,
    get_loss,
)
from chainrule.network.recurrent import Recurrent

__all__ = ["INPUT", "GradientProblem", "lecture_names", "problem_of"]

Array = Any
Ends = Callable[[Array], tuple[Any, Array]]
"""What follows the layer: out ↦ (L, dL/dout)."""

INPUT = "x"
"""Name of what goes in, beside the names of the parameters."""


@dataclass(frozen=True)
class GradientProblem:
    """L(parameters, x) = ends(layer(x)); a network is a layer, and one without layers leaves `ends` alone.

    Parameters
    ----------
    layer : Layer
    arrays : dict of str to array
        Parameters by their names, and `INPUT`.
    ends : callable ``out -> (L, dL/dout)``
    draw : Draw or None
        Fixed: dropout drops the same values however often it is asked.
    meant : bool, default=False
        Straight-through functions are replaced by lines that have the slope which is meant; recurrent layers
        let gradients flow through all steps.
    as_in_training : bool, default=False
        Take the way backward that spares dL/dx; networks only.
    """

    layer: Any
    arrays: dict[str, Array]
    ends: Ends
    draw: Any
    meant: bool = False
    as_in_training: bool = False

    def value(self, arrays: dict[str, Array]) -> Any:
        """L of other arrays of the same shapes, by the forward pass alone."""
        return self.ends(self._forward(arrays)[0])[0]

    def written(self) -> tuple[dict[str, Any], float]:
        """(derivatives of L as the backward pass gives them, size of the numbers that are added up in L)."""
        out, saved = self._forward(self.arrays)
        value, dout = self.ends(out)
        short = {"needs_dz": False} if self.as_in_training else {}
        dp, dx = self.layer.backward(self._parameters(self.arrays), saved, dout, **short)
        return {**dp, INPUT: dx}, abs(float(value)) + float(np.abs(dout).sum())

    def moved(self, arrays: dict[str, Array]) -> "GradientProblem":
        """The same problem at another point."""
        layer = _with_lines(self.layer) if self.meant else self.layer
        return replace(self, arrays=arrays, layer=layer)

    def as_meant(self) -> "GradientProblem":
        """The problem with lines instead of straight-through functions."""
        return replace(self, layer=_with_lines(self.layer), meant=True)

    @property
    def has_steps(self) -> bool:
        """Whether a slope in it is meant to be another: of a straight-through function, or cut in time."""
        return _has_steps(self.layer)

    def movable(self, name: str) -> Array:
        """Where the array of that name has derivatives: everywhere but in columns of codes."""
        x = self.arrays[name]
        return (
            np.ones(x.shape, bool) & ~_codes(self.layer, x.shape[-1])
            if name == INPUT
            else np.ones(x.shape, bool)
        )

    def _forward(self, arrays: dict[str, Array]) -> tuple[Array, Any]:
        out: tuple[Array, Any] = self.layer.forward(self._parameters(arrays), arrays[INPUT], self.draw)
        return out

    def _parameters(self, arrays: dict[str, Array]) -> dict[str, Array]:
        return {name: array for name, array in arrays.items() if name != INPUT}


class _Line:
    """The line through the point (a, φ(a)) of the first call, with the slope that is meant there."""

    def __init__(self, function: ActivationFunction) -> None:
        self.function = function
        self.point: tuple[Array, Array, Array] | None = None

    def __call__(self, a: Array) -> Array:
        if self.point is None:
            z = self.function.value(a)
            self.point = a, z, self.function.slope(a, z)  # type: ignore[misc]  # only functions with a slope
        at, z, slope = self.point
        return z + slope * (a - at)


def _with_lines(layer: Any) -> Any:
    """The layer with lines in place of its straight-through functions, and gradients through all steps."""
    if isinstance(layer, Network):
        return replace(layer, layers=tuple(map(_with_lines, layer.layers)))
    if isinstance(layer, Columns):
        branches = [(first, behind, _with_lines(inner)) for first, behind, inner in layer.branches]
        return replace(layer, branches=tuple(branches))
    if isinstance(layer, Bidirectional):
        return replace(layer, layer=_with_lines(layer.layer))
    if isinstance(layer, Recurrent):
        return replace(layer, truncate=None)
    if _has_steps(layer):
        return replace(layer, function=replace(layer.function, value=_Line(layer.function)))
    return layer


def _has_steps(layer: Any) -> bool:
    if isinstance(layer, Network):
        return any(map(_has_steps, layer.layers))
    if isinstance(layer, Columns):
        return any(_has_steps(network) for *_, network in layer.branches)
    if isinstance(layer, Bidirectional | Recurrent):
        cell: Any = getattr(layer, "layer", layer)
        return cell.truncate is not None
    return bool(getattr(getattr(layer, "function", None), "straight_through", False))


def _codes(layer: Any, width: int) -> Array:
    """True for the columns of x that are numbers of categories."""
    if isinstance(layer, Network) and layer.layers:
        return _codes(layer.layers[0], width)
    codes = np.full(width, isinstance(layer, CategoryEmbedding | TokenEmbedding))
    if isinstance(layer, Columns):
        for first, behind, network in layer.branches:
            codes[first:behind] |= _codes(network, behind - first)
    return codes


def lecture_names(layer: Any) -> dict[str, str]:
    """Full names in the lecture's form: ``{"0.W": "W^(1)", "0.b": "b^(1)"}``, layers of neurons counted."""
    found: list[str] = []

    def visit(layer: Any, place: str) -> None:
        if isinstance(layer, Network):
            for i, inner in enumerate(layer.layers):
                visit(inner, f"{place}{i}.")
        elif isinstance(layer, Dense | MemberDense):
            found.append(place)

    visit(layer, "")
    return {
        f"{place}{name}": f"{name}^({i})" for i, place in enumerate(found, start=1) for name in ("W", "b")
    }


# -- from what is given to a problem ----------------------------------------------------------------------


def problem_of(
    thing: Any, X: Any, y: Any, loss: Any, theta: Any, sample_weight: Any, seed: int
) -> GradientProblem:
    """The problem of a network, an estimator, a layer, an activation or a loss; see `check_gradients`."""
    rng = np.random.default_rng(seed)
    if not isinstance(thing, Network):
        for name, value in (("loss", loss), ("theta", theta)):
            if value is not None:
                raise ParameterError(f"{name} is for a Network only, however: {name}={value!r:.60}")
    if isinstance(thing, Network | Layer):
        layer, x = thing, _rows(thing, X)
        p = _parameters_of(layer, x, theta, rng)
    elif hasattr(thing, "network_"):
        layer, x, y, loss, theta = _of_estimator(thing, X, y)
        p = layer.named(theta)
    elif (found := _as_loss(thing, y)) is not None:
        if y is None:
            raise ParameterError(f"the loss {thing!r:.60} needs targets: give y")
        x, loss, p = np.atleast_2d(np.asarray(X, dtype=np.float64)), found, {}
        layer = Network(x.shape[1], ())
    else:
        layer, p = Activation(_as_activation(thing)), {}
        x = _rows(layer, X)
    draw = Draw.from_seed(seed) if getattr(layer, "is_random", True) else None
    out = layer.forward(p, x, draw)[0]
    if loss is None and (y is None or not isinstance(layer, Network)):
        if sample_weight is not None:
            raise ParameterError(f"sample_weight needs a loss, however: sample_weight={sample_weight!r:.60}")
        ends = _quadratic(out, y, rng)
    else:
        loss = get_loss("squared_error" if loss is None else loss)
        ends = _loss_at_end(loss, y, _weights(sample_weight, len(x), rng))
    return GradientProblem(layer, {**p, INPUT: x}, ends, draw)


def _as_loss(thing: Any, y: Any) -> Loss | None:
    """A loss by its name, description or object; a bare function is one where targets are given."""
    is_named = isinstance(thing, str) and thing in LOSSES
    is_described = isinstance(thing, dict) and "loss" in thing
    is_function = callable(thing) and y is not None and not isinstance(thing, ActivationFunction)
    return get_loss(thing) if isinstance(thing, Loss) or is_named or is_described or is_function else None


def _as_activation(thing: Any) -> ActivationFunction:
    try:
        return get_activation(thing)
    except ParameterError as error:
        if isinstance(thing, dict):
            raise
        raise ParameterError(
            "model_or_network must be a Network, a fitted estimator, a layer, or an activation or a loss "
            f"(its name, or functions of your own), however: {thing!r:.60}; names are "
            f"{sorted(ACTIVATIONS)} and {sorted(LOSSES)}"
        ) from error


def _rows(layer: Any, X: Any) -> Array:
    """X as float64; a network takes two axes, a layer may have one of members in front."""
    try:
        x = np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"X must be an array of numbers, however: {X!r:.60} ({error})") from None
    if x.ndim not in (2, 3) or not x.size or not np.isfinite(x).all():
        raise ParameterError(
            f"X must be finite numbers (n, values per row), n > 0, however its shape: {x.shape}"
        )
    if isinstance(layer, Network) and x.shape[1:] != (layer.n_inputs,):
        raise ParameterError(f"X must be rows of the network's {layer.n_inputs} inputs, however: {x.shape}")
    return x


def _parameters_of(layer: Any, x: Array, theta: Any, rng: np.random.Generator) -> dict[str, Array]:
    """θ by full names; where there is none, drawn so that no bias is 0 and no factor 1 and hides a fault."""
    if not isinstance(layer, Network):
        shapes = layer.shapes(x.size // x.shape[-2])
        return {name: rng.normal(0, 0.7, shape) for name, shape in shapes.items()}
    if theta is None:
        theta = layer.initialize(rng, np.float64) + rng.normal(0, 0.2, layer.n_parameters)
    theta = np.asarray(theta, dtype=np.float64)
    if not np.isfinite(theta).all():
        raise ParameterError("theta must be finite numbers, however it holds NaN or infinity")
    return layer.named(theta)


def _quadratic(out: Array, y: Any, rng: np.random.Generator) -> Ends:
    """L = ½ Σ r (out - t)² with random factors r and, without targets, random t."""
    target = rng.normal(size=out.shape) if y is None else np.asarray(y, dtype=np.float64)
    if target.shape != out.shape:
        raise ParameterError(f"y must have the outputs' shape {out.shape}, however: {target.shape}")
    factors = rng.uniform(0.5, 1.5, out.shape)

    def ends(out: Array) -> tuple[Any, Array]:
        difference = factors * (out - target)
        return 0.5 * (difference * (out - target)).sum(), difference

    return ends


def _loss_at_end(loss: Loss, y: Any, weights: Array) -> Ends:
    if y is None:
        raise ParameterError(f"the loss {loss.kind!r} needs targets: give y")
    y = np.asarray(y, dtype=np.float64)
    y = y[:, None] if y.ndim == 1 else y
    if len(y) != len(weights):
        raise ParameterError(f"X and y must have as many rows, however: {len(weights)} and {len(y)}")
    return lambda out: loss(out, y, weights)


def _weights(sample_weight: Any, n: int, rng: np.random.Generator) -> Array:
    """Weights of the rows; where there are none, drawn: equal ones would hide that a loss forgets them."""
    if sample_weight is None:
        return rng.uniform(0.5, 1.5, n)
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n,) or not (np.isfinite(weights).all() and weights.min() >= 0 and weights.any()):
        raise ParameterError(
            f"sample_weight must be {n} numbers ≥ 0, not all 0, however: {sample_weight!r:.60}"
        )
    return weights


def _of_estimator(model: Any, X: Any, y: Any) -> tuple[Network, Array, Array, Loss, Array]:
    """(network, encoded rows, encoded targets, loss, θ) of a fitted estimator, in float64."""
    if y is None:
        raise ParameterError(f"{type(model).__name__} needs targets to check its gradients: give y")
    problem = of_model.problem_of(model, X, y).in_float64()
    return problem.network, problem.X, problem.y, problem.loss, problem.theta
