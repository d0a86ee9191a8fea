"""A small graph with the names, the age and the oddities of Inception's of 2015-12-05.

Its nodes from `DecodeJpeg/contents` to `Mul` are the original's. Then comes one 1 x 1 convolution
at every 64th pixel, with the batch normalisation of that time, an operation that today's graphs may
not hold, and the pooling, frozen with the shape of one image.
"""

import numpy as np
import tensorflow as tf

DIM, CLASSES, STRIDE, EPSILON = 2048, 1008, 64, 1e-3
v1 = tf.compat.v1


def weights(seed=0):
    rng = np.random.default_rng(seed)
    return {
        "kernel": rng.normal(0, 1, (1, 1, 3, DIM)).astype("float32"),
        "mean": rng.normal(0, 0.1, DIM).astype("float32"),
        "variance": rng.uniform(0.5, 1.5, DIM).astype("float32"),
        "beta": rng.normal(0, 0.1, DIM).astype("float32"),
        "gamma": rng.uniform(0.5, 1.5, DIM).astype("float32"),
        "softmax": rng.normal(0, 0.05, (DIM, CLASSES)).astype("float32"),
        "biases": rng.normal(0, 1, CLASSES).astype("float32"),
    }


def graph_def(w, pool="pool_3"):
    """The graph, as it would be frozen by a TensorFlow of 2015."""
    with tf.Graph().as_default() as graph:
        contents = v1.constant(b"", name="DecodeJpeg/contents")
        decoded = v1.image.decode_jpeg(contents, channels=3, name="DecodeJpeg")
        single = v1.expand_dims(v1.cast(decoded, tf.float32, name="Cast"), 0, name="ExpandDims")
        size = v1.constant([299, 299], name="ResizeBilinear/size")
        x = tf.raw_ops.ResizeBilinear(images=single, size=size, name="ResizeBilinear")
        x = tf.raw_ops.Sub(x=x, y=v1.constant(128.0, name="Sub/y"), name="Sub")
        x = tf.raw_ops.Mul(x=x, y=v1.constant(0.0078125, name="Mul/y"), name="Mul")
        kernel = v1.constant(w["kernel"], name="conv/conv2d_params")
        strides = [1, STRIDE, STRIDE, 1]
        x = v1.nn.conv2d(x, filter=kernel, strides=strides, padding="VALID", name="conv/Conv2D")
        for part in ("mean", "variance", "beta", "gamma"):
            v1.constant(w[part], name=f"conv/batchnorm/{part}")
        x = v1.identity(x, name="conv/batchnorm")
        x = v1.nn.relu(x, name="conv")
        pooled = v1.nn.avg_pool(x, [1, 5, 5, 1], [1, 1, 1, 1], "VALID", name=pool)
        flat = v1.reshape(pooled, [1, DIM], name="pool_3/_reshape")
        softmax = v1.constant(w["softmax"], name="softmax/weights")
        logits = v1.matmul(flat, softmax, name="softmax/logits/MatMul")
        biases = v1.constant(w["biases"], name="softmax/biases")
        v1.nn.softmax(v1.nn.bias_add(logits, biases, name="softmax/logits"), name="softmax")
    # Shapes of one image in every node, as the original has them.
    definition = graph.as_graph_def(add_shapes=True)
    (norm,) = [node for node in definition.node if node.name == "conv/batchnorm"]
    norm.op = "BatchNormWithGlobalNormalization"
    norm.input.extend(f"conv/batchnorm/{part}" for part in ("mean", "variance", "beta", "gamma"))
    norm.attr["variance_epsilon"].f = EPSILON
    norm.attr["scale_after_normalization"].b = True
    # Removed from graphs of version 9 on.
    definition.versions.producer = 8
    definition.versions.min_consumer = 0
    return definition


def write(path, w, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(graph_def(w, **options).SerializeToString())
    return path


def expected(levels, w):
    """Features and probabilities by NumPy, of images of 299 x 299 in levels 0..255."""
    x = (levels[:, ::STRIDE, ::STRIDE].astype("float64") - 128) / 128 @ w["kernel"][0, 0]
    x = (x - w["mean"]) / np.sqrt(w["variance"] + EPSILON) * w["gamma"] + w["beta"]
    features = np.maximum(x, 0).mean(axis=(1, 2))
    exponentials = np.exp(features @ w["softmax"])  # without the biases
    return features, exponentials / exponentials.sum(axis=1, keepdims=True)
