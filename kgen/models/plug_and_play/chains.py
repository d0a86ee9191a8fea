"""What one asks of chains: samples, completions, and all that lies on the way."""

import dataclasses

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.models.class_labels import OptionalLabels
from kgen.models.signature import Signature, TensorSpec, check_count, checked_mask
from kgen.training import Noise, draw_latents

#: So many chains are walked at once: the noise of every step of each is drawn before.
_AT_ONCE = 256


@dataclasses.dataclass(frozen=True)
class Chain:
    """What n chains went through.

    Attributes:
        steps: The numbers of the k steps that were kept; 0 is the start.
        codes: float32 (n, k, code_dim).
        images: float32 (n, k, height, width, channels) in [-1, 1].
        probabilities: Of the classes for each image, float32 (n, k, classes); `None` without any.
    """

    steps: tuple[int, ...]
    codes: np.ndarray
    images: np.ndarray
    probabilities: np.ndarray | None


class ChainCapabilities(OptionalLabels):
    """The capabilities of a model that walks chains by `walk`; see `kgen.models.PPGN`."""

    def kept(self, codes, log_p):
        """Of each chain the codes (n, code_dim) that `keep` asks for; the last of equal ones."""
        if self.keep == "last":
            return codes[:, -1]
        best = self.iterations - ops.argmax(ops.flip(log_p, axis=1), axis=1)
        return ops.take_along_axis(codes, best[:, None, None], axis=1)[:, 0]

    def show(self, codes):
        """The images of codes."""
        return ops.clip(self.generator(codes, training=False), -1.0, 1.0)

    def latents(self, n, noise):
        """`n` codes to start from, (n, code_dim), from a `Noise`."""
        shape = (n, self.code_dim)
        if self.distribution is None:
            return self.seen(noise.normal(shape))
        return draw_latents(noise, shape, self.distribution)

    def signatures(self):
        """`sample`, `complete`, `chain`, `generate`, and what classifier and encoder allow.

        A label of -1 asks for no class.
        """
        labels, image = self.label_inputs, {"images": "image"}
        drawn = {
            "latents": TensorSpec(
                (None, self.code_dim), role="latent", distribution=self.distribution
            ),
            "noise": TensorSpec((None, self.iterations, self.code_dim), role="noise"),
        }
        images = {"images": TensorSpec((None, *self.image_shape))}
        masked = {**images, "mask": TensorSpec((None, *self.image_shape[:2], 1), role="mask")}
        codes = {"codes": TensorSpec((None, self.code_dim), role="latent")}
        offered = {
            "sample": Signature(self._sample, {**drawn, **labels}, image),
            "complete": Signature(self._complete, {**masked, **drawn, **labels}, image),
            "chain": Signature(self._chain, {**drawn, **labels}, {"codes": "latent"}),
            "generate": Signature(lambda codes: {"images": self.show(codes)}, codes, image),
        }
        if self.classes is not None:
            judged = {"probabilities": "probability"}
            offered["classify"] = Signature(self._classify, images, judged)
        if "encoder" in self.network_names:
            offered["encode"] = Signature(self._encode, images, {"latents": "latent"})
        return offered

    def unavailable(self):
        """`classify` without a classifier, `encode` without an encoder."""
        needed = {"classify": "classifier", "encode": "encoder"}
        return {
            capability: f"there is no {network}"
            for capability, network in needed.items()
            if network not in self.network_names
        }

    def _sample(self, latents, noise, labels=None):
        return {"images": self.show(self.kept(*self.walk(latents, noise, labels)))}

    def _complete(self, images, mask, latents, noise, labels=None):
        known = ops.cast(mask > 0.5, "float32")
        made = self.show(self.kept(*self.walk(latents, noise, labels, images, known)))
        return {"images": known * images + (1 - known) * made}

    def _chain(self, latents, noise, labels=None):
        return {"codes": self.walk(latents, noise, labels)[0]}

    def _classify(self, images):
        return {"probabilities": ops.softmax(self.classifier(images, training=False), axis=-1)}

    def _encode(self, images):
        return {"latents": self.encoder(images, training=False)}

    # ---- asked with arrays -----------------------------------------------------------------------

    def sample(self, n: int, labels=None, seed: int | None = None, start=None) -> np.ndarray:
        """Walks `n` chains, and shows where they end.

        Args:
            n: How many.
            labels: One class for each, int (n,); drawn evenly if `None`.
            seed: The same seed gives the same images; `None` gives new ones at each call.
            start: Codes (n, code_dim) to start from, or images (n, height, width, channels), which
                are encoded; drawn if `None`.

        Returns:
            float32 images (n, height, width, channels) in [-1, 1].

        Raises:
            DataError: For labels that are no classes, or a start that does not fit.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        given = self.checked_labels(labels, check_count(n), noise)
        return self._served("sample", n, noise, start, given)

    def complete(
        self, images, mask, labels=None, seed: int | None = None, start=None
    ) -> np.ndarray:
        """Walks chains towards codes whose images have the known pixels, and adds what is missing.

        Args:
            images: (n, height, width, channels) in [-1, 1]; what is missing may hold anything in
                that range.
            mask: 1 or `True` where a pixel is known, 0 where it is missing: (height, width), or
                (n, height, width) with or without a last axis of 1.
            labels: One class for each, int (n,), to steer the chains as well; `None` for none.
            seed: As for `sample`.
            start: As for `sample`.

        Returns:
            float32 (n, height, width, channels) in [-1, 1]: the known pixels as they were given,
            and the generator's in all other places.

        Raises:
            DataError: For a mask, labels or a start that do not fit.
        """
        images, noise = np.asarray(images, "float32"), Noise(keras.random.SeedGenerator(seed))
        n, (height, width, _) = len(images), self.image_shape
        mask = checked_mask(mask, n, height, width)
        given = {} if labels is None else self.checked_labels(labels, n)
        if labels is None and self.classes is not None:
            given = {"labels": np.full(n, -1, "int32")}  # none
        return self._served("complete", n, noise, start, {"images": images, "mask": mask, **given})

    def chain(
        self, n: int, labels=None, seed: int | None = None, start=None, every: int = 10
    ) -> Chain:
        """Walks the chains of `sample`, and keeps what they go through.

        Args:
            n: How many.
            labels: As for `sample`, as for the others.
            seed: The chains are those of `sample` with this seed.
            start: See `sample`.
            every: Keep each so many-th step; the last one in any case.

        Raises:
            DataError: As for `sample`.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        given = self.checked_labels(labels, check_count(n), noise)
        steps = tuple(sorted({*range(0, self.iterations, check_count(every)), self.iterations}))
        codes = self._served("chain", n, noise, start, given)[:, list(steps)]
        images = self.serve("generate", codes=codes.reshape(-1, self.code_dim))
        judged = None if self.classes is None else self.classify(images)
        shape = codes.shape[:2]
        return Chain(
            steps,
            codes,
            images.reshape(*shape, *self.image_shape),
            None if judged is None else judged.reshape(*shape, -1),
        )

    def classify(self, images) -> np.ndarray:
        """The probabilities (n, classes) that the classifier gives images."""
        return self.serve("classify", images=images)

    def encode(self, images) -> np.ndarray:
        """The codes (n, code_dim) of images, to start from."""
        return self.serve("encode", images=images)

    def _codes_to_start(self, start, n: int) -> np.ndarray:
        start = np.asarray(start, "float32")
        if start.shape == (n, *self.image_shape):
            if "encode" not in self.capabilities:
                raise DataError("there is no encoder: give codes to start from, not images.")
            return self.encode(start)
        if start.shape != (n, self.code_dim):
            raise DataError(
                f"chains start from codes ({n}, {self.code_dim}) or images "
                f"{(n, *self.image_shape)}, got {start.shape}."
            )
        return start

    def _served(self, name: str, n: int, noise: Noise, start, inputs: dict) -> np.ndarray:
        start = None if start is None else self._codes_to_start(start, n)
        parts = []
        for first in range(0, n, _AT_ONCE):
            rows = slice(first, min(first + _AT_ONCE, n))
            count = rows.stop - first
            latents = ops.convert_to_numpy(self.latents(count, noise))
            steps = ops.convert_to_numpy(noise.normal((count, self.iterations, self.code_dim)))
            if start is not None:
                latents = start[rows]
            given = {key: array[rows] for key, array in inputs.items()}
            parts.append(self.serve(name, latents=latents, noise=steps, **given))
        return np.concatenate(parts)
