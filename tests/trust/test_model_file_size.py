"""A model file takes memory and time in proportion to its size, whatever it declares."""

import tracemalloc
import warnings
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from mutated_model_files import parts_of, sealed
from sklearn.exceptions import ConvergenceWarning
from tried import counted

import chainrule
from chainrule import MLPRegressor
from chainrule.errors import ModelFileError

FIXTURES = Path(__file__).parents[1] / "files" / "fixtures" / "v1"

BYTES_PER_VALUE = 160  # of the description, as Python's objects
MOST_SECONDS_PER_BYTE = 1 / (1 << 20)


def _peak(path):
    """(what `load` answers, most bytes that it had allocated at a time)."""
    tracemalloc.start()
    try:
        answer = chainrule.load(path)
    except ModelFileError as error:
        answer = error
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return answer, peak


def _changed(name, change):
    """The fixture with its parts changed in place by `change(entries, model)`; what it returns are arrays."""
    entries, metadata, model, arrays = parts_of((FIXTURES / f"{name}.safetensors").read_bytes())
    more = change(entries, model)
    return sealed(entries, metadata, model, arrays if more is None else arrays + more)


def _text(text):
    """A file whose description is this text, which need not be a model's nor JSON."""
    entries, metadata, _, arrays = parts_of((FIXTURES / "mlp_linear.safetensors").read_bytes())
    return sealed(entries, metadata, text, arrays)


def _layers(layers):
    return _changed("network", lambda _, model: model["network"]["layers"].extend(layers))


def _more_entries(entries, _):
    entries |= {str(i): {"dtype": "F64", "shape": [0], "data_offsets": [0, 0]} for i in range(2_000)}


def _levels(_, model):
    column = next(c for c in model["encoder"]["schema"]["columns"] if c["kind"] == "category")
    column["levels"] = [str(i) for i in range(30_000)]


def _labels(_, model):
    model["classes"] = {"dtype": "str", "values": ["x" * 300_000, *(f"y{i}" for i in range(20_000))]}


def _branches(entries, model):
    """Thousands of branches, each with a parameter of its own."""
    inner = {"layer": "network", "n_inputs": 1, "layers": [{"layer": "scale", "members": 1, "spread": False}]}
    model["network"] = {
        "layer": "network",
        "n_inputs": 1,
        "layers": [{"layer": "columns", "branches": [[0, 1, inner]] * 3000}],
    }
    at = max(entry["data_offsets"][1] for entry in entries.values())
    entries |= {
        f"0.{i}.0.s": {"dtype": "F64", "shape": [1, 1], "data_offsets": [at + 8 * i, at + 8 * i + 8]}
        for i in range(3000)
    }
    return bytes(8 * 3000)


ACTIVATION = {"layer": "activation", "function": "relu"}
WIDE = {"layer": "fan_out", "members": 10**9, "own": 0, "units": 1}
BOMBS = {
    "huge shape": lambda: _changed("mlp_linear", lambda e, _: e["0.W"].update(shape=[2**40, 2**40])),
    "shape of nothing": lambda: _changed("mlp_linear", lambda e, _: e["0.W"].update(shape=[0, 2**62])),
    "shape of huge numbers": lambda: _changed(
        "mlp_linear", lambda e, _: e["0.W"].update(shape=[10**4000] * 99)
    ),
    "many dimensions": lambda: _changed("mlp_linear", lambda e, _: e["0.W"].update(shape=[1] * 10**4)),
    "very many levels": lambda: _changed("table_numbers", _levels),
    "long labels": lambda: _changed("mlp_two_classes", _labels),
    "depth": lambda: _text("[" * 1_000_000),
    "depth that closes": lambda: _text("[" * 500 + "]" * 500),
    "empty lists": lambda: _text("[" + "[]," * 30_000 + "0]"),
    "numbers": lambda: _text("[" + "0," * 30_000 + "0]"),
    "keys": lambda: _text("{" + ",".join(f'"{i}":0' for i in range(30_000)) + "}"),
    "a long number": lambda: _text("1" * 1_000_000),
    "escapes": lambda: _text('"' + "\\ud83d\\ude00" * 30_000 + '"'),
    "many arrays": lambda: _changed("mlp_linear", _more_entries),
    "many layers": lambda: _layers([ACTIVATION] * 4_100),
    "many branches": lambda: _changed("network", _branches),
    "many powers": lambda: _layers([{"layer": "polynomial", "degree": 10**6}]),
    "many members": lambda: _layers([WIDE]),
    "many times many members": lambda: _layers([WIDE | {"members": 1000}] * 100),
    "many inputs": lambda: _changed("network", lambda _, m: m["network"].update(n_inputs=10**12)),
}


@pytest.fixture(scope="module", autouse=True)
def _all_is_imported():
    chainrule.load(FIXTURES / "table_numbers.safetensors")


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_a_file_declares_takes_no_memory_and_no_time(tmp_path, bomb):
    path = tmp_path / "bomb.safetensors"
    content = BOMBS[bomb]()
    path.write_bytes(content)
    size = len(content)
    begun = process_time()
    with pytest.raises(ModelFileError):
        chainrule.load(path)
    assert process_time() - begun < 1 + size * MOST_SECONDS_PER_BYTE
    answer, peak = _peak(path)
    assert isinstance(answer, ModelFileError)
    assert peak < (1 << 20) + 4 * size + BYTES_PER_VALUE * sum(map(content.count, (b"[", b"{", b",")))
    counted("model file: more declared than there is", "refused")


def test_a_large_model_takes_less_than_four_times_its_file(tmp_path):
    model = MLPRegressor(
        hidden_layer_sizes=(100,), max_iter=1, engine="numpy", batch_size="full", solver="sgd"
    )
    rows = np.random.default_rng(0).normal(size=(4, 20_000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, rows[:, 0])
    path = tmp_path / "large.safetensors"
    model.save(path)
    loaded, peak = _peak(path)
    assert peak < 4 * path.stat().st_size
    assert np.array_equal(loaded.coefs_[0], model.coefs_[0])
    counted("model file: more declared than there is", "answered")
