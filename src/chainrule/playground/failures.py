"""What to say of an error to the person at the page."""

import sys
import traceback

from chainrule.errors import ChainruleError

__all__ = ["sentence_of"]


def sentence_of(error: Exception) -> str:
    """The error in words; what nobody has foreseen is written to standard error besides."""
    if isinstance(error, MemoryError):
        return "There is not enough memory for this: take a smaller network, or fewer rows."
    if isinstance(error, ChainruleError | OSError):
        return str(error)
    traceback.print_exception(error, file=sys.stderr)
    return (
        f"This should not have happened, and has changed nothing else: {type(error).__name__}, {error!s:.300}"
    )
