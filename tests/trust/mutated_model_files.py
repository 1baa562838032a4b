"""Model files with something else in them than was written: bytes, or values with a digest that is right."""

import hashlib
import json
import struct
from copy import deepcopy

__all__ = ["changed_bytes", "changed_content", "parts_of", "sealed"]

_NUMBERS = [0, 1, -1, 2, 3, 7, 64, 1000, 2**31, 2**53, 2**63, -(2**63), 10**18, 10**30, 10**400]
_FLOATS = [0.0, -0.0, 0.5, 1.0, -1.0, 1.5, 1e-308, 5e-324, 1e-30, 1e9, 1e30, 1e150, 1e300, -1e300, 1.7e308]
_WORDS = [
    *[
        "",
        "x",
        "x0",
        "0",
        "1",
        "nan",
        "inf",
        "1e999",
        "\0",
        "a\0",
        "\ud800",
        "ä",
        "é\u0301",
        "\n",
        "a" * 3000,
    ],
    *["relu", "elu", "logistic", "softmax", "identity", "exp", "sigmoid", "both", "none", "numpy", "xla"],
    *["float32", "float64", "int8", "str", "object", "bool", "number", "category", "boolean", "date", "text"],
    *["mixed", "ignore", "time", "duration", "constant", "poisson", "huber", "pinball", "squared_error"],
    *["os.system", "__class__", "custom", "MLPRegressor", "TabularClassifier", "Network", "checkpoint"],
]
_OTHERS = [
    *[None, True, False, [], {}, [[]], [0], [None], {"a": 1}, {"float": "nan"}, {"float": "inf"}],
    *[{"float": "-inf"}, {"tuple": []}, {"tuple": [1, 2]}, {"dict": [[[], 1]]}, {"call": "os.system"}],
    *[{"activation": {"name": "elu", "alpha": 1e308}}, {"name": "leaky_relu", "negative_slope": 1e200}],
    *[{"loss": {"loss": "huber", "delta": 1e-300}}, {"loss": {"loss": "quantiles", "quantiles": [0.5]}}],
    *[{"schedule": "WarmUp", "settings": {"then": {"schedule": "Constant", "settings": {}}}}],
]
_LAYERS = [
    {"layer": "polynomial", "degree": 2},
    {"layer": "polynomial", "degree": 40},
    {"layer": "polynomial", "degree": 10**9},
    {"layer": "fan_out", "members": 2, "own": 0, "units": 1},
    {"layer": "fan_out", "members": 10**9, "own": 0, "units": 1},
    {"layer": "join"},
    {"layer": "dropout", "rate": 0.5},
    {"layer": "dropout", "rate": [0.1, 0.2]},
    {"layer": "activation", "function": "softplus"},
    {"layer": "activation", "function": {"name": "elu", "alpha": 1e308}},
    {"layer": "activation", "function": {"name": "leaky_relu", "negative_slope": -1e300}},
    {"layer": "scale", "members": 1, "spread": False},
    {"layer": "scale", "members": 10**7, "spread": True},
    {"layer": "dense", "units": 1, "initializer": "auto", "biases": "zeros"},
    {"layer": "network", "n_inputs": 3, "layers": []},
    {"layer": "columns", "branches": []},
    {"layer": "columns", "branches": [[0, 1, {"layer": "network", "n_inputs": 1, "layers": []}]]},
    {"layer": "member_dense", "units": 1, "members": 2, "fan_out": True, "shared": False},
]
_WEIGHTS = [0.0, 1.0, -1.0, 1e-300, 1e30, -1e30, 1e150, 1e300, -1.7e308, float("inf"), float("nan"), 5e-324]


# -- bytes ---------------------------------------------------------------------------------------------------


def changed_bytes(content, rng):
    """The file after one to three accidents with its bytes."""
    content = bytearray(content)
    behind_header = 8 + int.from_bytes(content[:8], "little")
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = rng.randrange(
            max(1, min(behind_header if rng.random() < 0.8 else len(content), len(content)))
        )
        run = rng.choice((1, 1, 2, 8, 64, 1000))
        accident = rng.randrange(8)
        if accident <= 1 and content:
            content[min(place, len(content) - 1)] ^= 1 << rng.randrange(8)
        elif accident == 2:
            content[place : place + run] = rng.randbytes(run)
        elif accident == 3:
            del content[place:]
        elif accident == 4:
            del content[place : place + run]
        elif accident == 5:
            content[place:place] = content[place : place + run]
        elif accident == 6:
            content[place:place] = rng.choice((b"\0", b"{", b"[", b'"', b"\\", b",", b"1e999", b"NaN")) * run
        else:
            content[:8] = rng.choice((0, 1, len(content), 2**32, 2**63, 2**64 - 1)).to_bytes(8, "little")
    return bytes(content)


# -- values --------------------------------------------------------------------------------------------------


def parts_of(content):
    """(entries of the arrays, metadata without digest and description, description, arrays) of a file."""
    length = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:length])
    metadata = header.pop("__metadata__")
    del metadata["sha256"]
    return header, metadata, json.loads(metadata.pop("model")), content[length:]


def sealed(entries, metadata, model, arrays):
    """A file of these parts, with the digest that belongs to them; a description may be any text."""
    header = dict(entries)
    header["__metadata__"] = metadata | {"model": model if isinstance(model, str) else _dumps(model)}
    everything = _dumps(header).encode() + arrays
    header["__metadata__"]["sha256"] = hashlib.sha256(everything).hexdigest()
    text = _dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + arrays


def _dumps(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def changed_content(content, other, rng):
    """The file with one to three of its values changed, some of them to values of the `other` file."""
    entries, metadata, model, arrays = parts_of(content)
    entries_of_other, _, model_of_other, _ = parts_of(other)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        kind = rng.random()
        if not isinstance(entries, dict) or not isinstance(metadata, dict):
            break
        if kind < 0.68:
            model = _changed_tree(model, model_of_other, rng)
        elif kind < 0.94:
            entries, arrays = _changed_arrays(entries, arrays, rng)
        elif kind < 0.98:
            entries = _changed_tree(entries, entries_of_other, rng)
        else:
            metadata = _changed_tree(metadata, {"version": 2}, rng)
    if not isinstance(entries, dict) or not isinstance(metadata, dict):
        entries, metadata = {"entries": entries}, {"metadata": metadata}
    return sealed(entries, metadata, model, arrays)


def _places(tree):
    """Every (container, key) in a tree of values."""
    found, containers = [], [tree]
    while containers:
        container = containers.pop()
        for key in list(container) if isinstance(container, dict) else range(len(container)):
            found.append((container, key))
            if isinstance(container[key], dict | list):
                containers.append(container[key])
    return found


def _changed_tree(tree, other, rng):
    places = _places(tree) if isinstance(tree, dict | list) else []
    if not places or rng.random() < 0.002:
        return _value(rng)
    container, key = rng.choice(places)
    value = container[key]
    if isinstance(value, list) and value and rng.random() < 0.5:
        _change_list(value, rng)
    elif isinstance(value, dict) and value and rng.random() < 0.5:
        _change_mapping(value, rng)
    else:
        container[key] = _other_value(value, places, other, rng)
    return tree


def _change_list(values, rng):
    place = rng.randrange(len(values))
    change = rng.randrange(7)
    if change == 0:
        values.clear()
    elif change == 1:
        values += json.loads(json.dumps(values))
    elif change == 2:
        rng.shuffle(values)
    elif change == 3:
        del values[place]
    elif change == 4:
        values.insert(place, json.loads(json.dumps(rng.choice(values))))
    elif change == 5 and any(isinstance(value, dict) and "layer" in value for value in values):
        values.insert(place, deepcopy(rng.choice(_LAYERS)))
    else:
        values.insert(place, _value(rng))


def _change_mapping(mapping, rng):
    key = rng.choice(sorted(mapping))
    change = rng.randrange(4)
    if change == 0:
        del mapping[key]
    elif change == 1:
        mapping[rng.choice((key + "_", *_WORDS))] = mapping.pop(key)
    elif change == 2:
        mapping[rng.choice(_WORDS)] = _value(rng)
    else:
        second = rng.choice(sorted(mapping))
        mapping[key], mapping[second] = mapping[second], mapping[key]


def _other_value(value, places, other, rng):
    change = rng.randrange(8)
    if change == 0:
        places_of_other = _places(other)
        container, key = rng.choice(places_of_other)
        return json.loads(json.dumps(container[key]))
    if change == 1:
        container, key = rng.choice(places)
        return json.loads(json.dumps(container[key]))
    if change == 2:
        for _ in range(rng.choice((1, 2, 10, 70, 300))):
            value = {"layers": value} if rng.random() < 0.5 else [value]
        return value
    if change <= 5 and type(value) in (int, float):
        near = (value + 1, value - 1, -value, value * 2, value * 1000, value / 3, float(value), int(value))
        return rng.choice((*near, str(value), [value]))
    return _value(rng)


def _value(rng):
    return deepcopy(rng.choice(rng.choice((_NUMBERS, _FLOATS, _WORDS, _OTHERS))))


# -- arrays --------------------------------------------------------------------------------------------------


def _changed_arrays(entries, arrays, rng):
    known = [name for name, entry in entries.items() if isinstance(entry, dict) and "data_offsets" in entry]
    if not known:
        return entries, arrays
    name, second = rng.choice(known), rng.choice(known)
    entry = entries[name]
    change = rng.random()
    if change < 0.6:
        return entries, _changed_numbers(entry, arrays, rng)
    if change < 0.7:
        entries[name], entries[second] = entries[second], entries[name]
    elif change < 0.78 and isinstance(entry.get("shape"), list):
        entry["shape"] = rng.choice((entry["shape"][::-1], [*entry["shape"], 1], [1, *entry["shape"]], [0]))
    elif change < 0.86:
        entries[rng.choice((name + "x", "9.W", "0.W", *_WORDS))] = entries.pop(name)
    elif change < 0.93:
        entry["dtype"] = rng.choice(("F32", "F64", "F16", "I64", "U8", "BOOL", "x"))
    else:
        arrays += arrays[:8]
        entries["more"] = {"dtype": "F64", "shape": [1], "data_offsets": [len(arrays) - 8, len(arrays)]}
    return entries, arrays


def _changed_numbers(entry, arrays, rng):
    """One number, or all numbers, of an array replaced."""
    offsets = entry["data_offsets"]
    begin, end = offsets if isinstance(offsets, list) and len(offsets) == 2 else (0, 8)
    form, size = ("<f", 4) if entry.get("dtype") == "F32" else ("<d", 8)
    plain = type(begin) is int and type(end) is int and 0 <= begin < end <= len(arrays)
    if not plain or (end - begin) % size:
        return arrays
    value = rng.choice(_WEIGHTS)
    number = struct.pack(form, value if size == 8 else max(min(value, 3e38), -3e38))
    if rng.random() < 0.3:
        return arrays[:begin] + number * ((end - begin) // size) + arrays[end:]
    place = begin + size * rng.randrange((end - begin) // size)
    return arrays[:place] + number + arrays[place + size :]
