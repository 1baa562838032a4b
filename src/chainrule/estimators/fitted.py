"""A fitted MLP: its parameters by name, what it predicts, what its hidden layers say."""

from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from chainrule.errors import ParameterError
from chainrule.network import Activation, Dense, Network
from chainrule.network.loss import OUT_ACTIVATIONS

__all__ = ["FittedMLP"]

Array = Any

_VALUES_PER_PIECE = 1 << 22


class FittedMLP(TransformerMixin):
    """What an MLP can do once it is fitted, with NumPy alone.

    The parameters live in `coefs_` and `intercepts_`, as in scikit-learn, and may be set by hand.
    """

    coefs_: list[Array]
    intercepts_: list[Array]
    network_: Network
    out_activation_: str

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

    def _forward(self, X: Array, n_layers: int) -> Array:
        """What comes out of the first `n_layers` layers, by NumPy, in pieces of bounded size."""
        network = Network(self.network_.n_inputs, self.network_.layers[:n_layers])
        p = self._parameters(self.network_)[:n_layers]
        dtype = np.result_type(np.float32, *self.coefs_, *self.intercepts_)
        n = max(1, _VALUES_PER_PIECE // max(network.widths))
        with np.errstate(over="ignore"):
            pieces = [
                network.outputs(p, X[i : i + n].astype(dtype, copy=False)) for i in range(0, X.shape[0], n)
            ]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _raw_outputs(self, X: Any) -> Array:
        """Outputs of the network before its output activation."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        return self._forward(X, len(self.network_.layers))

    def _outputs(self, X: Any) -> Array:
        a = self._raw_outputs(X)
        with np.errstate(over="ignore"):
            return OUT_ACTIVATIONS[self.out_activation_](a)

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
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        ends = [i + 1 for i, la in enumerate(self.network_.layers) if isinstance(la, Activation)]
        return self._forward(X, ends[chosen - 1])

    def get_feature_names_out(self, input_features: Any = None) -> Array:  # noqa: ARG002
        """Names of what `transform` gives for the last hidden layer: mlpclassifier0, mlpclassifier1, ..."""
        check_is_fitted(self)
        units = self.network_.dense_layers[-2].units if self.network_.n_layers > 1 else 0
        return np.asarray([f"{type(self).__name__.lower()}{i}" for i in range(units)], dtype=object)

    def save(self, path: Any) -> None:
        """Write the fitted model to `path`; `chainrule.load` reads it. See `chainrule.save`."""
        from chainrule.files import save

        save(self, path)
