import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from kgen.export import warmup

PLACE = "assets.extra/tf_serving_warmup_requests"


def _records(path):
    return [record.numpy() for record in tf.data.TFRecordDataset(str(path / PLACE))]


def _predict(loaded, request):
    """Runs a request as TF Serving does: by signature name, with the tensors by input name."""
    signature = loaded.signatures[request.model_spec.signature_name or "serving_default"]
    return signature(
        **{name: tf.constant(tf.make_ndarray(t)) for name, t in request.inputs.items()}
    )


def test_the_real_messages_read_every_field():
    latents = np.arange(6, dtype="float32").reshape(2, 3)
    labels = np.array([3, 1], "int32")
    record = warmup.prediction_log("toy", "sample", {"latents": latents, "labels": labels})
    log = prediction_log_pb2.PredictionLog.FromString(record)
    assert log.WhichOneof("log_type") == "predict_log"
    assert not log.HasField("log_metadata")
    request = log.predict_log.request
    assert request.model_spec.name == "toy"
    assert request.model_spec.signature_name == "sample"
    assert not request.model_spec.HasField("version")
    assert set(request.inputs) == {"latents", "labels"}
    np.testing.assert_array_equal(tf.make_ndarray(request.inputs["latents"]), latents)
    np.testing.assert_array_equal(tf.make_ndarray(request.inputs["labels"]), labels)
    assert request.inputs["labels"].dtype == tf.int32.as_datatype_enum


@pytest.mark.parametrize("size", [1, 127, 128, 20_000])
def test_the_bytes_are_those_of_the_real_messages(size):
    """Lengths of one, two and three bytes, and no field that the real classes do not know."""
    array = np.linspace(-1, 1, size, dtype="float32")
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = "größe"
    request.model_spec.signature_name = "sample"
    request.inputs["latents"].CopyFrom(tf.make_tensor_proto(array))
    ours = warmup.prediction_log("größe", "sample", {"latents": array})
    assert ours == log.SerializeToString(deterministic=True)


@pytest.mark.parametrize("kind", ["exported", "exported_uint8"])
def test_one_request_a_signature_and_all_run(kind, request):
    path = request.getfixturevalue(kind)
    loaded = tf.saved_model.load(path)
    names = []
    for record in _records(path):
        predict = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        names.append(predict.model_spec.signature_name)
        for tensor in _predict(loaded, predict).values():
            assert tensor.shape[0] == 1
            assert np.isfinite(np.asarray(tensor, "float64")).all()
    assert names == ["sample", "encode", "reconstruct", "log_prob"]


def test_requests_carry_the_name_of_the_served_model(exported, exported_uint8):
    """`toy/1` is version 1 of `toy`; a folder that is no number is the model itself."""
    for path, name in ((exported, "toy"), (exported_uint8, "toy8")):
        log = prediction_log_pb2.PredictionLog.FromString(_records(path)[0])
        assert log.predict_log.request.model_spec.name == name


def test_a_request_of_a_client_runs_through_the_signature(toy, exported):
    images = np.random.default_rng(3).uniform(-1, 1, (2, 4, 4, 1)).astype("float32")
    sent = predict_pb2.PredictRequest()
    sent.model_spec.name = "toy"
    sent.model_spec.signature_name = "encode"
    sent.inputs["images"].CopyFrom(tf.make_tensor_proto(images))
    received = predict_pb2.PredictRequest.FromString(sent.SerializeToString())
    served = _predict(tf.saved_model.load(exported), received)
    np.testing.assert_allclose(served["latents"], toy.encode(images)["latents"], rtol=0, atol=1e-5)
