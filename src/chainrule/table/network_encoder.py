"""A table as the matrix that a network takes: scaled numbers, their positions, flags, codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.described import Described
from chainrule.table.scaling import NumberScaling, scaled
from chainrule.table.schema import Schema

__all__ = ["CodeInput", "Layout", "NetworkEncoder"]

_MOST_FLAGS = 64
_SHARE_UNSEEN = 0.01


@dataclass(frozen=True)
class Layout:
    """Which columns of the matrix are what: [numbers | positions | flags | codes].

    Attributes
    ----------
    n_numbers : int
        Scaled numbers, and as many positions.
    n_flags : int
        Numbers of two values, "is missing", one column per level of a category with few.
    levels : tuple of int
        For each column of codes, how many codes there are.
    """

    n_numbers: int
    n_flags: int
    levels: tuple[int, ...]

    @property
    def width(self) -> int:
        """Columns of the matrix."""
        return 2 * self.n_numbers + self.n_flags + len(self.levels)


@dataclass(frozen=True)
class CodeInput:
    """How one code becomes inputs: flags for up to 64 codes, otherwise a code for an embedding.

    Attributes
    ----------
    name : str
    n_levels : int
        Codes there are: 0 for missing, 1 for unseen, the levels.
    has_missing : bool
        Missing was seen in training; otherwise it counts as unseen.
    """

    name: str
    n_levels: int
    has_missing: bool

    @property
    def as_flags(self) -> bool:
        """Whether it becomes a flag per code rather than a code."""
        return self.n_levels <= _MOST_FLAGS

    @property
    def n_flags(self) -> int:
        """Flags that it becomes."""
        return 0 if not self.as_flags else self.n_levels - (not self.has_missing)

    def known(self, codes: np.ndarray) -> np.ndarray:
        """The codes with "missing" turned into "unseen" where training knew no missing value."""
        return codes if self.has_missing else np.maximum(codes, 1)


@dataclass(frozen=True)
class NetworkEncoder(Described):
    """Table to matrix for a network; every number of it is finite, whatever stands in the table.

    Parameters
    ----------
    schema : Schema
        What the table's columns are.
    numbers : tuple of NumberScaling
    codes : tuple of CodeInput
        Both in the order of the schema's features.
    """

    schema: Schema
    numbers: tuple[NumberScaling, ...]
    codes: tuple[CodeInput, ...]

    @classmethod
    def fit(
        cls, frame: Any, kinds: Mapping[str, str] | None = None, bins: int = 16
    ) -> tuple["NetworkEncoder", np.ndarray]:
        """Learn how to encode tables like this one; (encoder, what `Schema.read` made of the table).

        Parameters
        ----------
        frame : table
            See `Schema`.
        kinds : mapping from column to kind, optional
        bins : int, default=16
            Bins of a number's positions at the most.
        """
        schema = Schema.learn(frame, kinds)
        read = schema.read(frame)
        return cls.of_read(schema, read, np.ones(len(read)), bins), read

    @classmethod
    def of_read(
        cls, schema: Schema, read: np.ndarray, weights: np.ndarray, bins: int = 16
    ) -> "NetworkEncoder":
        """Learn from what `schema` has read, each row as often as its weight says."""
        numbers, codes = [], []
        for feature, x in zip(schema.features, read.T, strict=True):
            if feature.role == "code":
                codes.append(CodeInput(feature.name, feature.n_levels, bool((x == 0).any())))
            else:
                numbers.append(NumberScaling.learn(feature.name, x, weights, bins))
        return cls(schema, tuple(numbers), tuple(codes))

    @property
    def schema_(self) -> Schema:
        """What the table's columns are, in scikit-learn's way of naming what was learned."""
        return self.schema

    @cached_property
    def layout(self) -> Layout:
        """Which columns of the matrix are what."""
        roles = [scaling.role for scaling in self.numbers]
        n_flags = roles.count("flag") + sum(scaling.has_missing for scaling in self.numbers)
        n_flags += sum(code.n_flags for code in self.codes)
        levels = tuple(code.n_levels for code in self.codes if not code.as_flags)
        # A table of constants has one flag that is always 0: a network needs an input.
        nothing = not (roles.count("number") or n_flags or levels)
        return Layout(roles.count("number"), n_flags + nothing, levels)

    @cached_property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        """(feature, what of it) for each column of the matrix.

        What: "scaled", "position" (among the bins), "flag", "is missing", the text of a level, or "code".
        """
        wide = [s.name for s in self.numbers if s.role == "number"]
        found = [(name, "scaled") for name in wide] + [(name, "position") for name in wide]
        found += [(s.name, "flag") for s in self.numbers if s.role == "flag"]
        found += [(s.name, "is missing") for s in self.numbers if s.has_missing]
        levels = {column.name: getattr(column, "levels", ()) for column in self.schema.columns}
        for code in self.codes:
            if code.as_flags:
                known = levels.get(code.name, ())
                known = known if len(known) + 2 == code.n_levels else range(2, code.n_levels)
                names = ["missing", "unseen", *(f"is {level}" for level in known)]
                found += [(code.name, name) for name in names[not code.has_missing :]]
        found += [(code.name, "code") for code in self.codes if not code.as_flags]
        return tuple(found) if found else (("nothing", "flag"),)

    def transform(self, frame: Any) -> np.ndarray:
        """Turn a table into the matrix (n rows, layout.width), float32.

        Raises
        ------
        TableError
            See `Schema.read`.
        """
        return self.encode(self.schema.read(frame))

    def encode(self, read: np.ndarray, unseen: np.random.Generator | None = None) -> np.ndarray:
        """Turn what the schema has read into the matrix.

        Parameters
        ----------
        unseen : Generator, optional
            For training: one code in a hundred, drawn at random, counts as a level never seen, so that this
            has something to be learned from.
        """
        is_code = np.array([feature.role == "code" for feature in self.schema.features], dtype=bool)
        matrix = np.zeros((len(read), self.layout.width), dtype=np.float32)
        start = self._write_numbers(matrix, read[:, ~is_code])
        codes = [code.known(column) for code, column in zip(self.codes, read[:, is_code].T, strict=True)]
        if unseen is not None:
            codes = [np.where(unseen.random(len(read)) < _SHARE_UNSEEN, 1, column) for column in codes]
        behind = matrix.shape[1] - len(self.layout.levels)
        for code, column in zip(self.codes, codes, strict=True):
            if code.as_flags:
                first = 0 if code.has_missing else 1
                matrix[np.arange(len(read)), start + column.astype(np.intp) - first] = 1
                start += code.n_flags
            else:
                matrix[:, behind] = column
                behind += 1
        return matrix

    def _write_numbers(self, matrix: np.ndarray, x: np.ndarray) -> int:
        """Write numbers, positions and their flags; the column behind them."""
        missing = np.isnan(x)
        x = np.where(missing, [scaling.fill for scaling in self.numbers], x)
        roles = np.array([scaling.role for scaling in self.numbers], dtype=object)
        wide = np.flatnonzero(roles == "number")
        d = len(wide)
        matrix[:, :d] = scaled(x[:, wide], [self.numbers[i] for i in wide])
        for place, i in enumerate(wide):
            matrix[:, d + place] = self.numbers[i].position(x[:, i])
        two_valued = [2 * self.numbers[i].position(x[:, i]) - 1 for i in np.flatnonzero(roles == "flag")]
        marked = [missing[:, i] for i, scaling in enumerate(self.numbers) if scaling.has_missing]
        for place, flag in enumerate((*two_valued, *marked), start=2 * d):
            matrix[:, place] = flag
        return 2 * d + len(two_valued) + len(marked)

    def describe(self) -> dict[str, Any]:
        """Return plain data from which `from_description` makes an equal encoder."""
        return {
            "schema": self.schema.describe(),
            "numbers": [scaling.describe() for scaling in self.numbers],
            "has_missing": [code.has_missing for code in self.codes],
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "NetworkEncoder":
        """Make the encoder that `describe` described.

        Raises
        ------
        ParameterError
            If the description is not one that `describe` writes.
        """
        described, flags = description.get("numbers"), description.get("has_missing")
        if (
            set(description) != {"schema", "numbers", "has_missing"}
            or not isinstance(described, list)
            or not isinstance(flags, list)
        ):
            raise ParameterError(f"not the description of an encoder: {description!r:.200}")
        schema = Schema.from_description(description["schema"])
        numbers = tuple(map(NumberScaling.from_description, described))
        codes = [feature for feature in schema.features if feature.role == "code"]
        others = [feature.name for feature in schema.features if feature.role != "code"]
        if (
            [scaling.name for scaling in numbers] != others
            or len(flags) != len(codes)
            or not all(type(flag) is bool for flag in flags)
        ):
            raise ParameterError("the encoder's numbers and codes do not fit its schema")
        inputs = [CodeInput(f.name, f.n_levels, flag) for f, flag in zip(codes, flags, strict=True)]
        return cls(schema, numbers, tuple(inputs))
