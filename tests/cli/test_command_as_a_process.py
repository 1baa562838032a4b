"""The command line in a process of its own: exit codes, Ctrl-C, readers that go away, progress."""

import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import chainrule

CODE = "from chainrule.cli import main; main()"


def process(*words, **options):
    return subprocess.run(
        [sys.executable, "-c", options.pop("code", CODE), *words],
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


def test_as_a_process(table, models):
    done = process("predict", "risk.safetensors", "data.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 241
    done = process("inspect", "absent.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "chainrule: error: absent.csv does not exist; check the spelling and the folder\n"


def test_without_the_extra_it_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None\n"
    code += "import importlib.util as u; find = u.find_spec\n"
    code += "u.find_spec = lambda name: None if name in ('typer', 'rich') else find(name)\n"
    done = process(code=code + CODE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "chainrule: error: the command line needs rich, typer; "
        'install it with: pip install "chainrule[cli]"\n'
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_keeps_and_saves_the_model(folder):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 5))
    pl.DataFrame({**{f"x{i}": X[:, i] for i in range(5)}, "y": rng.normal(size=3000)}).write_csv("d.csv")
    code = (
        "import os, signal, chainrule.estimators.tabular_fitting as f\n"
        "log, seen = f.log_epoch, []\n"
        "def interrupting(*args):\n"
        "    log(*args)\n    seen.append(1)\n"
        "    if len(seen) == 3: os.kill(os.getpid(), signal.SIGINT)\n"
        "f.log_epoch = interrupting\n"
    )
    words = (
        "train",
        "d.csv",
        "--target",
        "y",
        "--epochs",
        "100000",
        "--engine",
        "numpy",
        "--preset",
        "fast",
    )
    done = process(*words, code=code + CODE)
    assert done.returncode == 130, done.stderr
    assert "stopped by Ctrl-C" in done.stdout
    assert chainrule.load("d.safetensors").n_iter_ == 3
    assert "always the mean" in done.stdout
    assert "linear model" not in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_elsewhere_is_one_line(table, folder):
    code = "import os, signal, chainrule.cli.inspect as i\n"
    code += "i.read_table = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)\n"
    done = process("inspect", "data.csv", code=code + CODE)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "chainrule: error: interrupted\n")
    assert os.listdir(folder) == ["data.csv"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_before_the_first_epoch_says_that_nothing_is_saved(table, folder):
    code = "import os, signal, chainrule.cli.train as t\n"
    code += "t.open_table = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
    done = process("train", "data.csv", "--target", "risk", code=code + CODE)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "chainrule: error: interrupted; nothing was saved\n"
    assert os.listdir(folder) == ["data.csv"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_while_modules_are_imported_is_one_line(table):
    code = (
        "import importlib.abc, os, signal, sys\n"
        "class Interrupting(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == {!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
    )
    for module in ("typer", "chainrule.cli.app", "polars", "sklearn"):
        done = process("train", "data.csv", "--target", "risk", code=code.format(module) + CODE)
        assert (done.returncode, done.stdout) == (130, ""), module
        assert done.stderr.startswith("chainrule: error: interrupted"), module
        assert len(done.stderr.splitlines()) == 1, module


@pytest.mark.skipif(os.name == "nt", reason="pipes of Unix")
def test_a_reader_that_goes_away_is_no_error(table):
    words = [sys.executable, "-c", CODE, "inspect", "data.csv"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        writer.stdout.close()
        assert writer.stderr.read() == b""
        assert writer.wait(60) == 0


@pytest.mark.skipif(os.name == "nt", reason="terminals of Unix")
def test_progress_on_a_terminal_only(table, folder):
    import pty

    outside, inside = pty.openpty()
    words = ("train", "data.csv", "--target", "risk", "--epochs", "5", "--engine", "numpy", "--json")
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words], stdout=subprocess.PIPE, stderr=inside, timeout=60
    )
    os.close(inside)
    seen = b""
    while chunk := _read(outside):
        seen += chunk
    os.close(outside)
    assert done.returncode == 0
    assert b"Ctrl-C keeps the best" in seen
    assert b"epoch " in seen
    assert not chainrule.load("data.safetensors").verbose
    assert b"Training" not in done.stdout


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""
