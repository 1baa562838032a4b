"""A page of equations and tables that reads in a terminal, a notebook, Markdown and LaTeX."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

__all__ = ["Document", "Formula", "Grid", "Section", "number"]


@dataclass(frozen=True)
class Formula:
    """A formula as text and in LaTeX, with the lecture's number of the equation."""

    text: str
    latex: str
    equation: str = ""


@dataclass(frozen=True)
class Grid:
    """A table: texts and numbers below headings, of which formulas are set as such."""

    header: tuple[Formula | str, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: Formula | str = ""
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it: text, formulas, tables."""

    title: str
    parts: tuple[str | Formula | Grid, ...]


@dataclass(frozen=True)
class Document:
    """Sections below a title."""

    title: str
    sections: tuple[Section, ...]

    def to_text(self) -> str:
        """Plain text."""
        lines = [self.title, "=" * len(self.title)]
        for section in self.sections:
            lines += ["", section.title, "-" * len(section.title)]
            for part in section.parts:
                lines += _text_of(part)
        return "\n".join(lines)

    def to_rich(self) -> Any:
        """What `rich` prints: headings in bold, numbers to the right."""
        from rich.console import Group
        from rich.text import Text

        parts: list[Any] = [Text(self.title, style="bold")]
        for section in self.sections:
            parts += [Text(), Text(section.title, style="bold cyan")]
            for part in section.parts:
                style = {Formula: "green", Grid: ""}.get(type(part), "dim")
                parts += [Text(line, style=style, no_wrap=True, overflow="fold") for line in _text_of(part)]
        return Group(*parts)

    def to_html(self) -> str:
        """HTML with its own style, which needs nothing beside it."""
        body = [f"<h3>{_html_text(self.title)}</h3>"]
        for i, section in enumerate(self.sections):
            inner = "".join(map(_html_of, section.parts))
            opened = " open" if i < 3 or len(self.sections) <= 8 else ""
            body.append(f"<details{opened}><summary>{_html_text(section.title)}</summary>{inner}</details>")
        return f'<div class="chainrule-page">{_STYLE}{"".join(body)}</div>'

    def to_markdown(self) -> str:
        """Markdown with formulas in LaTeX between dollar signs."""
        lines = [f"# {_markdown(self.title)}"]
        for section in self.sections:
            lines += ["", f"## {_markdown(section.title)}"]
            for part in section.parts:
                lines += ["", *_markdown_of(part)]
        return "\n".join(lines) + "\n"

    def to_latex(self) -> str:
        """LaTeX for the body of a document that uses the packages amsmath and booktabs."""
        lines = [f"\\section*{{{_latex(self.title)}}}"]
        for section in self.sections:
            lines += ["", f"\\subsection*{{{_latex(section.title)}}}"]
            for part in section.parts:
                lines += ["", *_latex_of(part)]
        return "\n".join(lines) + "\n"


def number(value: Any) -> str:
    """Four digits that count; text as it is."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int | np.integer):
        return str(value)
    return f"{float(value) + 0.0:.4g}"  # -0 reads as 0


_SYMBOL = re.compile(r"\b([a-z])(?:_(\d+))?(\^\(\d+\))|\b([a-z])_\{([\d,]+)\}")
"""z_4^(1), z^(0) and w_{2,3}; not x_1, which may be a column's name."""


def _parts(found: re.Match[str]) -> tuple[str, str, str]:
    """Letter, what is below, what is above."""
    letter, below, above, other, places = found.groups()
    return letter or other, below or places or "", (above or "")[1:]


# -- text --------------------------------------------------------------------------------------------------


def _text_of(part: str | Formula | Grid) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, Formula):
        return [f"  {part.text}{f'    ({part.equation})' if part.equation else ''}"]
    cells = [[_plain(cell) for cell in part.header], *([number(cell) for cell in row] for row in part.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    texts = [isinstance(cell, str) for cell in part.rows[0]] if part.rows else [True] * len(widths)
    lines = [f"  {_plain(part.caption)}"] if part.caption else []
    for row in cells:
        pairs = zip(row, widths, texts, strict=True)
        joined = "  ".join(
            cell.ljust(width) if is_text else cell.rjust(width) for cell, width, is_text in pairs
        )
        lines.append(f"    {joined}".rstrip())
    return [*lines, *([f"    {part.note}"] if part.note else [])]


def _plain(text: Formula | str) -> str:
    return text.text if isinstance(text, Formula) else text


# -- HTML --------------------------------------------------------------------------------------------------

_STYLE = (
    "<style>.chainrule-page{font-size:90%;max-width:60em}.chainrule-page summary{font-weight:bold;"
    "cursor:pointer;margin-top:.6em}.chainrule-page table{border-collapse:collapse;margin:.4em 0 .8em 1em}"
    ".chainrule-page td,.chainrule-page th{text-align:right;padding:.15em .7em;border:0;"
    "font-variant-numeric:tabular-nums}.chainrule-page th{border-bottom:1px solid currentColor}"
    ".chainrule-page td.text,.chainrule-page th.text{text-align:left}.chainrule-page caption"
    "{text-align:left;font-style:italic}.chainrule-page .formula{font-family:serif;font-size:110%;"
    "margin:.3em 0 .3em 1em}.chainrule-page .equation{float:right;opacity:.6}.chainrule-page .note"
    "{opacity:.7;margin-left:1em}</style>"
)


def _html_of(part: str | Formula | Grid) -> str:
    if isinstance(part, str):
        return f"<p>{_html_text(part)}</p>"
    if isinstance(part, Formula):
        equation = f'<span class="equation">({escape(part.equation)})</span>' if part.equation else ""
        return f'<div class="formula">{equation}{_html_formula(part.text)}</div>'
    texts = [isinstance(cell, str) for cell in part.rows[0]] if part.rows else [True] * len(part.header)
    kinds = [' class="text"' if is_text else "" for is_text in texts]
    head = "".join(
        f"<th{kind}>{_html_cell(cell)}</th>" for kind, cell in zip(kinds, part.header, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{_html_text(number(cell))}</td>" for kind, cell in zip(kinds, row, strict=True))
        + "</tr>"
        for row in part.rows
    )
    caption = f"<caption>{_html_cell(part.caption)}</caption>" if part.caption else ""
    note = f'<div class="note">{escape(part.note)}</div>' if part.note else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"


def _html_cell(text: Formula | str) -> str:
    return _html_formula(text.text) if isinstance(text, Formula) else _html_text(text)


def _html_text(text: str) -> str:
    """Text with its z_4^(1) and w_{2,3} raised and lowered."""
    out, done = "", 0
    for found in _SYMBOL.finditer(text):
        letter, below, above = _parts(found)
        out += escape(text[done : found.start()]) + letter
        out += (f"<sub>{below}</sub>" if below else "") + (f"<sup>{above}</sup>" if above else "")
        done = found.end()
    return out + escape(text[done:])


def _html_formula(text: str) -> str:
    """The text with what stands behind ^ and _ raised and lowered."""
    out, i = [], 0
    while i < len(text):
        tag = {"^": "sup", "_": "sub"}.get(text[i])
        if tag is None:
            out.append(escape(text[i]))
            i += 1
            continue
        end = text.find(")", i) + 1 if text[i + 1 : i + 2] == "(" else i + 2
        while end < len(text) and text[end - 1] != ")" and _goes_on(text[end:]):
            end += 1
        out.append(f"<{tag}>{escape(text[i + 1 : end])}</{tag}>")
        i = end
    return "".join(out)


def _goes_on(text: str) -> bool:
    """Whether what is raised or lowered goes on: by letters and digits, and by signs between them."""
    first, second = text[0], text[1:2]
    return (first.isalnum() and first != "ᵀ") or (first in ",." and second.isalnum())


# -- Markdown ----------------------------------------------------------------------------------------------


def _markdown_of(part: str | Formula | Grid) -> Iterable[str]:
    if isinstance(part, str):
        return [_markdown(part)]
    if isinstance(part, Formula):
        tag = f" \\qquad ({part.equation})" if part.equation else ""
        return [f"$${part.latex}{tag}$$"]
    head = [f"${cell.latex}$" if isinstance(cell, Formula) else _markdown(cell) for cell in part.header]
    caption = f"${part.caption.latex}$" if isinstance(part.caption, Formula) else _markdown(part.caption)
    rows = ["| " + " | ".join(_markdown(number(cell)) for cell in row) + " |" for row in part.rows]
    lines = [caption, ""] if part.caption else []
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *rows]
    return [*lines, *(["", f"*{_markdown(part.note)}*"] if part.note else [])]


def _markdown(text: str) -> str:
    for sign in "\\`*_[]<>|#$":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split("\n"))


# -- LaTeX -------------------------------------------------------------------------------------------------

_LATEX = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "–": "--",
    "…": "\\dots{}",
    "φ": "$\\varphi$",
    "η": "$\\eta$",
    "Δ": "$\\Delta$",
    "·": "$\\cdot$",
    "→": "$\\to$",
    "≥": "$\\ge$",
    "²": "$^2$",
    "δ": "$\\delta$",
    "σ": "$\\sigma$",
    "μ": "$\\mu$",
    "ε": "$\\varepsilon$",
    "Σ": "$\\sum$",
    "√": "$\\surd$",
    "∘": "$\\circ$",
    "ᵀ": "$^\\top$",
    "λ": "$\\lambda$",
    "×": "$\\times$",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
} | {sign: f"\\{sign}" for sign in "&%$#_{}"}


def _latex(text: str) -> str:
    """Text with what LaTeX would obey written out; z_4^(1) and w_{2,3} become formulas."""
    out, done = "", 0
    for found in _SYMBOL.finditer(text):
        letter, below, above = _parts(found)
        lower, raised = below and f"_{{{below}}}", above and f"^{{{above}}}"
        out += f"{_signs(text[done : found.start()])}${letter}{lower}{raised}$"
        done = found.end()
    return out + _signs(text[done:])


def _signs(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)


def _alignments(part: Grid) -> str:
    first = part.rows[0] if part.rows else part.header
    return "".join("l" if isinstance(cell, str) else "r" for cell in first)


def _latex_of(part: str | Formula | Grid) -> Sequence[str]:
    if isinstance(part, str):
        return [_latex(part)]
    if isinstance(part, Formula):
        tag = f" \\tag{{{part.equation}}}" if part.equation else ""
        return ["\\begin{equation*}", f"  {part.latex}{tag}", "\\end{equation*}"]
    head = [f"${cell.latex}$" if isinstance(cell, Formula) else _latex(cell) for cell in part.header]
    caption = f"${part.caption.latex}$" if isinstance(part.caption, Formula) else _latex(part.caption)
    rows = ["  " + " & ".join(_latex(number(cell)) for cell in row) + r" \\" for row in part.rows]
    return [
        *([f"\\noindent {caption}", ""] if part.caption else []),
        f"\\begin{{tabular}}{{{_alignments(part)}}}",
        r"  \toprule",
        "  " + " & ".join(head) + r" \\",
        r"  \midrule",
        *rows,
        r"  \bottomrule",
        r"\end{tabular}",
        *(["", _latex(part.note)] if part.note else []),
    ]
