"""Activation functions: one row each with value, slope, formula, source and usual initial values.

    z = φ(a),   dL/da = dL/dz · φ'(a)          lecture equations (7) and (20)

Every value and slope is written once against the array namespace of `a`, so that both engines run the
same function; each is safe from overflow in float32. At a kink the slope is the left one: φ'(0) = 0 for ReLU.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache, partial
from math import isfinite, pi, sqrt
from typing import Any

from chainrule.errors import ParameterError
from chainrule.network.special import erf, namespace

__all__ = ["ACTIVATIONS", "ActivationFunction", "custom", "get_activation"]

Array = Any


@dataclass(frozen=True, repr=False)
class ActivationFunction:
    """φ and φ' with what a reader wants to know about them.

    Attributes
    ----------
    name : str
        The name by which it is chosen and saved.
    value : callable ``value(a) -> z``
    slope : callable ``slope(a, z) -> φ'(a)``, or None
        May use `z`, which the forward pass has already computed. None: `jax.vjp` supplies it.
    formula, source : str
        For people: what the lecture writes, and where the function comes from.
    gain : float
        Usual factor on initial weights that keeps the variance of the signal (orthogonal initialization).
    initializer : str
        Usual initializer of the layer in front of it.
    straight_through : bool
        The slope is a substitute, not the derivative of `value`.
    settings : tuple of (str, float)
        Numbers of the function, e.g. ``(("alpha", 1.0),)``.
    """

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array] | None
    formula: str = ""
    source: str = ""
    gain: float = 1.0
    initializer: str = "glorot_uniform"
    straight_through: bool = False
    settings: tuple[tuple[str, float], ...] = field(default=())

    def __repr__(self) -> str:
        return repr({"name": self.name, **dict(self.settings)} if self.settings else self.name)

    def describe(self) -> str | dict[str, Any]:
        """The name, or name and settings: plain data that `get_activation` reads back."""
        described = {"name": self.name, **dict(self.settings)} if self.settings else self.name
        if self.name not in ACTIVATIONS or get_activation(described) != self:
            raise ParameterError(
                f"activation {self.name!r} is your own function, and a description holds no code; "
                f"use one of {sorted(ACTIVATIONS)} to describe or save the network"
            )
        return described

    def __reduce__(self) -> Any:
        # Pickled by name: the functions of the table are closures, and a name outlives their spelling.
        try:
            return get_activation, (self.describe(),)
        except ParameterError:
            return ActivationFunction, tuple(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True)
class _SlopeOfInput:
    """A slope φ'(a) that does not use z, in the form slope(a, z)."""

    function: Callable[[Array], Array]

    def __call__(self, a: Array, _: Array) -> Array:
        return self.function(a)


def _logistic(a: Array) -> Array:
    xp = namespace(a)
    e = xp.exp(-xp.abs(a))
    return xp.where(a >= 0, 1 / (1 + e), e / (1 + e))


def _softplus(a: Array) -> Array:
    xp = namespace(a)
    return xp.maximum(a, 0) + xp.log1p(xp.exp(-xp.abs(a)))


def _elu(a: Array, alpha: float) -> Array:
    xp = namespace(a)
    return xp.where(a > 0, a, alpha * xp.expm1(xp.minimum(a, 0)))


def _elu_slope(a: Array, z: Array, alpha: float) -> Array:
    xp = namespace(a)
    return xp.where(a > 0, xp.ones_like(a), z + alpha)


def _leaky_relu(a: Array, negative_slope: float) -> Array:
    xp = namespace(a)
    return xp.where(a > 0, a, negative_slope * a)


def _leaky_relu_slope(a: Array, _: Array, negative_slope: float) -> Array:
    xp = namespace(a)
    return xp.where(a > 0, xp.ones_like(a), xp.full_like(a, negative_slope))


def _step(a: Array) -> Array:
    return (a > 0).astype(a.dtype)


def _step_substitute_slope(a: Array, _: Array) -> Array:
    return (abs(a) <= 1).astype(a.dtype)


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _selu(a: Array) -> Array:
    return _SELU_SCALE * _elu(a, _SELU_ALPHA)


def _selu_slope(a: Array, _: Array) -> Array:
    xp = namespace(a)
    return _SELU_SCALE * xp.where(a > 0, xp.ones_like(a), _SELU_ALPHA * xp.exp(xp.minimum(a, 0)))


def _gelu(a: Array) -> Array:
    return a * (0.5 * (1 + erf(a * sqrt(0.5))))


def _gelu_slope(a: Array, _: Array) -> Array:
    xp = namespace(a)
    near = xp.minimum(xp.maximum(a, -40), 40)  # beyond, the density is 0, and a² may overflow
    density = xp.exp(-0.5 * near * near) / sqrt(2 * pi)
    return 0.5 * (1 + erf(a * sqrt(0.5))) + a * density


def _gate(a: Array) -> Array:
    """Compute σ(a) = ½ + ½ tanh(a/2): 10 times as fast in NumPy as by exp, exact to 1e-7 of 1, not of σ."""
    return 0.5 + 0.5 * namespace(a).tanh(0.5 * a)


def _silu(a: Array) -> Array:
    return a * _gate(a)


def _silu_slope(a: Array, z: Array) -> Array:
    s = _gate(a)
    return s + z * (1 - s)


def _mish(a: Array) -> Array:
    return a * namespace(a).tanh(_softplus(a))


def _mish_slope(a: Array, _: Array) -> Array:
    t = namespace(a).tanh(_softplus(a))
    return t + a * (1 - t * t) * _logistic(a)


def _make_elu(alpha: float = 1.0) -> ActivationFunction:
    return _elu_row(float(alpha))


@cache
def _elu_row(alpha: float) -> ActivationFunction:
    return ActivationFunction(
        "elu",
        partial(_elu, alpha=alpha),
        partial(_elu_slope, alpha=alpha),
        formula="a if a > 0 else α (exp(a) - 1)",
        source="Clevert, Unterthiner, Hochreiter 2016, arXiv 1511.07289",
        gain=1.0,
        initializer="he_normal",
        settings=(("alpha", alpha),),
    )


def _make_leaky_relu(negative_slope: float = 0.01) -> ActivationFunction:
    return _leaky_relu_row(float(negative_slope))


@cache
def _leaky_relu_row(negative_slope: float) -> ActivationFunction:
    return ActivationFunction(
        "leaky_relu",
        partial(_leaky_relu, negative_slope=negative_slope),
        partial(_leaky_relu_slope, negative_slope=negative_slope),
        formula="a if a > 0 else s a",
        source="Maas, Hannun, Ng 2013, Rectifier nonlinearities improve acoustic models",
        gain=sqrt(2 / (1 + negative_slope**2)),
        initializer="he_normal",
        settings=(("negative_slope", negative_slope),),
    )


def _row(*args: Any, **kwargs: Any) -> Callable[[], ActivationFunction]:
    function = ActivationFunction(*args, **kwargs)
    return lambda: function


def _logistic_row(name: str) -> Callable[[], ActivationFunction]:
    return _row(
        name,
        _logistic,
        lambda _, z: z * (1 - z),
        "1 / (1 + exp(-a))",
        "lecture equation (8); Verhulst 1845",
    )


ACTIVATIONS: dict[str, Callable[..., ActivationFunction]] = {
    "identity": _row("identity", lambda a: a, lambda a, _: namespace(a).ones_like(a), "a", "linear units"),
    "heaviside": _row(
        "heaviside",
        _step,
        _step_substitute_slope,
        "1 if a > 0 else 0; slope: 1 if |a| ≤ 1 else 0 instead of 0 (straight-through)",
        "McCulloch and Pitts 1943; estimator: Bengio, Léonard, Courville 2013, arXiv 1308.3432",
        straight_through=True,
    ),
    "logistic": _logistic_row("logistic"),
    "sigmoid": _logistic_row("sigmoid"),
    "tanh": _row(
        "tanh",
        lambda a: namespace(a).tanh(a),
        lambda _, z: 1 - z * z,
        "(exp(a) - exp(-a)) / (exp(a) + exp(-a)) = 2σ(2a) - 1",
        "lecture equation (9); LeCun, Bottou, Orr, Müller 1998, Efficient BackProp",
        gain=5 / 3,
    ),
    "relu": _row(
        "relu",
        lambda a: namespace(a).maximum(a, 0),
        lambda a, _: (a > 0).astype(a.dtype),
        "max(0, a)",
        "lecture equation (10); Nair and Hinton 2010",
        gain=sqrt(2),
        initializer="he_normal",
    ),
    "leaky_relu": _make_leaky_relu,
    "elu": _make_elu,
    "selu": _row(
        "selu",
        _selu,
        _selu_slope,
        "λ (a if a > 0 else α (exp(a) - 1)), α = 1.67326, λ = 1.05070",
        "Klambauer et al. 2017, arXiv 1706.02515",
        gain=1.0,
        initializer="lecun_normal",
    ),
    "softplus": _row(
        "softplus",
        _softplus,
        lambda a, _: _logistic(a),
        "log(1 + exp(a))",
        "Dugas et al. 2001; Glorot, Bordes, Bengio 2011",
        gain=sqrt(2),
        initializer="he_normal",
    ),
    "gelu": _row(
        "gelu",
        _gelu,
        _gelu_slope,
        "a Φ(a), Φ the normal distribution function",
        "Hendrycks and Gimpel 2016, arXiv 1606.08415",
        gain=sqrt(2),
        initializer="he_normal",
    ),
    "silu": _row(
        "silu",
        _silu,
        _silu_slope,
        "a σ(a)",
        "Elfwing, Uchibe, Doya 2018, arXiv 1702.03118",
        gain=sqrt(2),
        initializer="he_normal",
    ),
    "mish": _row(
        "mish",
        _mish,
        _mish_slope,
        "a tanh(softplus(a))",
        "Misra 2019, arXiv 1908.08681",
        gain=sqrt(2),
        initializer="he_normal",
    ),
}


def custom(
    value: Callable[[Array], Array],
    slope: Callable[[Array], Array] | None = None,
    name: str | None = None,
) -> ActivationFunction:
    """φ of your own, with φ' or, without it, the derivative by `jax.vjp`.

    Parameters
    ----------
    value, slope : callable
        Functions of one array `a`, acting element by element. Take ``xp = a.__array_namespace__()`` instead
        of ``np``, so that they take NumPy and JAX arrays alike:
        ``lambda a: a * a.__array_namespace__().tanh(a)``.
    name : str, optional
        Defaults to the function's name.
    """
    return ActivationFunction(
        name or str(getattr(value, "__name__", "custom")),
        value,
        None if slope is None else _SlopeOfInput(slope),
        formula="your own function",
    )


def get_activation(choice: Any) -> ActivationFunction:
    """The activation function behind a name, a description, a function or a (function, slope) pair.

    Names: identity, heaviside, logistic (or sigmoid), tanh, relu, leaky_relu (setting negative_slope), elu
    (alpha), selu, softplus, gelu, silu, mish.

    Parameters
    ----------
    choice : str, dict, callable, (callable, callable) or ActivationFunction
        ``"relu"``; ``{"name": "elu", "alpha": 2.0}``; ``my_function``; ``(my_function, its_slope)``.

    Raises
    ------
    ParameterError
        For a name that does not exist or a setting that the function does not have.
    """
    if isinstance(choice, ActivationFunction):
        return choice
    if isinstance(choice, str):
        choice = {"name": choice}
    if isinstance(choice, dict):
        settings = {key: value for key, value in choice.items() if key != "name"}
        make = ACTIVATIONS.get(choice.get("name", ""))
        if make is None:
            raise ParameterError(
                f"activation {choice.get('name')!r} is unknown; use one of {sorted(ACTIVATIONS)}"
            )
        try:
            function = make(**settings)
        except TypeError:
            raise ParameterError(f"activation {choice['name']!r} has no setting {sorted(settings)}") from None
        except (ValueError, OverflowError):
            function = None
        if function is None or not all(isfinite(value) for _, value in function.settings):
            raise ParameterError(f"activation {choice['name']!r} takes finite numbers, however: {settings}")
        return function
    if callable(choice):
        return custom(choice)
    if isinstance(choice, tuple) and len(choice) == 2 and all(callable(f) for f in choice):
        return custom(*choice)
    raise ParameterError(
        f"activation must be a name, a function or a (function, slope) pair, however: {choice!r}; "
        f"names are {sorted(ACTIVATIONS)}"
    )
