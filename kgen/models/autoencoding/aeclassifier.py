"""Autoencoder with a softmax head: a classifier that learns from a few labels."""

import keras
import numpy as np
from keras import ops

from kgen.losses import categorical_log_prob
from kgen.models.autoencoding.ae import AE
from kgen.models.autoencoding.corruption import check_corruption, corrupt
from kgen.models.semi_supervised import parts_of
from kgen.models.signature import Signature
from kgen.training import begin_anew


@keras.saving.register_keras_serializable("kgen")
class AEClassifier(AE):
    """An encoder that learns to give images back, and then to classify the few that have labels.

    Unsupervised pre-training and supervised fine-tuning as in Hinton & Salakhutdinov, *Reducing the
    Dimensionality of Data with Neural Networks*, 2006, and, with corrupted images, Vincent et al.,
    *Stacked Denoising Autoencoders*, 2010 (here all layers at once). One `fit` does both:

    1. The first `pretraining_steps` train encoder and decoder on all images, as `AE` does.
    2. Then encoder and classifier minimise `-log p(y | x)` of the images that have labels. The
       optimizer begins anew, without what it remembers of the first phase.

    The phase follows from the saved step. A batch is `((labelled, labels), unlabelled)`, as
    `kgen.datasets.load(..., labels_per_class=10)` gives it; evaluation takes `(images, labels)`.
    Both losses and the error of the labelled images are reported in either phase.

    Args:
        encoder: See `AE`.
        decoder: See `AE`.
        classifier: Latents to logits (n, classes).
        pretraining_steps: How long the first phase is; 0 gives the supervised baseline.
        corruption: Of what the encoder sees in the first phase, see `DenoisingAE`; `None` for none.
        level: Of the corruption.
        **kwargs: See `AE`.

    Raises:
        ValueError: If the networks do not fit each other, or for settings out of range.

    Example:

        >>> model = AEClassifier.build_default((8, 8, 1), classes=3, latent_dim=4)
        >>> model.compile()
        >>> model.classify(np.zeros((2, 8, 8, 1))).shape
        (2, 3)
    """

    averaged = ("encoder", "decoder", "classifier")
    players = {"model": ("encoder", "decoder", "classifier")}
    loss_names = ("reconstruction_loss", "classification_loss", "error")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        classifier: keras.Model,
        *,
        pretraining_steps: int = 5000,
        corruption: str | None = None,
        level: float = 0.25,
        **kwargs,
    ):
        super().__init__(encoder, decoder, networks={"classifier": classifier}, **kwargs)
        if tuple(classifier.input_shape) != (None, self.latent_dim):
            raise ValueError(
                f"the classifier must take the {self.latent_dim} numbers that the encoder gives, "
                f"not {classifier.input_shape}."
            )
        if pretraining_steps < 0:
            raise ValueError(f"pretraining_steps must be at least 0, got {pretraining_steps}.")
        if corruption is not None:
            check_corruption(corruption, level)
        self.num_classes = classifier.output_shape[-1]
        self.pretraining_steps = pretraining_steps
        self.corruption, self.level = corruption, level

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        classes: int = 10,
        latent_dim: int = 64,
        architecture: str = "dense",
        tied: bool = False,
        hidden: tuple[int, ...] = (500, 250),
        width: int = 32,
        **kwargs,
    ) -> "AEClassifier":
        """The networks of `AE` and one softmax layer on the latents.

        Args:
            image_shape: See `AE.build_default`, as for the other arguments.
            classes: How many.
            latent_dim: Length of the latents.
            architecture: `"dense"`, `"conv"`, `"linear"` or `"sigmoid"`.
            tied: Whether the decoder's kernel is the encoder's transposed.
            hidden: Units of the dense layers.
            width: Channels of the first map.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: See `AE.build_default`.
        """
        networks = cls.default_networks(image_shape, latent_dim, architecture, tied, hidden, width)
        latents = keras.Input((latent_dim,), name="latents")
        logits = keras.layers.Dense(classes, dtype="float32", name="logits")(latents)
        return cls(*networks, keras.Model(latents, logits, name="classifier"), **kwargs)

    # ---- training --------------------------------------------------------------------------------

    def reconstruction_loss(self, images, noise, training: bool):
        """The mean error of reconstructed images, of corrupted ones if that is wanted."""
        seen = images
        if self.corruption is not None:
            seen, _ = corrupt(images, self.corruption, self.level, noise)
        return ops.mean(self.errors(images, self.through(seen, training)))

    def logits(self, images, training: bool):
        """The classifier's logits (n, classes) of images."""
        if training:
            return self.classifier(self.encoder(images, training=True), training=True)
        latents = self.inference_network("encoder")(images, training=False)
        return self.inference_network("classifier")(latents, training=False)

    def train_step(self, data):
        """A step of the phase that the model is in."""
        labelled, labels, unlabelled = parts_of(data)
        noise = self.noise
        pretraining = self.step.value < self.pretraining_steps

        def pretrain():
            loss = self.minimize(lambda: self.reconstruction_loss(unlabelled, noise, True))
            return (loss, *_judged(self.logits(labelled, True), labels))

        def fine_tune():
            loss, wrong = self.minimize(lambda: _judged(self.logits(labelled, True), labels))
            return self.reconstruction_loss(unlabelled, noise, True), loss, wrong

        nothing = (0.0, 0.0, 0.0)
        self.branch(ops.equal(self.step.value, self.pretraining_steps), self._begin_anew, 0.0)
        first = self.branch(pretraining, pretrain, nothing)
        second = self.branch(ops.logical_not(pretraining), fine_tune, nothing)
        return self._report(labels, *(a + b for a, b in zip(first, second, strict=True)))

    def _begin_anew(self):
        begin_anew(self.optimizer)
        return ops.zeros(())

    def test_step(self, data):
        """Both losses and the error in inference mode."""
        labelled, labels, unlabelled = parts_of(data)
        reconstruction = self.reconstruction_loss(unlabelled, self.evaluation_noise, False)
        return self._report(labels, reconstruction, *_judged(self.logits(labelled, False), labels))

    def _report(self, labels, reconstruction, classification, error):
        return self.update_metrics(
            ops.shape(labels)[0],
            reconstruction_loss=reconstruction,
            classification_loss=classification,
            error=error,
        )

    def training_images(self, data):
        """The images with and without labels that the encoder learns from."""
        return parts_of(data)[2] if isinstance(data, (tuple, list)) else data

    def batch_images(self, data):
        """The images with labels and those without."""
        labelled, _, unlabelled = parts_of(data)
        shape = self.image_shape
        return {"labelled images": (labelled, shape), "unlabelled images": (unlabelled, shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`classify`, and those of `AE`."""

        def classify(images):
            return {"probabilities": ops.softmax(self.logits(images, False), axis=-1)}

        images = super().signatures()["encode"].inputs
        return {
            "classify": Signature(classify, images, {"probabilities": "probability"}),
            **super().signatures(),
        }

    def classify(self, images) -> np.ndarray:
        """The probabilities (n, classes) of the classes."""
        return self.serve("classify", images=images)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "pretraining_steps": self.pretraining_steps,
            "corruption": self.corruption,
            "level": self.level,
        }


def _judged(logits, labels):
    """The mean `-log p(y | x)`, and the share of wrong answers."""
    wrong = ops.not_equal(ops.argmax(logits, axis=-1), ops.cast(labels, "int32"))
    loss = -ops.mean(categorical_log_prob(labels, logits))
    return loss, ops.mean(ops.cast(wrong, "float32"))
