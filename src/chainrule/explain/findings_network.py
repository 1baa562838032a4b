"""Findings about the network: units that do not answer, gradients that do not arrive, steps too long."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from chainrule.explain.diagnosis import Finding, percent
from chainrule.explain.examined import Examined, Rows
from chainrule.explain.layers_within import layers_ahead, layers_back, layers_of
from chainrule.network import Activation, Conv1D, Conv2D, Dense, MemberDense
from chainrule.optimization import Adam
from chainrule.optimization.penalties import clip

__all__ = ["dead_units", "gradients", "saturated_units", "size_of_a_step"]

Array = Any

DEAD_IN_THE_FIRST_LAYER = 0.25
DEAD_IN_DEEPER_LAYERS = 0.5
"""Of newly drawn networks, on five real tables, at most an eighth of the first layer's units never fire, and
on average a fifth of the third layer's, at most a third: chance, which training lives with. Twice is not."""
MOSTLY = 0.75

FEWEST_ROWS = 20
"""Of fewer, many a healthy unit is silent by chance."""
FEWEST_IDLE_UNITS = 2
"""A single one, in a layer of four, is chance."""

SATURATED_ROWS = 0.95
"""What is left of the rows is too few to pull the unit back."""
AT_THE_END = 0.01
"""Share of the function's range from either end: there its slope is below 4 % of the steepest."""
SATURATED_SHARE = 0.25
"""Some units of a healthy network decide by yes and no; a quarter of a layer that hardly learns is a loss."""

VANISHED = 1e-3
EXPLODED = 1e3
"""With usual initial values a layer changes the gradient's size by a factor of about 3 at the most, either
way: 1,000 needs a network of seven layers that all do, and Adam, which divides by it, sees noise."""
FAR = 100.0

LARGEST_STEP = 0.3
SMALLEST_STEP = 1e-5
"""About 1e-4 to 1e-1 of the weights is usual, and layers differ by a factor of three: three steps of 0.3
replace what was learned, 100,000 of 1e-5 would be needed to change it."""

_MOST_ROWS = 2_000
"""A unit that is silent on all of 2,000 rows answers to fewer than 0.15 % of them (rule of three)."""

_ADAM = {"beta_1": 0.9, "beta_2": 0.95, "epsilon": 1e-8}
"""What the table models train with; the first step hardly depends on it."""

_SAME_GRID = ("dropout", "layer_normalization")
"""Layers whose outputs belong to the places of their inputs."""

_ENDS = {"tanh": (-1.0, 1.0), "logistic": (0.0, 1.0)}


def dead_units(examined: Examined) -> Finding | str | None:
    """ReLU units whose output is 0 for all rows: no gradient reaches them any more."""
    return _idle(
        examined,
        ("relu",),
        lambda z, _: (z <= 0).all(axis=-2),
        "dead units",
        "give 0 for every row and get no gradient: they will not come back",
        "Train anew with a lower learning_rate_init, scaled inputs, another random_state, or "
        "activation='silu' or 'leaky_relu', which never fall silent.",
        (DEAD_IN_THE_FIRST_LAYER, DEAD_IN_DEEPER_LAYERS),
    )


def saturated_units(examined: Examined) -> Finding | str | None:
    """Tanh and logistic units that are at an end of their range for more than 95 % of the rows."""

    def saturated(z: Array, name: str) -> Array:
        low, high = _ENDS[name]
        margin = AT_THE_END * (high - low)
        return ((z < low + margin) | (z > high - margin)).mean(axis=-2) > SATURATED_ROWS

    return _idle(
        examined,
        tuple(_ENDS),
        saturated,
        "saturated units",
        f"are at an end of their range for more than {percent(SATURATED_ROWS)} of the rows, where the "
        "function is flat",
        "Scale inputs, lower learning_rate_init, raise alpha; initializer='auto' draws fitting initial "
        "weights.",
        (SATURATED_SHARE, SATURATED_SHARE),
    )


def _idle(
    examined: Examined, functions: tuple[str, ...], is_idle: Any, name: str, what: str, cure: str, most: Any
) -> Finding | str | None:
    """A layer, or a member's layer, of whose units too large a share is idle."""
    if len(examined.rows) < FEWEST_ROWS:
        return "too few rows"
    layers = _activations(examined, examined.rows)
    idle = {
        number: _shares(np.atleast_2d(is_idle(z, function)))
        for number, (function, z) in enumerate(layers, start=1)
        if function in functions
    }
    if not idle:
        return f"no hidden layer of {' or '.join(functions)}"
    limits = {number: most[0] if number == 1 else most[1] for number in idle}
    found = {number: shares for number, shares in idle.items() if shares.max() >= limits[number]}
    if not found:
        return None
    worst = max(found, key=lambda number: float(found[number].max()))
    shares = found[worst]
    member = f" of member {int(shares.argmax()) + 1}" if len(shares) > 1 else ""
    return Finding(
        name,
        "severe" if shares.max() >= MOSTLY else "notable",
        f"{percent(shares.max())} of the units in hidden layer {worst}{member} {what}.",
        {
            "share_by_layer": {f"hidden layer {number}": float(s.mean()) for number, s in idle.items()},
            "largest_share_of_a_member": float(shares.max()),
            "threshold": limits[worst],
            "rows": min(len(examined.rows), _MOST_ROWS),
        },
        cure,
        ", ".join(f"hidden layer {number}" for number in found),
    )


def _shares(idle: Array) -> Array:
    """Share of idle units of each member (members, units); 0 where it is a single one."""
    return np.where(idle.sum(axis=1) < FEWEST_IDLE_UNITS, 0.0, idle.mean(axis=1))


def _activations(examined: Examined, rows: Rows) -> Iterator[tuple[str, Array]]:
    """(name of the function, outputs (n, units) or (members, n, units)) of each hidden layer.

    A filter is one unit, whose rows are all places of all rows.
    """
    grid: tuple[int, ...] = ()
    with np.errstate(all="ignore"):
        for layer, z in layers_ahead(examined.model.network_, examined.parameters, _few(rows)[0]):
            if isinstance(layer, Activation):
                yield layer.function.name, z.reshape(-1, grid[-1]) if grid else z
            elif layer.kind not in _SAME_GRID:
                grid = getattr(layer, "out_shape", ())


def gradients(examined: Examined) -> Finding | str | None:
    """A layer gets less than a thousandth of the gradient at the output, or more than a thousand times it."""
    ratios = _ratios(examined)
    if isinstance(ratios, str):
        return ratios
    least, most = int(np.argmin(ratios)), int(np.argmax(ratios))
    if ratios[most] > EXPLODED:
        return _gradient_finding(
            "exploding gradients",
            ratios,
            most,
            EXPLODED,
            "a step that suits the last layer throws it far",
            "Set max_grad_norm=1, lower learning_rate_init, raise alpha, take fewer layers and "
            "initializer='auto'.",
        )
    if ratios[least] < VANISHED:
        return _gradient_finding(
            "vanishing gradients",
            ratios,
            least,
            VANISHED,
            "what it should learn hardly arrives",
            "Take fewer layers, activation='silu' or 'relu' with initializer='auto', and scaled inputs.",
        )
    return None


def _gradient_finding(
    name: str, ratios: Array, place: int, threshold: float, what: str, cure: str
) -> Finding:
    beyond = ratios[place] / threshold if threshold > 1 else threshold / max(ratios[place], 1e-300)
    return Finding(
        name,
        "severe" if beyond > FAR else "notable",
        f"The gradient at layer {place + 1} of {len(ratios)} is {ratios[place]:.2g} times that at the "
        f"output: {what}.",
        {
            "ratio_by_layer": {f"layer {i + 1}": float(ratio) for i, ratio in enumerate(ratios)},
            "threshold": threshold,
        },
        cure,
        f"layer {place + 1}",
    )


def _ratios(examined: Examined) -> Array | str:
    """Root mean square of dL/da in each layer of neurons as a share of the last; or why there is none."""
    sizes = np.array([np.sqrt(np.mean(np.square(da))) for da, *_ in _backward(examined, _few(examined.rows))])
    if len(sizes) < 2:
        return "no hidden layer"
    if not np.isfinite(sizes).all() or not sizes[-1]:
        return "the loss has no gradient at the output"
    return sizes / sizes[-1]


def size_of_a_step(examined: Examined) -> Finding | str | None:
    """One step from rest with the model's learning rate, as a share of the weights it changes."""
    model = examined.model
    if not examined.is_table_model and model.solver == "lbfgs":
        return "L-BFGS finds the length of its steps itself"
    optimizer = Adam() if examined.is_table_model else model._make_optimizer()
    shares = np.array([_share_of_step(examined, optimizer, W, dW) for W, dW in _one_batch(examined)])
    if not np.isfinite(shares).all():
        return "weights or gradients are 0 or not finite"
    too_small = isinstance(optimizer, Adam) and shares.max() < SMALLEST_STEP
    if shares.max() <= LARGEST_STEP and not too_small:
        return None
    place = int(np.argmax(shares))
    rate = examined.learning_rate
    what = "as good as nothing" if too_small else "a few steps throw away what was learned"
    return Finding(
        "size of a step",
        "severe" if shares.max() > 1 else "notable",
        f"With learning_rate_init={rate:g} one step of the optimizer is {shares[place]:.2g} times the "
        f"weights of layer {place + 1}: {what}. Usual is 1e-4 to 1e-1.",
        {
            "share_by_layer": {f"layer {i + 1}": float(share) for i, share in enumerate(shares)},
            "learning_rate_init": rate,
            "largest_allowed": LARGEST_STEP,
            "smallest_allowed": SMALLEST_STEP,
        },
        "Raise learning_rate_init." if too_small else "Lower learning_rate_init; scale inputs and target.",
        f"layer {place + 1}",
    )


def _share_of_step(examined: Examined, optimizer: Any, W: Array, dW: Array) -> float:
    """Root mean square of the change of W in one step from rest, divided by that of W."""
    numbers = _ADAM if examined.is_table_model else examined.model._numbers
    rate = examined.learning_rate * float(optimizer.correction(numbers, np.ones(1))[0])
    at_rest = tuple(np.zeros(W.shape) for _ in range(optimizer.n_moments))
    with np.errstate(all="ignore"):
        after, _ = optimizer.update(numbers, at_rest, W.astype(np.float64), dW.astype(np.float64), rate)
        return float(np.sqrt(np.mean((after - W) ** 2) / np.mean(np.square(W, dtype=np.float64))))


def _one_batch(examined: Examined) -> list[tuple[Array, Array]]:
    """(W, dL/dW) of each layer of neurons for as many rows as a training step takes."""
    model, (matrix, targets) = examined.model, _few(examined.rows)
    n = len(matrix)
    if not examined.is_table_model:
        n = {"auto": min(model.auto_batch_size, n), "full": n}.get(model.batch_size, model.batch_size)
    passed = _backward(examined, (matrix[:n], targets[:n]))
    found = [dp["W"] for _, _, dp in passed]
    if not examined.is_table_model and model.max_grad_norm is not None:
        found = list(clip(tuple(found), float(model.max_grad_norm)))
    return [(p["W"], dW) for (_, p, _), dW in zip(passed, found, strict=True)]


def _backward(
    examined: Examined, batch: tuple[Array, Array]
) -> list[tuple[Array, dict[str, Array], dict[str, Array]]]:
    """(dL/da, parameters, their gradients) of each layer of neurons, from the first to the last."""
    X, targets = batch

    def slope(a: Array) -> Array:
        return examined.loss(a, targets, np.ones(len(targets)))[1]

    network = examined.model.network_
    with np.errstate(all="ignore"):
        passed = layers_back(network, examined.parameters, X, slope)
        of_neurons = ((da, p, dp) for layer, p, _, da, dp in passed if _is_of_neurons(layer))
        n = sum(map(_is_of_neurons, layers_of(network)))
        return list(islice(of_neurons, n))[::-1]  # what lies before them are embeddings


def _is_of_neurons(layer: Any) -> bool:
    """Whether a layer multiplies with weights; recurrent ones have an examination of their own."""
    return isinstance(layer, Dense | MemberDense | Conv1D | Conv2D)


def _few(rows: Rows) -> tuple[Array, Array]:
    """(inputs, targets) of at most 2,000 of the rows, in an order drawn with a fixed seed."""
    drawn = np.random.default_rng(3).permutation(len(rows))[:_MOST_ROWS]
    return rows.matrix[drawn], rows.targets[drawn]
