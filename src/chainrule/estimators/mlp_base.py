"""What the two MLP estimators share."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.base import BaseNetwork
from chainrule.estimators.fitted import FittedMLP
from chainrule.estimators.parameters import hidden_layer_sizes
from chainrule.network import Network

__all__ = ["BaseMLP"]

Array = Any


class BaseMLP(FittedMLP, BaseNetwork):
    """Multilayer perceptron with scikit-learn's interface; see `MLPClassifier` and `MLPRegressor`."""

    def _make_network(self, n_inputs: int) -> Network:
        hidden = hidden_layer_sizes(self.hidden_layer_sizes)
        rates = list(self.dropout) if np.iterable(self.dropout) else self.dropout
        return Network.mlp(
            n_inputs, hidden, self._n_network_outputs, self.activation, rates, self.initializer, "uniform"
        )

    def _initial_theta(self, network: Network, fresh: bool, dtype: Any, seed: Any, X: Array) -> Array:
        if fresh:
            return super()._initial_theta(network, fresh, dtype, seed, X)
        shapes = [W.shape for W in self.coefs_]
        wanted = [named["W"][::-1] for named in network.shapes_by_layer if named]
        if shapes != wanted:
            raise ParameterError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} wants weights of shapes {wanted}, however "
                f"the model to go on with has {shapes}; set warm_start=False to begin anew"
            )
        return self._theta(network).astype(dtype)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
