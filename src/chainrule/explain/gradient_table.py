"""What a gradient check found, as a table."""

from dataclasses import dataclass
from html import escape
from textwrap import wrap

import numpy as np

__all__ = ["GOOD", "GradientCheck", "GradientRow"]

GOOD = ("ok", "ok (kink)", "by design", "ok (codes)")
"""Verdicts that are no fault."""


@dataclass(frozen=True)
class GradientRow:
    """What the check found for one array.

    Attributes
    ----------
    name, lecture_name : str
        Such as "0.W" and "W^(1)"; "x" is dL/dx. The second is "" where the lecture has no name.
    shape : tuple of int
    n_entries, n_checked : int
        Entries there are, and those held against differences; automatic differentiation takes all.
    differences, automatic : float or None
        Largest relative difference from each reference; None where there was none to be had.
    index, written, reference
        Where the largest relative difference is, and the two values; None where nothing was compared.
    verdict : str
        "ok"; "ok (kink)": right nearby, this point is on a kink; "ok (codes)": a column of codes, whose
        derivative is 0; "by design": a straight-through slope; "wrong"; "missing: ...", "shape: ...";
        "undecided": without JAX, no step of the differences gave a sure value.
    """

    name: str
    lecture_name: str
    shape: tuple[int, ...]
    n_entries: int
    n_checked: int
    differences: float | None
    automatic: float | None
    index: tuple[int, ...] | None
    written: float | None
    reference: float | None
    verdict: str


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradients` found; print it for a table.

    Attributes
    ----------
    table : tuple of GradientRow
    tolerance : float
    faults : tuple of str
        Where the faults sit: layers, or the loss, whose own backward is wrong for a right dL/dout.
    notes : tuple of str
        What was not done, and why.
    """

    table: tuple[GradientRow, ...]
    tolerance: float
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every array's derivative is what it should be."""
        return all(row.verdict in GOOD for row in self.table)

    @property
    def max_relative_difference(self) -> float:
        """Largest of all relative differences; infinite where an array is missing or of another shape."""
        return max((_largest(row) for row in self.table), default=0.0)

    def __str__(self) -> str:
        """Plain text of at most 80 columns."""
        names = max([5, *(len(_short(row.name)) for row in self.table)])
        lines = [self._title(), "", _line(names, *_HEAD)]
        lines += [_line(names, *_cells(row)) for row in self.table]
        lines += ["", *self._remarks()] if self._remarks() else []
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in _HEAD)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(row)) + "</tr>"
            for row in self.table
        )
        remarks = "".join(f"<p>{escape(remark)}</p>" for remark in self._remarks())
        return f"<p>{escape(self._title())}</p><table><tr>{head}</tr>{rows}</table>{remarks}"

    def _title(self) -> str:
        largest = f"largest relative difference {self.max_relative_difference:.1e}"
        return f"gradients {'agree' if self.ok else 'DIFFER'}: {largest}, tolerance {self.tolerance:.0e}"

    def _remarks(self) -> list[str]:
        remarks = []
        for row in self.table:
            if row.verdict not in GOOD:
                where = ""
                if row.index is not None:
                    where = f" at {list(row.index)}: written {row.written:.7g}, should be {row.reference:.7g}"
                remarks.append(f"{row.name} {row.verdict}{where}")
        remarks += [f"look at {fault}" for fault in self.faults] + list(self.notes)
        return [line for remark in remarks for line in wrap(remark, 80, subsequent_indent="  ")]


_HEAD = ("array", "", "shape", "checked", "differences", "automatic", "verdict")


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"…{name[-17:]}"


def _cells(row: GradientRow) -> tuple[str, ...]:
    shape = "×".join(map(str, row.shape)) or "1"
    numbers = ["-" if value is None else f"{value:.1e}" for value in (row.differences, row.automatic)]
    verdict = row.verdict.partition(":")[0]
    checked = f"{row.n_checked}/{row.n_entries}"
    return _short(row.name), row.lecture_name, shape, checked, *numbers, verdict


def _line(names: int, name: str, lecture: str, shape: str, checked: str, *rest: str) -> str:
    differences, automatic, verdict = rest
    return f"{name:{names}} {lecture:6} {shape:>9} {checked:>10} {differences:>11} {automatic:>9}  {verdict}"


def _largest(row: GradientRow) -> float:
    if row.verdict.startswith(("missing", "shape")):
        return np.inf
    return max(row.differences or 0.0, row.automatic or 0.0)
