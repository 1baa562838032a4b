"""The systems, by name: each has a function that makes what is fitted.

That has `fit(X, y)`, and `predict(X)` or, for classes, `predict_proba(X)` and `classes_`; `predict_interval`
where it is one of ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["OWN", "SYSTEMS", "System", "import_libraries", "missing", "model_of"]

OWN = ("default", "fast", "best")


@dataclass(frozen=True)
class System:
    """Where a system's code is, the libraries that it needs, and its settings in words.

    Parameters
    ----------
    place : module in this package, and name of its function `(classes: bool) -> model`
    needs : libraries, as they are imported
    settings : what differs from the library's defaults
    imports : libraries that a first fit would import, if they are there
    """

    place: tuple[str, str]
    needs: tuple[str, ...] = ("pandas", "sklearn")
    settings: str = "defaults"
    imports: tuple[str, ...] = ()


SYSTEMS = {
    **{
        name: System(("own", name), ("pandas", "chainrule"), f"preset={name!r}, seed 0", ("jax", "jax.numpy"))
        for name in OWN
    },
    "hgb": System(("trees", "hgb"), settings="categories from the dtype"),
    "lgbm": System(("trees", "lgbm"), ("pandas", "lightgbm"), "categories from the dtype"),
    "xgb": System(("trees", "xgb"), ("pandas", "xgboost"), "enable_categorical"),
    "catboost": System(("trees", "catboost"), ("pandas", "catboost"), "cat_features"),
    "sk_mlp": System(
        ("scikit_learn", "mlp"),
        settings="early stopping; median, standardized, one-hot from 5 rows; target standardized; seed 0",
    ),
    "linear": System(
        ("scikit_learn", "linear"),
        settings="RidgeCV or LogisticRegression(max_iter=1000); median, standardized, one-hot from 5 rows",
    ),
    "realmlp": System(
        ("torch_networks", "realmlp"),
        ("pandas", "sklearn", "pytabkit"),
        "n_cv 1, seed 0; classes: no label smoothing, epoch by cross entropy; missing: median and indicator",
        ("torch", "pytorch_lightning"),
    ),
    "tabm": System(
        ("torch_networks", "tabm"),
        ("pandas", "sklearn", "pytabkit"),
        "n_cv 1, seed 0; classes: epoch by cross entropy; missing: median and indicator",
        ("torch", "pytorch_lightning"),
    ),
}


def missing(name: str) -> list[str]:
    """Libraries that a system needs and that are not installed."""
    return [library for library in SYSTEMS[name].needs if find_spec(library) is None]


def model_of(name: str, classes: bool) -> Any:
    """What is fitted, new."""
    module, function = SYSTEMS[name].place
    make: Callable[[bool], Any] = getattr(import_module(f"accuracy.systems.{module}"), function)
    return make(classes)


def import_libraries(name: str) -> None:
    """What a system imports, so that no fit is charged with it."""
    for library in (*SYSTEMS[name].needs, *SYSTEMS[name].imports):
        if find_spec(library.split(".")[0]):
            import_module(library)
