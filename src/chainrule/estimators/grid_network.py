"""Networks whose samples are grids, such as images and sequences: flat rows inside, their shape kept."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import ParameterError
from chainrule.estimators.base import BaseNetwork, legacy_generator
from chainrule.estimators.rows import validated
from chainrule.network import Columns, Dense, Layer, Network, Standardize

__all__ = ["GridNetwork", "check_body", "check_rates", "checked_grid"]

Array = Any


class GridNetwork(BaseNetwork):
    """A network for grids: standardized inputs, layers that know the grid, a dense output layer.

    What every one of them has is set here; what differs are constructor parameters of the same names.
    """

    momentum: ClassVar[float] = 0.9
    nesterovs_momentum: ClassVar[bool] = True
    beta_1: ClassVar[float] = 0.9
    beta_2: ClassVar[float] = 0.999
    epsilon: ClassVar[float] = 1e-8
    power_t: ClassVar[float] = 0.5
    l1: ClassVar[float] = 0.0
    tol: ClassVar[float] = 0.0
    shuffle: ClassVar[bool] = True
    goes_to_max_iter: ClassVar[bool] = True
    auto_batch_size: ClassVar[int] = 64

    input_shape_: tuple[int, ...]
    theta_: Array

    # -- what images and sequences do each in their way ---------------------------------------------------

    @abstractmethod
    def _as_rows(self, X: Any, reset: bool) -> Array:
        """The samples as flat rows of floats; learns their shape where `reset`."""

    @abstractmethod
    def _hidden_layers(self) -> Sequence[Layer]:
        """All layers in front of the output layer."""

    @abstractmethod
    def _describe_grid(self) -> dict[str, Any]:
        """The samples' shape as plain data."""

    @abstractmethod
    def _set_grid(self, described: dict[str, Any], network: Network) -> None:
        """Take the shape that `_describe_grid` described; ValueError if it does not fit the network."""

    # -- what they share -----------------------------------------------------------------------------------

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        y = y if y is None else self._checked_targets(y)
        rows = self._as_rows(X, reset)
        return validated(self, rows, y, multi_output=True, dtype=(np.float32, np.float64), reset=reset)  # type: ignore[no-any-return]

    def _rows_to_answer(self, X: Any) -> Array:
        check_is_fitted(self)
        return self._as_rows(X, reset=False)

    def _make_network(self, n_inputs: int) -> Network:
        return Network(n_inputs, (*self._hidden_layers(), Dense(self._n_network_outputs)))

    def _initial_theta(self, network: Network, fresh: bool, dtype: Any, seed: Any, X: Array) -> Array:
        if not fresh:
            return super()._initial_theta(network, fresh, dtype, seed, X)
        theta = network.initialize(legacy_generator(seed), np.float64)
        _learn_scales(network, network.views(theta), X)
        return theta.astype(dtype)

    def transform(self, X: Any) -> Array:
        """What the output layer gets: the learned features φ(x; θ) of the lecture's equation (3).

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        array (n_samples, n_features)
        """
        X = self._rows_to_answer(X)
        return self._forward(len(self.network_.layers) - 1).of_table(X)

    def get_feature_names_out(self, input_features: Any = None) -> Array:  # noqa: ARG002
        """Names of what `transform` gives: imageclassifier0, imageclassifier1, ..."""
        check_is_fitted(self)
        name = type(self).__name__.lower()
        return np.asarray([f"{name}{i}" for i in range(self.network_.widths[-2])], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _learn_scales(network: Network, p: Any, z: Array) -> None:
    """Set, in place, what the first layers of the network and of its branches standardize by.

    Parameters
    ----------
    p : parameters of the network, by layer
    z : array (n, n_inputs), rows to learn from
    """
    for layer, named in zip(network.layers, p, strict=True):
        if isinstance(layer, Standardize):
            for name, value in layer.learned_from(z).items():
                named[name][...] = value
        elif isinstance(layer, Columns):
            for (first, behind, inner), own in zip(layer.branches, layer.by_branch(named), strict=True):
                _learn_scales(inner, inner.by_layer(own), z[:, first:behind])
        if layer.shapes(z.shape[1]):
            break


def checked_grid(X: Any, ndim: tuple[int, ...], what: str, estimator: Any) -> Array:
    """X as an array of finite floats with one of these numbers of axes.

    Parameters
    ----------
    what : str
        What X must be, for the message.

    Raises
    ------
    ParameterError, ValueError, TypeError
    """
    from sklearn.utils import check_array

    X = check_array(
        X, dtype=(np.float32, np.float64), allow_nd=True, ensure_2d=False, estimator=estimator, input_name="X"
    )
    if X.ndim not in ndim:
        raise ParameterError(f"X must be {what}, however its shape: {X.shape}")
    return X


def check_body(layers: Any) -> None:
    """Refuse what is no sequence of layers.

    Raises
    ------
    ParameterError
    """
    if not isinstance(layers, Sequence) or not all(isinstance(layer, Layer) for layer in layers):
        raise ParameterError(
            "layers must be None or a sequence of layers such as (Conv2D(...), Dense(32)), however: "
            f"{layers!r:.200}"
        )


def check_rates(dropout: Any) -> None:
    """Refuse what is no rate of dropout.

    Raises
    ------
    ParameterError
    """
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise ParameterError(f"dropout must be a number in [0, 1), however: {dropout!r}")
