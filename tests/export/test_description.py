import keras
import tensorflow as tf

from kgen import export
from kgen.version import __version__


def test_the_description_says_what_the_export_holds(exported):
    described = export.describe(exported)
    assert described["model"] == "Toy"
    assert described["versions"] == {
        "kgen": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
    assert described["uint8"] is False
    assert described["serving_default"] == "sample"
    assert list(described["signatures"]) == ["sample", "encode", "reconstruct", "log_prob"]
    image = {
        "shape": [None, 4, 4, 1],
        "dtype": "float32",
        "role": "image",
        "range": [-1.0, 1.0],
    }
    latent = {"shape": [None, 2], "dtype": "float32", "role": "latent", "range": None}
    assert described["signatures"]["sample"] == {
        "inputs": {"latents": {**latent, "distribution": None}},
        "outputs": {"images": image},
    }


def test_the_description_of_uint8_images(exported_uint8):
    described = export.describe(exported_uint8)
    assert described["uint8"] is True
    for tensors in described["signatures"]["reconstruct"].values():
        assert tensors["images"]["dtype"] == "uint8"
        assert tensors["images"]["range"] == [0, 255]
    assert described["signatures"]["encode"]["outputs"]["latents"]["dtype"] == "float32"


def test_the_description_is_what_the_saved_model_is(exported, exported_uint8):
    for path in (exported, exported_uint8):
        signatures = tf.saved_model.load(path).signatures
        for name, described in export.describe(path)["signatures"].items():
            inputs = signatures[name].structured_input_signature[1]
            for side, specs in (
                ("inputs", inputs),
                ("outputs", signatures[name].structured_outputs),
            ):
                assert {
                    key: (spec.shape.as_list(), spec.dtype.name) for key, spec in specs.items()
                } == {key: (t["shape"], t["dtype"]) for key, t in described[side].items()}
