"""The density of points: axes the right way, both halves drawn, no point outside lost silently."""

import numpy as np
import pytest
from PIL import Image

from kgen.callbacks.density import Density, density


class Still:
    """A model of one point."""

    epochs_trained = 1

    def sample(self, n, seed=None):
        return np.tile([[0.9, 0.9]], (n, 1))


def test_up_is_up_and_right_is_right():
    picture = density(np.array([[0.9, 0.9]]), reach=1.0, size=4)
    assert picture[0, 3] == -1 and (np.delete(picture.ravel(), 3) == 1).all()


def test_points_beyond_the_picture_are_not_drawn():
    assert (density(np.array([[5.0, 0.0]]), reach=1.0, size=4) == 1).all()


def test_draws_the_data_on_the_left_and_the_samples_on_the_right(tmp_path):
    points = np.array([[-1.0, -1.0], [1.0, 1.0]])
    callback = Density(tmp_path, points, size=8)
    callback.set_model(Still())
    callback.on_epoch_end(0)
    real, made = callback.images()[..., 0]
    assert (real < 1).sum() == 2 and (made < 1).sum() == 1
    assert real[7, 0] == -1 and real[0, 7] == -1 and made[1, 6] == -1
    with Image.open(callback.path(1)) as picture:
        assert picture.width > 1.8 * picture.height


def test_refuses_images():
    with pytest.raises(ValueError, match=r"points \(n, 2\)"):
        Density("run", np.zeros((3, 8, 8, 1)))
