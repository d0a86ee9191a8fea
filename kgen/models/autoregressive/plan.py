"""In which order, and how often, the layers of a network run when it draws pixel by pixel.

A network of sequences (n, length, channels) is planned as well: its pixels are samples.
"""

import dataclasses

import keras

from kgen.errors import KgenError
from kgen.layers import CausalLayer, Dropout, GaussianNoise, WeightNormalization

#: Layers that compute each pixel from that pixel alone, whatever their arguments.
_PER_PIXEL = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
    keras.layers.Dense,
    keras.layers.Rescaling,
    keras.layers.Identity,
    keras.layers.Dropout,
    keras.layers.GaussianNoise,
    keras.layers.GaussianDropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.Add,
    keras.layers.Subtract,
    keras.layers.Multiply,
    keras.layers.Average,
    keras.layers.Maximum,
    keras.layers.Minimum,
    Dropout,
    GaussianNoise,
)


class NotIncrementalError(KgenError):
    """A network cannot be run one pixel at a time; the message says why."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One layer's part in drawing an image.

    Attributes:
        layer: What is called for whole images.
        inputs: Ids of the tensors that it takes.
        output: Id of the tensor that it gives.
        channels: Of the output.
        input_channels: Of its (first) input.
        width: Of its (first) input.
        stride: It runs at every so-many-th row and column of the image.
        by_row: Whether its output row is known before the row's first pixel is drawn.
        fed_by_row: Whether its inputs are.
        sees_pixel: Whether an input depends on the whole of the image's own pixel: such a layer
            must be told the pixel's last colour once that is drawn.
    """

    layer: keras.layers.Layer
    inputs: tuple[int, ...]
    output: int
    channels: int
    input_channels: int
    width: int
    stride: int
    by_row: bool
    fed_by_row: bool
    sees_pixel: bool

    @property
    def causal(self) -> CausalLayer | None:
        """The layer that keeps a memory, if this is one."""
        layer = self.layer.layer if isinstance(self.layer, WeightNormalization) else self.layer
        return layer if isinstance(layer, CausalLayer) else None

    def weights(self):
        """What a causal layer steps with."""
        if isinstance(self.layer, WeightNormalization):
            return self.causal.weights_to_step(self.layer.kernel())
        return self.causal.weights_to_step()

    def whole(self, values: dict):
        """The layer called on what its inputs are, in inference mode."""
        inputs = [values[i] for i in self.inputs]
        return self.layer(inputs if len(inputs) > 1 else inputs[0], training=False)


@dataclasses.dataclass(frozen=True)
class Plan:
    """A network, sorted into what runs once, once a row, and once a pixel.

    Attributes:
        image: Id of the image input.
        others: Ids of the other inputs, such as labels.
        output: Id of the output.
        size: Height and width; of a sequence 1 and its length, which may be `None` for any.
        channels: Of the image.
        constants: Steps that depend on the other inputs alone.
        steps: All others, in an order in which they can run.
        along: Of a sequence, the ids of the tensors that depend on the other inputs alone and
            differ from sample to sample: each sample takes its own part of them.
    """

    image: int
    others: tuple[int, ...]
    output: int
    size: tuple[int, int | None]
    channels: int
    constants: tuple[Step, ...]
    steps: tuple[Step, ...]
    along: tuple[int, ...] = ()


def plan(network: keras.Model) -> Plan:
    """Finds out how a network can be run one pixel at a time.

    It can if it is a functional model whose layers each are used once and are `CausalLayer`s,
    layers that compute each pixel alone (those of Keras that do, and any with an attribute
    `per_pixel = True`), or layers that do not depend on the image.

    Raises:
        NotIncrementalError: If a layer is none of these, or would see pixels to come.
    """
    if not hasattr(network, "operations"):
        raise NotIncrementalError("it is no functional model")
    image, *others = network.inputs
    sequence = len(image.shape) == 3
    *size, channels = image.shape[1:]
    height, width = (1, *size) if sequence else size
    if None in size and not sequence:
        raise NotIncrementalError("its images have no fixed size")
    postponed = _postponed(network) if sequence else set()
    along = {}
    # Of each tensor: "constant", "row" (known when its row begins) or "pixel".
    kinds = {id(image): "pixel", **{id(t): "constant" for t in others}}
    whole = {id(image)}  # the tensors that depend on the whole of their own pixel of the image
    constants, steps = [], []
    for layer in network.operations:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if not isinstance(layer, keras.layers.Layer):
            raise NotIncrementalError(f"the operation {layer.name} is no layer")
        inputs = keras.tree.flatten(layer.input)
        if any(id(t) not in kinds for t in inputs):
            raise NotIncrementalError("a layer is used more than once")
        output = layer.output
        known = {kinds[id(t)] for t in inputs}
        if known == {"constant"} and id(output) not in postponed:
            kinds[id(output)] = "constant"
            constants.append(_step(layer, inputs, output, 1, True, True, False))
            continue
        seen = [t for t in inputs if kinds[id(t)] != "constant"]
        maps = [t for t in inputs if kinds[id(t)] == "constant" and _differs_by_pixel(t)]
        if maps and not sequence:
            raise NotIncrementalError(f"{layer.name} is fed a map beside the image")
        along |= {id(t): None for t in maps}
        if sequence and any(t.shape[1] != width for t in [*seen, output]):
            raise NotIncrementalError(f"{layer.name} changes the length")
        stride = 1 if sequence else height // max(t.shape[1] for t in [*seen, output])
        causal = isinstance(layer, CausalLayer) or (
            isinstance(layer, WeightNormalization) and isinstance(layer.layer, CausalLayer)
        )
        by_row = fed_by_row = "pixel" not in known and not sequence
        sees_pixel = any(id(t) in whole for t in inputs)
        hides = False
        if causal:
            inner = _checked(layer, fed_by_row)
            by_row = inner.strictly_above or fed_by_row
            hides = inner.hides_last_colour
        elif not _is_per_pixel(layer, len(image.shape)):
            raise NotIncrementalError(f"{type(layer).__name__} is no layer that can run by pixels")
        if sees_pixel and not hides:
            whole.add(id(output))
        kinds[id(output)] = "row" if by_row else "pixel"
        steps.append(_step(layer, inputs, output, stride, by_row, fed_by_row, sees_pixel))
    (output,) = network.outputs
    if id(output) not in kinds:
        raise NotIncrementalError("a layer is used more than once")
    if kinds[id(output)] != "pixel":
        raise NotIncrementalError("its output does not depend on the pixels to the left")
    if id(output) in whole:
        raise NotIncrementalError("its output depends on the pixel that it is to predict")
    return Plan(
        id(image),
        tuple(id(t) for t in others),
        id(output),
        (height, width),
        channels,
        tuple(constants),
        tuple(steps),
        tuple(along),
    )


def _postponed(network: keras.Model) -> set[int]:
    """Outputs of a sequence's layers that could run beforehand, and run sample by sample instead.

    Those that compute each sample alone from the other inputs, and that only such layers or those
    of the sequence itself ask: computed whole they would fill the memory, a map for each layer.
    """
    layers = [op for op in network.operations if not isinstance(op, keras.layers.InputLayer)]
    free = {id(t) for t in network.inputs[1:]}  # does not depend on the sequence
    for layer in layers:
        if all(id(t) in free for t in keras.tree.flatten(layer.input)):
            free.add(id(layer.output))
    asked_whole, postponed = set(), set()
    for layer in reversed(layers):
        inputs, output = keras.tree.flatten(layer.input), id(layer.output)
        if output not in free:
            continue
        alone = _is_per_pixel(layer, 3) and any(_differs_by_pixel(t) for t in inputs)
        if alone and output not in asked_whole:
            postponed.add(output)
        else:
            asked_whole |= {id(t) for t in inputs}
    return postponed


def _differs_by_pixel(t) -> bool:
    """Whether a tensor has a place for each pixel, and not one number for all of them."""
    return len(t.shape) > 2 and any(side != 1 for side in t.shape[1:-1])


def _step(layer, inputs, output, stride, by_row, fed_by_row, sees_pixel) -> Step:
    shape = inputs[0].shape
    return Step(
        layer,
        tuple(id(t) for t in inputs),
        id(output),
        output.shape[-1],
        shape[-1] if len(shape) > 1 else 1,
        shape[2] if len(shape) == 4 else 1,
        stride,
        by_row,
        fed_by_row,
        sees_pixel,
    )


def _checked(layer, fed_by_row: bool) -> CausalLayer:
    """The causal layer itself; refuses one that would look ahead."""
    inner = layer.layer if isinstance(layer, WeightNormalization) else layer
    if fed_by_row and not (inner.takes_rows or inner.strictly_above):
        raise NotIncrementalError(f"{type(inner).__name__} cannot take whole rows")
    if not fed_by_row and getattr(inner, "reads_the_right", False):
        raise NotIncrementalError(f"{layer.name} looks to the right in its own row")
    return inner


def _is_per_pixel(layer: keras.layers.Layer, rank: int) -> bool:
    last = (-1, rank - 1)
    if isinstance(layer, WeightNormalization):
        return _is_per_pixel(layer.layer, rank)
    if isinstance(layer, keras.layers.Concatenate):
        return layer.axis in last
    if isinstance(layer, (keras.layers.BatchNormalization, keras.layers.LayerNormalization)):
        return layer.axis in last or layer.axis in ([last[0]], [last[1]])
    if isinstance(layer, (keras.layers.Conv1D, keras.layers.Conv2D)):
        return {*layer.kernel_size, *layer.strides} == {1}
    return isinstance(layer, _PER_PIXEL) or getattr(layer, "per_pixel", False)
