import os
import stat

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgen import export
from kgen.errors import ExportError


def test_signatures_inputs_and_outputs_keep_their_names(exported):
    signatures = tf.saved_model.load(exported).signatures
    names = {
        name: (set(signature.structured_input_signature[1]), set(signature.structured_outputs))
        for name, signature in signatures.items()
    }
    assert names == {
        "serving_default": ({"latents"}, {"images"}),
        "sample": ({"latents"}, {"images"}),
        "encode": ({"images"}, {"latents"}),
        "reconstruct": ({"images"}, {"images"}),
        "log_prob": ({"images", "noise"}, {"log_prob"}),
    }


def test_serving_default_is_the_first_signature(exported):
    loaded = tf.saved_model.load(exported)
    latents = tf.constant([[0.5, -1.0]])
    np.testing.assert_array_equal(
        loaded.signatures["serving_default"](latents=latents)["images"],
        loaded.signatures["sample"](latents=latents)["images"],
    )


@pytest.mark.parametrize("batch", [1, 3, 7])
def test_every_batch_size_equals_the_live_model(toy, exported, batch):
    signatures = tf.saved_model.load(exported).signatures
    random = np.random.default_rng(batch)
    images = random.uniform(-1, 1, (batch, 4, 4, 1)).astype("float32")
    latents = random.standard_normal((batch, 2)).astype("float32")
    noise = random.standard_normal((batch, 5, 2)).astype("float32")  # 5 draws: free as well
    given = {
        "sample": {"latents": latents},
        "encode": {"images": images},
        "reconstruct": {"images": images},
        "log_prob": {"images": images, "noise": noise},
    }
    for name, arrays in given.items():
        served = signatures[name](**{key: tf.constant(a) for key, a in arrays.items()})
        live = getattr(toy, name)(**arrays)
        assert set(served) == set(live)
        for key, tensor in live.items():
            assert served[key].shape[0] == batch
            # 1e-5 in [-1, 1]; log_prob, near -300, has 7 digits: 1e-4.
            tolerance = 1e-4 if key == "log_prob" else 1e-5
            np.testing.assert_allclose(served[key], tensor, rtol=0, atol=tolerance)


def test_only_the_variables_that_are_served_are_exported(toy, exported):
    served = toy.encoder.count_params() + toy.decoder.count_params()
    names = tf.train.list_variables(str(exported / "variables" / "variables"))
    values = sum(int(np.prod(shape)) for name, shape in names if "VARIABLE_VALUE" in name)
    assert values == served == (16 * 2 + 2) + (2 * 16 + 16) + 4 * 16


def test_an_existing_folder_is_refused(toy, tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "precious").write_text("data")
    with pytest.raises(ExportError, match="1 exists, and an export never overwrites"):
        export.save(toy, tmp_path / "1")
    assert os.listdir(tmp_path) == ["1"]
    assert (tmp_path / "1" / "precious").read_text() == "data"


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_export_leaves_nothing(toy, tmp_path, monkeypatch, interruption):
    seen = []

    def interrupt(*_):
        seen.extend(path.name for path in tmp_path.glob("*/*"))  # the graph is written by now
        raise interruption("cut short")

    monkeypatch.setattr("kgen.export.description.write", interrupt)
    with pytest.raises(interruption, match="cut short"):
        export.save(toy, tmp_path / "1")
    assert "saved_model.pb" in seen
    assert os.listdir(tmp_path) == []


def test_a_folder_that_appears_meanwhile_is_not_touched(toy, tmp_path, monkeypatch):
    monkeypatch.setattr("kgen.export.description.write", lambda *_: (tmp_path / "1").mkdir())
    with pytest.raises(ExportError, match="exists"):
        export.save(toy, tmp_path / "1")
    assert os.listdir(tmp_path) == ["1"]
    assert os.listdir(tmp_path / "1") == []


def test_others_may_read_the_folder(exported):
    """As a server under another user must: the mode is that of any new folder."""
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(exported.stat().st_mode) == 0o777 & ~umask


def test_warmup_can_be_left_out(offering, tmp_path):
    path = export.save(offering(lambda x: {"y": 2 * x}), tmp_path / "1", warmup=False)
    assert os.listdir(path / "assets.extra") == ["kgen_export.json"]


def test_another_backend_is_told_what_to_do(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ExportError, match=r"runs jax: keep the \.keras file.*KERAS_BACKEND"):
        export.save(toy, tmp_path / "1")
    assert os.listdir(tmp_path) == []


def test_a_layer_name_that_tensorflow_refuses_is_named(offering, tmp_path):
    layer = keras.layers.Dense(2, name="_hidden")
    layer.build((None, 2))
    with pytest.raises(ExportError, match="layer named '_hidden': rename it"):
        export.save(offering(lambda x: {"y": layer(x)}), tmp_path / "1")
    assert os.listdir(tmp_path) == []


def test_other_errors_of_the_function_pass_through(offering, tmp_path):
    def function(x):
        raise ValueError("a fault of the model")

    with pytest.raises(ValueError, match="a fault of the model") as caught:
        export.save(offering(function), tmp_path / "1")
    assert not isinstance(caught.value, ExportError)
    assert os.listdir(tmp_path) == []


def test_next_version_is_one_above_the_highest(tmp_path):
    assert export.next_version(tmp_path / "new") == tmp_path / "new" / "1"
    for name in ("2", "10", "notes", ".11.partial", "-12", "³"):
        (tmp_path / name).mkdir()
    assert export.next_version(tmp_path) == tmp_path / "11"
