"""Networks of Keras, the user's models, and functions."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.errors import MetricError
from kgen.metrics.features import find
from kgen.metrics.features.keras_models import KerasModel

IMAGES = np.random.default_rng(0).uniform(-1, 1, (5, 8, 8, 3)).astype("float32")


def averages():
    """A map of pixel pairs' means: features by hand are the images' channel means."""
    return keras.Sequential([keras.Input((8, 8, 3)), layers.AveragePooling2D(2)], name="averages")


class TestKerasModel:
    def test_maps_are_averaged(self):
        network = find(averages(), (8, 8, 3))
        np.testing.assert_allclose(network(IMAGES), IMAGES.mean(axis=(1, 2)), atol=1e-6)
        assert (network.name, network.dim, network.resize) == ("averages", 3, "not resized")
        assert network.classes is None and not hasattr(network, "probabilities")

    def test_vectors_are_taken_as_they_are(self):
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten()])
        np.testing.assert_array_equal(find(model, (8, 8, 3))(IMAGES), IMAGES.reshape(5, -1))

    def test_images_come_in_unit_range_unrounded(self):
        network = find(averages(), (8, 8, 3))
        levels = np.full((1, 8, 8, 3), 255, "uint8")
        np.testing.assert_allclose(network(levels), 1.0)
        fine = np.full((1, 8, 8, 3), 1e-4, "float32")
        np.testing.assert_allclose(network(fine), 1e-4, rtol=1e-5)
        np.testing.assert_array_equal(network(fine), network.features(fine))

    def test_grey_is_repeated_where_three_channels_are_wanted(self):
        network = find(averages(), (8, 8, 1))
        grey = IMAGES[..., :1]
        expected = np.repeat(grey.mean(axis=(1, 2)), 3, axis=1)
        np.testing.assert_allclose(network(grey), expected, atol=1e-6)

    def test_the_checksum_is_of_the_weights(self):
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3)])
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        first = find(model, (8, 8, 3)).checksum
        assert len(first) == 12 and int(first, 16) >= 0
        assert find(copy, (8, 8, 3)).checksum == first
        copy.set_weights([weight + 1e-3 for weight in copy.get_weights()])
        assert find(copy, (8, 8, 3)).checksum != first

    def test_networks_without_weights_are_told_apart_too(self):
        """Two of one structure are one, whatever number Keras has counted them by."""

        def network(pool):
            return keras.Sequential([keras.Input((8, 8, 3)), layers.AveragePooling2D(pool)])

        def functional(pool):
            inputs = keras.Input((8, 8, 3))
            return keras.Model(inputs, layers.AveragePooling2D(pool)(inputs))

        for build in (network, functional):
            first, same, other = (find(build(pool), (8, 8, 3)) for pool in (2, 2, 4))
            assert first.name == same.name == other.name
            assert first.checksum == same.checksum != other.checksum
            assert len(first.checksum) == 12

        def named(name):  # as its own name, which is no setting
            return keras.Sequential([keras.Input((8, 8, 3)), layers.Activation(name, name=name)])

        assert find(named("relu"), (8, 8, 3)).checksum != find(named("tanh"), (8, 8, 3)).checksum

    def test_inference_and_whole_batches(self):
        """Dropout is off, and 200 images are the same in three batches as one by one."""
        traced = []

        class Traced(layers.Layer):
            def call(self, x):
                traced.append(x.shape[0])
                return ops.mean(x, axis=(1, 2))

        model = keras.Sequential([layers.Dropout(0.5), Traced()])
        network = KerasModel(model, (8, 8, 3))
        traced.clear()
        images = np.concatenate([IMAGES] * 40)
        np.testing.assert_allclose(network(images), images.mean(axis=(1, 2)), atol=1e-6)
        np.testing.assert_allclose(network(images[:1]), images[:1].mean(axis=(1, 2)), atol=1e-6)
        assert network(images[:0]).shape == (0, 3)
        assert not traced, f"compiled again for batches of {traced}"

    @pytest.mark.parametrize(
        ("shape", "says"), [((9, 8, 3), "takes no images of shape"), ((8, 8, 2), "takes no images")]
    )
    def test_images_of_another_shape_are_refused(self, shape, says):
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2)])
        with pytest.raises(MetricError, match=says):
            find(model, shape)

    @pytest.mark.parametrize(("shape", "says"), [
        ((16, 16, 3), r"takes inputs of shape \(8, 8, 3\), and takes no images of .*\(16, 16"),
        ((8, 8, 2), r"begin it with keras\.Input\(\(8, 8, 2\)\)"),
        ((8, 6, 1), "takes no images of shape"),
    ])  # fmt: skip
    def test_a_convolution_of_another_input_is_refused_too(self, shape, says):
        """Keras itself would let it see images of any size."""
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3)])
        with pytest.raises(MetricError, match=says) as error:
            find(model, shape)
        assert "\n" not in str(error.value)
        free = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 3)])
        if shape[2] != 2:
            assert find(free, shape).dim == 2

    def test_vectors_are_no_images(self):
        model = keras.Sequential([keras.Input((64,)), layers.Dense(2)])
        with pytest.raises(MetricError, match=r"takes inputs of shape \(64,\)"):
            find(model, (8, 8, 1))

    def test_outputs_that_are_no_features_are_refused(self):
        sequence = keras.Sequential([keras.Input((8, 8, 3)), layers.Reshape((8, 24))])
        with pytest.raises(MetricError, match=r"returns \(64, 8, 24\): features are one array"):
            find(sequence, (8, 8, 3))
        inputs = keras.Input((8, 8, 3))
        with pytest.raises(MetricError, match="returns list"):
            find(keras.Model(inputs, [inputs, layers.Flatten()(inputs)]), (8, 8, 3))

    def test_nan_from_the_network_is_named(self):
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Lambda(lambda x: ops.log(x))])
        with pytest.raises(MetricError, match="gives NaN or infinity"):
            find(model, (8, 8, 3))(IMAGES)


class TestFunction:
    def test_any_function(self):
        def corner(images):
            assert images.dtype == np.float32
            return images[:, 0, 0]

        network = find(corner, (8, 8, 3))
        np.testing.assert_array_equal(network(IMAGES), IMAGES[:, 0, 0])
        assert (network.name, len(network.checksum), network.dim) == ("corner", 12, 3)

    def test_tensors_and_maps_are_taken(self):
        network = find(lambda images: ops.convert_to_tensor(images) * 2, (8, 8, 3))
        np.testing.assert_allclose(network(IMAGES), 2 * IMAGES.mean(axis=(1, 2)), atol=1e-6)

    @pytest.mark.parametrize(
        "function", [lambda x: x[:, 0], lambda x: x[:-1, 0, 0], lambda x: x.mean(), lambda x: [x]]
    )
    def test_what_returns_no_features_is_refused(self, function):
        with pytest.raises(MetricError, match="features are one array"):
            find(function, (8, 8, 3))


class TestApplication:
    def test_a_network_of_keras(self):
        network = find("keras:MobileNetV2", (16, 20, 1), weights=None, image_size=32)
        assert network.name == "keras:MobileNetV2 (random weights)"
        assert (network.resize, network.dim) == ("bicubic to 32x32", 1280)
        grey = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1)).astype("uint8")
        # At its own size nothing is resized: Keras's steps by hand.
        network._size, network.image_shape, network.batch_size = (32, 32), (32, 32, 1), 2
        inputs = keras.applications.mobilenet_v2.preprocess_input(
            np.repeat(grey, 3, axis=3).astype("float32")
        )
        expected = network._model.predict_on_batch(inputs)
        np.testing.assert_allclose(network(grey), expected, rtol=1e-4, atol=1e-6)

    def test_unknown_networks_and_weights_are_named(self, tmp_path):
        with pytest.raises(MetricError, match=r"no keras:MobileNet9: choose from .*ResNet50"):
            find("keras:MobileNet9", (32, 32, 3))
        missing = str(tmp_path / "none.weights.h5")
        with pytest.raises(MetricError, match="keras:MobileNetV2 with weights="):
            find("keras:MobileNetV2", (32, 32, 3), weights=missing, image_size=32)
