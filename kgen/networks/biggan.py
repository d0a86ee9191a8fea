"""BigGAN's residual generator and discriminator (Brock et al. 2019, appendix B).

Where the paper is silent the facts are those of the first author's PyTorch code. Every convolution
and dense layer is divided by its spectral norm, and so is the discriminator's table of classes; the
generator's is not.
"""

from collections.abc import Callable
from functools import partial

import keras
from keras import layers, ops

from kgen.layers import ConditionalBatchNormalization, SelfAttention, SpectralNormalization
from kgen.networks.residual import down_block, projection, up_block
from kgen.networks.sizes import doublings

#: The name of the table of classes that all of a generator's normalisations share.
SHARED_EMBEDDING = "shared_embedding"

# Channels of the maps in units of the width: the generator's first map and each doubling of it, the
# discriminator's blocks. Smaller images have 4 throughout.
_GENERATOR = {64: (16, 16, 8, 4, 2), 128: (16, 16, 8, 4, 2, 1)}
_DISCRIMINATOR = {64: (1, 2, 4, 8, 16), 128: (1, 2, 4, 8, 16, 16)}

_INITIALIZERS = {
    "orthogonal": keras.initializers.Orthogonal,
    "normal": lambda: keras.initializers.RandomNormal(0.0, 0.02),
}


def _checked(image_shape, classes, initializer) -> tuple[int, int, Callable]:
    """The side of the smallest map, its doublings, and what makes an initializer for each layer."""
    root, times = doublings(image_shape)
    if image_shape[0] > 32 and image_shape[0] not in _GENERATOR:
        raise ValueError(
            f"BigGAN makes images of up to 32 pixels a side, or of 64 or 128, not of "
            f"{image_shape[0]}: choose the nearest as image_size."
        )
    if classes < 1:
        raise ValueError(f"classes must be at least 1, got {classes}.")
    if initializer not in _INITIALIZERS:
        names = ", ".join(_INITIALIZERS)
        raise ValueError(f"initializer must be one of {names}, got {initializer!r}.")
    return root, times, _INITIALIZERS[initializer]


def _attention_at(attention, side):
    """The map that has self-attention; by default of half the image's side, from 64 pixels on."""
    return (side // 2 if side >= 64 else None) if attention == "auto" else attention


def _conv(x, channels, size, start):
    # A new initializer for each layer: one object gives equal shapes equal values.
    conv = layers.Conv2D(channels, size, padding="same", kernel_initializer=start())
    return SpectralNormalization(conv)(x)


def biggan_generator(
    image_shape: tuple[int, int, int],
    classes: int,
    latent_dim: int = 120,
    width: int = 96,
    shared_dim: int | None = 128,
    attention: int | str | None = "auto",
    initializer: str = "orthogonal",
) -> keras.Model:
    """`[latents, labels]`, (n, latent_dim) and int (n,), to images (n, *image_shape) in [-1, 1].

    The latents are split in chunks. From the first one a dense layer makes the smallest map; each
    block that doubles it has one of the others, which joined with the shared embedding of the class
    gives the gains and shifts of its batch normalisations. For ImageNet at 128 pixels, with 1000
    classes, that makes 70,433,988 trainable weights.

    Args:
        image_shape: Square, with a side of 64 or 128, or of 4 or 7 times a power of two up to 32.
        classes: How many classes there are.
        latent_dim: Length of the latent vector; a multiple of the number of blocks plus one.
        width: The paper's `ch`. The first map has 16 times as many channels from 64 pixels on,
            and all maps have 4 times as many in smaller networks.
        shared_dim: Length of the shared embedding. With `None` the latents are not split, and each
            normalisation has tables of gains and shifts by class: the authors' code for CIFAR-10.
        attention: The side of the map that has self-attention, `None` for none. By default half of
            the image's side from 64 pixels on (64 at 128 pixels is the paper's; it has no smaller
            networks), and none below.
        initializer: `"orthogonal"`, or `"normal"` for N(0, 0.02).

    Raises:
        ValueError: For a side that the network cannot make, latents that cannot be split, or an
            argument outside its range.

    Example:

        >>> network = biggan_generator((32, 32, 3), classes=10, width=4)
        >>> network.output_shape
        (None, 32, 32, 3)
    """
    root, times, start = _checked(image_shape, classes, initializer)
    side = image_shape[0]
    widths = [width * factor for factor in _GENERATOR.get(side, (4,) * (times + 1))]
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    if shared_dim is None:
        first, conditions = latents, [labels] * times
        normalisation = partial(ConditionalBatchNormalization, classes)
    else:
        if latent_dim % (times + 1):
            raise ValueError(
                f"latent_dim must be a multiple of {times + 1} to be split for {times} blocks, "
                f"got {latent_dim}."
            )
        table = layers.Embedding(
            classes, shared_dim, embeddings_initializer=start(), name=SHARED_EMBEDDING
        )
        shared = table(labels)
        first, *chunks = ops.split(latents, times + 1, axis=1)
        conditions = [layers.Concatenate()([shared, chunk]) for chunk in chunks]
        normalisation = partial(ConditionalBatchNormalization, spectral_norm=True)
    dense = layers.Dense(root * root * widths[0], kernel_initializer=start())
    x = layers.Reshape((root, root, widths[0]))(SpectralNormalization(dense)(first))
    for channels, condition in zip(widths[1:], conditions, strict=True):
        x = up_block(
            x,
            channels,
            lambda y, c=condition: normalisation(initializer=start())([y, c]),
            partial(_conv, start=start),
        )
        if x.shape[1] == _attention_at(attention, side):
            x = SelfAttention(start())(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    last = layers.Conv2D(
        image_shape[-1], 3, padding="same", kernel_initializer=start(), dtype="float32"
    )
    images = layers.Activation("tanh", dtype="float32")(
        SpectralNormalization(last, dtype="float32")(x)
    )
    return keras.Model([latents, labels], images, name="generator")


def biggan_discriminator(
    image_shape: tuple[int, int, int],
    classes: int,
    width: int = 96,
    attention: int | str | None = "auto",
    initializer: str = "orthogonal",
) -> keras.Model:
    """`[images, labels]` to logits (n, 1): `w h + b + <e(y), h>` of features h summed over places.

    The projection discriminator of Miyato & Koyama 2018. For images up to 32 pixels residual blocks
    halve the map until its side is at most 8, and two more do not; larger ones are halved to 4 x 4,
    and one more does not. For ImageNet at 128 pixels, with 1000 classes, that makes 87,982,370
    trainable weights.

    Args:
        image_shape: As for `biggan_generator`, and so are the rest.
        classes: How many classes there are.
        width: The paper's `ch`.
        attention: The side of the map that has self-attention, `None` for none.
        initializer: `"orthogonal"` or `"normal"`.

    Raises:
        ValueError: For a side that halving does not bring to 4 or 7, or an argument outside its
            range.

    Example:

        >>> biggan_discriminator((32, 32, 3), classes=10, width=4).output_shape
        (None, 1)
    """
    root, _, start = _checked(image_shape, classes, initializer)
    side = image_shape[0]
    images = keras.Input(image_shape, name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    smallest, more = (root, 1) if side in _DISCRIMINATOR else (8, 2)
    halvings = 0
    while side >> halvings > smallest:
        halvings += 1
    factors = _DISCRIMINATOR.get(side, (4,) * (halvings + more))
    x = images
    for i, factor in enumerate(factors):
        x = down_block(x, width * factor, partial(_conv, start=start), i < halvings, i == 0)
        if i < halvings and x.shape[1] == _attention_at(attention, side):
            x = SelfAttention(start())(x)
    logits = projection(x, labels, classes, start)
    return keras.Model([images, labels], logits, name="discriminator")
