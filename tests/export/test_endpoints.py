import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kgen import export
from kgen.errors import ExportError
from kgen.export.endpoints import endpoints


def test_a_plain_keras_model_has_nothing_to_export(tmp_path):
    with pytest.raises(ExportError, match="Sequential has no signatures"):
        export.save(keras.Sequential([keras.Input((2,))]), tmp_path / "1")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_has_not_written_its_signatures_yet(tmp_path):
    class Draft(keras.Model):
        def signatures(self):
            raise NotImplementedError

    with pytest.raises(ExportError, match="Draft has no signatures"):
        export.save(Draft(), tmp_path / "1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["_sample", "to b", "", "serving_default", "variables"])
def test_a_bad_name_is_refused(offering, name):
    with pytest.raises(ExportError, match=f"'{name}' cannot name a signature"):
        endpoints(offering(lambda x: {"y": x}, name=name))


@pytest.mark.parametrize("result", [lambda x: x, lambda x: {"z": x}, lambda x: {"y": x, "z": x}])
def test_a_function_must_return_what_is_promised(offering, tmp_path, result):
    with pytest.raises(ExportError, match=r"'double' promises the outputs \['y'\] and returned"):
        export.save(offering(result), tmp_path / "1")


def test_half_precision_leaves_as_float32(offering, tmp_path):
    model = offering(lambda x: {"y": ops.cast(x, "bfloat16")})
    signature = tf.saved_model.load(export.save(model, tmp_path / "1")).signatures["double"]
    served = signature(x=tf.constant([[1.0, 1.00390625]]))["y"]  # 1 + 2^-8 has no bfloat16
    assert served.dtype == tf.float32
    np.testing.assert_array_equal(served, [[1.0, 1.0]])


def test_uint8_images_in_and_out(toy, exported_uint8):
    """Against the live float model, with the conversions written out in NumPy."""
    signature = tf.saved_model.load(exported_uint8).signatures["reconstruct"]
    levels = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1)).astype("uint8")
    served = signature(images=tf.constant(levels))["images"]
    assert served.dtype == tf.uint8
    images = np.array(toy.reconstruct(levels.astype("float32") / 127.5 - 1)["images"])
    assert images.max() > 1.0  # some pixels must be clipped
    expected = np.rint((np.clip(images, -1, 1) + 1) * 127.5)
    assert expected.min() < 128 < expected.max() == 255
    difference = np.abs(served.numpy().astype("float64") - expected)
    assert difference.max() <= 1 and difference.mean() < 0.02  # rounding at a tie


def test_uint8_leaves_other_tensors_as_they_are(exported_uint8):
    signatures = tf.saved_model.load(exported_uint8).signatures
    assert signatures["sample"].structured_input_signature[1]["latents"].dtype == tf.float32
    assert signatures["encode"].structured_input_signature[1]["images"].dtype == tf.uint8
    assert signatures["encode"].structured_outputs["latents"].dtype == tf.float32


def test_every_level_survives_the_way_in_and_out(offering):
    model = offering(lambda x: {"y": x}, outputs={"y": "image"})
    spec = model.signatures()["double"].inputs["x"]
    model.signatures()["double"].inputs["x"] = spec._replace(role="image")
    (endpoint,) = endpoints(model, uint8=True)
    levels = np.arange(256, dtype="uint8").reshape(128, 2)
    np.testing.assert_array_equal(endpoint(x=levels)["y"], levels)


def test_uint8_rounds_to_the_nearest_level_and_clips(offering):
    model = offering(lambda x: {"y": x}, outputs={"y": "image"})
    (endpoint,) = endpoints(model, uint8=True)
    # (x + 1) * 127.5 = 127.5 (a tie, to even), 0.2, 0.8 and far outside on both sides
    x = np.array([[0.0, -1 + 0.2 / 127.5], [-1 + 0.8 / 127.5, -3.0], [1.0, 9.0]], "float32")
    np.testing.assert_array_equal(endpoint(x=x)["y"], [[128, 0], [1, 0], [255, 255]])
