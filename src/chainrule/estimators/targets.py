"""Class labels to numbers and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ParameterError

__all__ = ["ClassCoding"]

Array = Any


@dataclass(frozen=True)
class ClassCoding:
    """Labels ↔ the network's targets and outputs.

    Parameters
    ----------
    classes : array (K,)
        The labels in sorted order; for several labels per row the numbers of the columns.
    multilabel : bool
    """

    classes: Array
    multilabel: bool

    @classmethod
    def learn(cls, y: Array) -> "ClassCoding":
        """The coding of the labels in `y`: (n,) labels, or (n, K) of 0 and 1 for several labels per row."""
        if y.ndim == 2:
            return cls(np.arange(y.shape[1]), True)
        return cls(np.unique(y), False)

    @property
    def out_activation(self) -> str:
        """Softmax for three and more classes; logistic for two, for one, and for several labels per row."""
        return "logistic" if self.multilabel or len(self.classes) <= 2 else "softmax"

    @property
    def n_outputs(self) -> int:
        """Outputs of the network: one for two classes."""
        return len(self.classes) if self.multilabel or len(self.classes) > 2 else 1

    def encode(self, y: Array) -> Array:
        """Targets of the network: (n, K) of 0 and 1, else class numbers (n, 1).

        Raises
        ------
        ParameterError
            For a label that is not among the classes.
        """
        if self.multilabel:
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ParameterError(
                    f"y must have {len(self.classes)} columns of labels, however its shape: {y.shape}"
                )
            return y.astype(np.float64)
        self.check_known(y)
        return np.searchsorted(self.classes, y).astype(np.float64).reshape(-1, 1)

    def check_known(self, y: Array) -> None:
        """Refuse labels that are not among the classes."""
        present = np.unique(y)
        unknown = np.setdiff1d(present, self.classes)
        if len(unknown):
            raise ParameterError(
                f"`y` has classes not in `self.classes_`: {unknown}. "
                f"`self.classes_` has {self.classes}. 'y' has {present}."
            )

    def factors(self, by_class: dict[Any, float]) -> Array:
        """A number per class from a dictionary, 1 for those it does not name.

        Raises
        ------
        ParameterError
            If it names a class that there is not.
        """
        known = list(self.classes)
        unknown = [name for name in by_class if name not in known]
        if unknown:
            raise ParameterError(f"class_weight names {unknown}, however the classes are {known}")
        return np.array([float(by_class.get(label, 1.0)) for label in known])

    def decode(self, a: Array) -> Array:
        """Labels for the raw outputs `a` of the network."""
        if self.multilabel:
            return (a > 0).astype(int)
        if len(self.classes) == 1:
            return np.repeat(self.classes, len(a))
        if len(self.classes) == 2:
            return self.classes[(a[:, 0] > 0).astype(int)]
        return self.classes[np.argmax(a, axis=1)]

    def probabilities(self, p: Array) -> Array:
        """(n, K) probabilities of the classes from the network's output after its activation."""
        if self.multilabel or len(self.classes) > 2:
            return p
        if len(self.classes) == 1:
            return np.ones_like(p)
        return np.hstack([1 - p, p])


def checked_labels(y: Any) -> Array:
    """Labels as an array (n,) or (n, K), none of them missing.

    Raises
    ------
    ParameterError
    """
    from sklearn.utils import column_or_1d

    if hasattr(y, "toarray"):
        y = y.toarray()
    if hasattr(y, "to_numpy"):
        y = y.to_numpy()
    y = np.asarray(y)
    if y.ndim == 0:
        raise ParameterError(f"y must have a label for each row, however: {y!r}")
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    missing = _missing(y)
    if missing.any():
        raise ParameterError(
            f"Input y contains NaN: {int(missing.sum())} labels are missing, the first in row "
            f"{int(np.argwhere(missing)[0][0]) + 1}; leave these rows out"
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ParameterError("Input y contains infinity; labels must be finite")
    if y.dtype == object and len({type(value) for value in y.ravel()}) > 1:
        kinds = {isinstance(value, str) for value in y.ravel()}
        if len(kinds) > 1:
            raise ParameterError("y mixes text and numbers; turn all labels into text")
    return y.astype(str) if y.dtype == object and all(isinstance(v, str) for v in y.ravel()) else y


def checked_numbers(y: Any) -> Array:
    """Targets of a regression as float64 (n,) or (n, K), all finite.

    Raises
    ------
    ParameterError
    """
    from sklearn.utils import check_array

    if hasattr(y, "to_numpy"):
        y = y.to_numpy()
    y = np.asarray(y)
    if np.iscomplexobj(y):
        raise ParameterError("Complex data not supported: y must be real numbers")
    if _missing(y).any():
        raise ParameterError("Input y contains NaN; leave the rows without a target out")
    y = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")
    if y.ndim == 2 and y.shape[1] == 1:
        from sklearn.utils import column_or_1d

        y = column_or_1d(y, warn=True)
    return y


def _missing(y: Array) -> Array:
    if y.dtype.kind == "f":
        return np.isnan(y)
    if y.dtype == object:
        return np.vectorize(lambda v: v is None or v != v or type(v).__name__ == "NAType", otypes=[bool])(y)
    return np.zeros(y.shape, dtype=bool)
