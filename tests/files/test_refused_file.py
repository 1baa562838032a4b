"""Files that are refused, each with one sentence: of another kind, of another version, damaged, made up."""

import hashlib
import json
import os
import pickle

import numpy as np
import pytest
import safetensors
import safetensors.numpy

import chainrule
from chainrule import MLPClassifier
from chainrule.errors import ModelFileError


@pytest.fixture
def file(models, tmp_path):
    path = tmp_path / "m.safetensors"
    chainrule.save(models["early stopping"], path)
    return path


@pytest.fixture
def table_files(models, tmp_path):
    """Files of a table model of classes, and of one of numbers."""
    paths = {"classes": tmp_path / "classes", "numbers": tmp_path / "numbers"}
    for name, path in paths.items():
        chainrule.save(models[f"table of {name}"], path, record={"target": "y"})
    return paths


def rewritten(path, change):
    """The file again with its description changed by `change(model, header)`; lengths are put right."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    model = json.loads(header["__metadata__"].pop("model"))
    change(model, header)
    if isinstance(header["__metadata__"], dict):
        header["__metadata__"].setdefault("model", json.dumps(model))
    return sealed(path, header, content[8 + length :])


def sealed(path, header, arrays):
    """A file of this header and these arrays, with the digest that belongs to them."""
    if isinstance(header["__metadata__"], dict):
        header["__metadata__"].pop("sha256", None)
        everything = json.dumps(header, sort_keys=True, separators=(",", ":")).encode() + arrays
        header["__metadata__"]["sha256"] = hashlib.sha256(everything).hexdigest()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + arrays)
    return path


def refusal(path):
    with pytest.raises(ModelFileError) as refused:
        chainrule.load(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty (0 bytes)"),
        (b"a,b\n1,2\n", "is not a chainrule model but looks like text"),
        (pickle.dumps({}), "looks like a pickle, which is never opened"),
        (b"PK\x03\x04" + b"\0" * 40, "looks like a zip archive; unpack it first"),
        (b"\x1f\x8b\x08" + b"\0" * 40, "looks like a gzip archive; unpack it first"),
        (b"PAR1" + b"\0" * 40, "looks like a Parquet table"),
        (b"\xff" * 8 + b"{}", "is not a chainrule model"),
        ((1 << 40).to_bytes(8, "little") + b"{" + b" " * 100, "is not a chainrule model"),
        (safetensors.numpy.save({"a": np.ones(2)}), "safetensors file of another program"),
        (safetensors.numpy.save({"a": np.ones(2)}, {"format": "pt"}), "safetensors file of another program"),
        ((4).to_bytes(8, "little") + b"{[]}", "damaged"),
        ((8).to_bytes(8, "little") + b'{"a":1}}', "damaged"),
        ((50_000).to_bytes(8, "little") + b'{"a":' + b"[" * 49_995, "damaged"),
    ],
)
def test_a_file_of_another_kind(tmp_path, content, says):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert says in refusal(path)


def test_no_file(tmp_path):
    assert "is a directory" in refusal(tmp_path)
    assert "does not exist" in refusal(tmp_path / "absent")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")


@pytest.mark.parametrize("version", ["0", "999", 1, None])
def test_another_version_names_both(file, version):
    said = refusal(rewritten(file, lambda _, header: header["__metadata__"].update(version=version)))
    assert repr(version) in said
    assert "reads version 1" in said


def changing(*path_and_value):
    *path, last, value = path_and_value

    def change(model, header):
        place = model
        for step in path:
            place = place[step]
        place[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        changing("kind", "os.system"),
        changing("kind", []),
        changing("surplus", 1),
        changing("kind", "MLPRegressor"),
        changing("kind", "TabularClassifier"),
        changing("record", []),
        changing("parameters", "code", "x"),
        changing("parameters", "alpha", {"call": "os.system"}),
        changing("parameters", "learning_rate", {"schedule": "Popen", "settings": {}}),
        changing("network", "n_inputs", 5),
        changing("network", "layers", 0, "units", 10**15),
        changing("network", "layers", 0, "units", "64"),
        changing("network", "layers", 0, "layer", "lambda"),
        changing("network", "layers", []),
        changing("classes", "values", ["a", "b", "c", "d"]),
        changing("classes", "values", [{}, []]),
        changing("classes", "dtype", "datetime64[s]"),
        changing("multilabel", 1),
        changing("out_activation", "identity"),
        changing("engine", "cuda"),
        changing("numbers", "n_iter_", -1),
        changing("numbers", "loss_", []),
        lambda _, header: header["__metadata__"].update(more="x"),
        lambda _, header: header["__metadata__"].update(model=None),
        lambda _, header: header["__metadata__"].pop("format"),
        lambda _, header: header.update(__metadata__=[]),
        lambda _, header: header["__metadata__"].update(model="[]"),
        lambda _, header: header.pop("loss_curve_"),
        lambda _, header: header["0.W"].update(shape=[3, 64]),
        lambda _, header: header["0.W"].update(shape=[1 << 40, 1 << 40]),
        lambda _, header: header["0.W"].update(dtype="BF16"),
        lambda _, header: header["0.W"].update(data_offsets=[0, 10**9]),
        lambda _, header: header.update(surplus=header.pop("0.b")),
    ],
)
def test_a_changed_description_is_refused(file, change):
    refusal(rewritten(file, change))


COLUMN = ("encoder", "schema", "columns")


@pytest.mark.parametrize(
    "change",
    [
        changing("kind", "TabularRegressor"),
        changing("surplus", 1),
        changing("record", "text"),
        changing("has_names", 1),
        changing("engine", "cuda"),
        changing("temperature", 0.0),
        changing("temperature", "1"),
        changing("multilabel", True),
        changing("classes", "values", ["a", "b", "c"]),
        changing("counts", "n_iter_", -1),
        changing("counts", "more", 1),
        changing("parameters", "code", "x"),
        changing("parameters", "loss", "hinge"),
        changing("settings", "members", 3),
        changing("settings", "members", "2"),
        changing("settings", "folds", 5),
        changing("settings", "surplus", 1),
        changing("settings", "bins", None),
        changing("encoder", {}),
        changing("encoder", "has_missing", []),
        changing("encoder", "numbers", []),
        changing("encoder", "numbers", 0, "edges", [2.0, 1.0]),
        changing("encoder", "numbers", 0, "center", "0"),
        changing(*COLUMN, []),
        changing(*COLUMN, 0, "kind", "pickle"),
        changing(*COLUMN, 0, "name", "gaps"),
        changing(*COLUMN, 2, "levels", ["blue", "green", "red"]),
        changing(*COLUMN, 9, "levels", []),
        changing("network", "n_inputs", 5),
        changing("network", "layers", []),
        changing("network", "layers", 0, "branches", 0, 1, 10**9),
        changing("network", "layers", 0, "branches", -2, 2, "layers", 0, "levels", 10**12),
        changing("network", "layers", -1, "layer", "lambda"),
        lambda _, header: header.pop("loss_curve_"),
        lambda _, header: header.update(surplus=header.pop("1.s")),
    ],
)
def test_a_changed_description_of_a_model_of_classes_is_refused(table_files, change):
    refusal(rewritten(table_files["classes"], change))


@pytest.mark.parametrize(
    "change",
    [
        changing("kind", "TabularClassifier"),
        changing("temperature", 1.0),
        changing("parameters", "quantiles", {"tuple": [0.1, 0.5]}),
        lambda _, header: header.pop("target_mean_"),
        lambda _, header: header.pop("residual_offset"),
        lambda _, header: header["target_range"].update(shape=[1, 2]),
        lambda _, header: header["residuals"].update(shape=[1, *header["residuals"]["shape"]]),
    ],
)
def test_a_changed_description_of_a_model_of_numbers_is_refused(table_files, change):
    refusal(rewritten(table_files["numbers"], change))


@pytest.mark.parametrize(
    ("name", "value"),
    [("target_scale_", 0.0), ("target_scale_", np.nan), ("residuals", -1.0), ("target_range", np.inf)],
)
def test_numbers_that_cannot_be_are_refused(table_files, name, value):
    path = table_files["numbers"]
    content = path.read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:length])
    begin, end = (length + offset for offset in header[name]["data_offsets"])
    changed = np.full((end - begin) // 8, value).tobytes()
    refusal(sealed(path, header, content[length:begin] + changed + content[end:]))


def test_parameters_that_are_not_finite_are_refused(file):
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    place = 8 + length + header["0.b"]["data_offsets"][0]
    arrays = content[8 + length : place] + np.float64(np.nan).tobytes() + content[place + 8 :]
    assert "not finite" in refusal(sealed(file, header, arrays))


def test_a_key_that_occurs_twice_is_refused(file):
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    text = content[8 : 8 + length].replace(b'"format":', b'"format":"x","format":', 1)
    file.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    assert "occurs twice" in refusal(file)


def test_a_torn_file_is_refused_wherever_it_ends(file):
    content = file.read_bytes()
    for end in [*range(64), *range(64, len(content), 499), len(content) - 1]:
        file.write_bytes(content[:end])
        refusal(file)


def test_a_flipped_bit_anywhere_is_refused(file):
    content = file.read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    rng = np.random.default_rng(0)
    for place in [*rng.choice(length, 300), *rng.integers(length, len(content), 100)]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.integers(8)
        file.write_bytes(damaged)
        refusal(file)


def test_the_digest_is_that_of_header_and_arrays(file):
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    sealed(file, json.loads(content[8 : 8 + length]), content[8 + length :])
    assert isinstance(chainrule.load(file), MLPClassifier)
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert "its content is not what its SHA-256 says" in refusal(file)
