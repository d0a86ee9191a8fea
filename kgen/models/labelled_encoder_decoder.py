"""Models that map images to latents and back, given the class of each."""

import keras
import numpy as np
from keras import ops

from kgen.models.class_labels import OptionalLabels
from kgen.models.signature import check_count
from kgen.training import Noise


class LabelledEncoderDecoder(OptionalLabels):
    """What an `EncoderDecoder` inherits, before it, whose two networks see the label.

    Its `classes` is a number, and both networks take `[images or latents, labels]`.
    """

    def check_told(self) -> None:
        """Raises `ValueError` unless both networks have two inputs, and there is a class."""
        inputs = [len(network.inputs) for network in (self.encoder, self.decoder)]
        if self.classes < 1 or inputs != [2, 2]:
            raise ValueError(
                f"with classes={self.classes}, at least 1, both networks must have two inputs, the "
                f"second one the labels; these have {inputs[0]} and {inputs[1]}."
            )

    def conditions(self):
        """The labels."""
        return self.label_inputs

    def sample(self, n: int, labels=None, seed: int | None = None) -> np.ndarray:
        """Draws latents from the prior and decodes them.

        Args:
            n: How many.
            labels: One class for each, int (n,); drawn evenly if `None`.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            What `decode` gives: float32 images (n, height, width, channels) in [-1, 1].

        Raises:
            DataError: For labels that are no classes.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        latents = ops.convert_to_numpy(self.latents(check_count(n), noise))
        return self.serve("sample", latents=latents, **self.checked_labels(labels, n, noise))

    def encode(self, images, labels) -> np.ndarray:
        """The posterior's means (n, latent_dim) of images with these labels."""
        return self.serve("encode", images=images, **self.checked_labels(labels, len(images)))

    def decode(self, latents, labels) -> np.ndarray:
        """The images, float32 in [-1, 1], of latents and labels."""
        return self.serve("decode", latents=latents, **self.checked_labels(labels, len(latents)))

    def reconstruct(self, images, labels) -> np.ndarray:
        """The images of the posterior's means; other labels give other images."""
        labels = self.checked_labels(labels, len(images))
        return self.serve("reconstruct", images=images, **labels)
