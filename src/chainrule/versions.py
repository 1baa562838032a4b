"""What is installed, for a bug report."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from chainrule import __version__

__all__ = ["show_versions", "versions"]

_PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "jax",
    "jaxlib",
    "polars",
    "typer",
    "rich",
    "onnx",
    "starlette",
    "pyarrow",
    "dask",
    "distributed",
)


def versions() -> dict[str, str]:
    """Version of chainrule, Python, the platform, and of each package it can use ("not installed")."""
    found = {"chainrule": __version__, "python": sys.version.split()[0], "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def show_versions() -> None:
    """Print the versions that belong into a bug report."""
    width = max(map(len, versions()))
    sys.stdout.write("".join(f"{name:>{width}}: {value}\n" for name, value in versions().items()))
