"""Kill processes at random moments of saving and of training, and look at what they leave.

    python tests/trust/kills.py saving N SEED
    python tests/trust/kills.py training N SEED [numpy | xla]

prints how many were killed, and how many of those had left something to go on from; fails if anything was
lost. It runs in an interpreter of its own: processes that have started JAX are not to fork.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import chainrule
from chainrule import Checkpoint, MLPRegressor, TabularRegressor

warnings.simplefilter("ignore")

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 5))
y = X[:, 0] * X[:, 1] + np.sin(X[:, 2])


def killed_after(seconds, work):
    """Whether a forked child that does `work` had to be killed; one that fails is an error."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def saving(n, chance, folder):
    """The file is the old one or the new one, whole, whenever the process dies."""
    models = [
        MLPRegressor(hidden_layer_sizes=(200, 200), max_iter=1, random_state=i).fit(X, y) for i in (0, 1)
    ]
    path, possible = folder / "model.safetensors", []
    for model in models:
        chainrule.save(model, path)
        possible.append(path.read_bytes())

    def save_again_and_again():
        while True:
            for model in models:
                chainrule.save(model, path)

    seen = [0, 0]
    for _ in range(n):
        assert killed_after(chance.uniform(0, 0.05), save_again_and_again)
        seen[possible.index(path.read_bytes())] += 1
    assert np.isfinite(chainrule.load(path).predict(X)).all()
    return {"killed": n, "left the one": seen[0], "left the other": seen[1]}


def models_to_train(engine):
    return [
        MLPRegressor(hidden_layer_sizes=(32,), dropout=0.1, max_iter=60, random_state=0, engine=engine),
        TabularRegressor(
            preset="fast", max_iter=12, members=4, hidden_layer_sizes=(32,), random_state=0, engine=engine
        ),
    ]


def fit_and_save(which, engine, folder, path):
    model = models_to_train(engine)[which]
    chainrule.save(model.fit(X, y, checkpoint=Checkpoint(folder, every=0)), path)


def training(n, chance, folder, engine="numpy"):
    """Resumed as often as it is killed, a fit ends with the file of one that was left in peace."""
    killed = resumed = finished = which = 0
    whole, seconds = [], []
    for i, model in enumerate(models_to_train(engine)):
        started = time.monotonic()
        if engine == "numpy":
            chainrule.save(model.fit(X, y), folder / f"whole{i}")
            seconds.append(time.monotonic() - started)
        else:
            _in_an_interpreter(i, engine, folder / f"run-whole{i}", folder / f"whole{i}").wait()
            seconds.append(time.monotonic() - started)
        whole.append((folder / f"whole{i}").read_bytes())
    run = folder / "run-0"
    while killed < n or not finished:
        path = folder / "model"
        # Mostly before the end, and often enough so early that several kills hit the same fit.
        moment = chance.uniform(0, 0.9) * seconds[which]
        if engine == "numpy":
            was_killed = killed_after(moment, lambda: fit_and_save(which, engine, run, path))  # noqa: B023
        else:
            child = _in_an_interpreter(which, engine, run, path)
            time.sleep(moment)
            child.kill()
            was_killed = child.wait() != 0
        if was_killed:
            killed += 1
            resumed += any(run.glob("*.safetensors")) if run.exists() else 0
            assert not path.exists() or path.read_bytes() == whole[which]
        if not was_killed or killed >= n:
            fit_and_save(which, engine, run, path)
            assert path.read_bytes() == whole[which]
            path.unlink()
            finished += 1
            which, run = finished % 2, folder / f"run-{finished}"
    return {"killed": killed, "with something to go on from": resumed, "fits ended": finished}


def _in_an_interpreter(which, engine, run, path):
    code = f"import kills; kills.fit_and_save({which}, {engine!r}, {str(run)!r}, {str(path)!r})"
    return subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent)


if __name__ == "__main__":
    what, n, seed, *engine = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        work = {"saving": saving, "training": training}[what]
        found = work(int(n), random.Random(int(seed)), Path(folder), *engine)
        sys.stdout.write(json.dumps(found))
