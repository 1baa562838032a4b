"""Does the server hold its load, and is every answer right?

    python benchmarks/serving.py [--seconds S] [--clients N] [--output FILE]

A model of a table with numbers, categories and dates is served by a process of its own. A client asks again
as soon as it is answered, over one connection: mostly one row, sometimes 50 rows, and sometimes what is no
request at all. An answer is wrong if it is not what the model says to the same rows, to the last bit; garbage
must get a status of 400 to 499.

Latencies are those that the clients see, which share the machine with the server.
"""

import argparse
import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import chainrule
from chainrule import TabularRegressor

START = "from chainrule.cli import main; main()"
GARBAGE = [
    b"{",
    b"[" * 10_000,
    b'{"rows": []}',
    b'{"row": {"area": NaN}}',
    b"\xff\xfe",
    b'{"row": {"area": "x"}}',
]


def make_rows(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "area": rng.uniform(30, 200, n).round(1),
            "rooms": rng.integers(1, 8, n),
            "city": rng.choice(["Basel", "Bern", "Chur", "Genf", "Sion"], n),
            "garden": rng.choice([True, False], n),
            "sold": [f"20{y}-{m:02d}-15" for y, m in rng.integers([10, 1], [24, 13], (n, 2))],
        }
    )


def save_model(path: Path) -> None:
    rows = make_rows(1000, 0)
    price = rows["area"].to_numpy() * 5000 + rows["rooms"].to_numpy() * 20_000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = TabularRegressor("fast", max_iter=20, random_state=0).fit(rows, price)
    chainrule.save(model, path, record={"target": "price"})


@dataclass(frozen=True)
class Question:
    """A body, and the answer to it: predictions, or None where it is garbage."""

    kind: str
    body: bytes
    expected: list[dict[str, Any]] | None


def make_questions(model: Any, n: int) -> list[Question]:
    rows = make_rows(60 * n, 1)
    found = []
    for number in range(n):
        if number % 50 == 7:
            found.append(Question("garbage", GARBAGE[number // 50 % len(GARBAGE)], None))
            continue
        kind, size = ("50 rows", 50) if number % 10 == 5 else ("1 row", 1)
        part = rows[60 * number : 60 * number + size]
        predictions = [{"prediction": value} for value in model.predict(part).tolist()]
        found.append(Question(kind, json.dumps({"rows": part.to_dicts()}).encode(), predictions))
    return found


@dataclass
class Seen:
    """What one client has seen."""

    latencies: dict[str, list[float]] = field(
        default_factory=lambda: {"1 row": [], "50 rows": [], "garbage": []}
    )
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    lost: int = 0


def ask_until(end: float, port: int, questions: list[Question], first: int) -> Seen:
    seen, connection, number = Seen(), http.client.HTTPConnection("127.0.0.1", port, timeout=60), first
    headers = {"content-type": "application/json"}
    while time.perf_counter() < end:
        question = questions[number % len(questions)]
        number += 1
        begun = time.perf_counter()
        try:
            connection.request("POST", "/predict", question.body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            seen.lost += 1
            connection.close()
            continue
        seen.latencies[question.kind].append(time.perf_counter() - begun)
        seen.statuses[answer.status] += 1
        seen.wrong += not is_right(question, answer.status, content)
    connection.close()
    return seen


def is_right(question: Question, status: int, content: bytes) -> bool:
    if question.expected is None:
        return 400 <= status < 500
    return status == 200 and json.loads(content)["predictions"] == question.expected


def summary(seen: list[Seen], seconds: float) -> dict[str, Any]:
    statuses = sum((one.statuses for one in seen), Counter())
    report: dict[str, Any] = {
        "seconds": round(seconds, 1),
        "requests": statuses.total(),
        "requests_per_second": round(statuses.total() / seconds, 1),
        "statuses": dict(sorted(statuses.items())),
        "wrong": sum(one.wrong for one in seen),
        "lost": sum(one.lost for one in seen),
        "milliseconds": {},
    }
    for kind in ("1 row", "50 rows", "garbage"):
        times = 1000 * np.concatenate([one.latencies[kind] for one in seen])
        p50, p99, worst = np.quantile(times, [0.5, 0.99, 1]).round(2).tolist()
        report["milliseconds"][kind] = {"p50": p50, "p99": p99, "worst": worst, "requests": len(times)}
    return report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "price.safetensors")
        save_model(path)
        questions = make_questions(chainrule.load(path), 500)
        command = [sys.executable, "-c", START, "serve", str(path), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            found = re.search(r":(\d+)$", server.stdout.readline().strip())
            assert found, "the server did not begin"
            begun = time.perf_counter()
            with ThreadPoolExecutor(given.clients) as clients:
                running = [
                    clients.submit(ask_until, begun + given.seconds, int(found[1]), questions, 61 * client)
                    for client in range(given.clients)
                ]
                seen = [client.result() for client in running]
            seconds = time.perf_counter() - begun
            server.send_signal(signal.SIGTERM)
        report = {"clients": given.clients, **summary(seen, seconds), "exit_code": server.returncode}
    text = json.dumps(report, indent=2)
    print(text)
    if given.output is not None:
        given.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
