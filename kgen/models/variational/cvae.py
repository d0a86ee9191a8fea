"""Conditional VAE (Kingma et al. 2014; Sohn, Lee & Yan 2015)."""

import functools

import keras
import numpy as np
from keras import ops

from kgen.models.class_labels import OptionalLabels
from kgen.models.signature import check_count
from kgen.models.variational.vae import VAE
from kgen.training import Noise


@keras.saving.register_keras_serializable("kgen")
class CVAE(OptionalLabels, VAE):
    """A VAE of images given their class: both networks see the label.

    Sohn, Lee & Yan, *Learning Structured Output Representation using Deep Conditional Generative
    Models*, 2015, with the class as the condition, and with a prior that does not depend on it as
    in M2 of Kingma, Rezende, Mohamed & Welling, *Semi-Supervised Learning with Deep Generative
    Models*, 2014 (eq. 6, without its constant `log p(y)`). The loss is the negative of

        E_q(z|x,y) log p(x|y,z) - KL(q(z|x,y) || N(0, I)) <= log p(x|y)

    so that latents say what the class leaves open. Data are `(images, labels)`. All that `VAE` can,
    this can given labels; `sample` draws the classes evenly if none are given.

    Args:
        encoder: `[images, labels]` to `[mean, log_variance]`, the labels int32 (n,).
        decoder: `[latents, labels]` to the likelihood's parameters.
        classes: How many classes there are.
        **kwargs: See `VAE`.

    Raises:
        ValueError: If the networks do not fit each other, the likelihood or the classes.

    Example:

        >>> model = CVAE.build_default((8, 8, 1), latent_dim=2, classes=10)
        >>> model.compile()
        >>> model.sample(2, labels=[3, 7], seed=1).shape
        (2, 8, 8, 1)
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, *, classes: int, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if classes < 1 or len(encoder.inputs) != 2 or len(decoder.inputs) != 2:
            raise ValueError(
                f"with classes={classes}, at least 1, both networks must have two inputs, the "
                f"second one the labels; these have {len(encoder.inputs)} and "
                f"{len(decoder.inputs)}."
            )
        self.classes = classes

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 50,
        classes: int = 10,
        **kwargs,
    ) -> "CVAE":
        """The networks of `VAE`, with the label as a one-hot vector beside their first dense layer.

        Args:
            image_shape: See `VAE.build_default`.
            latent_dim: Length of the latent vectors.
            classes: How many classes there are.
            **kwargs: See `VAE.build_default`.

        Raises:
            ValueError: See `VAE.build_default`.
        """
        return super().build_default(image_shape, latent_dim, classes=classes, **kwargs)

    def conditions(self):
        """The labels."""
        return self.label_inputs

    def conditions_of(self, data):
        """The labels of a batch."""
        return {"labels": self.labels_of(data)}

    def networks(self, training, labels):
        """Encoder and decoder that are told the labels."""
        return [functools.partial(_told, f, labels) for f in super().networks(training)]

    def sample(self, n: int, labels=None, seed: int | None = None) -> np.ndarray:
        """Draws latents from the prior and decodes them.

        Args:
            n: How many.
            labels: One class for each, int (n,); drawn evenly if `None`.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            The expected images given latents and labels, float32 in [-1, 1].

        Raises:
            DataError: For labels that are no classes.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        latents = ops.convert_to_numpy(noise.normal((check_count(n), self.latent_dim)))
        return self.serve("sample", latents=latents, **self.checked_labels(labels, n, noise))

    def encode(self, images, labels) -> np.ndarray:
        """The posterior's means (n, latent_dim) of images with these labels."""
        return self.serve("encode", images=images, **self.checked_labels(labels, len(images)))

    def decode(self, latents, labels) -> np.ndarray:
        """The expected images, in [-1, 1], of latents and labels."""
        return self.serve("decode", latents=latents, **self.checked_labels(labels, len(latents)))

    def reconstruct(self, images, labels) -> np.ndarray:
        """The expected images given the posterior's means; other labels give other images."""
        labels = self.checked_labels(labels, len(images))
        return self.serve("reconstruct", images=images, **labels)

    def log_prob(self, images, labels, samples: int = 64, seed: int | None = None) -> np.ndarray:
        """The importance-weighted lower bound of `log p(x|y)`; see `VAE.log_prob`."""
        labels = self.checked_labels(labels, len(images))
        return self.importance_bound(images, samples, seed, **labels)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "classes": self.classes}


def _told(network, labels, x, training):
    # Of k draws a label: those of one image stand together.
    n = ops.shape(labels)[0]
    k = ops.shape(x)[0] // n
    labels = ops.reshape(ops.broadcast_to(labels[:, None], (n, k)), (-1,))
    return network([x, labels], training=training)
