"""Settings of the table models: what each preset is, and how they follow the number of rows."""

from dataclasses import dataclass
from typing import Any

from chainrule.errors import ParameterError
from chainrule.estimators.parameters import hidden_layer_sizes
from chainrule.network import (
    Activation,
    CategoryEmbedding,
    Columns,
    Dropout,
    FanOut,
    Join,
    MemberDense,
    Network,
    Periodic,
    PiecewiseLinear,
    Scale,
)
from chainrule.table.network_encoder import Layout

__all__ = [
    "EMBEDDINGS",
    "PRESETS",
    "SHARE_OF_RATE_TO_GO_ON",
    "Settings",
    "batch_size_for",
    "folds_for",
    "numbers_of",
    "settings_of",
    "table_network",
]


@dataclass(frozen=True)
class Settings:
    """What a table model is trained with; every one can be set at the estimator by the same name.

    Attributes
    ----------
    members : networks in the ensemble
    hidden_layer_sizes : units of each member's hidden layers
    activation : of the hidden layers
    embedding : of numbers: "both", "periodic", "piecewise_linear" or "none"
    bins : of the piecewise linear embedding
    n_steps : training steps that the number of epochs is made from
    most_cycles : cycles of the learning rate at the most; the first four take `n_steps`, further ones follow
        where they bring much
    learning_rate_init, weight_decay, label_smoothing
    dropout : rate, or the lowest and the highest rate, between which the members' rates are spread evenly
    validation_fraction : of the rows, held out to choose the best epoch and to calibrate by
    folds : 0, or a divisor of `members`: bagging, see `EnsembleLoss`; None: as many as members where rows are
        few (`folds_for`), else 0
    most_rows_in_folds : so many rows are few
    own_lines : every member has broken lines of its own, as it needs in folds
    """

    members: int = 8
    hidden_layer_sizes: tuple[int, ...] = (64, 64, 64)
    activation: str = "silu"
    embedding: str = "both"
    bins: int = 48
    n_steps: int = 1200
    most_cycles: int = 5
    learning_rate_init: float = 0.04
    weight_decay: float = 0.02
    dropout: float | tuple[float, float] = (0.0, 0.3)
    label_smoothing: float = 0.0
    validation_fraction: float = 0.15
    folds: int | None = None
    most_rows_in_folds: int = 5_000
    own_lines: bool = False


_LINES = 4
_FEWEST_ROWS_IN_FOLDS = 40

SHARE_OF_RATE_TO_GO_ON = 0.1
"""Share of the learning rate with which `partial_fit` goes on."""

EMBEDDINGS = ("both", "periodic", "piecewise_linear", "none")

_EXACT: dict[str, Any] = {
    "learning_rate_init": 0.1,
    "dropout": 0.0,
    "own_lines": True,
}
"""For numbers, which networks meet exactly: the last digits are lost to dropout."""

_FAST: dict[str, Any] = {"members": 4, "n_steps": 500, "most_cycles": 4}
_BEST: dict[str, Any] = {"members": 16, "n_steps": 2400}

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "fast": {"classification": _FAST, "regression": _FAST | _EXACT},
    "default": {"classification": {}, "regression": _EXACT},
    "best": {"classification": _BEST, "regression": _BEST | _EXACT},
}


def settings_of(preset: str, task: str, own: dict[str, Any]) -> Settings:
    """The settings of a preset with those replaced that are not None in `own`."""
    chosen = {name: value for name, value in own.items() if value is not None}
    if "hidden_layer_sizes" in chosen:
        chosen["hidden_layer_sizes"] = hidden_layer_sizes(chosen["hidden_layer_sizes"])
    return Settings(**{**PRESETS[preset][task], **chosen})


def folds_for(settings: Settings, n_rows: int) -> int:
    """The folds that are meant by None: where rows are few, none is held out, and all of them judge."""
    if settings.folds is not None:
        if settings.folds > n_rows:
            raise ParameterError(
                f"folds={settings.folds} needs as many different rows, however there are {n_rows}; "
                "set folds=0"
            )
        return settings.folds
    is_few = _FEWEST_ROWS_IN_FOLDS <= n_rows <= settings.most_rows_in_folds
    return settings.members if is_few and settings.members > 1 else 0


def batch_size_for(n_rows: int) -> int:
    """Rows of a batch: more of them where there are more rows, so that epochs are not too few steps."""
    for most, size in ((1_200, 32), (2_400, 64), (5_000, 128), (30_000, 256), (100_000, 512)):
        if n_rows <= most:
            return min(size, n_rows)
    return 1024


def table_network(layout: Layout, n_outputs: int, settings: Settings) -> Network:
    """The network for a table: embeddings of the columns, scaling, and an ensemble of small MLPs.

    numbers ─┬─ as they are ──────┐
             ├─ Periodic ─────────┤
    positions ── PiecewiseLinear ─┼─ Scale ─ (MemberDense, Activation, Dropout)… ─ MemberDense ─ Join
    flags ────────────────────────┤
    codes ───── CategoryEmbedding ┘

    With `own_lines` every member has lines of its own in folds (`FanOut`): lines that all share know the rows
    by which a member is judged, from the other members.
    """
    d, flags, members = layout.n_numbers, layout.n_flags, settings.members
    branches: list[tuple[int, int, Network]] = []

    def branch(first: int, width: int, *layers: Any) -> None:
        if width:
            branches.append((first, first + width, Network(width, layers)))

    branch(0, d)
    if settings.embedding in ("both", "periodic"):
        branch(0, d, Periodic())
    branch(2 * d, flags)
    for i, levels in enumerate(layout.levels):
        branch(2 * d + flags + i, 1, CategoryEmbedding(levels))
    has_lines = settings.embedding in ("both", "piecewise_linear")
    own = d * _LINES if has_lines and settings.own_lines else 0
    if has_lines:
        branch(d, d, PiecewiseLinear(_LINES * members if own else _LINES, settings.bins))
    dropout = _rates(settings.dropout, members)
    layers: list[Any] = [Columns(tuple(branches)), Scale()]
    if own:
        layers.append(FanOut(members, own, _LINES))
    for i, units in enumerate(settings.hidden_layer_sizes):
        layers += [MemberDense(units, members, fan_out=i == 0 and not own), Activation(settings.activation)]
        if dropout:
            layers.append(Dropout(dropout))
    output = MemberDense(n_outputs, members, fan_out=not settings.hidden_layer_sizes and not own)
    return Network(layout.width, (*layers, output, Join()))


def _rates(dropout: float | tuple[float, float], members: int) -> Any:
    """The rate of all members, or a tuple of one for each."""
    if not isinstance(dropout, tuple):
        return dropout
    low, high = dropout
    step = (high - low) / max(members - 1, 1)
    return tuple(round(low + step * i, 6) for i in range(members))


def numbers_of(settings: Settings, patience: float) -> dict[str, float]:
    """Settings of optimizer, penalties and early stopping, as engines take them."""
    return {
        "l2": 0.0,
        "l1": 0.0,
        "clip": 1.0,
        "weight_decay": settings.weight_decay,
        "tol": 0.0,
        "patience": patience,
        "momentum": 0.0,
        "beta_1": 0.9,
        "beta_2": 0.95,
        "epsilon": 1e-8,
    }
