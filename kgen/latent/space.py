"""Which inputs a model's images are made of, read from its signatures."""

from __future__ import annotations

import functools

import keras
import numpy as np

from kgen.errors import DataError
from kgen.latent.priors import draw

#: The inputs that images are made of, by name, each with one row an image.
Codes = dict[str, np.ndarray]


class LatentSpace:
    """How a model makes images of latents, and, if it can, latents of images.

    All is read from the model's capabilities and signatures: images are made by `decode`, or by
    `sample` where there is no decoder, from *codes*, a dictionary of that signature's inputs: the
    latents, and labels and noise where it takes them.

    Args:
        model: A `kgen.models.GenerativeModel`.

    Attributes:
        signature: The name of the signature that makes the images.
        inputs: Its inputs, `TensorSpec`s by name.
        latents: The names of those that are latents.
        images: The name of the output that is the images.

    Raises:
        DataError: If the model makes no images from latents.

    Example:

        >>> import kgen
        >>> space = LatentSpace(kgen.models.VAE.build_default((8, 8, 1), latent_dim=3))
        >>> codes = space.draw(5, seed=1)
        >>> codes["latents"].shape, space.decode(codes).shape, space.distribution()
        ((5, 3), (5, 8, 8, 1), 'N(0, 1)')
    """

    def __init__(self, model: keras.Model):
        signatures = model.signatures()
        for name in ("decode", "sample"):
            if name not in model.capabilities or name not in signatures:
                continue
            inputs, outputs = signatures[name].inputs, signatures[name].outputs
            latents = [key for key, spec in inputs.items() if spec.role == "latent"]
            if latents and "image" in outputs.values():
                break
        else:
            raise DataError(
                f"{type(model).__name__} makes no images from latents: it can "
                f"{', '.join(model.capabilities)}."
            )
        self.model = model
        self.signature = name
        self.inputs = inputs
        self.latents = tuple(latents)
        self.images = next(key for key, role in outputs.items() if role == "image")
        sample = signatures.get("sample") if "sample" in model.capabilities else None
        # A decoder's latents follow the prior only if samples are decoded from just these.
        self._sampled = sample.inputs if sample is not None else {}
        encode = signatures.get("encode") if "encode" in model.capabilities else None
        self._encoded = set(encode.outputs if encode is not None else ())

    @property
    def can_encode(self) -> bool:
        """Whether the model has an encoder, and of all the latents that images are made of."""
        return self._encoded >= set(self.latents)

    @property
    def takes_labels(self) -> bool:
        """Whether images are made of the labels of the data as well."""
        return "labels" in self.inputs

    @functools.cached_property
    def image_shape(self) -> tuple[int, int, int]:
        """The shape of an image, of one that is made."""
        blank = {name: np.zeros((1, *self.size(name)), "float32") for name in self.latents}
        return self.decode(self.complete(blank, 1)).shape[1:]

    def distribution(self, name: str | None = None) -> str | None:
        """The prior of some latents (the first by default); `None` if the model has none."""
        name = name or self.latents[0]
        spec = self._sampled.get(name)
        return spec.distribution if spec is not None and spec.role == "latent" else None

    def size(self, name: str) -> tuple[int, ...]:
        """The shape of one example of an input; sides that may have any length have 1."""
        return tuple(1 if side is None else side for side in self.inputs[name].shape[1:])

    def draw(self, n: int, seed: int = 0, labels=None) -> Codes:
        """Codes of `n` samples.

        Args:
            n: How many.
            seed: The same seed gives the same codes.
            labels: Of a conditional model, one class for each or one for all; drawn evenly if
                `None`. Other categorical codes, such as InfoGAN's, are always drawn.

        Raises:
            DataError: If the latents have no known distribution and are not to be had by encoding
                samples.
        """
        if any(self.distribution(name) is None for name in self.latents):
            if not {"sample", "encode"} <= self.model.capabilities.keys():
                raise DataError(
                    f"{type(self.model).__name__} has no prior to draw latents from: encode images."
                )
            return self.encode(self.model.sample(n, seed=seed))
        codes = self.complete({}, n, seed, labels)
        rng = np.random.default_rng([seed, 1])
        for name in self.latents:
            codes[name] = draw(rng, (n, *self.size(name)), self.distribution(name))
        return {name: codes[name] for name in self.inputs}

    def encode(self, images, labels=None) -> Codes:
        """Codes of images, by the model's encoder.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            labels: Of a conditional model, the class of each or one for all.

        Raises:
            DataError: If the model cannot encode, or needs labels.
        """
        if not self.can_encode:
            what = f"encodes only {', '.join(self._encoded)}" if self._encoded else "has no encoder"
            raise DataError(
                f"{type(self.model).__name__} {what}: find latents with kgen.latent.invert."
            )
        n = len(images)
        known = self.model.capabilities["encode"]
        arguments = {"seed": 0} if "seed" in known else {}
        if self.takes_labels and labels is None:
            raise DataError(f"{type(self.model).__name__} needs the label of each image.")
        if "labels" in known and labels is not None:
            arguments["labels"] = np.broadcast_to(np.asarray(labels, "int32"), (n,))
        found = self.model.encode(images, **arguments)
        found = found if isinstance(found, dict) else {self.latents[0]: found}
        codes = self.complete({name: found[name] for name in self.latents}, n, labels=labels)
        return {name: codes[name] for name in self.inputs}

    def complete(self, codes: Codes, n: int, seed: int = 0, labels=None) -> Codes:
        """Codes with the inputs that are still missing beside latents: labels and noise.

        Args:
            codes: Some of the inputs.
            n: How many rows.
            seed: Of noise, equal in all rows, and of labels that are not given.
            labels: As for `draw`.
        """
        if labels is not None and not self.takes_labels:
            raise DataError(
                f"{type(self.model).__name__} makes no classes of the data: leave the labels out."
            )
        rng = np.random.default_rng([seed, 2])
        codes = dict(codes)
        for name, spec in self.inputs.items():
            if name in codes or spec.role == "latent":
                continue
            if spec.role == "label":
                given = labels is not None and name == "labels"
                drawn = labels if given else rng.integers(spec.classes or 1, size=n)
                codes[name] = np.array(np.broadcast_to(np.asarray(drawn, spec.dtype), (n,)))
                if codes[name].min() < 0 or codes[name].max() >= (spec.classes or 1):
                    raise DataError(f"labels are whole numbers from 0 to {spec.classes - 1}.")
            elif spec.role in ("noise", "uniform"):
                size = (1, *self.size(name))
                one = rng.standard_normal(size) if spec.role == "noise" else rng.random(size)
                codes[name] = np.repeat(one.astype("float32"), n, axis=0)
            else:
                raise DataError(
                    f"{type(self.model).__name__} makes images of {name} ({spec.role}) as well, "
                    "which kgen.latent cannot choose."
                )
        return codes

    def decode(self, codes: Codes, batch_size: int = 64) -> np.ndarray:
        """The images, float32 (n, height, width, channels) in [-1, 1], of codes."""
        made = self.model.serve(self.signature, batch_size, **codes)
        return made[self.images] if isinstance(made, dict) else made


def rows_of(codes: Codes, rows) -> Codes:
    """The chosen rows of every input: an index array, a slice, or one number (kept as a row).

    Example:

        >>> rows_of({"latents": np.arange(6).reshape(3, 2)}, 1)
        {'latents': array([[2, 3]])}
    """
    rows = [rows] if isinstance(rows, (int, np.integer)) else rows
    return {name: np.asarray(values)[rows] for name, values in codes.items()}


def count(codes: Codes) -> int:
    """How many rows codes have.

    Raises:
        DataError: If the inputs have different numbers of rows.
    """
    lengths = {name: len(values) for name, values in codes.items()}
    if len(set(lengths.values())) != 1:
        raise DataError(f"codes have one row an image in every input, got {lengths}.")
    return next(iter(lengths.values()))
