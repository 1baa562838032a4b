"""The contract between the training loop and an engine: what is handed over, and three functions.

The training loop decides everything that is random or scheduled (initial values, batch orders, learning
rates, the key of the dropout stream) and hands it over as plain arrays; an engine only computes. Both
engines therefore see the same batches and agree step by step to rounding.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from chainrule.network import Loss, Network
from chainrule.optimization import Optimizer

__all__ = ["METRICS", "MONITORS", "Data", "Engine", "Plan", "Program", "Records", "State"]

Array = Any

MONITORS = ("loss", "validation_loss", "score", "external")
"""What early stopping may watch: the epoch's loss, loss or score on validation rows, or the caller's own."""

METRICS = ("none", "accuracy", "r2")
"""What the score on the validation rows is."""


@dataclass(frozen=True)
class Program:
    """What is computed, without any number that may differ between two fits of the same shape.

    It is hashable: an engine compiles a program once per set of array shapes.

    Parameters
    ----------
    network, loss, optimizer
    monitor : one of `MONITORS`
    metric : one of `METRICS`
    adaptive : bool
        When progress stops, divide the learning rate by 5 instead of stopping.
    l1, clip, weight_decay, fades : bool
        Whether these are in use.
    """

    network: Network
    loss: Loss
    optimizer: Optimizer
    monitor: str = "loss"
    metric: str = "none"
    adaptive: bool = False
    l1: bool = False
    clip: bool = False
    weight_decay: bool = False
    fades: bool = False

    @property
    def multiplications(self) -> int:
        """Of one row's forward pass."""
        return self.network.multiplications(self.network.n_inputs)

    @property
    def has_loops(self) -> bool:
        """Whether a layer goes from step to step: a recurrent one, with a matrix U for its own state."""
        return any(name.rsplit(".", 1)[-1] == "U" for name in self.network.shapes(self.network.n_inputs))


class Data(NamedTuple):
    """Rows to learn from and rows to judge by; sample weights are always there, and positive.

    1 where none were given; rows of weight 0 are taken out before.
    """

    X: Array
    y: Array
    weights: Array
    X_val: Array | None = None
    y_val: Array | None = None
    weights_val: Array | None = None


class State(NamedTuple):
    """Everything that changes from step to step; plain arrays and numbers, so that it can be saved.

    Attributes
    ----------
    theta : parameters now
    moments : the optimizer's vectors
    step : steps done
    best : best value so far of what is watched; lower is better
    best_theta : parameters at that epoch's end
    count : epochs in a row without progress
    rate_factor : what "adaptive" has made of the learning rate
    stopped : progress has stopped, or a number is not finite
    finite : loss and parameters are finite
    """

    theta: Array
    moments: tuple[Array, ...]
    step: Any
    best: Any
    best_theta: Array
    count: Any
    rate_factor: Any
    stopped: Any
    finite: Any


class Plan(NamedTuple):
    """Some epochs, decided in advance.

    Attributes
    ----------
    orders : int32 array (n_epochs, n_rows), or None
        Row numbers in the order in which each epoch visits them; None: as they lie.
    rates, corrections : float64 arrays (n_epochs, n_steps)
        Learning rate of each step, and the optimizer's factor on it.
    batch_size : int
        Rows per step; the last step of an epoch takes what is left.
    key : uint32 array (1,)
        Key of the stream that dropout draws from.
    capacity : int
        Epochs that the plans of this training hold at most: a shape, the same for all of them.
    fades : float64 array (n_epochs, n_steps), for a program that says so
        Factor of each step on dropout and weight decay.
    """

    orders: Array | None
    rates: Array
    corrections: Array
    batch_size: int
    key: Array
    capacity: int = 1
    fades: Array | None = None


class Records(NamedTuple):
    """What came of each epoch: arrays with one entry per epoch that was run."""

    loss: Array
    validation_loss: Array
    score: Array
    rate: Array


class Engine(Protocol):
    """Who computes: an object without state of its own."""

    name: str

    def load(self, data: Data, dtype: Any) -> Any:
        """The data where and how this engine wants it."""
        ...

    def epochs_per_call(self, program: Program, data: Data) -> int:
        """How many epochs one call of `run_epochs` should hold at most, so that calls stay short."""
        ...

    def run_epochs(
        self, program: Program, loaded: Any, state: State, plan: Plan, numbers: dict[str, float]
    ) -> tuple[State, Records]:
        """Run the planned epochs, fewer if the state comes to be stopped.

        `numbers`: l2, l1, clip, weight_decay, tol, patience, and the optimizer's own.
        """
        ...

    def value_and_gradient(
        self, program: Program, loaded: Any, theta: Array, numbers: dict[str, float]
    ) -> tuple[float, Array]:
        """Loss with penalties over all rows, and its gradient: what L-BFGS asks for."""
        ...
