"""The written backward pass against central differences and automatic differentiation."""

from dataclasses import dataclass, replace
from math import prod
from numbers import Real
from typing import Any

import numpy as np

from chainrule.engine.blas import one_thread
from chainrule.errors import ParameterError
from chainrule.explain.gradient_compare import (
    Compared,
    compare,
    direction_of,
    is_on_a_bend,
    nearby,
    random_directions,
)
from chainrule.explain.gradient_problem import INPUT, GradientProblem, lecture_names, problem_of
from chainrule.explain.gradient_table import GOOD, GradientCheck, GradientRow
from chainrule.network import Network

__all__ = ["check_gradients"]

Array = Any


@dataclass(frozen=True)
class _Judge:
    """Compares; what differs is judged once more on a kink, and where a slope is a substitute."""

    tolerance: float
    max_entries: int
    seed: int
    automatic: bool = True

    def __call__(
        self, problem: GradientProblem, only: Any = None
    ) -> tuple[dict[str, tuple[Compared, str]], str]:
        found, why_not = self._compare(problem, only)
        judged = {name: (one, self._verdict(one)) for name, one in found.items()}
        if again := self._bent(problem, judged):
            for name, one in self._compare(nearby(problem, self.seed), again)[0].items():
                verdict = self._verdict(one)
                judged[name] = one, "ok (kink)" if verdict == "ok" else verdict
        wrong = [name for name, (_, verdict) in judged.items() if verdict not in GOOD]
        if wrong and problem.has_steps and not problem.meant:
            meant, _ = self(problem.as_meant(), wrong)
            judged |= {name: (one, "by design") for name, (one, verdict) in meant.items() if verdict in GOOD}
        return judged, why_not

    def _compare(self, problem: GradientProblem, only: Any) -> tuple[dict[str, Compared], str]:
        return compare(problem, self.tolerance, self.max_entries, self.seed, only, self.automatic)

    def _verdict(self, one: Compared) -> str:
        if one.problem or one.is_undecided:
            return one.problem or "undecided"
        if one.worst is None:
            return "ok (codes)" if not np.any(one.written) else "wrong"
        return "ok" if one.largest <= self.tolerance else "wrong"

    def _bent(self, problem: GradientProblem, judged: dict[str, tuple[Compared, str]]) -> list[str]:
        """Arrays to judge nearby: all on a kink, where even what agrees says little; else doubtful ones."""
        sound = {
            name: (one, verdict)
            for name, (one, verdict) in judged.items()
            if not one.problem and np.isfinite(one.written).all()
        }
        if is_on_a_bend(problem, random_directions(problem, self.seed), 1e-7):
            return list(sound)
        return [
            name
            for name, (one, verdict) in sound.items()
            if verdict == "undecided"
            or (
                verdict == "wrong"
                and one.worst
                and is_on_a_bend(problem, direction_of(problem, name, one.worst[0]), 1e-5)
            )
        ]


def check_gradients(
    model_or_network: Any,
    X: Any,
    y: Any = None,
    *,
    loss: Any = None,
    theta: Array | None = None,
    sample_weight: Array | None = None,
    tolerance: float = 1e-6,
    max_entries: int = 200,
    seed: int = 0,
) -> GradientCheck:
    """|written - reference| / max(|written|, |reference|) ≤ tolerance for every dL/dθ and dL/dx.

    The references are central differences and, where JAX is installed, automatic differentiation of the
    forward pass, all in float64. Entries below a thousandth of their array's largest are judged as if they
    had that size. At a kink, where derivatives are a convention, the check is made at a point nearby. Dropout
    drops the same values all the time. Penalties on weights are not part of this loss.

    Parameters
    ----------
    model_or_network : Network, fitted estimator, Layer, activation or loss
        An activation or a loss is anything that `get_activation` or `get_loss` takes, such as "relu", or your
        own pair ``(function, slope)``; a bare function is a loss if there is a `y`, otherwise an activation.
        A slope that is meant to be another than the derivative belongs into an `ActivationFunction` with
        ``straight_through=True``.
    X : rows as the model takes them; for a loss its raw outputs `a`
        Some ten rows are enough; the time goes with their number.
    y : targets, optional
        Needed by estimators and losses. Without it, layers, activations and networks without a `loss` get
        ½ Σ r (out - t)² with random r and t.
    loss : str, dict, callable or Loss, optional
        For a network; default: "squared_error".
    theta : array (n_parameters,), optional
        For a network; default: initialized by `seed` and moved a little, so that no bias is 0.
    sample_weight : array (n,), optional
        Default: drawn by `seed`, since equal weights hide that a loss forgets them.
    tolerance : float, default=1e-6
    max_entries : int, default=200
        Of each array, drawn by `seed`, that are differenced; automatic differentiation always takes all.
    seed : int, default=0

    Returns
    -------
    GradientCheck

    Raises
    ------
    ParameterError
        If an argument cannot be used, or the loss is not finite at this point.

    Examples
    --------
    >>> check_gradients(Network.mlp(2, (3,), 1, "tanh"), [[0.1, 0.2]], [1.0]).ok
    True
    """
    _check_settings(tolerance, max_entries, seed)
    problem = problem_of(model_or_network, X, y, loss, theta, sample_weight, seed)
    judge = _Judge(float(tolerance), max_entries, seed)
    with one_thread():
        judged, why_not = judge(problem)
        judged |= _in_training(problem, judge)
        wrong = any(verdict not in GOOD for _, verdict in judged.values())
        faults = _faults(problem, judge) if wrong else ()
    notes = [f"central differences only: {why_not}"] if why_not else []
    if not problem.movable(INPUT).all():
        notes.append("columns of codes have no derivative and are left out of the differences by x")
    if any(verdict == "by design" for _, verdict in judged.values()):
        notes.append(
            "by design: a straight-through slope, or a gradient that is cut in time, is not the derivative; "
            "it is used as it is meant"
        )
    if any(verdict == "ok (kink)" for _, verdict in judged.values()):
        notes.append("ok (kink): the function has a kink at this point; judged by a point nearby")
    lecture = lecture_names(problem.layer)
    rows = tuple(_row(name, lecture, problem, *pair) for name, pair in judged.items())
    return GradientCheck(rows, judge.tolerance, faults, tuple(notes))


def _check_settings(tolerance: Any, max_entries: Any, seed: Any) -> None:
    if not isinstance(tolerance, Real) or not 0 < float(tolerance) < 1:
        raise ParameterError(f"tolerance must be in (0, 1), such as 1e-6, however: {tolerance!r}")
    for name, value, least in (("max_entries", max_entries, 1), ("seed", seed, 0)):
        if type(value) is not int or value < least:
            raise ParameterError(f"{name} must be a whole number ≥ {least}, however: {value!r}")


def _row(
    name: str, lecture: dict[str, str], problem: GradientProblem, one: Compared, verdict: str
) -> GradientRow:
    shape = problem.arrays[name.partition(" ")[0]].shape
    index, written, reference = one.worst or (None, None, None)
    n_checked = len(one.places) - one.n_undecided
    return GradientRow(
        name,
        lecture.get(name, ""),
        shape,
        prod(shape),
        n_checked,
        one.differences,
        one.automatic,
        index,
        written,
        reference,
        verdict,
    )


def _in_training(problem: GradientProblem, judge: _Judge) -> dict[str, tuple[Compared, str]]:
    """Arrays whose derivative is another on training's way, which spares dL/dx: "0.W (training)"."""
    if not isinstance(problem.layer, Network):
        return {}
    training = replace(problem, as_in_training=True)
    full, short = problem.written()[0], training.written()[0]
    other = [name for name in problem.arrays if name != INPUT and not _same(full.get(name), short.get(name))]
    judged = judge(training, other)[0] if other else {}
    return {f"{name} (training)": found for name, found in judged.items()}


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return np.shape(one) == np.shape(other) and np.allclose(one, other, 1e-9, 1e-12, equal_nan=True)


# -- where a fault sits -----------------------------------------------------------------------------------


def _faults(problem: GradientProblem, judge: _Judge) -> tuple[str, ...]:
    """The loss and layers that are wrong alone: each is given dL/dout as it comes, and judged by itself."""
    if not isinstance(problem.layer, Network):
        return ()
    p, x = _named(problem), problem.arrays[INPUT]
    out = problem.layer.forward(p, x, problem.draw)[0]
    alone = GradientProblem(Network(out.shape[1], ()), {INPUT: out}, problem.ends, None)
    for automatic in (False, True):  # differences cost less, and mostly find it
        judge = replace(judge, automatic=automatic)
        found = ["the loss: its own slope dL/da"] if _wrong(judge(alone)[0]) else []
        if problem.layer.layers:
            found += _faulty_layers(problem.layer, p, x, problem.ends(out)[1], problem.draw, judge)
        if found:
            return tuple(found)
    return ("how the network puts its layers together: each of them is right alone",)


def _named(problem: GradientProblem) -> dict[str, Array]:
    return {name: array for name, array in problem.arrays.items() if name != INPUT}


def _wrong(judged: dict[str, tuple[Compared, str]]) -> list[str]:
    return [name for name, (_, verdict) in judged.items() if verdict not in (*GOOD, "undecided")]


def _faulty_layers(
    network: Network, p: Any, z: Array, dout: Any, draw: Any, judge: _Judge, place: str = ""
) -> list[str]:
    """Layers, from the last on, whose backward is wrong for the dL/dout that they get."""
    steps = []
    for i, (layer, named) in enumerate(zip(network.layers, network.by_layer(p), strict=True)):
        own = draw.fold(i) if draw is not None and getattr(layer, "is_random", True) else None
        out, saved = layer.forward(named, z, own)
        steps.append((i, layer, named, z, saved, own))
        z = out
    found = []
    for i, layer, named, z, saved, own in reversed(steps):
        alone = GradientProblem(layer, {**named, INPUT: z}, _pulls(dout), own)
        names = _wrong(judge(alone)[0])
        if names:
            inner = []
            if isinstance(layer, Network):
                inner = _faulty_layers(layer, named, z, dout, own, judge, f"{place}{i}.")
            what = ", ".join("dL/dx" if name == INPUT else f"dL/d{name}" for name in names)
            found += inner or [f"layer {place}{i}, {layer!r:.60}: its own {what}"]
        dout = layer.backward(named, saved, dout)[1]
        if np.shape(dout) != z.shape:
            break
    return found


def _pulls(dout: Array) -> Any:
    """A loss whose slope is `dout`: Σ dout out."""
    return lambda out: ((dout * out).sum(), dout)
