"""Options of forecasts: what there is to tell of a series, and which options go with which task."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.values import probability
from chainrule.errors import ParameterError

__all__ = [
    "Cell",
    "ChosenCell",
    "Future",
    "Horizon",
    "Interval",
    "Known",
    "Missing",
    "Season",
    "Steps",
    "TimeColumn",
    "check_task",
]

_PANEL: dict[str, Any] = {"rich_help_panel": "With --task forecast", "show_default": False}


class Cell(StrEnum):
    """What reads the past."""

    lstm = "lstm"
    gru = "gru"
    rnn = "rnn"
    dense = "dense"


class Gaps(StrEnum):
    """What becomes of missing values."""

    leave_out = "leave_out"
    fill = "fill"


TimeColumn = Annotated[
    str | None,
    typer.Option(
        "--time", metavar="COLUMN", help="That says when; default: rows are in their order.", **_PANEL
    ),
]
Horizon = Annotated[int | None, typer.Option(metavar="N", min=1, help="Steps to tell.", **_PANEL)]
Known = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Column whose future is known; may be repeated.", **_PANEL),
]
Season = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Steps of a season; 1: none; default: it is looked for.", **_PANEL),
]
ChosenCell = Annotated[
    Cell | None, typer.Option("--cell", metavar="NAME", help="lstm, gru, rnn or dense.", **_PANEL)
]
Missing = Annotated[
    Gaps | None,
    typer.Option(metavar="NAME", help="leave_out, or fill: read past gaps.", **_PANEL),
]
Interval = Annotated[
    float | None,
    typer.Option(metavar="SHARE", callback=probability, help="Learn bounds too, such as 0.9.", **_PANEL),
]
Future = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Known columns of the steps to come, for forecasts.", show_default=False
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="Steps to tell, for forecasts; default: the horizon.", show_default=False
    ),
]


def check_task(is_forecast: bool, of_series: Mapping[str, Any], of_rows: Mapping[str, Any]) -> None:
    """Refuse options that do not go with the task.

    Parameters
    ----------
    of_series, of_rows : mapping of str to object
        Options that go with forecasts only, and with tables only; None or empty where one was not given.

    Raises
    ------
    ParameterError
    """
    wrong = [option for option, value in (of_rows if is_forecast else of_series).items() if value]
    if wrong and is_forecast:
        raise ParameterError(f"{wrong[0]} does not go with --task forecast; leave it out")
    if wrong:
        instead = "; a regression's intervals: chainrule predict --interval" * (wrong[0] == "--interval")
        raise ParameterError(
            f"{wrong[0]} goes with --task forecast; add that, or leave {wrong[0]} out{instead}"
        )
    if is_forecast and of_series["--horizon"] is None:
        raise ParameterError("--task forecast needs --horizon N, the number of steps to tell")
