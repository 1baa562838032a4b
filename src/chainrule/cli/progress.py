"""A progress bar over the epochs, as a callback of scikit-learn's protocol."""

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["EpochProgress"]


class EpochProgress:
    """Show on standard error how many of at most `n_epochs` epochs are done; gone when training ends."""

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def setup(self, estimator: Any, context: Any) -> None:  # noqa: ARG002
        """Start the bar."""
        self._bar = Progress(
            TextColumn("Training"),
            BarColumn(bar_width=20),
            TextColumn("epoch {task.completed:.0f} of at most {task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("[dim]Ctrl-C keeps the best[/dim]"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=self.n_epochs)
        self._bar.start()

    def on_fit_task_begin(self, estimator: Any, context: Any, **_: Any) -> None:
        """Nothing happens when an epoch begins."""

    def on_fit_task_end(self, estimator: Any, context: Any, **_: Any) -> bool:  # noqa: ARG002
        """One epoch more; never asks to stop."""
        if context.parent is not None:
            self._bar.advance(self._task)
        return False

    def teardown(self, estimator: Any, context: Any) -> None:  # noqa: ARG002
        """Take the bar away."""
        self._bar.stop()
