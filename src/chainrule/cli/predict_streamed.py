"""chainrule predict for a data set that is larger than the memory."""

from collections import Counter
from pathlib import Path
from typing import IO, Any
from warnings import warn

from chainrule.cli.inputs import TrainedModel, load_trained
from chainrule.cli.outputs import check_output, guarded, inputs_of
from chainrule.cli.predict import beside, predictions_of
from chainrule.errors import DegradedWarning, ParameterError, TableError
from chainrule.files.atomic import atomic_file
from chainrule.scale.answers import columns_of
from chainrule.scale.places import naming_rows
from chainrule.scale.source import Source, source_of

__all__ = ["predict_streamed"]


def predict_streamed(
    model_file: Path,
    data: Path,
    *,
    output: Path | None,
    probabilities: bool = False,
    coverage: float | None = None,
    with_input: bool = False,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Predict every row of a data set piece by piece; the predictions go to a CSV file, whole or not at all.

    Parameters and errors as of `predict`, but that `output` is needed.
    """
    if output is None:
        raise ParameterError(
            "--output: name a file; the predictions for a data set do not go to the terminal"
        )
    source = source_of(str(data))
    check_output("--output", output, overwrite, {"model": model_file} | inputs_of(source))
    model = load_trained(model_file)
    try:
        with atomic_file(output) as file:
            n_rows = _written(model, source, file, probabilities, coverage, with_input)
    except OSError as error:
        raise ParameterError(f"--output: {output} cannot be written: {error.strerror}") from None
    return {
        "command": "predict",
        "model": str(model_file),
        "data": {"file": str(data), "rows": n_rows},
        "target": model.target,
        "task": model.task,
        "output": str(output),
    }


def _written(
    model: TrainedModel,
    source: Source,
    file: IO[bytes],
    probabilities: bool,
    coverage: float | None,
    with_input: bool,
) -> int:
    """Write the predictions of all rows; how many there were."""
    needed = columns_of(model.estimator, source)
    n_rows, unseen = 0, Counter[str]()
    for piece in source.pieces(source.names if with_input else needed):
        with naming_rows(source, n_rows):
            predictions = predictions_of(model, piece, probabilities, coverage)
        unseen.update({name: len(values) for name, values in model.schema.unseen(piece).items()})
        shown = guarded(beside(piece, predictions) if with_input else predictions)
        shown.write_csv(file, include_header=n_rows == 0)
        n_rows += piece.height
    if not n_rows:
        raise TableError(f"{source.name} has no rows; there is nothing to predict")
    for name, n in unseen.items():
        warn(
            f"column {name!r} holds in {n:,} rows what training never saw; it counts as unknown",
            DegradedWarning,
            stacklevel=3,
        )
    return n_rows
