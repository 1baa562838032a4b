"""A run as Python: code that makes exactly the same model again."""

from collections.abc import Iterator
from math import ceil
from typing import Any

from chainrule.playground.grid_data import GRID_DATA
from chainrule.playground.model import parameters_of
from chainrule.playground.run import Run
from chainrule.playground.settings import BUNDLED, Settings
from chainrule.playground.toy_data import TOY_DATA

__all__ = ["python_code"]

_SET_BY_ESTIMATORS = {
    "loss",
    "solver",
    "momentum",
    "learning_rate",
    "schedule",
    "planned_epochs",
    "penalty",
    "penalty_rate",
    "batch_size",
    "seed",
}
"""Settings that `partial_fit` takes over from one epoch to the next."""


def python_code(run: Run, path: str | None = None) -> str:
    """Python that trains the run's model again, number for number.

    With an estimator, where whole epochs of dense layers were trained; else step by step, as it was done in
    the playground.

    Parameters
    ----------
    path : of the table, where there is one
    """
    segments = None if run.examples.rows.grid else _segments(run)
    return _as_it_was_done(run, path) if segments is None else _with_estimator(run, segments, path)


# -- with an estimator -----------------------------------------------------------------------------------


def _segments(run: Run) -> list[Any] | None:
    """Numbers of epochs, and between them the settings that changed; None where that does not tell it all."""
    log = run.log
    first = run.first_settings
    found: list[Any] = []
    n = len(run.examples.y_train)
    settings = first
    for what, value in log:
        if what == "batch":
            epochs, rest = divmod(value, ceil(n / min(settings.batch_size, n)))
            if rest:
                return None
            found.append(epochs)
        elif what == "set" and set(value) <= _SET_BY_ESTIMATORS:
            settings = settings.changed(value)
            found.append(settings)
        else:
            return None
    return found


def _with_estimator(run: Run, segments: list[Any], path: str | None) -> str:
    rows = run.examples.rows
    name = "MLPClassifier" if rows.labels else "MLPRegressor"
    settings = run.first_settings
    parameters = parameters_of(settings, rows.task)
    arguments = "".join(f"    {key}={value!r},\n" for key, value in parameters.items())
    classes = f", classes={list(range(len(rows.labels)))}" if rows.labels else ""
    labels = ".astype(int)" if rows.labels else ""
    lines = [
        f"from chainrule import {name}",
        *_examples_code(run, path),
        "",
        f"model = {name}(\n{arguments})",
    ]
    for segment in segments:
        if isinstance(segment, Settings):
            after = parameters_of(segment, rows.task)
            changed = {
                key: value
                for key, value in after.items()
                if key not in parameters or value != parameters[key]
            }
            parameters |= after
            if changed:
                lines.append(f"model.set_params({', '.join(f'{k}={v!r}' for k, v in changed.items())})")
        elif segment:
            lines += [
                f"for _ in range({segment}):",
                f"    model.partial_fit(examples.X_train, examples.y_train{labels}{classes})",
            ]
    if any(isinstance(segment, int) and segment for segment in segments):
        lines += ["", "print(model.loss_)  # of the last epoch, penalties included"]
        lines.append(f"print(model.score(examples.X_test, examples.y_test{labels}))")
    return "\n".join(lines) + "\n"


def _examples_code(run: Run, path: str | None) -> list[str]:
    settings, rows = run.first_settings, run.first_examples.rows
    data = settings.data
    if data.kind == "drawn":
        return _drawn_code(run)
    if rows.is_plane:
        return [
            "from chainrule.playground import toy_examples",
            "",
            f"examples = toy_examples(\n    {data.kind!r}, noise={data.noise!r}, seed={data.seed}, "
            f"share={data.share}, features={list(settings.features)!r}\n)",
        ]
    source = data.kind if data.kind in BUNDLED else path or rows.title
    columns = [column.name for column in rows.columns if column.used]
    chosen = "" if len(columns) == len(rows.columns) else f", columns={columns!r}"
    return [
        "from chainrule.playground import table_examples",
        "",
        f"examples = table_examples(\n    {source!r}, {rows.target!r}, seed={data.seed}, "
        f"share={data.share}{chosen}\n)",
    ]


def _drawn_code(run: Run) -> list[str]:
    """Points that were drawn before the run began, in full."""
    examples = run.first_examples
    rows = examples.rows
    points = "".join(
        f"    ({x!r}, {y!r}, {target!r}, {place!r}),\n"
        for (x, y), target, place in zip(
            rows.values.tolist(), rows.y.tolist(), rows.places.tolist(), strict=True
        )
    )
    return [
        "import numpy as np",
        "from chainrule.playground import drawn_examples",
        "",
        f"points = np.array([  # x1, x2, target, place\n{points}]).reshape(-1, 4)",
        f"examples = drawn_examples(\n    points, n_classes={len(rows.labels)}, share={examples.share}, "
        f"features={list(run.first_settings.features)!r}\n)",
    ]


# -- as it was done -------------------------------------------------------------------------------------


def _as_it_was_done(run: Run, path: str | None) -> str:
    """Every step and change in their order."""
    rows = run.first_examples.rows
    first = run.first_settings
    lines = ["from chainrule.playground import Run"]
    given = ""
    is_named = any(first.data.kind in known for known in (TOY_DATA, GRID_DATA, BUNDLED))
    if not is_named or not all(column.used for column in rows.columns):
        lines += _examples_code(run, path)
        given = "examples=examples, "
    lines += ["", f"run = Run({given}{_settings_code(first)})", *_actions(run.log)]
    lines += ["", "print(run.scores(), run.scores(test=True))"]
    return "\n".join(lines) + "\n"


def _settings_code(settings: Settings) -> str:
    """What differs from the defaults, as arguments."""
    usual = Settings().as_data()
    changed = {name: value for name, value in settings.as_data().items() if value != usual[name]}
    if "data" in changed:
        data = {name: value for name, value in changed["data"].items() if value != usual["data"][name]}
        changed["data"] = data
    inner = "".join(f"    {name}={_plain(value)!r},\n" for name, value in changed.items())
    return f"\n{inner}" if inner else ""


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _actions(log: list[Any]) -> Iterator[str]:
    for what, value in log:
        if what in ("batch", "sample"):
            yield f"run.advance({what!r}, {value})"
        elif what == "set":
            yield f"run.change({value!r})"
        elif what == "edit":
            yield f"run.edit({', '.join(map(repr, value))})"
        elif what == "draw":
            yield f"run.draw(**{value!r})"
        elif what == "use":
            yield f"run.use(run.settings, {value!r})"
