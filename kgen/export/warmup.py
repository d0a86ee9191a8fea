"""Warm-up requests: what TF Serving runs through a model version before it serves it.

TF Serving reads them from `assets.extra/tf_serving_warmup_requests`, a TFRecord file of
`tensorflow.serving.PredictionLog` messages. Those message classes come with
tensorflow-serving-api, a heavy package that a model's author has no other use for. The four
messages needed hold nothing but strings and other messages, so their bytes are written here after
the protobuf wire format, in which such a field is its number, its length and its bytes.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

PLACE = Path("assets.extra", "tf_serving_warmup_requests")
"""Where TF Serving looks, inside the folder of a version."""


def write(path: Path, records: Iterable[bytes]) -> None:
    """Writes serialised `PredictionLog` messages as a TFRecord file."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def prediction_log(model_name: str, signature_name: str, inputs: dict[str, np.ndarray]) -> bytes:
    """One request to a signature, as a serialised `tensorflow.serving.PredictionLog`.

    The numbers are those of the fields in prediction_log.proto, predict.proto and model.proto.

    Args:
        model_name: The name under which the model is served.
        signature_name: The signature to run.
        inputs: One array an input, by name.
    """
    model_spec = _field(1, model_name.encode()) + _field(3, signature_name.encode())
    request = _field(1, model_spec)
    for name, array in inputs.items():
        tensor = tf.make_tensor_proto(array).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, tensor))  # an entry of the map
    predict_log = _field(1, request)
    return _field(6, predict_log)


def _field(number: int, payload: bytes) -> bytes:
    length_delimited = 2  # the wire type of strings and messages
    return _varint(number << 3 | length_delimited) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, the high bit set on all but the last byte.

    Example:

        >>> _varint(300).hex()
        'ac02'
    """
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
