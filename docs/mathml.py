"""Formulas as MathML, which browsers draw by themselves: no script, no fonts of elsewhere."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

logger = logging.getLogger(__name__)


def _converted(node, display):
    latex = node.astext().replace("{aligned}", "{split}")  # the name by which the converter knows it
    drawn = convert(latex, display=display)
    if "\\" in drawn or "<mi>&</mi>" in drawn:
        logger.warning("this formula is not understood: %s", latex, location=node)
    return drawn


def _inline(writer, node):
    writer.body.append(_converted(node, "inline"))
    raise nodes.SkipNode


def _display(writer, node):
    writer.body.append(f'<div class="math">{_converted(node, "block")}</div>\n')
    raise nodes.SkipNode


def setup(app):
    """Make it the renderer of formulas in HTML."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.config.html_math_renderer = "mathml"
