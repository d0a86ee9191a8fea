import numpy as np
import pytest
from keras import ops

from kgen.layers import DiagonalLSTM
from kgen.models import PixelRNN
from kgen.networks import pixelrnn
from tests.contract import ModelContract
from tests.models.autoregressive.laws import (
    all_binary_images,
    assert_causal,
    assert_sees_all_before,
    influence,
    random_images,
    randomise,
)


class TestDiagonalBiLSTM(ModelContract):
    @staticmethod
    def build():
        return PixelRNN.build_default((5, 5, 1), width=4, blocks=1)

    @staticmethod
    def data():
        return random_images(16, (5, 5, 1))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_diagonal_bilstm_sees_every_pixel_before_and_no_other(channels):
    """One layer is enough: 9 columns are beyond the reach of the first 7x7 convolution."""
    shape = (3, 9, channels)
    network = randomise(pixelrnn(shape, channels, "diagonal", width=4, blocks=1))
    seen = influence(network, shape, outputs=channels)
    assert_causal(seen)
    assert_sees_all_before(seen)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_row_lstm_sees_its_triangle_alone(channels):
    """One layer: the 7x7 convolution reaches 3 columns on, the state one more in each row up."""
    shape = (4, 9, channels)
    network = randomise(pixelrnn(shape, channels, "row", width=4, blocks=1))
    seen = influence(network, shape, outputs=channels)
    assert_causal(seen)
    of_pixels = seen.reshape(4, 9, channels, 4, 9, channels).any((2, 5))
    # From (3, 0): the row above by the convolution alone; (2, 1)'s own convolution sees row 1 to
    # column 4, and (1, 2)'s row 0 to column 5.
    reach = [of_pixels[3, 0, row].nonzero()[0].max() for row in (2, 1, 0)]
    assert reach == [3, 4, 5]
    with pytest.raises(AssertionError, match="does not see"):
        assert_sees_all_before(seen)


def _unshifted(self, inputs):
    if not self.reverse:
        return self._run(inputs)
    return ops.flip(self._run(ops.flip(inputs, 2)), 2)


def _wrongly_shifted(self, inputs):
    found = _unshifted(self, inputs)
    return ops.pad(found[:, 1:], ((0, 0), (0, 1), (0, 0), (0, 0))) if self.reverse else found


@pytest.mark.parametrize("broken", [_unshifted, _wrongly_shifted])
def test_a_reverse_map_that_is_not_moved_down_breaks_the_law(broken, monkeypatch):
    monkeypatch.setattr(DiagonalLSTM, "call", broken)
    network = randomise(pixelrnn((3, 4, 1), 1, "diagonal", width=4, blocks=1))
    with pytest.raises(AssertionError, match="sees input"):
        assert_causal(influence(network, (3, 4, 1)))


@pytest.mark.parametrize("recurrence", ["row", "diagonal"])
def test_all_binary_images_together_have_probability_one(recurrence):
    network = randomise(pixelrnn((3, 3, 1), 1, recurrence, width=4, blocks=1), scale=0.6)
    model = PixelRNN(network, binarization="threshold")
    log_p = model.log_prob(all_binary_images((3, 3, 1))).astype("float64")
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-5)


def test_parameters_of_the_papers_mnist_network():
    """7 layers of 16 units. Gates and states have 4 h channels; two directions a layer."""
    h = 16
    first = 4 * 7 * 2 * h + 2 * h
    direction = 2 * h * 4 * h + 2 * h * 4 * h + 4 * h + 2 * h
    layer = 2 * direction + h * 2 * h + 2 * h
    image = 4 * h  # into the gates of the first reverse one
    head = 2 * (2 * h * 2 * h + 2 * h) + 2 * h + 1
    assert pixelrnn((28, 28, 1), 1).count_params() == first + 7 * layer + image + head


def test_an_unknown_recurrence_is_refused():
    with pytest.raises(ValueError, match="recurrence must be one of"):
        PixelRNN.build_default((4, 4, 1), recurrence="column")
