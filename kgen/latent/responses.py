"""What the units of a network respond to: images that excite them, where, and filters."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.latent.table import Table
from kgen.layers import all_layers

SALIENCIES = ("guided", "plain")


@dataclasses.dataclass(frozen=True)
class Responses:
    """What `unit_responses` found, for u units and their k most exciting images.

    Attributes:
        units: The numbers of the units.
        images: float32 (u, k, height, width, channels).
        rows: Where these images are in the data set, int (u, k).
        activations: The units' values for them, float32 (u, k), the largest first.
        saliency: What the gradient of a unit's value by the pixels is, float32 of the shape of
            `images`, each scaled to a largest magnitude of 1.
        table: Two rows for each unit: its images, and the saliency below them, where grey is zero.
    """

    units: tuple[int, ...]
    images: np.ndarray
    rows: np.ndarray
    activations: np.ndarray
    saliency: np.ndarray
    table: Table


def image_networks(model: keras.Model) -> dict[str, keras.Model]:
    """The model's networks of layers that look at images, as used for inference, by name.

    Raises:
        DataError: If there is none.
    """
    networks = {name: model.inference_network(name) for name in model.network_names}
    found = {name: network for name, network in networks.items() if _images(network) is not None}
    if not found:
        raise DataError(f"{type(model).__name__} has no network of layers that looks at images.")
    return found


def _images(network):
    """The input of a network that is an image, or `None`."""
    inputs = getattr(network, "inputs", None) or []
    shown = [each for each in inputs if len(each.shape) == 4 and each.shape[-1] in (1, 3)]
    return shown[0] if shown else None


def image_shape(model: keras.Model, network: str | None = None) -> tuple[int, int, int]:
    """The shape of the images that a network takes: see `image_networks`."""
    return tuple(_images(_network(model, network)).shape[1:])


def unit_responses(
    model: keras.Model,
    batches,
    layer: str | None = None,
    units: Sequence[int] | None = None,
    *,
    network: str | None = None,
    top: int = 8,
    saliency: str = "guided",
) -> Responses:
    """The images that excite a layer's units most, and which of their pixels do.

    The value of a unit is its output; of a channel of maps, the largest of the map. A network that
    is given more than the image, such as how far it has grown, is looked at as the model uses it.

    Args:
        model: A `kgen.models.GenerativeModel`.
        batches: An array of images, or an iterable of batches: images or `(images, labels)`.
        layer: The name of a layer; by default the last of the network that gives maps, with its
            activation.
        units: Which of the layer's; by default the eight whose values vary most over the images.
        network: The name of the network, one of `image_networks(model)`; the first by default.
        top: How many images for each unit.
        saliency: `"plain"`: the gradient of the unit's value with respect to the pixels (Simonyan
            et al. 2014). `"guided"`: guided backpropagation (Springenberg et al. 2015; Radford et
            al. 2016 show it of DCGAN): at each rectifier, leaky ones as well, only what is positive
            goes back, and only through what was positive.

    Raises:
        DataError: If there is no such network, layer or unit, too few images, or they do not fit.

    Example:

        >>> import kgen
        >>> model = kgen.models.DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
        >>> images = np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1))
        >>> found = unit_responses(model, images, units=[0, 1], top=3)
        >>> found.saliency.shape, found.table.images.shape
        ((2, 3, 8, 8, 1), (4, 3, 8, 8, 1))
    """
    if saliency not in SALIENCIES:
        raise DataError(f"saliency must be {' or '.join(SALIENCIES)}, got {saliency!r}.")
    chosen, layer, values = _layer(model, network, layer)
    size = layer.output.shape[-1]
    best = _most_exciting(values, batches, top, image_shape(model, network))
    if units is None:
        units = np.argsort(-best.deviation, kind="stable")[:8].tolist()
    units = tuple(units)
    if not units or not all(0 <= unit < size for unit in units):
        raise DataError(f"layer {layer.name} has units 0 to {size - 1}, got {list(units)}.")
    images = best.images[list(units)]
    gradients = np.stack(
        [_saliency(model, chosen, values, unit, best.images[unit], saliency) for unit in units]
    )
    pairs = np.stack([images, gradients], axis=1).reshape(-1, *images.shape[1:])
    texts = tuple(text for unit in units for text in (f"{layer.name}[{unit}]", saliency))
    return Responses(
        units,
        images,
        best.rows[list(units)],
        best.activations[list(units)],
        gradients,
        Table(pairs, rows=texts),
    )


def filters(model: keras.Model, network: str | None = None, limit: int = 64) -> Table:
    """The filters of a network's first layer, as pictures.

    Args:
        model: A `kgen.models.GenerativeModel`.
        network: The name of the network, one of `image_networks(model)`; the first by default.
        limit: At most so many, the first ones.

    Returns:
        A table of about as many rows as columns, filled up with white. Each filter is scaled to
        a largest magnitude of 1; grey is zero. Filters of a dense layer have the images' shape.

    Raises:
        DataError: If there is no such network, or its first kernel is not of images.
    """
    chosen = _network(model, network)
    height, width, channels = image_shape(model, network)
    for weight in chosen.weights:
        shape = tuple(weight.shape)
        if weight.name == "kernel" and len(shape) == 4 and shape[2] == channels:
            kernel = ops.convert_to_numpy(weight.value)
            break
        if weight.name == "kernel" and len(shape) == 2 and shape[0] == height * width * channels:
            kernel = ops.convert_to_numpy(weight.value).reshape(height, width, channels, -1)
            break
    else:
        raise DataError(f"{chosen.name} has no layer of filters on images.")
    found = _scaled(np.moveaxis(kernel, -1, 0)[:limit])
    columns = int(np.ceil(np.sqrt(len(found))))
    rows = -(-len(found) // columns)
    missing = np.full((rows * columns - len(found), *found.shape[1:]), 1, "float32")
    whole = np.concatenate([found, missing])
    return Table(whole.reshape(rows, columns, *found.shape[1:]))


def _network(model, name):
    known = image_networks(model)
    name = name or next(iter(known))
    if name not in known:
        raise DataError(f"there is no network {name!r} of images: there are {', '.join(known)}.")
    return known[name]


def _layer(model, network, name):
    """A network, one of its layers, and a function of images to the units' values (n, units)."""
    chosen = _network(model, network)
    tops = [layer for layer in chosen.layers if not isinstance(layer, keras.layers.InputLayer)]
    try:
        shapes = {each.name: tuple(each.output.shape) for each in tops}
    except AttributeError:
        raise DataError(f"{chosen.name} is not made of layers that can be looked at.") from None
    maps = [key for key, shape in shapes.items() if len(shape) == 4]
    name = name or (maps or list(shapes))[-1]
    if name not in shapes:
        raise DataError(f"{chosen.name} has no layer {name!r}: it has {', '.join(shapes)}.")
    layer = next(each for each in tops if each.name == name)
    output = _output_of(model, chosen, layer)

    def values(images):
        found = output(images)
        axes = tuple(range(1, len(found.shape) - 1))
        return ops.max(found, axis=axes) if axes else found

    return chosen, layer, values


def _output_of(model, network, layer):
    """A function of images to a layer's output."""
    try:
        inner = keras.Model(_images(network), layer.output)
    except ValueError:  # of more inputs, or a network in the network
        look = _looker(model)
    else:
        return lambda images: inner(images, training=False)

    def output(images):
        with _recorded(layer) as seen:
            if look is not None:
                look(images)
        if not seen:
            raise DataError(
                f"layer {layer.name} of {network.name} sees more than the image, such as its "
                "label: choose another layer."
            )
        return seen[-1]

    return output


def _looker(model):
    """What the model itself does with images and with nothing else, or `None`."""
    signatures = model.signatures()
    for name in ("features", "discriminate", "encode", "classify"):
        inputs = signatures[name].inputs if name in signatures else {}
        if [spec.role for spec in inputs.values()] == ["image"] and name in model.capabilities:
            (key,), run = inputs, signatures[name].function
            return lambda images: run(**{key: images})
    return None


@contextlib.contextmanager
def _recorded(layer):
    """A list that gets the outputs of a layer, for as long as the context lasts."""
    own, call, seen = vars(layer).get("call"), layer.call, []

    def recorded(*arguments, **named):
        seen.append(call(*arguments, **named))
        return seen[-1]

    layer.call = recorded
    try:
        yield seen
    finally:
        if own is None:
            del layer.call
        else:
            layer.call = own


@dataclasses.dataclass(frozen=True)
class _Best:
    """For every unit of a layer: its most exciting images, and how its values vary."""

    images: np.ndarray
    rows: np.ndarray
    activations: np.ndarray
    deviation: np.ndarray


def _most_exciting(values, batches, top, shape):
    batches = [batches] if isinstance(batches, np.ndarray) else batches
    activations, kept, start, rows = None, None, 0, None
    count, total, squares = 0, 0.0, 0.0
    for batch in batches:
        images = batch[0] if isinstance(batch, (tuple, list)) else batch
        images = np.asarray(images, "float32")
        if images.shape[1:] != tuple(shape):
            raise DataError(f"images of shape {images.shape[1:]}: the network takes {shape}.")
        for first in range(0, len(images), 64):
            part = images[first : first + 64]
            found = ops.convert_to_numpy(values(ops.convert_to_tensor(part))).astype("float32")
            count += len(part)
            total = total + found.sum(axis=0, dtype="float64")
            squares = squares + np.square(found.astype("float64")).sum(axis=0)
            here = np.broadcast_to(np.arange(start, start + len(part)), found.T.shape)
            start += len(part)
            # Of each unit: what was best so far, and the new ones.
            found, seen = found.T, np.broadcast_to(part, (found.shape[1], *part.shape))
            if activations is not None:
                found = np.concatenate([activations, found], axis=1)
                here = np.concatenate([rows, here], axis=1)
                seen = np.concatenate([kept, seen], axis=1)
            order = np.argsort(-found, axis=1, kind="stable")[:, :top]
            activations = np.take_along_axis(found, order, 1)
            rows = np.take_along_axis(here, order, 1)
            kept = seen[np.arange(len(order))[:, None], order]
    if count < top or top < 1:
        raise DataError(f"the {top} most exciting of {count} images: give more images.")
    deviation = np.sqrt(np.maximum(squares / count - np.square(total / count), 0))
    return _Best(kept, rows, activations, deviation)


def _saliency(model, network, values, unit, images, method):
    guard = _guided(network) if method == "guided" else contextlib.nullcontext()
    with guard:
        gradient = model.input_gradient(lambda x: values(x)[:, unit], ops.convert_to_tensor(images))
    return _scaled(ops.convert_to_numpy(gradient))


def _scaled(arrays):
    """Each of them (n, ...) divided by its largest magnitude; zeros stay."""
    axes = tuple(range(1, arrays.ndim))
    largest = np.abs(arrays).max(axis=axes, keepdims=True)
    return (arrays / np.where(largest > 0, largest, 1)).astype("float32")


@contextlib.contextmanager
def _guided(network):
    """The network with guided rectifiers, for as long as the context lasts."""
    replaced = []
    try:
        whole = list(all_layers(network))
        wrapped = [each.layer for each in whole if isinstance(each, keras.layers.Wrapper)]
        for layer in [*whole, *wrapped]:
            if isinstance(layer, (keras.layers.ReLU, keras.layers.LeakyReLU)):
                layer.call = _guide(type(layer).call.__get__(layer))
                replaced.append((layer, "call", None))
            elif _rectifies(getattr(layer, "activation", None)):
                replaced.append((layer, "activation", layer.activation))
                layer.activation = _guide(layer.activation)
        yield
    finally:
        for layer, name, before in replaced:
            if before is None:
                del layer.call
            else:
                setattr(layer, name, before)


def _rectifies(activation):
    if isinstance(activation, (keras.layers.ReLU, keras.layers.LeakyReLU)):
        return True
    return activation in (keras.activations.relu, keras.activations.leaky_relu)


def _guide(rectifier):
    """A rectifier whose gradient lets through only positive parts, where its input is positive."""

    @ops.custom_gradient
    def guided(x):
        def gradient(*arguments, upstream=None):
            upstream = arguments[0] if upstream is None else upstream
            return ops.where(x > 0, ops.relu(upstream), ops.zeros_like(upstream))

        return rectifier(x), gradient

    return lambda x, *_, **__: guided(x)
