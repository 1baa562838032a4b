"""What a convolution looks for, and where it finds it: its filters and its feature maps for an image."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.forms import before_last_step
from chainrule.network import Activation, Conv2D
from chainrule.plotting.canvas import matplotlib, size_in_points, text_size, wrapped
from chainrule.plotting.reading import own_model

__all__ = ["FeatureMapsDisplay"]

Array = Any


class FeatureMapsDisplay:
    """For each filter its weights, and what it answers at every place of an image.

    The upper picture of each pair is the filter, orange where it wants light and purple where it wants dark
    (of several channels, whose signs differ, √Σ w² in gray); the lower one its map z = φ(a), or a where no
    activation follows.

    Parameters
    ----------
    filters : array (units, height, width, channels)
    maps : array (height, width, units)
    image : array (height, width, channels)
    title : str

    Attributes
    ----------
    ax_, figure_ : what was drawn
    axes_ : array of axes: the image, then filters and maps of each unit

    Examples
    --------
    >>> FeatureMapsDisplay.from_estimator(model, images[0], layer=1)  # doctest: +SKIP
    """

    def __init__(self, filters: Array, maps: Array, image: Array, title: str = "") -> None:
        self.filters = np.asarray(filters, dtype=np.float64)
        self.maps = np.asarray(maps, dtype=np.float64)
        self.image = np.asarray(image, dtype=np.float64)
        self.title = title
        if self.filters.ndim != 4 or self.maps.ndim != 3 or len(self.filters) != self.maps.shape[2]:
            raise ParameterError(
                "filters must be (units, height, width, channels) and maps (height, width, units), however: "
                f"{self.filters.shape} and {self.maps.shape}"
            )

    @classmethod
    def from_estimator(
        cls, estimator: Any, image: Any, *, layer: int = 1, max_units: int = 16, ax: Any = None
    ) -> "FeatureMapsDisplay":
        """Draw a convolution of a fitted ImageClassifier for one image.

        Parameters
        ----------
        estimator : ImageClassifier, or a pipeline that ends in one
        image : array (height, width) or (height, width, channels)
        layer : int, default=1
            Convolutions are counted from 1.
        max_units, ax : see `plot`
        """
        image = np.asarray(image)
        inner, X = before_last_step(estimator, image[None])
        model = own_model(inner, "a picture of feature maps")
        network = model.network_
        places = [i for i, one in enumerate(network.layers) if isinstance(one, Conv2D)]
        if isinstance(layer, bool) or not isinstance(layer, int) or not 1 <= layer <= len(places):
            raise ParameterError(
                f"layer must be a convolution of the model, from 1 to {len(places)}, however: {layer!r}"
            )
        place = places[layer - 1]
        convolution = network.layers[place]
        behind = network.layers[place + 1 : place + 2]
        bends = bool(behind) and isinstance(behind[0], Activation)
        rows = model._rows_to_answer(X)
        maps = model._forward(place + 1 + bends).of_table(rows)
        W = model._parameters(network)[place]["W"]
        window = convolution.window
        return cls(
            W.reshape(-1, *window.size, window.grid[2]),
            maps[0].reshape(*window.places, -1),
            rows[0].reshape(model.input_shape_),
            f"convolution {layer}: filters{' (orange > 0)' * (window.grid[2] == 1)}, and "
            f"{behind[0].function.name if bends else 'a'} of what they see",
        ).plot(ax, max_units=max_units)

    def plot(self, ax: Any = None, *, max_units: int = 16) -> "FeatureMapsDisplay":
        """Draw them.

        Parameters
        ----------
        ax : axes, optional
            Its place is filled with small pictures.
        max_units : int, default=16
            The first so many filters are shown.
        """
        if isinstance(max_units, bool) or not isinstance(max_units, int) or max_units < 1:
            raise ParameterError(f"max_units must be 1 at least, however: {max_units!r}")
        n = min(max_units, len(self.filters))
        in_a_row = min(n, 8 if n > 12 else 6)
        columns, rows = 1 + in_a_row, -(-n // in_a_row)
        if ax is None:
            inches = (max(0.85 * columns, 3.5), 1.7 * rows + 0.3)
            ax = matplotlib("pyplot").subplots(layout="constrained", figsize=inches)[1]
        self.ax_, self.figure_ = ax, ax.figure
        ax.set_axis_off()
        shown = f", {n} of {len(self.filters)}" if n < len(self.filters) else ""
        size = text_size(ax)
        ax.set_title(wrapped(f"{self.title}{shown}", size_in_points(ax)[0], size), fontsize=size)
        self.axes_ = [self._image(_inset(ax, (0, 0), columns, rows, is_upper=False))]
        bound = float(np.abs(self.maps).max()) or 1.0
        low = -bound if self.maps.min() < 0 else 0.0
        for k in range(n):
            row, column = divmod(k, in_a_row)
            upper, lower = (_inset(ax, (row, 1 + column), columns, rows, up) for up in (True, False))
            self._filter(upper, k)
            upper.set_title(str(k + 1), fontsize=0.8 * size, pad=1.5)
            lower.imshow(self.maps[:, :, k], cmap="PuOr_r" if low else "magma", vmin=low, vmax=bound)
            self.axes_ += [upper, lower]
        return self

    def _image(self, ax: Any) -> Any:
        image = self.image
        spread = np.ptp(image) or 1.0
        if image.shape[2] == 3:
            ax.imshow((image - image.min()) / spread)
        else:
            ax.imshow(image.mean(axis=2), cmap="gray")
        ax.set_title("image", fontsize=0.8 * text_size(self.ax_), pad=1.5)
        return ax

    def _filter(self, ax: Any, k: int) -> None:
        weights = self.filters[k]
        if weights.shape[2] == 1:
            bound = float(np.abs(weights).max()) or 1.0
            ax.imshow(weights[:, :, 0], cmap="PuOr_r", vmin=-bound, vmax=bound)
        else:
            ax.imshow(np.sqrt((weights**2).sum(axis=2)), cmap="Greys", vmin=0)


def _inset(ax: Any, place: tuple[int, int], columns: int, rows: int, is_upper: bool) -> Any:
    """Axes in one place of the table of pictures: the filters stand on the maps."""
    row, column = place
    wide, tall = 1 / columns, 1 / rows
    bottom, height = (0.54, 0.34) if is_upper else (0.0, 0.52)
    box = (column * wide + 0.04 * wide, 1 - (row + 1) * tall + bottom * tall, 0.92 * wide, height * tall)
    inset = ax.inset_axes(box)
    inset.set_anchor("S" if is_upper else "N")
    inset.set_xticks([])
    inset.set_yticks([])
    return inset
