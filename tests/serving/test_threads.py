"""Many at a time: every answer is the one that is asked for, and small ones do not wait behind large ones."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import chainrule


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "method"), [("classes", "predict_proba"), ("numbers", "predict_interval")])
def test_sixteen_threads_get_the_same_bits(models, table, name, method):
    estimator = models[name].estimator
    parts = [table[first : first + 1 + first % 3] for first in range(20)]
    alone = [(estimator.predict(part), getattr(estimator, method)(part)) for part in parts]
    with ThreadPoolExecutor(16) as threads:
        many = threads.map(
            lambda part: (estimator.predict(part), getattr(estimator, method)(part)), parts * 4
        )
        for (prediction, further), (expected, beside) in zip(many, alone * 4, strict=True):
            assert np.array_equal(prediction, expected)
            assert np.array_equal(further, beside)


def test_fifty_requests_at_a_time_are_all_answered_rightly(servers, model_files, table, rows):
    estimators = {name: chainrule.load(model_files[name]) for name in ("classes", "numbers")}

    def expected(name, first):
        return [
            {"prediction": value} for value in estimators[name].predict(table[first : first + 7]).tolist()
        ]

    known = {(name, first): expected(name, first) for name in estimators for first in range(5)}

    def ask(number):
        name, first = ("classes", "numbers")[number % 2], number % 5
        answer = servers[name].predict({"rows": rows[first : first + 7]})
        assert answer.status == 200
        return answer.document["predictions"] == known[name, first]

    with ThreadPoolExecutor(50) as clients:
        assert all(clients.map(ask, range(150)))


@pytest.mark.slow
def test_small_requests_are_answered_while_a_large_one_is(new_server, models, rows):
    large = json.dumps({"rows": rows * 300}).encode()
    with new_server(models["numbers"]) as server, ThreadPoolExecutor(1) as clients:
        for _ in range(5):
            server.predict({"row": rows[0]})
        began = time.monotonic()
        waiting = clients.submit(server.predict, large)
        seconds = []
        while not waiting.done():
            start = time.monotonic()
            assert server.predict({"row": rows[0]}).status == 200
            seconds.append(time.monotonic() - start)
        assert waiting.result().status == 200
        whole = time.monotonic() - began
    assert len(seconds) > 3
    assert np.median(seconds) < whole / 4, (whole, seconds)
