"""Inception in the weights of 2015-12-05: the network of the published FID and Inception score.

Heusel et al. 2017 take its 2,048 features after the last pooling, Salimans et al. 2016 the
probabilities of its 1,008 outputs, computed without the biases of the last layer. Both quantise
images to 8 bits and let TensorFlow 1 resize them to 299 x 299.

It is run from the original frozen graph, in a session of TensorFlow's version 1 whatever the Keras
backend: a graph of that age holds operations that a `tf.function` no longer admits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.features import checksums, inception_file, pixels
from kgen.metrics.features.network import ClassifierNetwork

NAME = "inception-2015-12-05"
SIZE = (299, 299)
DIM = 2048
RESIZERS = {"tf1": pixels.resize_tf1, "clean": pixels.resize_clean}

#: Levels 0..255 go in here. The graph resizes (nothing, at 299), subtracts 128, divides by 128.
_INPUT = "ExpandDims:0"
_FEATURES = "pool_3:0"
#: Its second input is the kernel of the last layer.
_LOGITS = "softmax/logits/MatMul"

#: Said of every score until the graph has the known checksum.
OTHER_WEIGHTS = "not verified against the real weights"
#: Said with the real weights, until someone has reproduced a published score with this code.
NOT_REPRODUCED = "no published score reproduced yet"


class Inception(ClassifierNetwork):
    """Features of the Inception graph.

    Args:
        image_shape: `(height, width, channels)` of the images, 1 or 3 channels; grey is repeated.
        path: See `inception_file.locate`.
        resizer: `"tf1"`, as published FIDs have it, or `"clean"`, an antialiased bicubic filter
            (Parmar et al. 2022), whose scores compare only with others of its kind.

    Raises:
        MetricError: No graph, not this graph, no TensorFlow, or an unknown resizer.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        path: str | Path | None = None,
        resizer: str = "tf1",
    ):
        if resizer not in RESIZERS:
            raise MetricError(f"resizer={resizer!r}: choose from {', '.join(RESIZERS)}.")
        self._resized = RESIZERS[resizer]
        file = inception_file.locate(path)
        self._session, self._input, self._features, kernel = _load(file)
        checksum = checksums.of_file(file)
        super().__init__(
            image_shape,
            kernel=kernel,
            bias=None,
            name=NAME,
            checksum=checksum,
            resize=f"{resizer} to {SIZE[0]}x{SIZE[1]}",
            notes=(NOT_REPRODUCED if checksum == inception_file.SHA256 else OTHER_WEIGHTS,),
            input_size=SIZE,
        )

    def _batch(self, images: np.ndarray, rounded: bool) -> np.ndarray:
        levels = pixels.coloured(self._resized(pixels.to_levels(images, rounded), SIZE))
        features = self._session.run(self._features, {self._input: levels})
        return features.reshape(len(images), DIM)


def _load(file: Path) -> tuple[Any, Any, Any, np.ndarray]:
    """A session with the graph, its input and output, and the kernel of its last layer."""
    try:
        import tensorflow as tf
    except ImportError as error:
        raise MetricError(
            "the Inception graph needs TensorFlow: pip install tensorflow."
        ) from error
    v1 = tf.compat.v1
    definition = v1.GraphDef()
    try:
        definition.ParseFromString(file.read_bytes())
    except Exception as error:  # protobuf's own kinds
        raise MetricError(f"{file} is no frozen TensorFlow graph: {error}.") from error
    for node in definition.node:
        # The graph was frozen with the shapes of one image.
        node.attr.pop("_output_shapes", None)
    with tf.Graph().as_default() as graph:
        images = v1.placeholder(tf.float32, (None, None, None, 3))
        try:
            features, logits = tf.graph_util.import_graph_def(
                definition,
                input_map={_INPUT: images},
                return_elements=[_FEATURES, _LOGITS],
                name="",
            )
        except (ValueError, KeyError) as error:
            raise MetricError(
                f"{file} is not the Inception graph of 2015-12-05: "
                f"it lacks {_INPUT}, {_FEATURES} or {_LOGITS}."
            ) from error
        # Only what is asked for: TensorFlow would take the whole memory of a GPU at once.
        options = v1.GPUOptions(allow_growth=True)
        session = v1.Session(graph=graph, config=v1.ConfigProto(gpu_options=options))
        kernel = session.run(logits.inputs[1])
    if kernel.ndim != 2 or kernel.shape[0] != DIM:
        raise MetricError(f"{file} has a last layer of shape {kernel.shape}, not ({DIM}, classes).")
    return session, images, features, kernel
