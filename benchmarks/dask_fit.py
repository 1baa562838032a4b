"""Rounds on a cluster: how many for how many steps, and what two worker processes bring beside one process.

    python benchmarks/dask_fit.py [--rows N] [--engine NAME] [--repeats N]

The same fit, to the same bits, once with all shards one after the other in one process on one core, and once
on two worker processes of one thread, each on a core of its own. What is compared is the seconds of a step,
rounds and all: medians over the rounds without the first ones.
"""

import argparse
import os
from statistics import median
from time import perf_counter
from unittest.mock import patch

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

from chainrule.scale import dask_fit
from chainrule.scale.cluster import ClusterShards
from chainrule.scale.dask import DaskTabularRegressor
from chainrule.scale.rounds import LocalShards

ROUNDS_TO_WARM_UP = 2


class Timed:
    """Shards whose rounds are timed; `seconds` and `steps` of each round."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        Timed.seconds, Timed.steps, Timed.n_bytes = [], [], 0

    def round(self, work, stand):
        """See `Shards`."""
        begun = perf_counter()
        met = super().round(work, stand)
        Timed.seconds.append(perf_counter() - begun)
        Timed.steps.append(len(work.rates))
        Timed.n_bytes = stand.theta.nbytes * (1 + len(stand.moments))
        return met


class OnCluster(Timed, ClusterShards):
    """The shards on the workers."""


class Alone(Timed, LocalShards):
    """The shards in this process."""

    n_rows = 0

    def __init__(self, cluster, make, lengths):  # noqa: ARG002
        super().__init__(())
        self.make, self.n_rows = make, sum(lengths)

    def close(self):
        """Nothing is to be given back."""

    def training(self, **settings):
        """See `Shards`."""
        self.rows = self.rows or dask.compute(*self.make())
        return super().training(**settings)


def make_rows(n, n_columns=20):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, n_columns)).astype(np.float32)
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + np.abs(X[:, 3]) * (X[:, 4] > 0) + 0.3 * rng.normal(size=n)
    return X, y


def pinned(dask_worker):
    """Let a worker, with all its threads, have one core, by its number."""
    give(int(dask_worker.name) % os.cpu_count())


def give(*cores):
    """Let all threads of this process run on these cores."""
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), cores)


def step_seconds(kind, n_workers, arguments):
    """(median seconds per step, rounds, steps, bytes handed over, bits) of a fit."""
    X, y = make_rows(arguments.rows)
    chunks = -(-arguments.rows // arguments.shards)
    with (
        LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
        patch.object(dask_fit, "ClusterShards", kind),
    ):
        client.run(pinned)
        data = [client.persist(da.from_array(part, chunks=chunks)) for part in (X, y)]
        model = DaskTabularRegressor(
            arguments.preset,
            random_state=0,
            max_iter=arguments.epochs,
            engine=arguments.engine,
            client=client,
        )
        if kind is Alone:
            give(0)
        model.fit(*data)
        give(*range(os.cpu_count()))
    kept = slice(ROUNDS_TO_WARM_UP, None)
    per_step = [s / n for s, n in zip(Timed.seconds[kept], Timed.steps[kept], strict=True)]
    return median(per_step), len(Timed.steps), sum(Timed.steps), Timed.n_bytes, model.theta_.tobytes()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--engine", default="numpy", choices=["numpy", "xla"])
    arguments = parser.parse_args()
    alone, together = [], []
    for _ in range(arguments.repeats):
        one, *rest = step_seconds(Alone, 1, arguments)
        two, n_rounds, n_steps, n_bytes, bits = step_seconds(OnCluster, 2, arguments)
        assert bits == rest[-1], "the bits differ"
        alone.append(one)
        together.append(two)
        print(f"step: {1e3 * one:.1f} ms in one process, {1e3 * two:.1f} ms on two workers", flush=True)
    print(f"{n_rounds} rounds for {n_steps} steps: {n_steps / n_rounds:.0f} steps a round")
    print(f"{n_bytes / 1e6:.2f} MB to every shard and back in a round")
    print(f"efficiency of two workers: {median(alone) / (2 * median(together)):.0%}")


if __name__ == "__main__":
    main()
