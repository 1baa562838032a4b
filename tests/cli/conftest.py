"""The command line in this process, on small tables in a folder of their own."""

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from chainrule.cli.app import app


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test works in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def run():
    """``run("train", "data.csv", ...)``: exit code, standard output, standard error."""

    def run(*words):
        result = CliRunner().invoke(app, [str(word) for word in words], prog_name="chainrule")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def report(run):
    """``report("train", ...)``: the JSON object of a command that must end well."""

    def report(*words):
        result = run(*words, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return report


def make_table(n=240, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    city = rng.choice(["Rome", "Oslo", "=1+1"], n)
    return pl.DataFrame(
        {
            "age": [int(a) if known else None for a, known in zip(age, rng.random(n) > 0.1, strict=True)],
            "city": city,
            "member": rng.choice(["true", "false"], n),
            "risk": np.where((age > 50) | (city == "Rome"), "high", "low"),
            "cost": 100.0 * age + rng.normal(0, 50, n),
        }
    )


@pytest.fixture
def table(folder):
    """A table with numbers, gaps, categories and a formula, as `data.csv`."""
    table = make_table()
    table.write_csv("data.csv")
    return table


@pytest.fixture(scope="session")
def trained(tmp_path_factory, run):
    """Bytes of a model of classes and of a model of numbers, trained once on such a table."""
    folder = tmp_path_factory.mktemp("trained")
    make_table().write_csv(folder / "data.csv")
    contents = {}
    for target, other in (("risk", "cost"), ("cost", "risk")):
        words = (
            "--target",
            target,
            "--ignore",
            other,
            "--preset",
            "fast",
            "--epochs",
            12,
            "--engine",
            "numpy",
        )
        assert run("train", folder / "data.csv", *words, "--model", folder / target).exit_code == 0
        contents[target] = (folder / target).read_bytes()
    return contents


@pytest.fixture
def models(folder, trained):
    """`risk.safetensors` and `cost.safetensors`, trained on such a table."""
    for target, content in trained.items():
        (folder / f"{target}.safetensors").write_bytes(content)
