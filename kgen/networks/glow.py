"""The flow of Glow, and the networks of its couplings (Kingma & Dhariwal 2018)."""

import keras
from keras import layers

from kgen.layers import (
    ActNorm,
    Coupling,
    GaussianPrior,
    GaussianSplit,
    InvertibleConv1x1,
    MultiScaleFlow,
    OnesChannel,
    Squeeze,
)


def glow(
    image_shape: tuple[int, ...] = (32, 32, 3),
    steps: int = 32,
    levels: int | None = None,
    width: int = 512,
    coupling: str = "affine",
    learn_prior: bool = True,
    classes: int | None = None,
) -> MultiScaleFlow:
    """Levels of squeeze, `steps` of flow, and split; a step is actnorm, 1x1 convolution, coupling.

    The paper's fig. 2. Points have one level, without squeeze and split, and dense networks.

    Args:
        image_shape: (height, width, channels), sides divisible by `2 ** levels`; or (dimensions,)
            of points.
        steps: Steps of flow in each level, K.
        levels: How many, L; by default 3 of images and 1 of points.
        width: Channels of the hidden layers in the couplings.
        coupling: `"affine"`, `"bounded"` or `"additive"`; see `kgen.layers.Coupling`.
        learn_prior: Whether the top prior is learned, or N(0, I).
        classes: Of a top prior for each class; `None` for one.

    Raises:
        ValueError: For sides that cannot be halved as often, or levels of points.

    Example:

        >>> flow = glow((8, 8, 3), steps=1, levels=2, width=4)
        >>> flow.latent_shapes
        [(4, 4, 6), (2, 2, 24)]
    """
    points = len(image_shape) == 1
    levels = (1 if points else 3) if levels is None else levels
    if points and (levels != 1 or image_shape[0] < 2):
        raise ValueError(f"points of {image_shape[0]} dimensions: they need 2, and have one level.")
    if not points and any(side % 2**levels for side in image_shape[:2]):
        raise ValueError(
            f"images of {image_shape[0]}x{image_shape[1]} cannot be halved {levels} times."
        )
    chain, shape = [], (None, *image_shape)
    for level in range(levels):
        if not points:
            chain.append(Squeeze())
            shape = chain[-1].transformed_shape(shape)
        *rest, channels = shape[1:]
        kept, changed = Coupling.split_channels(channels)
        outputs = Coupling.parameters_of(coupling) * changed
        for _ in range(steps):
            network = coupling_network((*rest, kept), outputs, width)
            chain += [ActNorm(), InvertibleConv1x1(), Coupling(network, coupling)]
        if level < levels - 1:
            chain.append(GaussianSplit(zero_network((*rest, kept), 2 * changed)))
            shape = chain[-1].transformed_shape(shape)
    return MultiScaleFlow(chain, GaussianPrior(learn_prior, classes), image_shape)


def coupling_network(shape: tuple[int, ...], outputs: int, width: int = 512) -> keras.Model:
    """Convolutions of 3x3, 1x1 and 3x3, the last of them zero; dense layers for points.

    The paper's section 3.3 and the authors' code: actnorm and ReLU after the first two, which start
    from N(0, 0.05).

    Args:
        shape: Of the input: (height, width, channels), or (dimensions,).
        outputs: Channels of the output.
        width: Channels of the hidden layers.

    Example:

        >>> network = coupling_network((4, 4, 2), 6, width=8)
        >>> network.output_shape, float(keras.ops.max(network(keras.ops.ones((1, 4, 4, 2)))))
        ((None, 4, 4, 6), 0.0)
    """
    inputs = x = keras.Input(shape)
    for size in (3, 1):
        x = _linear(x, width, size, keras.initializers.RandomNormal(0.0, 0.05))
        x = layers.ReLU()(ActNorm()(x)[0])
    return keras.Model(inputs, _zeros(x, outputs), name="coupling_network")


def zero_network(shape: tuple[int, ...], outputs: int) -> keras.Model:
    """The one layer, zero at first, that says what a split takes out (the authors' code)."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, _zeros(inputs, outputs), name="zero_network")


def _zeros(x, outputs: int):
    """A layer of zeros with a learned gain, in float32 under any policy."""
    x = _linear(x, outputs, 3, "zeros", dtype="float32")
    return ActNorm(data_dependent=False)(x)[0]


def _linear(x, units: int, size: int, initializer, **kwargs):
    kwargs |= {"use_bias": False, "kernel_initializer": initializer}
    if len(x.shape) == 2:
        return layers.Dense(units, **kwargs)(x)
    if size > 1:  # what the authors call padding with an edge bias
        x = OnesChannel()(x)
    return layers.Conv2D(units, size, padding="same", **kwargs)(x)
