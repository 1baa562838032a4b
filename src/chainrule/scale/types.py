"""What columns of text are, as all rows of a data set tell piece by piece: the rules of `read_table`."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["TextTypes"]

_INTEGER, _PADDED = "^[+-]?[0-9]+$", "^[+-]?0[0-9]"
_FITS = ("numbers", "integers", "small", "unpadded", "booleans")


@dataclass
class TextTypes:
    """Of each column of text whether all its fields so far are numbers, integers, true or false.

    Parameters
    ----------
    stay_text : collection of str
        Columns that are text whatever they look like.
    """

    stay_text: Collection[str] = ()
    _fits: dict[str, set[str]] = field(default_factory=dict)

    def learn(self, piece: "pl.DataFrame") -> None:
        """Take the columns of text of a piece into account; their missing values are null."""
        import polars as pl

        columns = [
            name for name, kind in piece.schema.items() if kind == pl.String and name not in self.stay_text
        ]
        if not columns:
            return
        seen: dict[str, pl.Expr] = {}
        for name in columns:
            text = pl.col(name).drop_nulls()
            seen |= {
                f"{name} numbers": text.cast(pl.Float64, strict=False).is_not_null().all(),
                f"{name} integers": text.str.contains(_INTEGER).all(),
                f"{name} small": text.cast(pl.Int64, strict=False).is_not_null().all(),
                f"{name} unpadded": ~text.str.contains(_PADDED).any(),
                f"{name} booleans": text.str.to_lowercase().is_in(["true", "false"]).all(),
            }
        found = piece.select(**seen).row(0, named=True)
        for name in columns:
            fits = {what for what in _FITS if found[f"{name} {what}"]}
            self._fits[name] = self._fits.get(name, set(_FITS)) & fits

    def applied(self, piece: "pl.DataFrame") -> "pl.DataFrame":
        """The piece with the type of each of its columns of text, as far as it is known."""
        casts = [self._cast(name, fits) for name, fits in self._fits.items() if name in piece.columns]
        return piece.with_columns(casts)

    def _cast(self, name: str, fits: set[str]) -> "pl.Expr":
        """From text to the type of the column; numbers with zeros in front are names, and stay."""
        import polars as pl

        column = pl.col(name)
        if "numbers" not in fits:
            return column.str.to_lowercase() == "true" if "booleans" in fits else column
        if "integers" in fits and "unpadded" not in fits:
            return column
        return column.cast(pl.Int64 if {"integers", "small"} <= fits else pl.Float64, strict=False)
