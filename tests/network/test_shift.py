"""Random shifts: where the pixels go, and that they come back."""

import numpy as np
import pytest

from chainrule.errors import ParameterError
from chainrule.network import Draw, RandomShift


def test_an_image_is_moved_as_a_whole_and_0_comes_in_at_the_border():
    rng, layer = np.random.default_rng(0), RandomShift((5, 6, 2), 2)
    images = rng.normal(size=(300, 5, 6, 2))
    out, shifts = layer.forward({}, images.reshape(300, -1), Draw.from_seed(1))
    for image, moved, (down, right) in zip(images, out.reshape(images.shape), shifts, strict=True):
        wanted = np.zeros((9, 10, 2))
        wanted[2 - down : 7 - down, 2 - right : 8 - right] = image
        np.testing.assert_array_equal(moved, wanted[2:7, 2:8])
    counts = [np.sum((shifts == np.array(pair) - 2).all(axis=1)) for pair in np.ndindex(5, 5)]
    assert min(counts) > 0


def test_nothing_moves_when_predicting():
    z = np.ones((2, 4))
    assert RandomShift((2, 2, 1)).forward({}, z, None)[0] is z
    assert RandomShift((2, 2, 1), 0).forward({}, z, Draw.from_seed(0))[0] is z


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: RandomShift((2, 2)),
            r"shape must be \(height, width, channels\), all positive integers, however: \(2, 2\)",
        ),
        (
            lambda: RandomShift((2, 2, 1), -1),
            r"pixels must be a whole number from 0 to the image's size \(2, 2, 1\), however: -1",
        ),
        (lambda: RandomShift((2, 2, 9), 3), "however: 3"),
        (lambda: RandomShift(5), "however: 5"),
        (
            lambda: RandomShift((2, 2, 1)).n_out(5),
            r"shape=\(2, 2, 1\) takes rows of 4 values, however: 5 go into RandomShift",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()
