"""Activation functions against SciPy's and JAX's, against central differences, `jax.vjp` and quadrature."""

import json
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, ndtr
from scipy.stats import norm

from chainrule.errors import ParameterError
from chainrule.network import ACTIVATIONS, Activation, get_activation

ELU_2 = {"name": "elu", "alpha": 2.0}
LEAKY_02 = {"name": "leaky_relu", "negative_slope": 0.2}
CHOICES = [*ACTIVATIONS, ELU_2, LEAKY_02]
SMOOTH_OR_KINKED = [choice for choice in CHOICES if choice != "heaviside"]

REFERENCE = {
    "identity": lambda a: a,
    "heaviside": lambda a: np.heaviside(a, 0.0),
    "logistic": expit,
    "sigmoid": expit,
    "tanh": lambda a: 2 * expit(2 * a) - 1,
    "relu": lambda a: (a + np.abs(a)) / 2,
    "leaky_relu": lambda a, negative_slope=0.01: np.maximum(a, negative_slope * a),
    "elu": lambda a, alpha=1.0: np.where(a > 0, a, alpha * (np.exp(np.minimum(a, 0)) - 1)),
    "selu": lambda a: np.asarray(jax.nn.selu(a)),
    "softplus": lambda a: np.logaddexp(0, a),
    "gelu": lambda a: a * ndtr(a),
    "silu": lambda a: a * expit(a),
    "mish": lambda a: a * np.tanh(np.logaddexp(0, a)),
}
SLOPE_FAR_LEFT_AND_RIGHT = {
    "identity": (1, 1),
    "heaviside": (0, 0),
    "logistic": (0, 0),
    "sigmoid": (0, 0),
    "tanh": (0, 0),
    "leaky_relu": (0.01, 1),
    "selu": (0, 1.0507009873554805),
}


def reference(choice, a):
    settings = dict(choice) if isinstance(choice, dict) else {"name": choice}
    with jax.enable_x64(True):
        return REFERENCE[settings.pop("name")](np.asarray(a, np.float64), **settings)


def points():
    """Values on both sides of every kink, none of them at one."""
    return np.concatenate([np.linspace(-4, 4, 40), [-30.0, -9.5, 9.5, 30.0]]) + 0.0123


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_value_is_that_of_an_independent_formula(choice):
    a = points()
    np.testing.assert_allclose(get_activation(choice).value(a), reference(choice, a), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("choice", SMOOTH_OR_KINKED, ids=str)
def test_slope_is_that_of_central_differences(choice, central_differences):
    function, a = get_activation(choice), points()
    numeric = central_differences(lambda a: function.value(a).sum(), a)
    np.testing.assert_allclose(function.slope(a, function.value(a)), numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("choice", SMOOTH_OR_KINKED, ids=str)
def test_backward_is_jax_vjp_with_its_sign(choice):
    layer, a = Activation(choice), points()
    dz = np.random.default_rng(0).normal(size=a.shape)
    dp, da = layer.backward({}, layer.forward({}, a, None)[1], dz)
    with jax.enable_x64(True):
        oracle = jax.vjp(layer.function.value, jnp.asarray(a))[1](jnp.asarray(dz))[0]
        np.testing.assert_allclose(da, oracle, rtol=1e-9, atol=1e-12)
    assert dp == {}


@pytest.mark.parametrize("choice", CHOICES, ids=str)
@pytest.mark.parametrize("far", [20.0, 88.0, 104.0, 1e4, 3e38])
def test_float32_is_safe_from_overflow(choice, far):
    function = get_activation(choice)
    a = np.asarray([-far, far], np.float32)
    z = function.value(a)
    slope = function.slope(a, z)
    assert z.dtype == slope.dtype == np.float32
    np.testing.assert_allclose(z, reference(choice, a), rtol=1e-6, atol=1e-6)
    limits = SLOPE_FAR_LEFT_AND_RIGHT.get(function.name, (0, 1)) if choice != LEAKY_02 else (0.2, 1)
    np.testing.assert_allclose(slope, limits, atol=1e-6)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_both_engines_see_the_same_numbers(choice):
    function = get_activation(choice)
    a = points().astype(np.float32)
    for_jax = jnp.asarray(a)
    z, z_jax = function.value(a), function.value(for_jax)
    np.testing.assert_allclose(z_jax, z, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(function.slope(for_jax, z_jax), function.slope(a, z), rtol=2e-6, atol=2e-6)


def test_heaviside_is_exact_and_its_slope_is_the_documented_substitute():
    function = get_activation("heaviside")
    a = np.asarray([-1.5, -1.0, -1e-30, 0.0, 1e-30, 1.0, 1.5])
    np.testing.assert_array_equal(function.value(a), [0, 0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(function.slope(a, function.value(a)), [0, 1, 1, 1, 1, 1, 0])
    assert [name for name in ACTIVATIONS if get_activation(name).straight_through] == ["heaviside"]


@pytest.mark.parametrize(
    ("choice", "slope"),
    [("relu", 0.0), (LEAKY_02, 0.2), (ELU_2, 2.0), ("selu", 1.0507009873554805 * 1.6732632423543772)],
    ids=str,
)
def test_slope_at_a_kink_is_the_left_one(choice, slope):
    function, a = get_activation(choice), np.zeros(1)
    assert function.slope(a, function.value(a))[0] == pytest.approx(slope, rel=1e-14)


def normal_mean(function):
    """E f(x) for x ~ N(0, 1), by quadrature on both sides of 0."""
    sides = [(-12, 0), (0, 12)]
    return sum(quad(lambda x: function(np.asarray([x]))[0] * norm.pdf(x), *s, epsabs=1e-12)[0] for s in sides)


def test_selu_keeps_mean_0_and_variance_1():
    selu = get_activation("selu").value
    assert normal_mean(selu) == pytest.approx(0, abs=1e-7)
    assert normal_mean(lambda x: selu(x) ** 2) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("choice", ["identity", "relu", "leaky_relu", LEAKY_02, "selu"], ids=str)
def test_gain_keeps_the_mean_square(choice):
    function = get_activation(choice)
    assert function.gain**2 * normal_mean(lambda x: function.value(x) ** 2) == pytest.approx(1, abs=1e-7)


# -- your own ----------------------------------------------------------------------------------------


def cube(a):
    return a * a * a


def cube_slope(a):
    return 3 * a * a


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("choice", [cube, (cube, cube_slope)], ids=["function", "pair"])
def test_your_own_function_is_differentiated_with_and_without_its_slope(choice, dtype):
    layer, a, dz = Activation(choice), np.asarray([[-2.0, 0.5]], dtype), np.asarray([[1.0, -3.0]], dtype)
    z, saved = layer.forward({}, a, None)
    da = layer.backward({}, saved, dz)[1]
    np.testing.assert_array_equal(z, [[-8.0, 0.125]])
    np.testing.assert_array_equal(da, [[12.0, -2.25]])
    assert isinstance(da, np.ndarray)
    assert da.dtype == dtype


def test_your_own_function_is_differentiated_inside_a_compiled_program():
    layer, dz = Activation(cube), jnp.asarray([1.0, -3.0])
    compiled = jax.jit(lambda a: layer.backward({}, layer.forward({}, a, None)[1], dz)[1])
    np.testing.assert_allclose(compiled(jnp.asarray([-2.0, 0.5])), [12.0, -2.25])


@pytest.mark.parametrize("choice", [cube, (cube, cube_slope)], ids=["function", "pair"])
def test_your_own_function_is_pickled_but_not_described(choice):
    function = get_activation(choice)
    assert pickle.loads(pickle.dumps(function)) == function == get_activation(choice)
    with pytest.raises(ParameterError, match="'cube' is your own function"):
        function.describe()


def test_your_own_function_is_not_mistaken_for_a_known_one_of_the_same_name():
    def relu(a):
        return 3 * a

    with pytest.raises(ParameterError, match="your own function"):
        get_activation(relu).describe()


# -- names and settings ------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_description_and_pickle_give_an_equal_function_back(choice):
    function = get_activation(choice)
    described = get_activation(json.loads(json.dumps(function.describe())))
    assert described == function
    assert hash(described) == hash(function)
    pickled = pickle.loads(pickle.dumps(function))
    assert pickled == function
    assert hash(pickled) == hash(function)


def test_functions_are_equal_exactly_if_their_settings_are():
    assert get_activation("elu") == get_activation({"name": "elu", "alpha": 1.0})
    assert get_activation({"name": "elu", "alpha": 2}) == get_activation(ELU_2)
    assert get_activation("elu") != get_activation(ELU_2)
    assert get_activation("logistic") != get_activation("tanh")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("rleu", "'rleu' is unknown; use one of"),
        ({"name": "relu", "alpha": 1.0}, r"'relu' has no setting \['alpha'\]"),
        ({}, "None is unknown"),
        (3, "however: 3"),
        ((cube, 3), "name, a function or a"),
    ],
)
def test_what_is_no_activation_is_refused_by_name(choice, words):
    with pytest.raises(ParameterError, match=words):
        get_activation(choice)
