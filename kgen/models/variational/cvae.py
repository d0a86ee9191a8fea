"""Conditional VAE (Kingma et al. 2014; Sohn, Lee & Yan 2015)."""

import functools

import keras
import numpy as np
from keras import ops

from kgen.models.labelled_encoder_decoder import LabelledEncoderDecoder
from kgen.models.variational.vae import VAE


@keras.saving.register_keras_serializable("kgen")
class CVAE(LabelledEncoderDecoder, VAE):
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
        self.classes = classes
        self.check_told()

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

    def conditions_of(self, data):
        """The labels of a batch."""
        return {"labels": self.labels_of(data)}

    def networks(self, training, labels):
        """Encoder and decoder that are told the labels."""
        return [functools.partial(_told, f, labels) for f in super().networks(training)]

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
