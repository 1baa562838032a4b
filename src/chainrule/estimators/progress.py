"""What `verbose` shows: lines of the package's logger."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule.training import EpochRecord

__all__ = ["log_epoch", "shown"]

logger = logging.getLogger("chainrule.training")


class _CurrentStandardOutput(logging.Handler):
    """Writes to whatever `sys.stdout` is at the moment, as notebooks and tests exchange it."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(self.format(record) + "\n")


@contextmanager
def shown(verbose: Any) -> Iterator[None]:
    """Show the training's log on standard output meanwhile, unless the user handles the log already."""
    if not verbose or logger.handlers or logging.getLogger("chainrule").handlers:
        yield
        return
    handler, level = _CurrentStandardOutput(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def log_epoch(verbose: Any, record: EpochRecord) -> None:
    """A line for the epoch: every epoch for True and 1, the first and every k-th for k."""
    if not verbose or (record.epoch > 1 and record.epoch % int(verbose)):
        return
    text = f"Iteration {record.epoch}, loss = {record.loss:.8f}"
    if record.validation_loss == record.validation_loss:  # not NaN: there are validation rows
        text += f", validation loss = {record.validation_loss:.8f}, validation score = {record.score:.6f}"
    logger.info(text)
