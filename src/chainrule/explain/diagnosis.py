"""What an examination found, and how it is read: as text, as HTML, as plain data."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from html import escape
from textwrap import fill
from typing import Any, Literal

__all__ = ["Diagnosis", "Finding", "named", "percent", "plain"]

_WIDTH = 80
_MOST_NAMES = 5


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in plain words, with its numbers and its cure.

    Attributes
    ----------
    name : str
        What it is called.
    severity : "severe" or "notable"
        Severe: what the model says, or what its scores promise, cannot be relied on. Notable: it works, and
        something is lost.
    what : str
        What is the case, and why it matters.
    numbers : dict
        What was measured, and the threshold: numbers, names, and lists of them.
    cure : str
        What to do.
    where : str
        Columns, layers or epochs.
    """

    name: str
    severity: Literal["severe", "notable"]
    what: str
    numbers: dict[str, Any]
    cure: str
    where: str


@dataclass(frozen=True)
class Diagnosis:
    """What `doctor` found, the severe findings first, and what it examined without finding anything.

    Attributes
    ----------
    findings : tuple of Finding
    healthy : tuple of str
        Examinations that found nothing.
    not_examined : dict of str to str
        Examinations that were not possible, and why.
    n_rows, n_rows_given : int
        Rows that were looked at, of how many.
    """

    findings: tuple[Finding, ...]
    healthy: tuple[str, ...]
    not_examined: dict[str, str] = field(default_factory=dict)
    n_rows: int = 0
    n_rows_given: int = 0

    @property
    def ok(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    @property
    def _headline(self) -> str:
        severe = sum(finding.severity == "severe" for finding in self.findings)
        counted = {0: "no finding", 1: "1 finding"}.get(len(self.findings), f"{len(self.findings)} findings")
        counted += f", {severe} severe" if severe else ""
        of = "all" if self.n_rows == self.n_rows_given else f"{self.n_rows:,} (drawn at random) of"
        return f"{counted[0].upper()}{counted[1:]} ({of} {self.n_rows_given:,} rows looked at)"

    @property
    def _rest(self) -> tuple[tuple[str, str], ...]:
        """What was found healthy, and what was not examined: a title and a line each."""
        not_possible = "; ".join(f"{name} ({why})" for name, why in self.not_examined.items())
        lines = (("Healthy", ", ".join(self.healthy)), ("Not examined", not_possible))
        return tuple((title, line) for title, line in lines if line)

    def __str__(self) -> str:
        blocks = [self._headline]
        for finding in self.findings:
            parts = (
                (f"{finding.severity.upper()}  ", f"{finding.name}: {finding.where}"),
                ("  ", finding.what),
                ("  Cure: ", finding.cure),
            )
            blocks.append("\n".join(_wrapped(first, text) for first, text in parts))
        blocks += [_wrapped(f"{title}: ", line) for title, line in self._rest]
        return "\n\n".join(blocks)

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(plain(cell))}</td>" for cell in _cells(finding)) + "</tr>"
            for finding in self.findings
        )
        head = "".join(f"<th>{title}</th>" for title in ("severity", "finding", "where", "what", "cure"))
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        rest = "".join(f"<p><b>{title}:</b> {escape(plain(line))}</p>" for title, line in self._rest)
        return f"<div><p><b>{escape(self._headline)}</b></p>{table}{rest}</div>"

    def to_dict(self) -> dict[str, Any]:
        """Plain data: dictionaries, lists, text and numbers, as JSON takes them."""
        return {
            "ok": self.ok,
            "findings": [asdict(finding) for finding in self.findings],
            "healthy": list(self.healthy),
            "not_examined": dict(self.not_examined),
            "n_rows": self.n_rows,
            "n_rows_given": self.n_rows_given,
        }


def named(names: Iterable[str]) -> str:
    """The first names in quotes, and how many more there are."""
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def percent(share: float) -> str:
    """A share as "3 %", with two digits: never 0 % for what is not 0, nor 100 % for what is not all."""
    shown = f"{100 * share:.2g}" if share < 0.995 else f"{100 * share:.4g}"
    return f"{float(shown):g} %"


def plain(text: str) -> str:
    """The text on one line, with a mark for what a terminal would obey rather than show."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def _cells(finding: Finding) -> tuple[str, ...]:
    return finding.severity, finding.name, finding.where, finding.what, finding.cure


def _wrapped(first: str, text: str) -> str:
    return fill(plain(text), _WIDTH, initial_indent=first, subsequent_indent="  ", break_on_hyphens=False)
