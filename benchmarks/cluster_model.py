"""What rounds cost on clusters that are not at hand: a simulation on measured figures.

    python benchmarks/cluster_model.py [--step-ms MS] [--megabytes MB] [--gigabits GB] [--spread S] ...

A round: the driver hands the state to the scheduler, workers fetch it from each other (a tree), each shard
takes its steps on the next free worker, all results go to one worker, their mean to the driver. Tasks take
log-normal times of the given spread: the round waits for the slowest.
"""

import argparse
import heapq
from math import ceil, log2

import numpy as np

WORKERS = (1, 2, 4, 8, 16, 32, 64, 100)
ROUNDS = 200


def compute_seconds(n_workers, n_shards, task_seconds, spread, rng):
    """Until the last shard has taken its steps: tasks are started in order on whichever worker is free."""
    times = task_seconds * np.exp(spread * rng.normal(size=n_shards) - spread**2 / 2)
    free = [0.0] * n_workers
    for time in times:
        heapq.heappush(free, heapq.heappop(free) + time)
    return max(free)


def transfer_seconds(n_workers, n_shards, n_bytes, bytes_per_second):
    """Of the state: up, among the workers, to where the mean is taken, and down."""
    between = n_shards * (1 - 1 / n_workers)
    return n_bytes / bytes_per_second * (2 + ceil(log2(n_workers)) + between + 1)


def efficiency(n_workers, n_shards, a):
    rng = np.random.default_rng(0)
    task = 1e-3 * a.step_ms * a.steps
    computed = np.mean([compute_seconds(n_workers, n_shards, task, a.spread, rng) for _ in range(ROUNDS)])
    moved = transfer_seconds(n_workers, n_shards, 1e6 * a.megabytes, a.gigabits / 8 * 1e9)
    seconds = computed + moved + 1e-3 * (a.latency_ms + a.task_ms * n_shards)
    return seconds, n_shards * task / (n_workers * seconds)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--step-ms", type=float, default=2.0, help="a step of one shard")
    parser.add_argument("--steps", type=int, default=250, help="of a round")
    parser.add_argument("--megabytes", type=float, default=1.0, help="parameters and moments")
    parser.add_argument("--latency-ms", type=float, default=27.0, help="of a round without work")
    parser.add_argument("--task-ms", type=float, default=1.7, help="of the scheduler, for a task")
    parser.add_argument("--gigabits", type=float, default=4.8, help="per second and machine")
    parser.add_argument("--spread", type=float, default=0.15, help="of the logarithm of a task's time")
    arguments = parser.parse_args()
    print("workers  16 shards: s/round  efficiency  one shard each: s/round  efficiency")
    for n in WORKERS:
        fixed, own = efficiency(n, 16, arguments), efficiency(n, max(n, 16), arguments)
        print(f"{n:7}  {fixed[0]:18.2f}  {fixed[1]:10.0%}  {own[0]:23.2f}  {own[1]:10.0%}")


if __name__ == "__main__":
    main()
