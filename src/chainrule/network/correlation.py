"""a[y, x] = Σ_ij W_ij z[y + i, x + j] and its two derivatives, each in the way its engine does fastest.

For NumPy: patches, the values that the window sees at each place as rows of a matrix, and products of
matrices; a few rows of the batch at a time, so that their patches stay in a core's cache.

For JAX: `lax.conv_general_dilated`, which on a CPU comes close to the peak of the cores for a and dL/dz.
For dL/dW, whose "window" is the whole grid, it does not. There, on a CPU, a product per row of the window
takes its place, over a few rows of the batch at a time; of few channels, one product with their patches.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.network.patches import Window
from chainrule.network.special import as_rows, namespace

__all__ = ["convolved", "input_gradient", "weight_gradient"]

Array = Any

_VALUES_AT_A_TIME = 2**18
"""Values of the patches that NumPy computes at a time."""

_PLACES_AT_A_TIME = 2**10
"""Places whose products JAX computes at a time on a CPU."""

_FEW_CHANNELS = 8

_IMAGES = ("NHWC", "HWIO", "NHWC")


def convolved(window: Window, W: Array, b: Array, z: Array) -> Array:
    """The patch of every place times Wᵀ, plus b: a in rows (n, height * width * units)."""
    n, units = z.shape[0], W.shape[0]
    if not isinstance(z, np.ndarray):
        from jax import lax

        kernel = W.T.reshape(*window.size, window.grid[2], units)
        a = lax.conv_general_dilated(z, kernel, window.stride, window.padding, None, window.dilation, _IMAGES)
        return as_rows(a + b)
    a = np.empty((n, *window.places, units), np.result_type(z, W))
    for rows in _few_rows(window, n):
        own = a[rows].reshape(-1, units)
        np.matmul(window.patches(window.padded(z[rows])), W.T, out=own)
        own += b
    return as_rows(a)


def input_gradient(window: Window, W: Array, da: Array) -> Array:
    """dL/dz = Σ_ij W_ijᵀ da[y - i, x - j], transposed convolution: rows (n, values)."""
    n, channels = da.shape[0], window.grid[2]
    if not isinstance(da, np.ndarray):
        return as_rows(_transposed(window, W, da))
    dz = np.empty((n, *window.grid), da.dtype)
    for rows in _few_rows(window, n):
        seen = da[rows].reshape(-1, W.shape[0]) @ W
        seen = seen.reshape(-1, *window.places, window.values // channels, channels)
        dz[rows] = window.put_back(seen[:, :, :, i] for i in range(seen.shape[3]))
    return as_rows(dz)


def weight_gradient(window: Window, z: Array, da: Array) -> Array:
    """dL/dW = daᵀ patches(z), summed over all places and rows: as W, (units, height * width * channels)."""
    units = da.shape[-1]
    if isinstance(z, np.ndarray):
        dW = np.zeros((window.values, units), da.dtype)
        for rows in _few_rows(window, z.shape[0]):
            dW += window.patches(window.padded(z[rows])).T @ da[rows].reshape(-1, units)
        return dW.T
    from jax import default_backend

    if default_backend() != "cpu":
        return _by_convolution(window, z, da)
    padded = window.padded(z)
    if window.grid[2] < _FEW_CHANNELS:
        return (window.patches(padded).T @ da.reshape(-1, units)).T
    return _by_products(window, padded, da)


def _few_rows(window: Window, n: int) -> Iterator[slice]:
    height, width = window.places
    step = max(1, _VALUES_AT_A_TIME // (height * width * window.values))
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def _transposed(window: Window, W: Array, da: Array) -> Array:
    """The convolution of da, spread out by the stride, with the kernel turned by 180°."""
    from jax import lax

    xp, (*size, channels), units = namespace(W), (*window.size, window.grid[2]), W.shape[0]
    # Both axes are turned as one: XLA would take two turns into the convolution, which makes it slow.
    kernel = W.T.reshape(-1, channels, units)[::-1]
    kernel = xp.permute_dims(kernel, (0, 2, 1)).reshape(*size, units, channels)
    axes = zip(window.grid, window.places, window.stride, window.reach, window.padding, strict=False)
    around = [
        (reach - 1 - before, n - 1 - ((seen - 1) * step - before))
        for n, seen, step, reach, (before, _) in axes
    ]
    return lax.conv_general_dilated(da, kernel, (1, 1), around, window.stride, window.dilation, _IMAGES)


def _by_convolution(window: Window, z: Array, da: Array) -> Array:
    """dL/dW as a convolution whose kernel is da: channels stand for rows, and rows for channels."""
    from jax import lax

    height, width = window.size
    axes = zip(
        window.places, window.stride, window.size, window.dilation, window.padding, window.grid, strict=False
    )
    around = [
        (before, (k - 1) * d + (seen - 1) * step + 1 - before - n)
        for seen, step, k, d, (before, _), n in axes
    ]
    dW = lax.conv_general_dilated(
        z, da, window.dilation, around, None, window.stride, ("CHWN", "IHWO", "HWNC")
    )
    return dW.reshape(height * width * window.grid[2], -1).T


def _by_products(window: Window, padded: Array, da: Array) -> Array:
    """dL/dW, a product per row of the window, summed over a few rows of the batch at a time."""
    from jax import lax

    xp, n, units = namespace(da), da.shape[0], da.shape[-1]
    (height, width), across = window.places, window.size[1]
    step = max(1, min(n, _PLACES_AT_A_TIME // (height * width)))

    def part(z: Array, own: Array) -> tuple[Array, ...]:
        looks, own = list(window.looks(z)), own.reshape(-1, units).T
        rows = (xp.concat(looks[i : i + across], axis=3) for i in range(0, len(looks), across))
        return tuple(own @ row.reshape(-1, across * window.grid[2]) for row in rows)

    def one(i: Any, sums: tuple[Array, ...]) -> tuple[Array, ...]:
        few = (lax.dynamic_slice_in_dim(array, i * step, step) for array in (padded, da))
        return tuple(total + value for total, value in zip(sums, part(*few), strict=True))

    whole = n // step
    sums = part(padded[whole * step :], da[whole * step :])
    return xp.concat(lax.fori_loop(0, whole, one, sums), axis=1)
