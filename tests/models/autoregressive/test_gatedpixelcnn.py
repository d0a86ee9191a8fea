import numpy as np
import pytest

from kgen.errors import DataError
from kgen.models import GatedPixelCNN
from kgen.networks import gated_pixelcnn
from tests.contract import ModelContract
from tests.models.autoregressive.laws import (
    all_binary_images,
    assert_causal,
    assert_sees_all_before,
    influence,
    random_images,
    randomise,
)

SHAPE = (6, 6, 1)


class TestConditionalGatedPixelCNN(ModelContract):
    @staticmethod
    def build():
        return GatedPixelCNN.build_default(SHAPE, width=4, blocks=1, classes=3)

    @staticmethod
    def data():
        return random_images(16, SHAPE), np.arange(16) % 3


@pytest.mark.parametrize("channels", [1, 3])
def test_every_pixel_and_colour_before_is_seen_and_no_other(channels):
    shape = (4, 6, channels)
    network = randomise(gated_pixelcnn(shape, channels, width=9, blocks=2))
    seen = influence(network, shape, outputs=channels)
    assert_causal(seen)
    assert_sees_all_before(seen)


def test_the_reach_grows_with_the_blocks():
    """7x7 at first, and one column more on each side with each 3x3 block."""
    network = randomise(gated_pixelcnn((2, 8, 1), 1, width=4, blocks=1))
    seen = influence(network, (2, 8, 1)).reshape(2, 8, 2, 8)
    assert seen[1, 0, 0].tolist() == [True] * 5 + [False] * 3


def test_all_binary_images_of_a_class_have_probability_one():
    network = randomise(gated_pixelcnn((3, 3, 1), 1, width=4, blocks=1, classes=2), scale=0.6)
    model = GatedPixelCNN(network, binarization="threshold", classes=2)
    x = all_binary_images((3, 3, 1))
    log_p = [model.log_prob(x, np.full(512, label)) for label in (0, 1)]
    for each in log_p:
        assert np.exp(each.astype("float64")).sum() == pytest.approx(1, abs=1e-5)
    assert np.abs(log_p[0] - log_p[1]).max() > 0.1  # the label counts


def test_images_go_with_their_labels():
    """Permuting labels and uniform numbers together permutes the samples."""
    network = randomise(gated_pixelcnn((4, 4, 1), 1, width=4, blocks=1, classes=3), scale=0.6)
    network.get_layer("to_parameters").bias.assign([0.0])
    model = GatedPixelCNN(network, classes=3)
    uniforms = np.random.default_rng(0).random((6, 4, 4, 1))
    labels = np.arange(6) % 3
    images = model.serve("sample", uniforms=uniforms, labels=labels)
    order = np.array([4, 2, 0, 5, 1, 3])
    permuted = model.serve("sample", uniforms=uniforms[order], labels=labels[order])
    np.testing.assert_array_equal(permuted, images[order])
    other = model.serve("sample", uniforms=uniforms, labels=(labels + 1) % 3)
    assert not np.array_equal(other, images)


def test_only_a_model_with_classes_takes_labels():
    with_classes = GatedPixelCNN.build_default((4, 4, 1), width=4, blocks=1, classes=3)
    without = GatedPixelCNN.build_default((4, 4, 1), width=4, blocks=1)
    assert with_classes.capabilities["sample"] == ("n", "labels", "seed")
    assert without.capabilities["sample"] == ("n", "seed")
    assert set(without.signatures()["sample"].inputs) == {"uniforms"}
    with pytest.raises(DataError, match="takes no labels"):
        without.sample(2, labels=[0, 1])
    for labels in ([0, 3], [-1, 0], [0], [[0, 1]]):
        with pytest.raises(DataError, match="labels must be 2 whole numbers from 0 to 2"):
            with_classes.sample(2, labels=labels)
    with pytest.raises(DataError, match="needs the label of each example"):
        with_classes.log_prob(random_images(2, (4, 4, 1)))
    with_classes.compile(run_eagerly=True)
    with pytest.raises(DataError, match='layout="labelled"'):
        with_classes.fit(random_images(2, (4, 4, 1)), verbose=0)


def test_parameters_counted_by_hand():
    """Width p, b blocks of 3x3 after one of 7x7, ten classes, a binary grey image."""
    p, b, classes = 8, 2, 10
    vertical = 3 * 7 * 2 * p + 2 * p + b * (2 * 3 * p * 2 * p + 2 * p)
    horizontal = 4 * 2 * p + 2 * p + b * (2 * p * 2 * p + 2 * p)
    between = (b + 1) * (2 * p * 2 * p + 2 * p + p * p + p)  # down to the row, and out of the gate
    labels = (2 * b + 1) * classes * 2 * p  # nobody listens to the last vertical gate
    head = (p * 2 * p + 2 * p) + (2 * p * 2 * p + 2 * p) + 2 * p + 1
    network = gated_pixelcnn((28, 28, 1), 1, p, b, classes)
    assert network.count_params() == vertical + horizontal + between + labels + head
