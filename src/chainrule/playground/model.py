"""A run as an estimator of the library, and an estimator as a run."""

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.engine.parts import over_vectors
from chainrule.errors import ModelFileError
from chainrule.estimators import (
    ImageClassifier,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
)
from chainrule.estimators.outcome import Outcome, remember
from chainrule.estimators.sequences import SequenceShape
from chainrule.estimators.targets import ClassCoding
from chainrule.network import Activation, Dense, Dropout, Network
from chainrule.playground.examples import Examples
from chainrule.playground.moment import losses_of
from chainrule.playground.run import Run
from chainrule.playground.settings import LayerSettings, Settings
from chainrule.playground.table_inputs import TableInputs
from chainrule.training import EpochRecord

__all__ = ["estimator_of", "in_units_of_the_table", "opened", "parameters_of"]

Array = Any

_MOST_EPOCHS = 10_000
"""Of the loss curve that an estimator gets: after hours of training there are millions."""


def parameters_of(settings: Settings, task: str) -> dict[str, Any]:
    """Parameters of the estimator that trains as these settings do."""
    solver = "sgd" if settings.solver in ("sgd", "momentum", "nesterov") else settings.solver
    has_momentum = settings.solver in ("momentum", "nesterov")
    parameters = {
        "hidden_layer_sizes": tuple(layer.units for layer in settings.layers),
        "activation": [layer.activation for layer in settings.layers],
        "dropout": [layer.dropout for layer in settings.layers],
        "solver": solver,
        "learning_rate_init": settings.learning_rate,
        "learning_rate": settings.schedule,
        "max_iter": settings.planned_epochs,
        "batch_size": settings.batch_size,
        "alpha": settings.penalty_rate if settings.penalty == "l2" else 0.0,
        "l1": settings.penalty_rate if settings.penalty == "l1" else 0.0,
        "initializer": settings.initializer,
        "random_state": settings.seed,
    }
    if solver == "sgd":
        parameters["momentum"] = settings.momentum if has_momentum else 0.0
        parameters["nesterovs_momentum"] = settings.solver == "nesterov"
    if task == "regression":
        parameters["loss"] = settings.loss
    return parameters


def estimator_of(run: Run) -> Any:
    """The fitted estimator that the run is at this step; it goes on as the run would.

    Its classes are the class numbers 0, 1, ...
    """
    rows, now = run.examples.rows, run.now
    model = _unfitted(run)
    network, loss = now.setup.network, now.setup.program.loss
    if rows.classes:
        model.classes_ = np.arange(len(rows.classes))
        model._coding = ClassCoding(model.classes_, False)
    model.n_features_in_ = network.n_inputs
    model.network_ = network
    model.n_layers_ = network.n_layers + 1
    model.n_outputs_ = network.n_outputs
    model.out_activation_ = loss.out_activation
    state = over_vectors(now.setup.parts.join, now.state)
    losses = losses_of(now.losses, _MOST_EPOCHS)
    remember(
        model,
        Outcome(
            first=state.theta,
            state=state._replace(best_theta=state.theta, finite=True),
            n_rows=len(run.examples.y_train),
            engine="numpy",
            monitor="loss",
            has_validation=False,
            judged_by_rows=False,
            single_epochs=now.epochs - len(losses),
            records=[EpochRecord(i + 1, one, np.nan, np.nan, np.nan) for i, one in enumerate(losses)],
        ),
        fresh=True,
        incremental=True,
    )
    model.learning_rate_ = run.settings.learning_rate
    model.n_iter_ = now.epochs
    model.t_ = now.samples
    return model


def _unfitted(run: Run) -> Any:
    """The estimator of such a network, with the settings as far as it has them."""
    rows = run.examples.rows
    parameters = parameters_of(run.settings, rows.task)
    parameters["batch_size"] = min(parameters["batch_size"], max(len(run.examples.y_train), 1))
    if not rows.grid:
        return (MLPClassifier() if rows.classes else MLPRegressor()).set_params(**parameters)
    model: Any = SequenceClassifier() if rows.classes else SequenceRegressor()
    if len(rows.grid) == 3:
        model = ImageClassifier(shift=0)
        model.input_shape_ = rows.grid
    else:
        model.sequence_shape_ = SequenceShape(rows.grid[0], rows.grid[1])
        model.input_shape_ = rows.grid
    layers = run.now.setup.network.layers[:-1]
    parameters |= {"hidden_layer_sizes": (), "dropout": 0.0, "layers": layers}
    known = model.get_params()
    return model.set_params(**{name: value for name, value in parameters.items() if name in known})


def in_units_of_the_table(run: Run) -> Any:
    """The estimator for a model file: it takes inputs, and answers, in the units of the table.

    What standardizes is folded into the first and the last layer.
    """
    model, examples = estimator_of(run), run.examples
    if examples.rows.grid:
        return _in_units_of_the_grid(model, examples)
    if isinstance(examples.inputs, TableInputs):
        center, scale = examples.inputs.natural_scales()
        W = np.asarray(model.coefs_[0]) / scale[:, None]  # (from, to)
        model.intercepts_[0] = model.intercepts_[0] - center @ W
        model.coefs_[0] = W
    if not examples.rows.classes:
        model.coefs_[-1] = np.asarray(model.coefs_[-1]) * examples.scale
        model.intercepts_[-1] = np.asarray(model.intercepts_[-1]) * examples.scale + examples.center
    model.feature_names_in_ = np.array(examples.inputs.names, dtype=object)
    if examples.rows.classes:
        model.classes_ = np.array(examples.rows.labels)
        model._coding = ClassCoding(model.classes_, False)
    return model


def _in_units_of_the_grid(model: Any, examples: Examples) -> Any:
    if not examples.rows.classes:
        model.target_mean_, model.target_scale_ = np.array([examples.center]), np.array([examples.scale])
        return model
    if len(examples.rows.labels) > 2:  # a model's classes ascend
        order = np.argsort(examples.rows.labels)
        for values in model.network_.views(model.theta_)[-1].values():
            values[...] = values[order]
    model.classes_ = np.sort(examples.rows.labels)
    model._coding = ClassCoding(model.classes_, False)
    return model


def opened(model: Any, examples: Examples, settings: Settings) -> tuple[Settings, Array]:
    """(settings, θ) of a run that goes on from a model of the library, on these examples.

    Raises
    ------
    ModelFileError
        If it is no MLP, or does not fit the inputs or the target.
    """
    kind = type(model).__name__
    if not isinstance(model, MLPClassifier | MLPRegressor):
        raise ModelFileError(
            f"the playground opens an MLPClassifier or an MLPRegressor, however: {kind}; chainrule inspect "
            "and chainrule explain show it"
        )
    _check_fit(model, examples)
    network = model.network_
    for layer in network.layers:
        if not isinstance(layer, Dense | Activation | Dropout):
            raise ModelFileError(f"the playground draws layers of neurons; this {kind} has a {layer.kind!r}")
    units = [layer.units for layer in network.dense_layers[:-1]]
    names = [function.name for function in network.activation_functions]
    layers = zip(units, names, _rates(network), strict=True)
    settings = replace(settings, layers=tuple(LayerSettings(*layer) for layer in layers))
    p = [
        {name: np.array(value, dtype=np.float64) for name, value in one.items()}
        for one in model._parameters(network)
    ]
    dense = [one for one in p if "W" in one]
    if isinstance(examples.inputs, TableInputs):
        center, scale = examples.inputs.natural_scales()
        dense[0]["b"] += dense[0]["W"] @ center
        dense[0]["W"] *= scale
    if not examples.rows.classes:
        dense[-1]["W"] /= examples.scale
        dense[-1]["b"] = (dense[-1]["b"] - examples.center) / examples.scale
    return settings, network.flat(p)


def _rates(network: Network) -> list[float]:
    """Dropout behind each hidden layer."""
    rates: list[float] = []
    for layer in network.layers[:-1]:
        if isinstance(layer, Activation):
            rates.append(0.0)
        elif isinstance(layer, Dropout):
            rates[-1] = float(layer.rate)
    return rates


def _check_fit(model: Any, examples: Examples) -> None:
    names = examples.inputs.names
    known = tuple(getattr(model, "feature_names_in_", names))
    if model.n_features_in_ != len(names) or known != names:
        raise ModelFileError(
            f"the model takes {model.n_features_in_} inputs ({', '.join(map(str, known[:6]))}, …), the data "
            f"give {len(names)} ({', '.join(names[:6])}, …); open its data first, with the same columns"
        )
    rows = examples.rows
    if isinstance(model, MLPClassifier) != bool(rows.classes):
        raise ModelFileError(f"the model is a {type(model).__name__}, but the data are a {rows.task}")
    outputs = len(rows.classes) if len(rows.classes) > 2 else 1
    if model.network_.n_outputs != outputs:
        raise ModelFileError(f"the model has {model.network_.n_outputs} outputs, the data need {outputs}")
