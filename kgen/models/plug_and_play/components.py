"""Plain networks taken out of trained models, as their signatures use them."""

from __future__ import annotations

import keras
from keras import ops

from kgen.errors import DataError
from kgen.models.base import GenerativeModel
from kgen.models.signature import Signature
from kgen.training.averages import frozen_copy

#: Below it a probability's logarithm has no slope: float32 ends near 1e-38.
_SMALLEST = 1e-30


def generator_of(model: GenerativeModel) -> tuple[keras.Model, str | None]:
    """A copy of the network from latents to images, and the latents' distribution.

    Args:
        model: A model that decodes latents, or samples from latents alone.

    Returns:
        A network that is not trained, with the model's moving averages where it has these; and
        what `TensorSpec.distribution` says of the latents that samples are made of, `None` where
        samples are made of something else as well.

    Raises:
        DataError: If the model makes its images of more than latents, such as a label.

    Example:

        >>> from kgen.models import VAE
        >>> network, distribution = generator_of(VAE.build_default((8, 8, 1), latent_dim=3))
        >>> network.input_shape, network.output_shape, distribution
        ((None, 3), (None, 8, 8, 1), 'N(0, 1)')
    """
    signatures = model.signatures()
    for name in ("decode", "sample"):
        signature = signatures[name] if name in model.capabilities else None
        if signature is not None and _roles(signature) == ["latent"]:
            network = _traced(model, signature, "image", "generator")
            ((key, _),) = signature.inputs.items()
            sampled = signatures["sample"].inputs if "sample" in model.capabilities else {}
            return network, sampled[key].distribution if list(sampled) == [key] else None
    raise DataError(
        f"{type(model).__name__} makes no images of latents alone: a chain needs an unconditional "
        "generator, such as a VAE, an AE or a DCGAN."
    )


def encoder_of(model: GenerativeModel) -> keras.Model | None:
    """A copy of the network from images to latents; `None` where the model has none."""
    signature = model.signatures()["encode"] if "encode" in model.capabilities else None
    if signature is None or _roles(signature) != ["image"]:
        return None
    return _traced(model, signature, "latent", "encoder")


def logits_of(classifier: keras.Model) -> keras.Model:
    """A copy of a classifier's network, to its logits (n, classes).

    A softmax at the end is left out. Where it is the activation of a layer, the logarithms of the
    probabilities stand for the logits.

    Args:
        classifier: A model of kgen that can `classify`, or a Keras model from images to logits or
            probabilities (n, classes).

    Raises:
        DataError: If a model of kgen cannot classify.

    Example:

        >>> layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
        >>> logits_of(keras.Sequential([*layers, keras.layers.Softmax()])).layers[-1].name[:5]
        'dense'
    """
    if isinstance(classifier, GenerativeModel):
        if "classify" not in classifier.capabilities:
            raise DataError(
                f"{type(classifier).__name__} cannot classify: it can "
                f"{', '.join(classifier.capabilities)}."
            )
        signature = classifier.signatures()["classify"]
        network = _traced(classifier, signature, "probability", "classifier")
    else:
        network = classifier
    last = (getattr(network, "operations", None) or network.layers)[-1]
    if type(last).__name__ == "Softmax":
        logits = last.input
    elif getattr(last, "activation", None) is keras.activations.softmax:
        logits = ops.log(ops.maximum(last.output, _SMALLEST))
    else:
        logits = network.outputs[0]
    return frozen_copy(keras.Model(network.inputs[0], logits, name="classifier"))


def _roles(signature: Signature) -> list[str]:
    return [spec.role for spec in signature.inputs.values()]


def _traced(model: GenerativeModel, signature: Signature, role: str, name: str) -> keras.Model:
    """A copy of what a signature of one input computes for its output of this role."""
    ((key, spec),) = signature.inputs.items()
    output = next(each for each, its in signature.outputs.items() if its == role)
    symbol = keras.Input(spec.shape[1:], dtype=spec.dtype, name=key)
    try:
        made = signature.function(**{key: symbol})[output]
        return frozen_copy(keras.Model(symbol, made, name=name))
    except (TypeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise DataError(
            f"the {name} of {type(model).__name__} cannot be taken out of it ({reason}): give PPGN "
            "networks of your own."
        ) from error
