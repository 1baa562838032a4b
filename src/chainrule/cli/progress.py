"""What is shown while a model trains."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from chainrule.cli.terminal import is_watched

__all__ = ["epochs_shown"]

_logger = logging.getLogger("chainrule.training")


class _Counter(logging.Handler):
    """Counts the epochs that the log of a training tells of; they come in bundles, as they are computed."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._task = progress.add_task("")

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
        self._progress.advance(self._task)


@contextmanager
def epochs_shown(estimator: Any, keeps_best: bool = True) -> Iterator[None]:
    """Show on standard error, if it is a terminal, how many epochs of a fit are done; gone when it ends.

    What Ctrl-C does is shown too: it `keeps_best`, or ends all.

    It listens to the log rather than being a callback, for which every epoch would be computed by itself.
    """
    if not is_watched():
        yield
        return
    progress = Progress(
        TextColumn("Training"),
        SpinnerColumn(),
        TextColumn("epoch {task.completed:.0f}"),
        TimeElapsedColumn(),
        TextColumn(f"[dim]Ctrl-C {'keeps the best' if keeps_best else 'ends it'}[/dim]"),
        console=Console(stderr=True),
        transient=True,
    )
    handler, level, verbose = _Counter(progress), _logger.level, estimator.verbose
    _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    try:
        with progress:
            estimator.verbose = True
            yield
    finally:
        _logger.removeHandler(handler)
        _logger.setLevel(level)
        estimator.verbose = verbose
