"""`LabelledGAN`: the base of GANs whose generator is told a class."""

import keras
import numpy as np
from keras import ops

from kgen.models.adversarial.gan import GAN
from kgen.models.base import images_of
from kgen.models.class_labels import OptionalLabels
from kgen.models.signature import check_count
from kgen.training import Noise


class LabelledGAN(OptionalLabels, GAN):
    """A GAN of images given their class. Data are `(images, labels)`.

    The generated images of a step have the labels of its real ones, so that classes are as frequent
    in training as in the data, and the pairs of an objective or a gradient penalty are of one
    class. What the discriminator does with the label is a subclass's affair: by default it does
    not see it.

    Args:
        generator: `[latents, labels]` to images, the labels int32 (n,).
        discriminator: Images to logits (n, 1).
        classes: How many classes there are.
        **kwargs: See `GAN` and `AdversarialGame`.

    Raises:
        ValueError: If the generator takes no labels, or there is no class.
    """

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, *, classes: int, **kwargs
    ):
        super().__init__(generator, discriminator, **kwargs)
        if classes < 1 or len(generator.inputs) != 2:
            raise ValueError(
                f"with classes={classes}, at least 1, the generator must take [latents, labels]; "
                f"this one has {len(generator.inputs)} input(s)."
            )
        self.classes = classes

    def draw(self, data, noise=None):
        """Latents, and the labels of the batch."""
        labels = self.labels_of(data)
        return self.latents(ops.shape(images_of(data))[0], noise), {"labels": labels}

    def generator_input(self, latents, *, labels):
        """Latents and labels."""
        return [latents, labels]

    def generator_conditions(self):
        """The labels."""
        return self.label_inputs

    def sample(self, n: int, labels=None, seed: int | None = None) -> np.ndarray:
        """Draws images.

        Args:
            n: How many.
            labels: One class for each, int (n,); drawn evenly if `None`.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            float32 images (n, height, width, channels) in [-1, 1].

        Raises:
            DataError: For labels that are no classes.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        latents = ops.convert_to_numpy(self.latents(check_count(n), noise))
        return self.serve("sample", latents=latents, **self.checked_labels(labels, n, noise))

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "classes": self.classes}
