"""What the page is told: the state after a change, and the frame of a moment."""

from typing import Any

import numpy as np

from chainrule.engine.numpy import quiet
from chainrule.errors import ParameterError
from chainrule.playground.examples import Examples, Rows
from chainrule.playground.grid_pictures import inside, specimens
from chainrule.playground.pictures import (
    Grid,
    hidden_space,
    histograms,
    layer_lines,
    main_picture,
    unit_pictures,
)
from chainrule.playground.run import Run
from chainrule.playground.scores import Scores, scores_of
from chainrule.playground.view import View

__all__ = ["axes_of", "frame_of", "shown_rows", "state_of"]

Array = Any
Message = tuple[dict[str, Any], dict[str, Array]]

_MOST_POINTS = 1_000


def axes_of(view: View, examples: Examples) -> tuple[str, str]:
    """The two columns of the picture: those chosen, else the first two that the network sees."""
    columns = examples.rows.columns
    if view.axes is not None and all(name in {c.name for c in columns} for name in view.axes):
        return view.axes
    used = [column.name for column in columns if column.used] or [column.name for column in columns]
    numbers = [column.name for column in columns if column.used and not column.levels]
    chosen = (numbers + [name for name in used if name not in numbers])[:2]
    chosen += [column.name for column in columns if column.name not in chosen][: 2 - len(chosen)]
    return (chosen[0], chosen[-1])


def shown_rows(examples: Examples) -> Array:
    """Numbers of the rows that are drawn as points."""
    n = len(examples.y)
    if n <= _MOST_POINTS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, _MOST_POINTS, replace=False))


def state_of(session: Any) -> Message:
    """Settings, network and problem, with the points that are drawn."""
    run, view = session.run, session.view
    examples: Examples = run.examples
    rows = examples.rows
    axes = axes_of(view, examples)
    shown = shown_rows(examples)
    network, loss = run.now.setup.network, run.now.setup.program.loss
    places = [rows.place_of(name) for name in axes]
    content = {
        "type": "state",
        "revision": session.revision,
        "settings": run.settings.as_data(),
        "problem": _problem(rows, examples, axes, view),
        "network": {
            "inputs": list(examples.inputs.names),
            "layers": run.settings.as_data()["layers"],
            "n_outputs": network.n_outputs,
            "n_parameters": network.n_parameters,
            "output_activation": loss.out_activation,
        },
        "notices": list(rows.notices),
    }
    return content, {
        **_specimens(examples),
        "points": np.ascontiguousarray(rows.values[np.ix_(shown, places)], dtype=np.float32),
        "targets": rows.y[shown].astype(np.float32),
        "is_test": examples.is_test[shown].astype(np.uint8),
        "rows": shown.astype(np.int32),
    }


def _specimens(examples: Examples) -> dict[str, Array]:
    """Pictures or sequences that can be looked at."""
    if not examples.rows.grid:
        return {}
    chosen = specimens(examples)
    return {"specimens": examples.X[chosen].astype(np.float32), "specimen_rows": chosen.astype(np.int32)}


def _problem(rows: Rows, examples: Examples, axes: tuple[str, str], view: View) -> dict[str, Any]:
    low, high = rows.span()
    x, y = (rows.columns[rows.place_of(name)].extent for name in axes)
    return {
        "task": rows.task,
        "title": rows.title,
        "target": rows.target,
        "classes": list(rows.classes) or None,
        "target_low": low,
        "target_high": high,
        "n_train": int((~examples.is_test).sum()),
        "n_test": int(examples.is_test.sum()),
        "columns": [
            {
                "name": column.name,
                "low": column.low,
                "high": column.high,
                "middle": column.middle,
                "levels": list(column.levels) or None,
                "used": column.used,
            }
            for column in rows.columns
        ],
        "axes": list(axes),
        "held": {
            column.name: view.held.get(
                column.name, column.levels[int(column.middle)] if column.levels else column.middle
            )
            for column in rows.columns
        },
        "extent": [*x, *y],
        "is_drawable": rows.is_plane,
        "grid": list(rows.grid) or None,
    }


def frame_of(session: Any) -> Message:
    """Numbers and pictures of this moment."""
    run: Run = session.run
    view: View = session.view
    now, examples = run.now, run.examples
    answers = [run.answers(), run.answers(test=True)]
    train, test = (scores_of(now, a, bool(of_test)) for of_test, a in enumerate(answers))
    content: dict[str, Any] = {
        "type": "frame",
        "revision": session.revision,
        "step": now.step,
        "epoch": run.epoch,
        "playing": session.is_playing,
        "steps_per_second": session.speed,
        "first_step": run.past.first_step,
        "learning_rate": run.learning_rate,
        "train": _scores(train),
        "test": _scores(test),
        "epoch_loss": None if now.losses is None else _finite(now.losses[1][1]),
        "is_finite": session.trouble is None,
        "trouble": session.trouble,
        "findings": session.findings,
        "confusion": _confusion(examples, *answers) if examples.rows.labels else None,
        "histograms": histograms(run) if view.histograms and not examples.rows.grid else None,
        "hidden_space": None,
    }
    buffers = {"theta": run.theta, "curve": _curve(run, train, test)}
    if examples.rows.grid:
        row = int(specimens(examples)[0]) if view.row is None else view.row
        return content | {"row": row}, buffers | inside(run, row)
    axes = axes_of(view, examples)
    buffers |= _pictures(session, axes)
    if view.hidden_space is not None:
        found = hidden_space(run, axes, view.held, view.hidden_space, shown_rows(examples))
        if found is not None:
            content["hidden_space"] = {"layer": view.hidden_space, "names": list(found[0])}
            buffers |= {"hidden_points": found[1], "hidden_grid": found[2]}
    if view.lines is not None:
        lines = layer_lines(run, axes, view.held, view.lines)
        buffers |= {} if lines is None else {"lines": lines}
    return content, buffers


def _pictures(session: Any, axes: tuple[str, str]) -> dict[str, Array]:
    run, view = session.run, session.view
    grid = _grid(session, axes, view.main_size)
    with quiet():
        units = unit_pictures(run, _grid(session, axes, view.unit_size))
        try:
            main, sure = main_picture(run, grid, view.main)
        except ParameterError:
            main, sure = main_picture(run, grid, None)  # that neuron was taken away meanwhile
    return {"units": units, "main": main, **({} if sure is None else {"sure": sure})}


def _grid(session: Any, axes: tuple[str, str], size: int) -> Grid:
    """The plane's cells as inputs: those of the last frame, if they are still of the same rows and axes."""
    key = (session.run.examples, axes, tuple(sorted(session.view.held.items())))
    grids: dict[int, Any] = session.grids
    if size not in grids or grids[size][0] != key:
        grids[size] = (key, Grid.of(session.run.examples, axes, session.view.held, size))
    return grids[size][1]  # type: ignore[no-any-return]


def _curve(run: Run, train: Scores, test: Scores) -> Array:
    points = run.curve.up_to(run.point(train, test))
    with quiet():
        return np.asarray(points)[:, 1:].astype(np.float32)


def _confusion(examples: Examples, train: Array, test: Array) -> dict[str, Any]:
    """Counts of true by predicted class, of raw outputs."""
    k = len(examples.rows.labels)
    found = {}
    for name, a, y in (("train", train, examples.y_train), ("test", test, examples.y_test)):
        predicted = a.argmax(axis=1) if a.shape[1] > 1 else (a[:, 0] > 0).astype(int)
        counts = np.bincount(y.astype(int) * k + predicted, minlength=k * k)
        found[name] = counts.reshape(k, k).tolist()
    return found


def _scores(scores: Scores) -> dict[str, float | None]:
    return {"loss": _finite(scores.loss), "score": _finite(scores.score)}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
