"""JAX by hand: what a good user of JAX writes for one network. Parameters are a list of (W, b).

No penalty, no early stopping, no best weights: less than chainrule does in a step and at the end of an epoch.
"""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from speed.cases import Case
from speed.data import rows_and_targets

__all__ = ["compiling", "trainers"]

Array = Any


def _initial(sizes: tuple[int, ...], rng: Any) -> list[tuple[Array, Array]]:
    return [
        (
            jnp.asarray(rng.uniform(-1, 1, (n_from, n_to)) * np.sqrt(6 / (n_from + n_to)), jnp.float32),
            jnp.zeros(n_to, jnp.float32),
        )
        for n_from, n_to in pairwise(sizes)
    ]


def _forward(case: Case, p: Any, z: Array, key: Any = None) -> Array:
    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh}[case.activation]
    for i, (W, b) in enumerate(p[:-1]):
        z = activation(z @ W + b)
        if case.dropout and key is not None:
            kept = jax.random.bernoulli(jax.random.fold_in(key, i), 1 - case.dropout, z.shape)
            z = jnp.where(kept, z / (1 - case.dropout), 0)
    W, b = p[-1]
    return z @ W + b


def _loss(case: Case, p: Any, x: Array, y: Array, key: Any) -> Array:
    a = _forward(case, p, x, key)
    if case.n_classes:
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(a), y[:, None], 1))
    return 0.5 * jnp.mean((a[:, 0] - y) ** 2)


def _step(case: Case, X: Array, y: Array, order: Array, i: Any, carry: Any) -> Any:
    p, m, v, t, key, total = carry
    rows = lax.dynamic_slice(order, (i * case.batch,), (case.batch,))
    loss, gradient = jax.value_and_grad(partial(_loss, case))(p, X[rows], y[rows], jax.random.fold_in(key, t))
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
    rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), p, m, v)
    return p, m, v, t, key, total + loss


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def _epoch(case: Case, carry: Any, X: Array, y: Array, order: Array) -> Any:
    return lax.fori_loop(0, case.steps_per_epoch, partial(_step, case, X, y, order), carry)


class _Trainer:
    """One epoch per call; the order is drawn and the loss read every time, as in the other systems."""

    context = nullcontext
    compiles = True

    def __init__(self, case: Case) -> None:
        X, y = rows_and_targets(case)
        self.case, self.rng = case, np.random.default_rng(0)
        self.X, self.y = jnp.asarray(X), jnp.asarray(y, jnp.int32 if case.n_classes else jnp.float32)
        p = _initial(case.sizes, self.rng)
        m, v = (jax.tree.map(jnp.zeros_like, p) for _ in range(2))
        self.carry = (p, m, v, jnp.int32(0), jax.random.key(0), jnp.float32(0))

    def advance(self) -> int:
        order = self.rng.permutation(len(self.X)).astype(np.int32)
        *state, total = _epoch(self.case, self.carry, self.X, self.y, order)
        self.loss = float(total) / self.case.steps_per_epoch
        self.carry = (*state, jnp.float32(0))
        return self.case.steps_per_epoch

    def steps(self) -> int:
        return int(self.carry[3])

    def outputs(self, X: Array) -> Array:
        a = np.asarray(_forward(self.case, self.carry[0], jnp.asarray(X)))
        return a if self.case.n_classes else a[:, 0]


def trainers(case: Case) -> dict[str, Callable[[], Any]]:
    return {"jit": partial(_Trainer, case)}


def compiling(case: Case) -> Callable[[], float]:
    """Seconds of a call of the jitted epoch; its program is kept on disk, as chainrule's is."""
    jax.config.update("jax_compilation_cache_dir", str(Path(os.environ["XDG_CACHE_HOME"]) / "handwritten"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    trainer = _Trainer(case)

    def call() -> float:
        begin = time.perf_counter()
        trainer.advance()
        return time.perf_counter() - begin

    return call
