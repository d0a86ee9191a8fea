"""CVAE-GAN (Bao et al. 2017)."""

import keras
import numpy as np
from keras import ops

from kgen import losses
from kgen.layers import ClassCentres
from kgen.models.base import images_of
from kgen.models.encoder_decoder import EncoderDecoder
from kgen.models.labelled_encoder_decoder import LabelledEncoderDecoder
from kgen.models.signature import Signature, TensorSpec
from kgen.networks import conv_encoder, dcgan_discriminator, dcgan_generator, features_and_logits


@keras.saving.register_keras_serializable("kgen")
class CVAEGAN(LabelledEncoderDecoder, EncoderDecoder):
    """A conditional VAE whose images a discriminator and a classifier compare by their features.

    Bao, Chen, Wen, Li & Hua, *CVAE-GAN: Fine-Grained Image Generation through Asymmetric Training*,
    2017. The encoder E gives the posterior of real images x of class c, the generator G (here
    `decoder`) makes `x_f` of a draw of it and `x_p` of prior latents and random classes. With the
    inputs `f_D` and `f_C` of the last layers of discriminator D and classifier C, algorithm 1 is

        C: L_C  = -E log P(c|x)
        D: L_D  = -E log D(x) - E log(1 - D(x_f)) - E log(1 - D(x_p))
        E: kl_weight L_KL + pair_weight L_G
        G: pair_weight L_G + discriminator_weight L_GD + classifier_weight L_GC

        L_KL = KL(q(z|x,c) || N(0, I))
        L_G  = (|x - x_f|^2 + |f_D(x) - f_D(x_f)|^2 + |f_C(x) - f_C(x_f)|^2) / 2
        L_GD = |E f_D(x) - E f_D(x_p)|^2 / 2
        L_GC = sum_c |E_c f_C(x) - E_c f_C(x_p)|^2 / 2

    with sums over pixels and features. The last two match means only, so that G's gradient does not
    vanish however sure D is: G is never asked to fool D, nor C. The means are moving averages
    (`kgen.layers.ClassCentres`), in the paper those of the classes. L_KL does not depend on G, nor
    L_GD and L_GC on E: so E and G are one player here, with the gradients of the four lines above.

    Data are `(images, labels)`. C learns from real images alone.

    Args:
        encoder: `[images, labels]` to `[mean, log_variance]`, the labels int32 (n,).
        decoder: `[latents, labels]` to images in [-1, 1].
        discriminator: Images to logits (n, 1).
        classifier: Images to logits (n, classes).
        kl_weight: lambda_1 of the paper. The defaults of the four are remembered from it and were
            not checked against its text.
        pair_weight: lambda_2.
        discriminator_weight: lambda_3.
        classifier_weight: lambda_4.
        center_momentum: Of the moving averages; our choice.
        **kwargs: See `GenerativeModel`.

    Raises:
        ValueError: If the networks do not fit each other, or for settings out of range.

    Example:

        >>> model = CVAEGAN.build_default((8, 8, 1), classes=10, latent_dim=4, width=4)
        >>> model.compile()
        >>> images = model.sample(2, labels=[3, 7], seed=1)
        >>> model.classify(images).shape, model.reconstruct(images, [7, 3]).shape
        ((2, 10), (2, 8, 8, 1))
    """

    players = {
        "classifier": ("classifier",),
        "discriminator": ("discriminator",),
        "autoencoder": ("encoder", "decoder"),
    }
    loss_names = (
        "classifier_loss",
        "discriminator_loss",
        "autoencoder_loss",
        "kl",
        "pair_loss",
        "discriminator_matching",
        "classifier_matching",
        "accuracy",
    )
    xla_on_cpu = False  # DCGAN's convolutions
    inference_mode = (
        "batch normalisation uses its moving averages, so that no output depends on the others of "
        "its batch"
    )

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        classifier: keras.Model,
        *,
        kl_weight: float = 3.0,
        pair_weight: float = 1.0,
        discriminator_weight: float = 1e-3,
        classifier_weight: float = 1e-3,
        center_momentum: float = 0.9,
        **kwargs,
    ):
        judges = {"discriminator": discriminator, "classifier": classifier}
        super().__init__(encoder, decoder, judges, **kwargs)
        self.classes = classifier.output_shape[-1]
        self.check_told()
        codes = [tuple(shape)[1:] for shape in encoder.output_shape]
        shapes = decoder.output_shape, discriminator.input_shape, classifier.input_shape
        made = [tuple(shape[1:]) for shape in shapes]
        if codes != 2 * [(self.latent_dim,)] or made != 3 * [self.image_shape]:
            raise ValueError(
                f"the encoder must give a mean and a log-variance of {self.latent_dim} numbers and "
                f"the others make and see images {self.image_shape}; they have {codes} and {made}."
            )
        if tuple(discriminator.output_shape[1:]) != (1,):
            raise ValueError(
                f"the discriminator must give (n, 1) logits, not {discriminator.output_shape}."
            )
        weights = {
            "kl_weight": kl_weight,
            "pair_weight": pair_weight,
            "discriminator_weight": discriminator_weight,
            "classifier_weight": classifier_weight,
        }
        if min(weights.values()) < 0:
            raise ValueError(f"weights must be at least 0, got {weights}.")
        self.loss_weights = weights
        self.center_momentum = center_momentum
        self._judge = features_and_logits(discriminator)
        self._classify = features_and_logits(classifier)
        images = keras.Input(self.image_shape)
        for name, look, classes in (
            ("discriminator", self._judge, 1),
            ("classifier", self._classify, self.classes),
        ):
            for kind in ("real", "sampled"):
                centres = ClassCentres(classes, center_momentum)
                centres.build(look(images)[0].shape)
                setattr(self, f"{name}_{kind}", centres)

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (64, 64, 3),
        classes: int = 10,
        latent_dim: int = 256,
        width: int = 64,
        **kwargs,
    ) -> "CVAEGAN":
        """DCGAN's networks and a convolutional encoder; the authors' are larger, for 128 pixels.

        Args:
            image_shape: (height, width, channels); square, with a side of 4 or 7 times a power of
                two.
            classes: How many classes there are.
            latent_dim: Length of the latents.
            width: Channels of the largest map.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make.
        """
        body = dcgan_discriminator(image_shape, width)
        logits = keras.layers.Dense(classes, dtype="float32", name="classes")
        classifier = keras.Model(body.input, logits(body.layers[-1].input), name="classifier")
        return cls(
            conv_encoder(image_shape, latent_dim, width, classes=classes),
            dcgan_generator(image_shape, latent_dim, width, classes),
            dcgan_discriminator(image_shape, width),
            classifier,
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, beta_1 0.5, for every player, as for DCGAN."""
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    # ---- the losses ------------------------------------------------------------------------------

    def draw(self, data, noise):
        """A batch with the draws of its posterior, prior latents and random classes."""
        images, labels = ops.convert_to_tensor(images_of(data)), self.labels_of(data)
        n = ops.shape(images)[0]
        normals, prior = noise.normal((n, self.latent_dim)), noise.normal((n, self.latent_dim))
        classes = ops.cast(ops.floor(noise.uniform((n,)) * self.classes), "int32")
        return images, labels, normals, prior, classes

    def make(self, images, labels, normals, prior, classes, training: bool):
        """`(mean, log_variance)` of the posterior, `x_f` and `x_p`."""
        encoder, decoder = self._networks(training)
        mean, log_variance = encoder([images, labels], training=training)
        latents = mean + ops.exp(log_variance / 2) * normals
        rebuilt = decoder([latents, labels], training=training)
        return (mean, log_variance), rebuilt, decoder([prior, classes], training=training)

    def classifier_loss(self, images, labels, training: bool = True):
        """L_C, and the accuracy."""
        logits = self._classify(images, training=training)[1]
        right = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "int32"), labels)
        return losses.labelled_loss(logits, labels), ops.mean(ops.cast(right, "float32"))

    def discriminator_loss(self, draws, training: bool = True):
        """L_D."""
        _, *made = self.make(*draws, training)
        real, rebuilt, sampled = (
            self._judge(ops.stop_gradient(x), training=training)[1] for x in (draws[0], *made)
        )
        of_sampled = losses.minimax_generator(sampled)  # E log(1 - D)
        return losses.non_saturating_discriminator(real, rebuilt) - of_sampled

    def autoencoder_loss(self, draws, training: bool = True):
        """What E and G minimise, and its terms: L_KL, L_G, L_GD and L_GC.

        The judges look as at inference: with the statistics of its own batch, batch normalisation
        would hide from them how the means of the three kinds of images differ, and generated images
        would change the statistics that the classifier has of real ones.
        """
        images, labels, _, _, classes = draws
        posterior, rebuilt, sampled = self.make(*draws, training)
        everyone = ops.zeros_like(labels)
        pairs, matching = half_squared_distance(images, rebuilt), {}
        for name, look, real_class, sampled_class in (
            ("discriminator", self._judge, everyone, everyone),
            ("classifier", self._classify, labels, classes),
        ):
            real, of_rebuilt, of_sampled = (
                ops.cast(look(x, training=False)[0], "float32") for x in (images, rebuilt, sampled)
            )
            pairs = pairs + half_squared_distance(ops.stop_gradient(real), of_rebuilt)
            centres, known = getattr(self, f"{name}_real")(
                ops.stop_gradient(real), real_class, training=training
            )
            others, made = getattr(self, f"{name}_sampled")(
                of_sampled, sampled_class, training=training
            )
            both = ops.cast(ops.logical_and(known, made), "float32")
            apart = 0.5 * ops.sum(ops.square(centres - others), axis=-1)
            matching[name] = ops.sum(both * apart)
        terms = (
            ops.mean(losses.standard_normal_kl(*posterior)),
            ops.mean(pairs),
            matching["discriminator"],
            matching["classifier"],
        )
        loss = sum(w * term for w, term in zip(self.loss_weights.values(), terms, strict=True))
        return loss, terms

    def _networks(self, training):
        if training:
            return self.encoder, self.decoder
        return self.inference_network("encoder"), self.inference_network("decoder")

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """One step of the classifier, of the discriminator, and of encoder and generator."""
        draws = self.draw(data, self.noise)
        classified = self.minimize(lambda: self.classifier_loss(*draws[:2]), "classifier")
        judged = self.minimize(lambda: self.discriminator_loss(draws), "discriminator")
        made = self.minimize(lambda: self.autoencoder_loss(draws), "autoencoder")
        return self._report(data, classified, judged, *made)

    def test_step(self, data):
        """The same losses in inference mode."""
        draws = self.draw(data, self.evaluation_noise)
        return self._report(
            data,
            self.classifier_loss(*draws[:2], training=False),
            self.discriminator_loss(draws, training=False),
            *self.autoencoder_loss(draws, training=False),
        )

    def _report(self, data, classified, judged, made, terms):
        values = (classified[0], judged, made, *terms, classified[1])
        return self.update_metrics(
            ops.shape(images_of(data))[0], **dict(zip(self.loss_names, values, strict=True))
        )

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """Those of an encoder and a decoder, and what the two judges say of images."""

        def classify(images):
            return {"probabilities": ops.softmax(self.classifier(images, training=False))}

        def discriminate(images):
            return {"logits": self.discriminator(images, training=False)}

        images = {"images": TensorSpec((None, *self.image_shape))}
        return {
            **super().signatures(),
            "classify": Signature(classify, images, {"probabilities": "probability"}),
            "discriminate": Signature(discriminate, images, {"logits": "logit"}),
        }

    def _encode(self, images, labels):
        encoder, _ = self._networks(False)
        return {"latents": encoder([images, labels], training=False)[0]}

    def _decode(self, latents, labels):
        _, decoder = self._networks(False)
        return {"images": decoder([latents, labels], training=False)}

    def classify(self, images) -> np.ndarray:
        """The probabilities (n, classes) of the classes of images in [-1, 1]."""
        return self.serve("classify", images=images)

    def discriminate(self, images) -> np.ndarray:
        """The discriminator's logits (n, 1) of images in [-1, 1]."""
        return self.serve("discriminate", images=images)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            **self.loss_weights,
            "center_momentum": self.center_momentum,
        }


def half_squared_distance(x, y):
    """`|x - y|^2 / 2` of each pair, (n,)."""
    square = ops.square(ops.cast(x, "float32") - ops.cast(y, "float32"))
    return 0.5 * ops.sum(ops.reshape(square, (ops.shape(square)[0], -1)), axis=-1)
