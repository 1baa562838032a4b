"""What is to be predicted: labels and numbers as they come, class labels to numbers and back."""

from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from chainrule.errors import ParameterError
from chainrule.estimators.rows import not_masked

__all__ = ["ClassCoding", "checked_classes", "checked_labels", "checked_numbers"]

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
            For a label that is not among the classes, or more or fewer labels per row.
        """
        if self.multilabel:
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ParameterError(
                    f"y must have {len(self.classes)} columns of labels, however its shape: {y.shape}"
                )
            return y.astype(np.float64)
        if y.ndim != 1:
            raise ParameterError(f"y must have one label per row as before, however its shape: {y.shape}")
        self.check_known(y)
        return np.searchsorted(self.classes, y).astype(np.float64).reshape(-1, 1)

    def check_known(self, y: Array) -> None:
        """Refuse labels that are not among the classes."""
        present, known = np.unique(y), set(self.classes.tolist())
        unknown = [label for label in present.tolist() if label not in known]
        if unknown:
            raise ParameterError(
                f"`y` has classes not in `self.classes_`: {np.array(unknown)}. "
                f"`self.classes_` has {self.classes}. 'y' has {present}."
            )

    def row_factors(self, class_weight: Any, y: Array) -> Array:
        """Factor on the weight of each row by its class: 1 where a dictionary does not name it.

        Parameters
        ----------
        class_weight : dict, "balanced" or None; for several labels per row a list of a dict per column

        Raises
        ------
        ParameterError
            If it names a class that there is not, or is none of these.
        """
        if class_weight is None:
            return np.ones(len(y))
        try:
            if isinstance(class_weight, dict) and not self.multilabel:
                factors = self._by_class(class_weight)[self.encode(y)[:, 0].astype(int)]
            else:
                factors = compute_sample_weight(class_weight, y)
        except ParameterError:
            raise
        except (TypeError, ValueError, OverflowError) as error:
            raise ParameterError(f"class_weight={class_weight!r:.200} cannot be used: {error}") from None
        if not (np.isfinite(factors).all() and factors.min() >= 0 and factors.any()):
            raise ParameterError(
                f"class_weight must be numbers ≥ 0, not all 0, however: {class_weight!r:.200}"
            )
        return np.asarray(factors)

    def _by_class(self, class_weight: dict[Any, Any]) -> Array:
        known = list(self.classes)
        unknown = [name for name in class_weight if name not in set(known)]
        if unknown:
            raise ParameterError(
                f"class_weight names {unknown}, however the classes are {self.classes.tolist()!r:.200}"
            )
        return np.array([float(class_weight.get(label, 1.0)) for label in known])

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


def checked_classes(y: Any) -> Array:
    """`checked_labels` of a classification, (n, K) only with 0 and 1.

    Raises
    ------
    ValueError
        For what is no classes, such as numbers with fractions.
    """
    y = checked_labels(y)
    with np.errstate(invalid="ignore"):  # scikit-learn looks whether 1e300 is whole by casting it
        check_classification_targets(y)
        if type_of_target(y) == "multiclass-multioutput":
            raise ParameterError("y with several columns must hold 0 and 1 only (several labels per row)")
    return y


def checked_labels(y: Any) -> Array:
    """Labels as an array (n,) or (n, K), none of them missing, all of one kind.

    Raises
    ------
    ParameterError
    """
    # A list of 1 and "1" would become twice "1".
    is_list = isinstance(y, list | tuple)
    y = np.array(y, dtype=object) if is_list else _as_array(y)
    if y.ndim not in (1, 2) or y.shape[1:] == (0,):
        instead = "; of a frame give the column, not its name" * (y.ndim == 0)
        raise ParameterError(
            f"y must have a label for each row, however: {y!r:.200} of shape {y.shape}{instead}"
        )
    y = _one_column(y)
    missing = _missing(y)
    if missing.any():
        raise ParameterError(
            f"Input y contains NaN: {int(missing.sum())} labels are missing, the first in row "
            f"{int(np.argwhere(missing)[0][0]) + 1}; leave these rows out"
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ParameterError("Input y contains infinity; labels must be finite")
    return _of_one_kind(y, is_list) if y.dtype.kind in "OTV" else y


def _of_one_kind(y: Array, is_list: bool) -> Array:
    """Labels that are Python's objects: text as it is; of a list NumPy's numbers if they are the same."""
    values = y.ravel().tolist()
    kinds = {isinstance(value, str) for value in values}
    if kinds == {True}:
        same = np.empty(len(values), dtype=object)  # not NumPy's text, which forgets a NUL at the end
        same[:] = [str(value) for value in values]
        return same.reshape(y.shape)
    if kinds == {True, False}:
        raise ParameterError("y mixes text and numbers; turn all labels into text")
    if all(isinstance(value, Number | np.bool_) for value in values):
        same = np.array(values)
        if same.dtype.kind in "biuf" and same.tolist() == values:
            if is_list or not len(values):
                return same.reshape(y.shape)
            raise ParameterError(
                f"Unknown label type: y holds {same.dtype} as dtype object, which scikit-learn's scores "
                f"refuse; turn it into y.astype({same.dtype.name!r})"
            )
    strange = next((value for value in values if not isinstance(value, bool | int | float)), values[0])
    raise ParameterError(
        "y must hold text, whole numbers of 64 bits, or True and False, however: "
        f"{strange!r:.200} ({type(strange).__name__}); turn the labels into text, for example with str"
    )


def checked_numbers(y: Any) -> Array:
    """Targets of a regression as float64 (n,) or (n, K), all finite.

    Raises
    ------
    ParameterError
    """
    from sklearn.utils import check_array

    y = _as_array(y)
    if np.iscomplexobj(y):
        raise ParameterError("Complex data not supported: y must be real numbers")
    if y.dtype.kind in "mM":
        raise ParameterError(
            f"y must be numbers, however: {y.dtype}; give the days or seconds since a date of your choice"
        )
    if _missing(y).any():
        raise ParameterError("Input y contains NaN; leave the rows without a target out")
    try:
        with np.errstate(over="ignore"):  # what becomes infinite is refused below
            y = y.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ParameterError(f"y must be numbers, however: {error}") from None
    if y.ndim not in (1, 2):
        raise ParameterError(f"y must have one number or one row of numbers per row, however: {y!r:.200}")
    with np.errstate(over="ignore", invalid="ignore"):  # sums of ±1e308, as it looks for infinity
        return _one_column(check_array(y, dtype=np.float64, ensure_2d=False, input_name="y"))


def _as_array(y: Any) -> Array:
    """`y` as an array, dense and without a mask."""
    return np.asarray(not_masked(y.toarray() if hasattr(y, "toarray") else y, "y"))


def _one_column(y: Array) -> Array:
    """(n,) from (n, 1), with scikit-learn's warning."""
    from sklearn.utils import column_or_1d

    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def _missing(y: Array) -> Array:
    if y.dtype.kind in "fc":
        return np.isnan(y)
    if y.dtype.kind in "mM":
        return np.isnat(y)
    if y.dtype == object:
        return np.vectorize(_is_missing, otypes=[bool])(y)
    return np.zeros(y.shape, dtype=bool)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Number | np.generic) and bool(value != value)
