"""One column of a table as numbers: what was learned about it, and how it is applied."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar
from warnings import warn

import numpy as np

from chainrule.errors import DegradedWarning, ParameterError, TableError
from chainrule.table.levels import Levels
from chainrule.table.values import Kind, kind_of, numbers_of, texts_of

__all__ = ["MOST_LEVELS", "Column"]

MOST_LEVELS = 200
"""A column with more levels keeps its most frequent ones."""

_FEWEST_ROWS_OF_AN_ID = 20


@dataclass(frozen=True)
class Column:
    """What training has learned about one column: numbers and strings only.

    A *number* x becomes (x - mean) / scale, or 0 if the column was constant; a missing one stands at the
    median, and `has_missing` adds a column of 0 and 1. A *boolean* or *category* becomes one column of
    0 and 1 per level, and `has_missing` adds one for "missing"; a level that training never saw is all
    zeros. An *empty* column, without any value in training, becomes nothing.

    Attributes
    ----------
    name : str
    kind : "number", "boolean", "category" or "empty"
    median, mean, scale : float
        Of a number; mean and standard deviation (divided by n) after missing values got the median. A scale
        of 0 marks a constant column.
    has_missing : bool
        Some values, and not all of them, were missing in training.
    levels : tuple of str
        In sorted order, as `level_text` writes them.
    """

    name: str
    kind: Kind
    median: float = 0.0
    mean: float = 0.0
    scale: float = 0.0
    has_missing: bool = False
    levels: tuple[str, ...] = ()

    _keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "number": ("name", "kind", "median", "mean", "scale", "has_missing"),
        "boolean": ("name", "kind", "has_missing", "levels"),
        "category": ("name", "kind", "has_missing", "levels"),
        "empty": ("name", "kind"),
    }

    # -- learning -----------------------------------------------------------------------------------

    @classmethod
    def fit(cls, series: Any) -> "Column":
        """Learn from a narwhals series.

        Raises
        ------
        TableError
            For dates, times, nested values and infinities; names the column.

        Warns
        -----
        DegradedWarning
            If it has more than `MOST_LEVELS` levels, or another level in every row.
        """
        kind = kind_of(series)
        if kind == "empty":
            return cls(series.name, kind)
        if kind == "number":
            return cls.of_numbers(series.name, numbers_of(series))
        return cls._fit_levels(series.name, kind, texts_of(series))

    @classmethod
    def of_numbers(cls, name: str, x: np.ndarray) -> "Column":
        """Learn from float64 numbers, NaN where missing, at least one of them not."""
        from sklearn.impute import SimpleImputer
        from sklearn.preprocessing import StandardScaler

        # In units of a power of two, which changes no digit, squares of 1e200 and 1e-200 are numbers too.
        unit = np.ldexp(1.0, np.frexp(np.nanmax(np.abs(x)))[1] - 1) if np.nanmax(np.abs(x)) > 0 else 1.0
        imputer = SimpleImputer(strategy="median")
        scaler = StandardScaler().fit(imputer.fit_transform(x[:, None] / unit))
        deviation = np.sqrt(scaler.var_[0])
        is_constant = scaler.scale_[0] != deviation  # scikit-learn divides a constant column by 1
        return cls(
            name,
            "number",
            median=float(imputer.statistics_[0] * unit),
            mean=float(scaler.mean_[0] * unit),
            scale=0.0 if is_constant else float(deviation * unit),
            has_missing=bool(np.isnan(x).any()),
        )

    @classmethod
    def _fit_levels(cls, name: str, kind: Kind, texts: list[str | None]) -> "Column":
        from sklearn.preprocessing import OneHotEncoder

        encoder = OneHotEncoder().fit(np.array(texts, dtype=object)[:, None])
        levels = tuple(level for level in encoder.categories_[0] if level is not None)
        has_missing = None in texts
        n_present = len(texts) - texts.count(None)
        if len(levels) == n_present >= _FEWEST_ROWS_OF_AN_ID:
            warn(
                f"column {name!r} has another value in every row, as an identifier has, and nothing can be "
                "learned from it; better leave it out",
                DegradedWarning,
                stacklevel=2,
            )
        elif len(levels) > MOST_LEVELS:
            warn(
                f"column {name!r} has {len(levels):,} different values; the {MOST_LEVELS} most frequent "
                "ones are kept, all others count as unknown",
                DegradedWarning,
                stacklevel=2,
            )
        if len(levels) > MOST_LEVELS:
            counts = Counter(text for text in texts if text is not None)
            levels = tuple(sorted(sorted(counts, key=lambda text: (-counts[text], text))[:MOST_LEVELS]))
        return cls(name, kind, has_missing=has_missing, levels=levels)

    # -- applying -----------------------------------------------------------------------------------

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the numbers it becomes: ("age", "age is missing") or ("color=red", "color=blue")."""
        if self.kind == "empty":
            return ()
        missing = (f"{self.name} is missing",) * self.has_missing
        if self.kind == "number":
            return (self.name, *missing)
        return (*(f"{self.name}={level}" for level in self.levels), *missing)

    def encode(self, series: Any) -> np.ndarray:
        """Turn a narwhals series into float64 numbers (n rows, one column per feature name).

        Raises
        ------
        TableError
            For text in a column of numbers, and infinities; names the column and the row.
        """
        if self.kind == "empty":
            return np.zeros((len(series), 0))
        if self.kind == "number":
            x = numbers_of(series)
            missing = np.isnan(x)
            x = np.where(missing, self.median, x)
            x = (x - self.mean) / self.scale if self.scale else np.zeros_like(x)
            return np.stack([x, missing], axis=1) if self.has_missing else x[:, None]
        places = np.full(len(series), len(self.levels) if self.has_missing else -1)
        places[~np.array(series.is_null().to_list())] = _places(self, _present(series))
        return np.asarray(places[:, None] == np.arange(len(self.feature_names)), dtype=np.float64)

    def unseen(self, series: Any) -> list[Any]:
        """Find the values, one per row, that are no level of training.

        None is named where training kept only the most frequent levels: there, unknown ones are expected.
        """
        if self.kind in ("number", "empty") or len(self.levels) >= MOST_LEVELS:
            return []
        values = _present(series)
        return [value for value, place in zip(values, _places(self, values), strict=True) if place < 0]

    # -- as plain data ------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Return plain data (numbers, strings, lists) from which `from_description` makes an equal column."""
        described = {key: getattr(self, key) for key in self._keys[self.kind]}
        return {key: list(value) if key == "levels" else value for key, value in described.items()}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Column":
        """Make the column that `describe` described.

        Raises
        ------
        ParameterError
            If the description is not one that `describe` writes.
        """
        keys = cls._keys.get(str(description.get("kind")))
        if keys is None or set(description) != set(keys):
            raise ParameterError(f"not the description of a column: {description!r:.200}")
        for key, value in description.items():
            if not _is_plain(key, value):
                raise ParameterError(f"{key} of a column cannot be {value!r:.200}")
        return cls(**{**description, "levels": tuple(description.get("levels", ()))})


def _is_plain(key: str, value: Any) -> bool:
    if key == "levels":
        is_text = isinstance(value, list) and all(type(level) is str for level in value)
        return is_text and len(set(value)) == len(value)
    if key == "has_missing":
        return type(value) is bool
    if key in ("median", "mean", "scale"):
        return type(value) is float and bool(np.isfinite(value))
    return type(value) is str


def _present(series: Any) -> list[Any]:
    missing = series.is_null().to_list()
    return [value for value, gone in zip(series.to_list(), missing, strict=True) if not gone]


def _places(column: Column, values: list[Any]) -> np.ndarray:
    try:
        return Levels(column.levels).places(values)
    except TypeError:
        raise TableError(
            f"column {column.name!r} held categories in training, and now something that is neither text nor "
            "number; turn it back into text"
        ) from None
