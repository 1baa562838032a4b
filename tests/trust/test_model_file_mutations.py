"""Whatever is changed in a model file, it is refused in one sentence, or all its answers are numbers.

The files that are changed are those that stay with the tests, one of every kind of model. With a digest that
is put right, changed values come further than changed bytes do.
"""

import os
import random
from pathlib import Path

import pytest
from examined_model_files import examined, inspected
from hypothesis import given
from hypothesis import strategies as st
from mutated_model_files import changed_bytes, changed_content
from tried import SCALE, counted, examples

import chainrule
from chainrule.errors import ModelFileError

FIXTURES = Path(__file__).parents[1] / "files" / "fixtures" / "v1"
FILES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.safetensors"))}

seeds = st.integers(0, 2**62)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where the changed files are written; all that reading one imports is imported."""
    examined(FIXTURES / "table_numbers.safetensors")
    return tmp_path_factory.mktemp("changed") / "model.safetensors"


@pytest.mark.parametrize("name", FILES)
def test_an_unchanged_file_answers(name):
    assert examined(FIXTURES / f"{name}.safetensors") == "answered"


@examples(1000)
@given(seed=seeds)
def test_changed_bytes(place, seed):
    rng = random.Random(seed)
    place.write_bytes(changed_bytes(rng.choice(list(FILES.values())), rng))
    counted("model file: changed bytes", examined(place))


@examples(700)
@given(seed=seeds)
def test_changed_values_with_the_right_digest(place, seed):
    rng = random.Random(seed)
    files = list(FILES.values())
    place.write_bytes(changed_content(rng.choice(files), rng.choice(files), rng))
    outcome = examined(place)
    counted("model file: changed values", outcome)
    if outcome == "answered" and rng.random() < 0.1:
        inspected(place, as_json=rng.random() < 0.5)
        counted("model file: changed values, inspected", outcome)


def test_every_byte_changed_and_every_end_missing(place):
    content = FILES["mlp_linear"] if SCALE == 1 else FILES["table_matrix"]
    for end in range(len(content)):
        changed = bytearray(content)
        changed[end] ^= 1 << end % 8
        place.write_bytes(changed)
        counted("model file: one bit changed", examined(place))
        place.write_bytes(content[:end])
        with pytest.raises(ModelFileError):
            chainrule.load(place)
        counted("model file: torn", "refused")


def test_a_link_is_followed_and_a_loop_of_links_is_not(tmp_path):
    link, loop = tmp_path / "link", tmp_path / "loop"
    try:
        link.symlink_to(FIXTURES / "mlp_linear.safetensors")
        loop.symlink_to(loop)
    except OSError:
        pytest.skip("links cannot be made here")
    assert examined(link) == "answered"
    assert examined(loop) == "refused"


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, os.devnull])
def test_names_of_what_is_no_file(name):
    with pytest.raises(ModelFileError):
        chainrule.load(name)
