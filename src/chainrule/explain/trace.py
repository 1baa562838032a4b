"""The trace: every number of the forward pass, the loss, the backward pass and the update, for some rows.

It calls the layers' own `forward` and `backward`, one after the other, and the training step that the numpy
engine runs: what it shows is what training computes, to the bit.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.problem import Problem, problem_of
from chainrule.explain.raw_row import RawColumn, raw_columns
from chainrule.network import Dense, Draw, Dropout, EnsembleLoss, MemberDense, Network

__all__ = ["Neuron", "Step", "Trace", "TracedLayer", "trace"]

Array = Any


@dataclass(frozen=True)
class Step:
    """One layer of the network on its own: what went in and out, forward and backward.

    Attributes
    ----------
    name : place in the network, such as "2" or, within a nested network, "2.0"
    layer : Layer
    p : its parameters by name
    z_in, out : its input and output
    dout, dz_in : dL/d(output), dL/d(input)
    dp : dL/d(parameter), without penalties
    update : w_new - w_old by parameter
    """

    name: str
    layer: Any
    p: dict[str, Array]
    z_in: Array
    out: Array
    dout: Array
    dz_in: Array
    dp: dict[str, Array]
    update: dict[str, Array]
    saved: Any = None


@dataclass(frozen=True)
class TracedLayer:
    """A layer as the lecture counts: a = W z_in + b, z = φ(a), and back.

    Rows come first; in an ensemble an axis of members stands in front of everything.

    Attributes
    ----------
    number : l, counted from 1 for the first hidden layer
    function : name of φ
    z_in, a, z : input, weighted sums, outputs        equations (18)-(20)
    slope : φ'(a); the softmax has a matrix dz_k/da_j per row
    dz : dL/dz; None at the output, where loss and output activation are differentiated together
    delta : dL/da
    W, b : weights W[to, from] and biases before the update; None for a layer without
    dW, db : dL/dW, dL/db of the loss, without penalties
    dz_in : dL/dz of the layer below
    update_W, update_b : W_new - W, b_new - b        equation (17), the optimizer's own
    """

    number: int
    function: str
    z_in: Array
    a: Array
    z: Array
    slope: Array
    dz: Array | None
    delta: Array
    W: Array
    b: Array
    dW: Array
    db: Array
    dz_in: Array
    update_W: Array
    update_b: Array
    factor: float = 1.0
    mask: Array | None = None

    @property
    def members(self) -> int:
        """Networks in the ensemble; 0 for a single network."""
        return len(self.W) if self.W.ndim == 3 else 0

    @property
    def n_units(self) -> int:
        """Neurons (of each member)."""
        return int(self.W.shape[-2])


@dataclass(frozen=True)
class Neuron:
    """z_m^(l), one neuron for one row: where its value comes from, and what flows back through it.

    Attributes
    ----------
    name : z_4^(1)
    input_names, inputs, weights, products : what comes in: z, w_{m,from}, w z (in an ensemble w z / √n)
    bias, a, z, slope : the weighted sum with its bias, φ(a), φ'(a)
    next_names, next_deltas, next_weights, next_products : δ of the layer above, w_{to,m}, and δ w: dL/dz is
        their sum
    dz, delta : dL/dz (None at the output), dL/da
    dweights, dbias, update_weights, update_bias : of the batch
    share : |δ_m| / Σ|δ|, the neuron's share of what flows back through its layer
    """

    name: str
    input_names: tuple[str, ...]
    inputs: Array
    weights: Array
    products: Array
    bias: float
    a: float
    z: float
    slope: float
    next_names: tuple[str, ...]
    next_deltas: Array
    next_weights: Array
    next_products: Array
    dz: float | None
    delta: float
    dweights: Array
    dbias: float
    update_weights: Array
    update_bias: float
    share: float

    @cached_property
    def document(self) -> Any:
        """As a page, with `to_text`, `to_markdown`, `to_latex` and `to_html`."""
        from chainrule.explain.trace_document import neuron_document

        return neuron_document(self)

    def __str__(self) -> str:
        return str(self.document.to_text())

    def __rich__(self) -> Any:
        return self.document.to_rich()

    def _repr_html_(self) -> str:
        return str(self.document.to_html())


@dataclass(frozen=True)
class Trace:
    """What `trace` found; print it, or look at `layers`, `steps`, `loss`.

    Attributes
    ----------
    problem : what was traced: network, rows, targets, optimizer
    columns : for a table model, of the first row: each column's raw value, what the encoder made of it, what
        the embedding made of that
    steps : every layer of the network on its own, in order
    layers : layers as the lecture counts them: weights with their activation; `layers[0]` is layer 1
    output, prediction : raw outputs o = a_L, and what is predicted from them (a number in the scale of the
        targets that the network sees, or probabilities)
    loss : L, equations (14)-(16), without penalties
    penalty : what L2 and L1 add to it
    theta_before, theta_after : all parameters before and after the update
    dropped : whether dropout was on
    """

    problem: Problem
    columns: tuple[RawColumn, ...]
    steps: tuple[Step, ...]
    layers: tuple[TracedLayer, ...]
    output: Array
    prediction: Array
    loss: float
    penalty: float
    theta_before: Array
    theta_after: Array
    dropped: bool

    @property
    def network(self) -> Network:
        """What computed."""
        return self.problem.network

    @property
    def learning_rate(self) -> float:
        """η, without the optimizer's correction."""
        return self.problem.rate

    def neuron(self, layer: int, unit: int, *, row: int = 1, member: int = 1) -> Neuron:
        """The neuron z_unit^(layer), both counted from 1 as in the lecture; `layer` L is the output.

        Parameters
        ----------
        row : int, default=1
            Which of the traced rows, counted from 1.
        member : int, default=1
            Of an ensemble.
        """
        from chainrule.explain.neuron import neuron_of

        return neuron_of(self, layer, unit, row, member)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for `json` or a page; names as in `TracedLayer`."""
        from chainrule.explain.trace_data import as_data

        return as_data(self)

    def to_json(self, **options: Any) -> str:
        """`to_dict` as text; numbers that are not finite become null."""
        return json.dumps(self.to_dict(), allow_nan=False, **options)

    def document(self, units: int = 6, row: int = 1) -> Any:
        """As a page of equations and tables.

        Parameters
        ----------
        units : int, default=6
            Neurons of a layer, rows and columns of a matrix, that are shown.
        row : int, default=1
            Which of the traced rows is shown, counted from 1.
        """
        from chainrule.explain.trace_document import document_of

        return document_of(self, units, row)

    def to_text(self, units: int = 6, row: int = 1) -> str:
        """Plain text that fits about 100 columns; `units` and `row`: see `document`."""
        return str(self.document(units, row).to_text())

    def to_markdown(self, units: int = 6, row: int = 1) -> str:
        """Markdown with the equations in LaTeX between dollar signs."""
        return str(self.document(units, row).to_markdown())

    def to_latex(self, units: int = 6, row: int = 1) -> str:
        """LaTeX for the body of a document that uses amsmath and booktabs."""
        return str(self.document(units, row).to_latex())

    def to_html(self, units: int = 6, row: int = 1) -> str:
        """HTML that needs nothing beside it; what a notebook shows."""
        return str(self.document(units, row).to_html())

    def __str__(self) -> str:
        return self.to_text()

    def __rich__(self) -> Any:
        return self.document().to_rich()

    def _repr_html_(self) -> str:
        return self.to_html()


def trace(
    model_or_network: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    theta: Array | None = None,
    loss: Any = None,
    optimizer: Any = None,
    learning_rate: float | None = None,
    numbers: dict[str, float] | None = None,
    dropout_seed: int | None = None,
) -> Trace:
    """Every number of one training step on some rows: forward, loss, backward, update.

    The model is not changed.

    Parameters
    ----------
    model_or_network : Network, or a fitted MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
    X, y : one row or several, and their targets
        Several rows are one batch: dL/dW is the batch's.
    sample_weight : array, optional
    theta : array, optional
        Parameters of a network as one vector; default: initial values, seed 0.
    loss : str or Loss, optional
        Of a network; default: "sum_of_squares", equation (14).
    optimizer : Optimizer, optional
        Default: the estimator's, with its moments, as `partial_fit` would go on; a network's is gradient
        descent, equation (17).
    learning_rate : float, optional
        Default: that of the estimator's `partial_fit`; 0.01 for a network.
    numbers : dict, optional
        Further settings: "l2", "l1", "clip", "weight_decay", "momentum", "beta_1", "beta_2", "epsilon".
    dropout_seed : int, optional
        Drop values as a training step does, from this seed; default: dropout is off.

    Returns
    -------
    Trace

    Raises
    ------
    ParameterError, TableError
        If rows or targets do not fit the model; the message names them.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Network, trace
    >>> t = trace(Network.mlp(2, (2,), 1), [1.0, 2.0], 1.0, theta=np.ones(9))
    >>> float(t.layers[0].a[0, 0]), float(t.output[0, 0]), t.loss
    (4.0, 9.0, 64.0)
    """
    problem = problem_of(
        model_or_network,
        X,
        y,
        sample_weight=sample_weight,
        theta=theta,
        loss=loss,
        optimizer=optimizer,
        learning_rate=learning_rate,
        numbers=numbers,
    )
    key = None if dropout_seed is None else Draw.from_seed(dropout_seed).key
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _traced(problem, key)


def _traced(problem: Problem, key: Array | None) -> Trace:
    network, loss = problem.network, problem.loss
    after, objective = problem.next_step(key)
    update = network.named(after - problem.theta)
    is_dropping = key is not None and network.is_random
    draw = Draw(key).fold(problem.state.step) if is_dropping and key is not None else None
    p = network.named(problem.theta)
    steps = list(_forward(network, p, problem.X, draw, ""))
    output = steps[-1][-2] if steps else problem.X
    value, da = loss.shared(output, problem.y, problem.shares)
    done: list[Step] = []
    dout = da
    for name, layer, own, z, out, saved in reversed(steps):
        dp, dz = layer.backward(own, saved, dout)
        moved = {parameter: update[f"{name}.{parameter}"] for parameter in own}
        done.insert(0, Step(name, layer, own, z, out, dout, dz, dp, moved, saved))
        dout = dz
    combined = loss.combined(output) if isinstance(loss, EnsembleLoss) else output
    return Trace(
        problem=problem,
        columns=raw_columns(problem, done),
        steps=tuple(done),
        layers=_layers(done, problem),
        output=output,
        prediction=loss.link(combined),
        loss=float(value),
        penalty=float(objective) - float(value),
        theta_before=problem.theta,
        theta_after=after,
        dropped=is_dropping,
    )


def _forward(network: Network, p: dict[str, Array], z: Array, draw: Any, prefix: str) -> Iterator[Any]:
    """(name, layer, parameters, z_in, out, saved) of each layer, those of nested networks one by one."""
    for i, (layer, own) in enumerate(zip(network.layers, network.by_layer(p), strict=True)):
        is_random = getattr(layer, "is_random", True)
        drawn = draw.fold(i) if draw is not None and is_random else None
        if isinstance(layer, Network):
            for step in _forward(layer, own, z, drawn, f"{prefix}{i}."):
                yield step
                z = step[-2]
            continue
        out, saved = layer.forward(own, z, drawn)
        yield f"{prefix}{i}", layer, own, z, out, saved
        z = out


def _layers(steps: list[Step], problem: Problem) -> tuple[TracedLayer, ...]:
    """Steps as the lecture's layers: each with weights and what follows it up to the next."""
    starts = [i for i, step in enumerate(steps) if isinstance(step.layer, Dense | MemberDense)]
    found = []
    for number, (first, behind) in enumerate(pairwise((*starts, len(steps))), start=1):
        affine, others = steps[first], steps[first + 1 : behind]
        is_last = behind == len(steps)
        bent = [step for step in others if step.layer.kind in ("activation", "parametric_activation")]
        masks = [step.saved for step in others if isinstance(step.layer, Dropout) and step.saved is not None]
        if is_last and not bent:
            z, slope, function = _at_the_output(affine.out, problem)
            dz = affine.dout if function == "identity" else None
        else:
            kept = [step for step in others if isinstance(step.layer, Dropout) or step in bent]
            z, dz = (kept[-1].out, kept[-1].dout) if kept else (affine.out, affine.dout)
            slope = np.ones_like(affine.out)
            for step in bent:
                slope = slope * step.layer.backward(step.p, step.saved, np.ones_like(step.out))[1]
            function = " ".join(step.layer.function.name for step in bent) or "identity"
        found.append(
            TracedLayer(
                number=number,
                function=function,
                z_in=affine.z_in,
                a=affine.out,
                z=z,
                slope=slope,
                dz=dz,
                delta=affine.dout,
                W=affine.p["W"],
                b=affine.p["b"],
                dW=affine.dp["W"],
                db=affine.dp["b"],
                dz_in=affine.dz_in,
                update_W=affine.update["W"],
                update_b=affine.update["b"],
                factor=affine.p["W"].shape[-1] ** -0.5 if isinstance(affine.layer, MemberDense) else 1.0,
                mask=np.prod(masks, axis=0) if masks else None,
            )
        )
    return tuple(found)


def _at_the_output(a: Array, problem: Problem) -> tuple[Array, Array, str]:
    """(z, dz/da, name) of the output activation, which belongs to the loss."""
    name = problem.loss.out_activation
    z = problem.loss.link(a.reshape(-1, a.shape[-1])).reshape(a.shape)
    if name == "softmax":
        each = np.eye(a.shape[-1], dtype=a.dtype)
        return z, z[..., :, None] * (each - z[..., None, :]), name
    slopes = {"identity": np.ones_like(a), "logistic": z * (1 - z), "exp": z}
    if name not in slopes:
        raise ParameterError(f"the trace knows no output activation {name!r}")
    return z, slopes[name], name
