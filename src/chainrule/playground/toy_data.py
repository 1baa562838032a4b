"""Points of the plane, made: what a network must learn can be seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["HALF_WIDTH", "TOY_DATA", "ToyData", "toy_points"]

Array = Any

HALF_WIDTH = 6.0
"""The points lie in the square from -6 to 6."""

N_POINTS = 500


@dataclass(frozen=True)
class ToyData:
    """A way to make points.

    Parameters
    ----------
    label : for people
    task : "classification" or "regression"
    make : (rng, n, noise from 0 to 0.5) -> X (n, 2), y (n,): class numbers, or targets from -1 to 1
    text : what there is to be learned from it
    """

    label: str
    task: str
    make: Callable[[np.random.Generator, int, float], tuple[Array, Array]]
    text: str = ""


def toy_points(kind: str, noise: float = 0.0, seed: int = 0, n: int = N_POINTS) -> tuple[Array, Array]:
    """(X, y): `n` points and their class numbers or targets.

    Parameters
    ----------
    kind : a name in `TOY_DATA`
    noise : percent, 0 to 50
    seed : the same seed, the same points
    """
    return TOY_DATA[kind].make(np.random.default_rng(seed), n, noise / 100)


def _halves(n: int) -> Array:
    return (np.arange(n) >= n / 2).astype(np.float64)


def _circle(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    y = 1 - _halves(n)  # 1 is inside
    radius = np.where(y == 1, rng.uniform(0.0, 2.5, n), rng.uniform(3.5, 5.0, n))
    angle = rng.uniform(0.0, 2 * np.pi, n)
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return X + noise * rng.normal(0.0, 3.0, X.shape), y


def _xor(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    X = rng.uniform(-5.0, 5.0, (n, 2))
    X += 0.3 * np.sign(X)
    y = (X[:, 0] * X[:, 1] >= 0).astype(np.float64)
    return X + noise * rng.normal(0.0, 3.0, X.shape), y


def _gauss(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    y = _halves(n)
    center = np.where(y == 1, 2.0, -2.0)[:, None]
    return center + (0.7 + 3.0 * noise) * rng.normal(size=(n, 2)), y


def _spiral(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    y = _halves(n)
    along = rng.uniform(0.02, 1.0, n)
    angle = 1.75 * 2 * np.pi * along + np.pi * y
    X = 5.0 * along[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return X + noise * rng.uniform(-2.0, 2.0, X.shape), y


def _moons(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    y = _halves(n)
    angle = rng.uniform(0.0, np.pi, n)
    upper = np.stack([3 * np.cos(angle) - 1.5, 3 * np.sin(angle) - 0.75], axis=1)
    lower = np.stack([3 * np.cos(angle + np.pi) + 1.5, 3 * np.sin(angle + np.pi) + 0.75], axis=1)
    X = np.where(y[:, None] == 0, upper, lower)
    return X + (0.25 + 2.0 * noise) * rng.normal(size=X.shape), y


def _three_gauss(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    y = np.arange(n) * 3 // n
    angle = 2 * np.pi * y / 3 + np.pi / 2
    center = 3.2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return center + (0.8 + 3.0 * noise) * rng.normal(size=(n, 2)), y.astype(np.float64)


def _pinwheel(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    y = np.arange(n) * 5 // n
    radius = rng.uniform(0.6, 5.2, n)
    angle = 2 * np.pi * y / 5 + 0.35 * radius + rng.normal(0.0, 0.22 + noise, n) / np.sqrt(radius)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y.astype(np.float64)


def _rings(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    y = np.arange(n) * 4 // n
    radius = 0.4 + 1.35 * y + rng.uniform(0.0, 0.9, n)
    angle = rng.uniform(0.0, 2 * np.pi, n)
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return X + noise * rng.normal(0.0, 2.0, X.shape), y.astype(np.float64)


def _plane(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    X = rng.uniform(-6.0, 6.0, (n, 2))
    return X, np.clip(X.sum(1) / 12 + noise * rng.normal(0.0, 0.5, n), -1, 1)


def _multi_gauss(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    X = rng.uniform(-6.0, 6.0, (n, 2))
    centers = np.array([(-4, 2.5), (0, 2.5), (4, 2.5), (-4, -2.5), (0, -2.5), (4, -2.5)], dtype=float)
    heights = np.array([1, -1, 1, -1, 1, -1], dtype=float)
    squared = ((X[:, None] - centers) ** 2).sum(2)
    return X, np.clip(np.exp(-squared / 2.5) @ heights + noise * rng.normal(0.0, 0.5, n), -1, 1)


def _wave(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    X = rng.uniform(-6.0, 6.0, (n, 2))
    return X, np.clip(np.sin(0.8 * X[:, 0]) * np.cos(0.5 * X[:, 1]) + noise * rng.normal(0.0, 0.5, n), -1, 1)


def _ripple(rng: np.random.Generator, n: int, noise: float) -> tuple[Array, Array]:
    X = rng.uniform(-6.0, 6.0, (n, 2))
    r = 1.5 * np.hypot(X[:, 0], X[:, 1])
    return X, np.clip(np.sinc(r / np.pi) + noise * rng.normal(0.0, 0.5, n), -1, 1)


TOY_DATA = {
    "circle": ToyData("Circle", "classification", _circle, "one class around the other"),
    "xor": ToyData("Exclusive or", "classification", _xor, "the sign of x₁·x₂: no line separates it"),
    "gauss": ToyData("Gaussian", "classification", _gauss, "two clouds: a single neuron is enough"),
    "spiral": ToyData("Spiral", "classification", _spiral, "two arms wound around each other"),
    "moons": ToyData("Moons", "classification", _moons, "two half circles that interlock"),
    "three_gauss": ToyData("Three clouds", "classification", _three_gauss, "three classes: softmax"),
    "rings": ToyData("Rings", "classification", _rings, "four classes, one around the other"),
    "pinwheel": ToyData("Pinwheel", "classification", _pinwheel, "five classes in bent arms"),
    "plane": ToyData("Plane", "regression", _plane, "y rises evenly along x₁ + x₂"),
    "multi_gauss": ToyData("Multi Gaussian", "regression", _multi_gauss, "hills and valleys"),
    "wave": ToyData("Wave", "regression", _wave, "y = sin(0.8 x₁) · cos(0.5 x₂)"),
    "ripple": ToyData("Ripple", "regression", _ripple, "y = sin(r) / r around the origin"),
}
