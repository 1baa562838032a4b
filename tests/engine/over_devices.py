"""What the tests of several devices compute, in a child interpreter that has them and in one that has not.

Runs by itself, as text given to an interpreter: it prints what it finds as JSON.
"""

import json
import sys

import numpy as np
from scipy.sparse import csr_array

from chainrule.engine import Data, Plan, Program, start
from chainrule.network import (
    LSTM,
    Activation,
    Dense,
    Draw,
    Dropout,
    EnsembleLoss,
    Join,
    MemberDense,
    Network,
    get_loss,
)
from chainrule.optimization import SGD

N_ROWS, BATCH = 101, 33
N_STEPS = 4
NUMBERS = {"l2": 0.1, "l1": 0.01, "clip": 1.0, "tol": 0.0, "patience": 9, "momentum": 0.9}

LAYERS = (MemberDense(5, 3, fan_out=True), Activation("silu"), Dropout(0.3), MemberDense(1, 3), Join())
ENSEMBLE = Program(
    Network(4, LAYERS),
    EnsembleLoss(get_loss("squared_error"), 3),
    SGD(momentum=False),
    monitor="validation_loss",
    metric="r2",
    l1=True,
)
RECURRENT = Program(Network(4, (LSTM(3, 2), Dense(1))), get_loss("squared_error"), SGD(momentum=False))
PLAIN = Program(Network.mlp(4, (5,), 2, "tanh", dropout=0.2), get_loss("squared_error"), SGD(momentum=False))


def rows(n_outputs=1):
    """Weighted rows, as many as no number of devices divides, and rows to judge by."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N_ROWS, 4)), rng.normal(size=(N_ROWS, n_outputs))
    return Data(X, y, rng.uniform(0.5, 2, N_ROWS), X[:21] + 1, y[:21], rng.uniform(0.5, 2, 21))


def plan(rates):
    """Epochs with a learning rate for every step; all plans have the same sizes."""
    rng = np.random.default_rng(1)
    orders = np.stack([rng.permutation(N_ROWS).astype(np.int32) for _ in range(len(rates))])
    rates = np.asarray(rates, float)
    return Plan(orders, rates, np.ones_like(rates), BATCH, Draw.from_seed(5).key, capacity=4)


def trained(engine, program, data, some_plan):
    """(state, records) from the same initial parameters."""
    theta = program.network.initialize(np.random.default_rng(2), "float64")
    return engine.run_epochs(program, engine.load(data, theta.dtype), start(theta, 0), some_plan, NUMBERS)


def step_gradients(engine):
    """The gradient of each step of an epoch: that step alone has a learning rate, of 1."""
    theta = ENSEMBLE.network.initialize(np.random.default_rng(2), "float64")
    return [
        theta - trained(engine, ENSEMBLE, rows(), plan([np.eye(N_STEPS)[i]]))[0].theta for i in range(N_STEPS)
    ]


def ensemble(engine):
    """Epochs of an ensemble with dropout: what is recorded of each, and the parameters."""
    state, records = trained(engine, ENSEMBLE, rows(), plan(np.full((4, N_STEPS), 0.05)))
    return [*map(np.asarray, records), state.theta]


def sparse_rows(engine):
    """An epoch as a call of its own, without rows to judge by."""
    data = rows(2)._replace(X_val=None, y_val=None, weights_val=None)
    data = data._replace(X=csr_array(data.X * (data.X > 0)))
    one_epoch = plan(np.full((1, N_STEPS), 0.1))._replace(capacity=1)
    state, records = trained(engine, PLAIN, data, one_epoch)
    return [np.asarray(records.loss), state.theta]


def objective(engine):
    """Loss and gradient over all rows, as L-BFGS asks for them."""
    theta = ENSEMBLE.network.initialize(np.random.default_rng(3), "float64")
    value, gradient = engine.value_and_gradient(ENSEMBLE, engine.load(rows(), theta.dtype), theta, NUMBERS)
    return [np.asarray(value), gradient]


def recurrence(engine):
    """Epochs of a recurrent network over two steps of two features."""
    state, records = trained(engine, RECURRENT, rows(), plan(np.full((4, N_STEPS), 0.05)))
    return [np.asarray(records.loss), state.theta]


CASES = (step_gradients, ensemble, sparse_rows, objective, recurrence)


def drawn_on_devices(shape):
    """The bits that the devices draw for a batch whose rows they share."""
    import jax
    from jax.sharding import Mesh

    from chainrule.engine.devices import _AXIS, on_devices, piece_of_device

    n = len(jax.devices())
    own = tuple(size // n if i == len(shape) - 2 else size for i, size in enumerate(shape))
    places = Data(np.arange(n, dtype=np.float32), None, None)

    def draw(data):
        def of_piece(piece):
            bits = Draw(Draw.from_seed(5).key, first_row=piece[0]).bits(own)
            everywhere = jax.numpy.zeros((n, *own), bits.dtype)
            return everywhere.at[data.X.astype(int)[0]].set(bits)

        return piece_of_device(of_piece, [(0, own[-2])])[0]

    found = jax.jit(lambda: on_devices(draw, Mesh(np.asarray(jax.devices()), (_AXIS,)), places))()
    return np.concatenate(list(np.asarray(found)), axis=len(shape) - 2)


def compiled_text(run):
    """What XLA has made of the epochs that `run` has compiled."""
    from chainrule.engine import xla

    original, texts = xla.compiled_epochs, []

    def noted(program, shape, *arguments):
        compiled = original.lower(program, shape, *arguments).compile()
        texts.append(compiled.as_text())
        return compiled(*arguments)

    xla.compiled_epochs = noted
    run()
    xla.compiled_epochs = original
    return texts[0]


if __name__ == "__main__":
    import jax

    from chainrule.engine import devices, xla

    engine = xla.XlaEngine()
    found = {"n_devices": len(jax.devices()), "too_small": [part.tolist() for part in ensemble(engine)]}
    devices._WORK_OF_A_DEVICE = devices._WORK_OF_LOOPS = 0
    found["text"] = compiled_text(lambda: ensemble(engine))
    found |= {case.__name__: [part.tolist() for part in case(engine)] for case in CASES}
    for shape in ((12, 3), (2, 12, 3)):
        found[f"bits{len(shape)}"] = drawn_on_devices(shape).tolist()
    sys.stdout.write(json.dumps(found))
