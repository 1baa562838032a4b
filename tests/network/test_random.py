"""Draw: against its formula in plain Python integers, uniform, independent, and equal in both engines."""

from dataclasses import replace
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chisquare

from chainrule.network import Draw

MODULUS = 2**32


def mix(x):
    x ^= x >> 16
    x = x * 0x7FEB352D % MODULUS
    x ^= x >> 15
    x = x * 0x846CA68B % MODULUS
    return x ^ (x >> 16)


def fold(key, number):
    return mix(key ^ mix((number * 0x9E3779B9 + 0x9E3779B9) % MODULUS))


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_bits_are_those_of_the_formula_in_exact_integers(seed):
    key = fold(mix(seed), 12)
    expected = [mix((i + key) % MODULUS) for i in range(6)]
    bits = Draw.from_seed(seed).fold(12).bits((2, 3))
    assert bits.dtype == np.uint32
    assert bits.ravel().tolist() == expected


def test_the_mixer_is_a_permutation_in_which_every_bit_reaches_every_bit():
    rng = np.random.default_rng(0)
    x = rng.integers(MODULUS, size=4000)
    for bit in range(32):
        flipped = np.asarray([mix(int(v)) ^ mix(int(v) ^ (1 << bit)) for v in x])
        assert flipped.all()
        changes = ((flipped[:, None] >> np.arange(32)) & 1).mean(0)
        assert abs(changes - 0.5).max() < 0.1


@pytest.mark.parametrize("seed", [0, 1, 2, 123456789])
@pytest.mark.parametrize("shift", [0, 8, 16, 24])
def test_every_byte_is_uniform(seed, shift):
    bits = Draw.from_seed(seed).bits((256 * 400,))
    counts = np.bincount((bits >> np.uint32(shift)) & np.uint32(255), minlength=256)
    assert chisquare(counts).pvalue > 1e-4


def test_streams_of_neighbouring_seeds_steps_and_layers_are_uncorrelated():
    n = 20_000
    base = Draw.from_seed(0)
    streams = [Draw.from_seed(s) for s in (0, 1, 2)] + [base.fold(s) for s in (0, 1, 2)]
    streams += [base.fold(s).fold(i) for s in (0, 1) for i in (0, 1, 3)]
    uniform = [stream.bits((n,)) / MODULUS - 0.5 for stream in streams]
    # five standard errors; shifted by one row too, since neighbouring keys must not be shifted streams
    for u, v in combinations(uniform, 2):
        assert abs(np.mean(u * v)) * 12 < 5 / np.sqrt(n)
        assert abs(np.mean(u[1:] * v[:-1])) * 12 < 5 / np.sqrt(n)
    for u in uniform:
        assert abs(np.mean(u[1:] * u[:-1])) * 12 < 5 / np.sqrt(n)


def test_a_row_does_not_depend_on_the_number_of_rows():
    draw = Draw.from_seed(4)
    np.testing.assert_array_equal(draw.bits((1000, 7))[:10], draw.bits((10, 7)))


def test_both_engines_draw_the_same_bits():
    draw = Draw.from_seed(9)
    compiled = jax.jit(lambda key, step: Draw(key).fold(step).fold(3).bits((50, 4)))
    for step in (0, 1, 70_000):
        expected = draw.fold(step).fold(3).bits((50, 4))
        np.testing.assert_array_equal(compiled(jnp.asarray(draw.key), jnp.int32(step)), expected)


@pytest.mark.parametrize("members", [1, 3])
def test_a_row_of_a_member_does_not_depend_on_the_number_of_rows(members):
    draw = Draw.from_seed(4)
    of_many = draw.bits((members, 1000, 7))
    np.testing.assert_array_equal(of_many[:, :10], draw.bits((members, 10, 7)))
    assert len(np.unique(of_many)) > 0.99 * of_many.size, "no row or member repeats another"


def test_members_are_drawn_from_the_stream_row_by_row():
    draw = Draw.from_seed(4)
    bits = draw.bits((3, 5, 2))
    stream = draw.bits((3 * 5 * 2,)).reshape(5, 3, 2)
    np.testing.assert_array_equal(bits, stream.transpose(1, 0, 2))
    compiled = jax.jit(lambda key: Draw(key).bits((3, 5, 2)))(jnp.asarray(draw.key))
    np.testing.assert_array_equal(compiled, bits)


def test_a_stream_folded_fades_as_before():
    draw = Draw(Draw.from_seed(0).key, 0.25)
    assert draw.fold(3).fold(1).fade == 0.25
    np.testing.assert_array_equal(draw.fold(3).bits((9,)), Draw.from_seed(0).fold(3).bits((9,)))


def test_rows_drawn_from_the_middle_of_a_batch_get_the_numbers_they_have_in_it():
    draw = Draw.from_seed(4).fold(2)
    for shape, rows in (((6, 3), slice(4, 6)), ((2, 6, 3), (slice(None), slice(4, 6)))):
        own = replace(draw, first_row=4).bits((*shape[:-2], 2, 3))
        np.testing.assert_array_equal(own, draw.bits(shape)[rows])
