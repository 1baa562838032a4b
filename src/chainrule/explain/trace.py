"""The trace: every number of the forward pass, the loss, the backward pass and the update, for some rows.

It calls the layers' own `forward` and `backward`, one after the other, and the training step that the numpy
engine runs: what it shows is what training computes, to the bit.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.estimators.problem import Problem, problem_of
from chainrule.explain.raw_row import RawColumn
from chainrule.explain.traced_layer import Step, TracedLayer
from chainrule.explain.traced_neuron import Neuron
from chainrule.network import Draw, Network

__all__ = ["Trace", "trace"]

Array = Any


@dataclass(frozen=True, repr=False)
class Trace:
    """What `trace` found; print it, or look at `layers`, `steps`, `loss`.

    Attributes
    ----------
    problem : what was traced: network, rows, targets, optimizer
    columns : for a table model, of the first row: each column's raw value, what the encoder made of it, what
        the embedding made of that
    steps : every layer of the network on its own, in order
    layers : dense layers as the lecture counts them: weights with their activation; `layers[0]` is layer 1
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

    @cached_property
    def opened_steps(self) -> tuple[Step, ...]:
        """`steps`, those within branches that go through steps or grids in place of these branches."""
        from chainrule.explain.layer_pages import opened

        return tuple(opened(self.steps))

    @property
    def n_layers(self) -> int:
        """Layers that learn: dense, convolutional and recurrent ones."""
        others = ("conv1d", "conv2d", "rnn", "lstm", "gru", "bidirectional")
        return len(self.layers) + sum(step.layer.kind in others for step in self.opened_steps)

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

    def document(self, units: int = 6, row: int = 1, member: int = 1, unit: int | None = None) -> Any:
        """As a page of equations and tables.

        Parameters
        ----------
        units : int, default=6
            Neurons of a layer, rows and columns of a matrix, that are shown.
        row, member : int, default=1
            Which of the traced rows, and of an ensemble's members, is shown; counted from 1.
        unit : int, optional
            Which unit of recurrent layers is unrolled in time, and which filter of convolutions is shown,
            counted from 1; default, and in layers that have fewer: that with the largest gradients.
        """
        from chainrule.explain.trace_document import document_of

        return document_of(self, units, row, member, unit)

    def to_text(self, units: int = 6, row: int = 1, member: int = 1, unit: int | None = None) -> str:
        """Plain text that fits about 100 columns; parameters as of `document`."""
        return str(self.document(units, row, member, unit).to_text())

    def to_markdown(self, units: int = 6, row: int = 1, member: int = 1, unit: int | None = None) -> str:
        """Markdown with the equations in LaTeX between dollar signs."""
        return str(self.document(units, row, member, unit).to_markdown())

    def to_latex(self, units: int = 6, row: int = 1, member: int = 1, unit: int | None = None) -> str:
        """LaTeX for the body of a document that uses amsmath and booktabs."""
        return str(self.document(units, row, member, unit).to_latex())

    def to_html(self, units: int = 6, row: int = 1, member: int = 1, unit: int | None = None) -> str:
        """HTML that needs nothing beside it; what a notebook shows."""
        return str(self.document(units, row, member, unit).to_html())

    def __repr__(self) -> str:
        n, count = len(self.output), self.n_layers
        return f"<Trace of {n} row{'s' * (n != 1)} through {count} layers, loss {self.loss:.6g}>"

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
    model_or_network : Network, or a fitted estimator of this package, or a pipeline that ends in one
    X, y : one row or several, and their targets
        A row may be a list, a dict by column, a row of a frame, or a table of one; images and sequences come
        as for `fit`. Several rows are one batch: dL/dW is the batch's.
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
    from chainrule.explain.tracing import traced

    key = None if dropout_seed is None else Draw.from_seed(dropout_seed).key
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return traced(problem, key)
