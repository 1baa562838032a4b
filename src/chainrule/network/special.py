"""The one function that the array API standard lacks and a formula here needs."""

from typing import Any

import numpy as np

__all__ = ["erf", "namespace"]


def namespace(z: Any) -> Any:
    """The array namespace of `z`: NumPy for NumPy arrays, jax.numpy for JAX arrays."""
    return z.__array_namespace__()


def erf(z: Any) -> Any:
    """erf(z) = 2/√π ∫₀ᶻ exp(-t²) dt, by SciPy for NumPy arrays and by JAX for JAX arrays."""
    if isinstance(z, np.ndarray):
        from scipy.special import erf as scipy_erf

        return scipy_erf(z)
    from jax.scipy.special import erf as jax_erf

    return jax_erf(z)
