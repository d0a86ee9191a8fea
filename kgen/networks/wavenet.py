"""The network of WaveNet: a stack of gated, dilated causal convolutions with skip connections."""

from collections.abc import Sequence

import keras
from keras import layers

from kgen.layers import CausalConv1D, GatedActivation, OneHotLevels

UPSAMPLINGS = ("transposed", "repeat")


def dilations_of(stacks: int, layers_per_stack: int) -> tuple[int, ...]:
    """1, 2, 4, ... in each stack, and over again in the next.

    Example:

        >>> dilations_of(2, 3)
        (1, 2, 4, 1, 2, 4)
    """
    return tuple(2**i for i in range(layers_per_stack)) * stacks


def receptive_field(dilations: Sequence[int], kernel_size: int = 2, stem: int = 2) -> int:
    """How many past samples move the distribution of the next: `stem + (k - 1) * sum(dilations)`.

    Example:

        >>> receptive_field(dilations_of(5, 10)), receptive_field(dilations_of(5, 10), stem=32)
        (5117, 5147)
    """
    return stem + (kernel_size - 1) * sum(dilations)


def wavenet(
    dilations: Sequence[int] = dilations_of(3, 10),
    width: int = 32,
    skip_width: int = 256,
    levels: int = 256,
    kernel_size: int = 2,
    stem: int | None = None,
    scalar_input: bool = False,
    classes: int | None = None,
    features: int | None = None,
    hop: int = 1,
    upsampling: str = "transposed",
) -> keras.Model:
    """Sounds on the mu-law's scale to the logits of each sample, from the samples before it.

    Van den Oord et al., *WaveNet: A Generative Model for Raw Audio*, 2016, figure 4. A causal
    convolution; residual layers `z = tanh(W_f * x) sigmoid(W_g * x)`, each with a 1x1 convolution
    to the next layer and one to the sum of all skips; then ReLU, 1x1, ReLU, 1x1.

    Conditions enter each gate (section 2.5): a class, the same for all samples, as a learned
    vector; a sequence of features, one frame for `hop` samples, is first brought to the rate of
    the samples, and then through a 1x1 convolution in each layer.

    Args:
        dilations: Of the residual layers.
        width: Channels of the residual layers.
        skip_width: Channels of the skips.
        levels: Into how many the amplitude is cut.
        kernel_size: Of the dilated convolutions.
        stem: Kernel of the first convolution; by default `kernel_size`, or 32 for scalar input.
        scalar_input: Whether samples enter as one number each, and not one-hot.
        classes: How many classes the sounds have; `None` for no class input.
        features: Channels of the feature sequence; `None` for none.
        hop: Samples to a frame of features.
        upsampling: `"transposed"`: a learned transposed convolution over two frames, or `"repeat"`.

    Returns:
        A model of `waves` (n, length, 1) of any length, or of `[waves, labels, features]` without
        those it has not: labels int32 (n,), features (n, frames, features) with `frames * hop`
        equal to the length. It gives (n, length, levels).

    Raises:
        ValueError: For an unknown way to upsample, or no dilations.

    Example:

        >>> network = wavenet(dilations_of(1, 3), 4, 8, classes=2, features=5, hop=10)
        >>> [tensor.name for tensor in network.inputs], network.output_shape
        (['waves', 'labels', 'features'], (None, None, 256))
    """
    if upsampling not in UPSAMPLINGS:
        raise ValueError(f"upsampling must be one of {UPSAMPLINGS}, got {upsampling!r}.")
    if not dilations:
        raise ValueError("a WaveNet needs at least one dilation.")
    waves = keras.Input((None, 1), name="waves")
    inputs, local = [waves], None
    labels = None if classes is None else keras.Input((), dtype="int32", name="labels")
    if labels is not None:
        inputs.append(labels)
    if features is not None:
        frames = keras.Input((None, features), name="features")
        inputs.append(frames)
        local = _upsampled(frames, features, hop, upsampling)

    x = waves if scalar_input else OneHotLevels(levels)(waves)
    stem = stem or (32 if scalar_input else kernel_size)
    x = CausalConv1D(width, stem, shift=1, name="stem")(x)
    total = None
    for i, dilation in enumerate(dilations):
        gates = [CausalConv1D(2 * width, kernel_size, dilation)(x)]
        if labels is not None:
            gates.append(layers.Reshape((1, -1))(layers.Embedding(classes, 2 * width)(labels)))
        if local is not None:
            gates.append(layers.Dense(2 * width, use_bias=False)(local))
        z = GatedActivation()(layers.Add()(gates) if len(gates) > 1 else gates[0])
        skip = layers.Dense(skip_width)(z)
        # One after another: a sum of all at once would hold them all in memory.
        total = skip if total is None else layers.Add()([total, skip])
        if i + 1 < len(dilations):
            x = layers.Add()([x, layers.Dense(width)(z)])
    x = layers.Dense(skip_width, activation="relu")(layers.ReLU()(total))
    logits = layers.Dense(levels, dtype="float32", name="to_parameters")(x)
    return keras.Model(inputs if len(inputs) > 1 else waves, logits, name="wavenet")


def _upsampled(frames, features: int, hop: int, upsampling: str):
    if upsampling == "repeat":
        return layers.UpSampling1D(hop)(frames)
    return layers.Conv1DTranspose(features, 2 * hop, hop, padding="same", name="upsample")(frames)
