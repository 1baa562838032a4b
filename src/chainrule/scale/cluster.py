"""Shards on the workers of a dask cluster: encoded once, kept there, trained on in rounds.

The driver owns the rounds. What workers are asked for are pure tasks, which dask computes anew where a
worker is lost, from the partitions on. What the driver hands over for a round (`_handed`) is such a task as
well, and not scattered: scattered data is lost with its worker.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from distributed import Client, Future, wait

from chainrule.errors import EngineError
from chainrule.scale.memory import freed_memory_at_hand
from chainrule.scale.rounds import Averaged, Rounds, Stand, Work, averaged, train_shard

__all__ = ["RETRIES", "Cluster", "ClusterShards", "gathered"]

RETRIES = 3
"""Of a task that failed, or whose worker was lost."""


class Cluster(NamedTuple):
    """Who computes.

    Attributes
    ----------
    client : Client
    seconds : float
        To wait for the next result at the most.
    most_shards : int
        Shards that are made of the rows at the most.
    """

    client: Client
    seconds: float
    most_shards: int


def gathered(cluster: Cluster, futures: Sequence[Future], what: str) -> list[Any]:
    """The results in order, as soon as all are there; see `_wait_for`."""
    _wait_for(cluster, futures, what)
    results: list[Any] = cluster.client.gather(list(futures))
    return results


def _wait_for(cluster: Cluster, futures: Sequence[Future], what: str) -> None:
    """Wait until all are done.

    Parameters
    ----------
    what : str
        What the cluster is doing, for the message.

    Raises
    ------
    EngineError
        If nothing has been finished for as long as the cluster has.
    """
    client, seconds, _ = cluster
    pending = set(futures)
    while pending:
        try:
            pending = wait(pending, timeout=seconds, return_when="FIRST_COMPLETED").not_done
        except TimeoutError:
            workers = list(client.scheduler_info(n_workers=-1)["workers"])
            shown = f"its workers are {', '.join(workers)}" if workers else "it has no workers"
            raise EngineError(
                f"{what}: {len(pending)} of {len(futures)} tasks are open, and none was finished for "
                f"{seconds:g} s; the cluster is {client.scheduler.address}, and {shown}: see its "
                "dashboard, or raise timeout"
            ) from None


def _handed(work: Work, stand: Stand) -> tuple[Work, Stand]:
    """What the driver hands to all shards: a result as others are, which can be computed again."""
    return work, stand


def _train(rows: Any, shard: int, handed: tuple[Work, Stand]) -> Any:
    with freed_memory_at_hand():
        return train_shard(rows, shard, *handed)


class ClusterShards:
    """Encoded shards on the workers of a cluster; the feed of a `Rounds`.

    Parameters
    ----------
    cluster : Cluster
    shards : callable () -> list of delayed `Data`
        Asked when a training begins: what encodes the rows is known by then.
    lengths : sequence of int
        Rows of each.
    """

    def __init__(self, cluster: Cluster, shards: Callable[[], Sequence[Any]], lengths: Sequence[int]) -> None:
        self._cluster, self._make, self._lengths = cluster, shards, lengths
        self._name, self._n_rounds = uuid4().hex, 0
        self._shards: list[Future] = []

    @property
    def n_rows(self) -> int:
        """Rows of all shards."""
        return sum(self._lengths)

    @property
    def n_shards(self) -> int:
        """Shards with rows."""
        return sum(length > 0 for length in self._lengths)

    def training(self, **settings: Any) -> Rounds:
        """A training over these shards."""
        self._shards = self._shards or self._cluster.client.compute(list(self._make()), retries=RETRIES)
        return Rounds(feed=self, **settings)

    def round(self, work: Work, stand: Stand) -> Averaged:
        """See `Shards`."""
        self._n_rounds += 1
        name = f"{self._name}-{self._n_rounds}"
        handed = self._submit(_handed, work, stand, key=f"handed-{name}")
        learned = [
            self._submit(_train, rows, place, handed, key=f"train-{name}-{place}")
            for place, rows in enumerate(self._shards)
        ]
        met = self._submit(averaged, learned, key=f"averaged-{name}")
        _wait_for(self._cluster, [*learned, met], f"round {self._n_rounds}")
        result: Averaged = met.result()
        return result

    def _submit(self, function: Callable[..., Any], *arguments: Any, key: str) -> Future:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            return self._cluster.client.submit(function, *arguments, key=f"chainrule-{key}", retries=RETRIES)

    def close(self) -> None:
        """Let the workers forget the rows."""
        self._cluster.client.cancel(self._shards)
        self._shards = []
