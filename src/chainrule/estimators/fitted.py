"""A fitted network: its parameters by name, what it predicts, what its hidden layers say."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from chainrule.engine.forward import Forward
from chainrule.errors import ParameterError
from chainrule.estimators.rows import validated
from chainrule.network import Activation, Dense, Network
from chainrule.network.loss import OUT_ACTIVATIONS

__all__ = ["FittedMLP", "FittedNetwork", "Predictor"]

Array = Any


_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class Predictor:
    """x ↦ prediction, without checks: see `FittedNetwork.predictor`. Threads may share one."""

    __slots__ = ("_answer", "_forward")

    def __init__(self, forward: Forward, answer: Callable[[Array], Array]) -> None:
        self._forward = forward
        self._answer = answer

    def __call__(self, X: Array) -> Array:
        """The prediction for a row (n_features,), or the predictions for rows (n_samples, n_features)."""
        X = X.astype(self._forward.dtype, copy=False)
        if X.ndim == 1:
            return self._answer(self._forward(X[None]))[0]
        if self._forward.fits_in_a_piece(X):
            return self._answer(self._forward(X))
        return self._answer(self._forward.of_table(X))

    def __reduce__(self) -> Any:
        raise TypeError(
            "a Predictor cannot be pickled; pickle the model, and call its predictor() where it is used"
        )


class FittedNetwork(TransformerMixin):
    """What a network can do once it is fitted, with NumPy alone; its parameters are the vector `theta_`."""

    network_: Network
    out_activation_: str

    @property
    def _has_parameters(self) -> bool:
        return hasattr(self, "theta_")

    def _theta(self, network: Network) -> Array:  # noqa: ARG002
        return self.theta_

    def _parameters(self, network: Network) -> tuple[dict[str, Array], ...]:
        """The network's parameters, a mapping per layer."""
        return network.views(self._theta(network))

    def _as_coefficients(self, theta: Array) -> dict[str, Any]:
        """θ as the attributes that hold it."""
        return {"theta_": theta}

    def _forward(self, n_layers: int | None = None, own: bool = False) -> Forward:
        """The first `n_layers` layers (default: all) with the parameters that the model has now."""
        network = self.network_
        layers = network.layers[:n_layers]
        parameters = self._parameters(network)
        arrays = [array for named in parameters for array in named.values()]
        dtype = np.result_type(np.float32, *arrays)
        return Forward(layers, parameters[: len(layers)], network.widths[: len(layers) + 1], dtype, own)

    def _raw_outputs(self, X: Any) -> Array:
        """Outputs of the network before its output activation."""
        X = self._rows_to_answer(X)
        return self._forward().of_table(X)

    def _rows_to_answer(self, X: Any) -> Array:
        """X as scikit-learn checks it; what is plain to see costs a hundredth of that."""
        check_is_fitted(self)
        if (
            type(X) is np.ndarray
            and X.dtype in _FLOATS
            and X.shape[1:] == (self.network_.n_inputs,)
            and len(X)
            and not hasattr(self, "feature_names_in_")
        ):
            with np.errstate(over="ignore", invalid="ignore"):
                if np.isfinite(X.sum()):
                    return X
        return validated(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)

    @property
    def _link(self) -> Callable[[Array], Array]:
        """From the raw outputs to the outputs, by the output activation."""
        return OUT_ACTIVATIONS[self.out_activation_]

    def _answers(self) -> dict[str, Callable[[Array], Array]]:
        """By method: from the network's raw outputs to what the method answers."""
        raise NotImplementedError

    def _answer(self, method: str, X: Any) -> Array:
        a = self._raw_outputs(X)
        with np.errstate(over="ignore"):
            return self._answers()[method](a)

    def predictor(self, method: str = "predict") -> Predictor:
        """`predict` without its checks, for answers within microseconds: ``model.predictor()(x)``.

        Parameters
        ----------
        method : {"predict", "predict_proba"}
            Whose answers to give; a regressor has "predict" only.

        Returns
        -------
        Predictor
            A function of a row (n_features,) or of rows (n_samples, n_features): NumPy arrays of finite
            numbers, columns in the order of `fit`. It keeps the model's parameters as they are now; it cannot
            be pickled, make it where it is used.
        """
        check_is_fitted(self)
        answers = self._answers()
        if method not in answers:
            raise ParameterError(f"method must be one of {sorted(answers)}, however: {method!r}")
        return Predictor(self._forward(own=True), answers[method])

    def save(self, path: Any) -> None:
        """Write the fitted model to `path`; `chainrule.load` reads it. See `chainrule.save`."""
        from chainrule.files import save

        save(self, path)


class FittedMLP(FittedNetwork):
    """A fitted MLP, whose parameters live in `coefs_` and `intercepts_`, as in scikit-learn.

    They may be set by hand.
    """

    coefs_: list[Array]
    intercepts_: list[Array]

    @property
    def _has_parameters(self) -> bool:
        return hasattr(self, "coefs_")

    def _theta(self, network: Network) -> Array:
        return network.flat(self._parameters(network))

    def _parameters(self, network: Network) -> tuple[dict[str, Array], ...]:
        """The network's parameters from `coefs_` and `intercepts_`, which may have been set by hand."""
        pairs = iter(zip(self.coefs_, self.intercepts_, strict=True))
        found = []
        for layer in network.layers:
            if isinstance(layer, Dense):
                W, b = next(pairs)
                found.append({"W": np.asarray(W).T, "b": np.asarray(b)})
            else:
                found.append({})
        return tuple(found)

    def _as_coefficients(self, theta: Array) -> dict[str, Any]:
        views = [p for p in self.network_.views(theta) if p]
        return {"coefs_": [p["W"].T for p in views], "intercepts_": [p["b"] for p in views]}

    def transform(self, X: Any, layer: int | None = None) -> Array:
        """Activations z of a hidden layer: the learned features φ(x; θ) of the lecture's equation (3).

        Parameters
        ----------
        X : array, sparse matrix or frame (n_samples, n_features)
        layer : int, optional
            Hidden layers are counted from 1; default: the last.

        Returns
        -------
        array (n_samples, units of that layer)
        """
        check_is_fitted(self)
        depth = self.network_.n_layers - 1
        chosen = depth if layer is None else layer
        if not 1 <= chosen <= depth:
            raise ParameterError(f"layer must be a hidden layer from 1 to {depth}, however: {chosen!r}")
        X = self._rows_to_answer(X)
        ends = [i + 1 for i, la in enumerate(self.network_.layers) if isinstance(la, Activation)]
        return self._forward(ends[chosen - 1]).of_table(X)

    def get_feature_names_out(self, input_features: Any = None) -> Array:  # noqa: ARG002
        """Names of what `transform` gives for the last hidden layer: mlpclassifier0, mlpclassifier1, ..."""
        check_is_fitted(self)
        units = self.network_.dense_layers[-2].units if self.network_.n_layers > 1 else 0
        return np.asarray([f"{type(self).__name__.lower()}{i}" for i in range(units)], dtype=object)
