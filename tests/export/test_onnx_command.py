"""chainrule export writes a model file as ONNX or as source."""

import json
import warnings

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from typer.testing import CliRunner

import chainrule
from chainrule import MLPRegressor, Network, TabularRegressor
from chainrule.cli.app import app
from chainrule.export import javascript_source, numpy_source, onnx_inputs

QUICK = {"max_iter": 2, "engine": "numpy", "random_state": 0}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=60), "color": rng.choice(["red", "blue"], 60)})


@pytest.fixture
def models(table):
    """Files of a table model and of an MLP."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tabular = TabularRegressor("fast", **QUICK).fit(table, table["x"])
        mlp = MLPRegressor(hidden_layer_sizes=(3,), **QUICK).fit(table[["x"]].to_numpy(), table["x"])
    tabular.save("table.safetensors")
    mlp.save("mlp.safetensors")
    return tabular, mlp


def run(*words):
    return CliRunner().invoke(app, ["export", *words], prog_name="chainrule")


def test_a_table_model_as_onnx(models, table):
    done = run("table.safetensors", "--output", "model.onnx")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "Saved  model.onnx\n"
    session = onnxruntime.InferenceSession("model.onnx")
    found = session.run(None, onnx_inputs(models[0], table))[0]
    np.testing.assert_allclose(found[:, 0], models[0].predict(table), atol=1e-7)


def test_an_mlp_in_every_format(models, folder):
    for form, write in (("numpy", numpy_source), ("javascript", javascript_source)):
        assert run("mlp.safetensors", "--format", form, "--output", form).exit_code == 0
        assert (folder / form).read_text(encoding="utf-8") == write(models[1])
    done = run("mlp.safetensors", "-o", "mlp.onnx", "--json")
    report = json.loads(done.stdout)
    assert report["command"] == "export"
    assert report["format"] == "onnx"
    assert report["output"]["bytes"] == (folder / "mlp.onnx").stat().st_size


def test_the_same_model_makes_the_same_bytes(models, folder):
    for name in ("one.onnx", "two.onnx"):
        run("table.safetensors", "-o", name)
    assert (folder / "one.onnx").read_bytes() == (folder / "two.onnx").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("table.safetensors", "--format", "numpy", "-o", "a.py"), "a model of tables reads columns"),
        (("table.safetensors", "-o", "old.onnx"), "old.onnx exists; choose another name"),
        (("table.safetensors", "-o", "table.safetensors", "--overwrite"), "is the model that is read"),
        (("network.safetensors", "-o", "a.onnx"), "holds a Network without an estimator"),
        (("missing.safetensors", "-o", "a.onnx"), "missing.safetensors"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(models, folder, words, message):
    (folder / "old.onnx").write_bytes(b"old")
    network = Network.mlp(2)
    chainrule.save((network, network.initialize(np.random.default_rng(0))), "network.safetensors")
    done = run(*words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not {"a.py", "a.onnx"} & {path.name for path in folder.iterdir()}
    assert run("table.safetensors", "-o", "old.onnx", "--overwrite").exit_code == 0
