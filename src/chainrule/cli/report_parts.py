"""Tables and pictures of an HTML page that needs nothing beside it."""

from base64 import b64encode
from html import escape
from io import BytesIO
from typing import Any

__all__ = ["html_picture", "html_table"]

_DPI = 110


def html_table(head: list[str] | None, rows: list[list[str]]) -> str:
    """A table; columns of numbers, but for the first, stand to the right."""
    kinds = [
        ' class="n"' if place and all(map(_is_number, column)) else ""
        for place, column in enumerate(zip(*rows, strict=True))
    ] or [""] * len(head or ())

    def line(tag: str, cells: list[str]) -> str:
        written = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
        return f"<tr>{''.join(written)}</tr>"

    top = f"<thead>{line('th', head)}</thead>" if head else ""
    body = "".join(line("td", row) for row in rows)
    return f'<div class="scroll"><table>{top}<tbody>{body}</tbody></table></div>'


def _is_number(cell: str) -> bool:
    return not cell or cell.lstrip("-").replace(",", "").replace(".", "").isdigit()


def html_picture(draw: Any, caption: str, height: float = 3.6) -> str:
    """What `draw(ax)` draws, as a picture within the page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, max(2.4, height)), layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure.add_subplot())
    memory = BytesIO()
    figure.savefig(memory, format="png", dpi=_DPI)
    data = b64encode(memory.getvalue()).decode()
    words = escape(caption)
    source = f"data:image/png;base64,{data}"
    return f'<figure><img alt="{words}" src="{source}"><figcaption>{words}</figcaption></figure>'
