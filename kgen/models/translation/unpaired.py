"""What translating between two sets of unpaired images shares, whatever the losses."""

import keras
import numpy as np
from keras import layers, ops

from kgen import losses
from kgen.errors import DataError
from kgen.layers import (
    MinibatchDiscrimination,
    MinibatchStandardDeviation,
    VirtualBatchNormalization,
    all_layers,
)
from kgen.models.base import GenerativeModel
from kgen.models.signature import Signature, TensorSpec

# Through these an image's output depends on the others of its batch.
_MIXING = (
    layers.BatchNormalization,
    MinibatchDiscrimination,
    MinibatchStandardDeviation,
    VirtualBatchNormalization,
)


class UnpairedTranslation(GenerativeModel):
    """Two generators, `A -> B` and `B -> A`, and a discriminator of each side.

    Batches are pairs `(a, b)` of unrelated images (or points). A subclass says what the generators
    minimise, in `generator_losses`, and which steps are taken, in `train_step`.

    What a network sees in one step goes through it in one pass, where its images have one size and
    none depends on the others of its batch.

    Args:
        generator_ab: Images of A to images of B, in [-1, 1].
        generator_ba: Images of B to images of A.
        discriminator_a: Images of A to logits of any shape, such as a map.
        discriminator_b: Images of B to logits.
        objective: A key of `kgen.losses.OBJECTIVES`, or a `kgen.losses.Objective`. The default of
            this and the next is the paper's.
        regularizers: Of the discriminators: keys of `kgen.losses.REGULARIZERS`, or
            `kgen.losses.Regularizer`s.
        ema_momentum: See `GenerativeModel`; averages both generators.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, a regularizer is of generators, or GAN-QP
            meets a discriminator of patches.
    """

    players = {
        "generator": ("generator_ab", "generator_ba"),
        "discriminator": ("discriminator_a", "discriminator_b"),
    }
    averaged = ("generator_ab", "generator_ba")
    # What the paper has, where the constructor is given `None`.
    paper_objective = "non_saturating"
    paper_regularizers: tuple = ()
    #: The paper's factor on the discriminators' objective.
    discriminator_weight = 1.0

    def __init__(
        self,
        generator_ab: keras.Model,
        generator_ba: keras.Model,
        discriminator_a: keras.Model,
        discriminator_b: keras.Model,
        *,
        objective=None,
        regularizers=None,
        **kwargs,
    ):
        networks = {
            "generator_ab": generator_ab,
            "generator_ba": generator_ba,
            "discriminator_a": discriminator_a,
            "discriminator_b": discriminator_b,
        }
        super().__init__(networks, **kwargs)
        self.image_shape_a = tuple(discriminator_a.input_shape[1:])
        self.image_shape_b = tuple(discriminator_b.input_shape[1:])
        for network, source, target in (
            (generator_ab, self.image_shape_a, self.image_shape_b),
            (generator_ba, self.image_shape_b, self.image_shape_a),
        ):
            made = tuple(network.compute_output_shape((None, *source)))[1:]
            if made != target:
                raise ValueError(
                    f"{network.name} makes {made} of {source}, where the other side has {target}."
                )
        self.objective = losses.find_objective(
            self.paper_objective if objective is None else objective
        )
        patches = len(discriminator_a.output_shape) > 2 or len(discriminator_b.output_shape) > 2
        if patches and isinstance(self.objective, losses.QuadraticPotential):
            raise ValueError("GAN-QP compares whole images, not patches: choose another objective.")
        regularizers = self.paper_regularizers if regularizers is None else regularizers
        self.regularizers = tuple(losses.find_regularizer(each) for each in regularizers)
        if any(each.player != "discriminator" for each in self.regularizers):
            raise ValueError("only the discriminators are regularised here: leave the others out.")
        self._mixing = [name for name in networks if _mixes_examples(networks[name])]
        self._project()

    # ---- the losses ------------------------------------------------------------------------------

    def generator_losses(self, a, b, generator_ab, generator_ba, training: bool):
        """The generators' objective.

        Args:
            a: Images of A, (n, height, width, channels) in [-1, 1].
            b: Images of B.
            generator_ab: The network to use.
            generator_ba: The network to use.
            training: The networks' mode.

        Returns:
            `(total, terms, fake_a, fake_b)`; the terms by name, without weights.
        """
        raise NotImplementedError

    def there_and_back(self, a, b, generator_ab, generator_ba, training: bool):
        """`(G(a), F(b), F(G(a)), G(F(b)))` with `G` from A to B and `F` from B to A."""
        fake_b = generator_ab(a, training=training)
        fake_a = generator_ba(b, training=training)
        again_a = generator_ba(fake_b, training=training)
        return fake_b, fake_a, again_a, generator_ab(fake_a, training=training)

    def fool(self, side: str, fake, real, training: bool):
        """The generator's adversarial loss with the discriminator of a side."""
        name, real_logits = f"discriminator_{side}", None
        if self.objective.generator_sees_real:
            fake_logits, real_logits = self.through(name, fake, real, training=training)
        else:
            (fake_logits,) = self.through(name, fake, training=training)
        return self.objective.generator(fake_logits, real_logits)

    def judge(self, side: str, real, fake, training: bool, noise):
        """The whole loss of the discriminator of a side; its regularizers draw from `noise`."""
        name = f"discriminator_{side}"
        discriminator = getattr(self, name)
        real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)
        penalties = [each for each in self.regularizers if each.has_penalty]
        real_slopes = fake_slopes = None

        def logits(images):
            return discriminator(images, training=training)

        if any(each.slopes_of for each in penalties):
            real_logits, real_slopes = self.value_and_input_gradient(logits, real)
            fake_logits, fake_slopes = self.value_and_input_gradient(logits, fake)
        else:
            real_logits, fake_logits = self.through(name, real, fake, training=training)
        loss = self.objective.discriminator(real_logits, fake_logits, real, fake)
        terms = [
            each.penalty(
                real=real,
                fake=fake,
                real_logits=real_logits,
                fake_logits=fake_logits,
                real_slopes=real_slopes,
                fake_slopes=fake_slopes,
                slope=lambda images: self.input_gradient(logits, images),
                noise=noise,
                kernels=[v for v in discriminator.trainable_variables if len(v.shape) > 1],
                step=self.step.value,
            )
            for each in penalties
        ]
        return self.discriminator_weight * loss + sum(terms, 0.0)

    def discriminator_losses(self, a, b, fake_a, fake_b, training: bool, noise=None):
        """The sum of both discriminators' losses; regularizers draw from the model's own noise."""
        noise = noise or self.noise
        of_a = self.judge("a", a, fake_a, training, noise)
        return of_a + self.judge("b", b, fake_b, training, noise)

    def through(self, name: str, *batches, training: bool, network=None) -> list:
        """A network's outputs of several batches, in one pass where that makes no difference.

        Args:
            name: The network's name.
            *batches: Images.
            training: The network's mode.
            network: To use in its place, such as its average.

        Returns:
            One output for each batch.
        """
        network = network or getattr(self, name)
        shapes = {tuple(batch.shape[1:]) for batch in batches}
        mixing = training and name in self._mixing
        if len(batches) == 1 or len(shapes) > 1 or None in next(iter(shapes)) or mixing:
            return [network(batch, training=training) for batch in batches]
        together = network(ops.concatenate(batches), training=training)
        outputs, start = [], 0
        for batch in batches:
            end = start + ops.shape(batch)[0]
            outputs.append(together[start:end])
            start = end
        return outputs

    # ---- training --------------------------------------------------------------------------------

    def train_generators(self, a, b):
        """A step of both generators: what `generator_losses` gives, before it."""

        def loss():
            generators = self.generator_ab, self.generator_ba
            total, *rest = self.generator_losses(a, b, *generators, training=True)
            return total, rest

        total, rest = self.minimize(loss, "generator")
        return total, *rest

    def train_discriminators(self, a, b, fake_a, fake_b):
        """A step of both discriminators, after which their weights are within their bounds."""
        fake_a, fake_b = ops.stop_gradient(fake_a), ops.stop_gradient(fake_b)
        loss = self.minimize(
            lambda: self.discriminator_losses(a, b, fake_a, fake_b, training=True),
            "discriminator",
        )
        self._project()
        return loss

    def _project(self):
        for regularizer in self.regularizers:
            regularizer.project(self.player_variables("discriminator"))

    def test_step(self, data):
        """The same losses in inference mode, on translations of now."""
        a, b = data
        n, noise = ops.shape(a)[0], self.evaluation_noise
        networks = [self.inference_network(f"generator_{way}") for way in ("ab", "ba")]
        total, terms, fake_a, fake_b = self.generator_losses(a, b, *networks, training=False)
        judged = self.discriminator_losses(a, b, fake_a, fake_b, training=False, noise=noise)
        return self.update_metrics(n, generator_loss=total, discriminator_loss=judged, **terms)

    def batch_images(self, data):
        """The images of both sides."""
        if not (isinstance(data, (tuple, list)) and len(data) == 2):
            raise DataError(
                f"{type(self).__name__} trains on batches (a, b) of two unpaired sets: "
                "fit(a, b), or kgen.datasets.load(..., layout='unpaired')."
            )
        a, b = data
        return {"images of A": (a, self.image_shape_a), "images of B": (b, self.image_shape_b)}

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`translate_ab` and `translate_ba`, images to images, and `discriminate_a`, `_b`."""
        a, b = (_spec(shape) for shape in (self.image_shape_a, self.image_shape_b))

        def signature(name, images, output, role):
            def run(images):
                return {output: self.inference_network(name)(images, training=False)}

            return Signature(run, {"images": images}, {output: role})

        return {
            "translate_ab": signature("generator_ab", a, "images", b.role),
            "translate_ba": signature("generator_ba", b, "images", a.role),
            "discriminate_a": signature("discriminator_a", a, "logits", "logit"),
            "discriminate_b": signature("discriminator_b", b, "logits", "logit"),
        }

    def translate(self, images, domain: str = "b") -> np.ndarray:
        """Translates images of the other side into `domain`.

        Args:
            images: (n, height, width, channels) in [-1, 1], or points.
            domain: `"b"` translates from A, `"a"` from B.

        Returns:
            float32 images in [-1, 1], or points.
        """
        return self.serve({"b": "translate_ab", "a": "translate_ba"}[_side(domain)], images=images)

    def discriminate(self, images, domain: str = "b") -> np.ndarray:
        """The logits of the discriminator of `domain`, such as (n, rows, columns, 1)."""
        return self.serve(f"discriminate_{_side(domain)}", images=images)

    def get_config(self):
        """The constructor's arguments."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "objective": serialize(self.objective),
            "regularizers": [serialize(each) for each in self.regularizers],
        }


def _side(domain: str) -> str:
    if domain not in ("a", "b"):
        raise ValueError(f"domain must be 'a' or 'b', got {domain!r}.")
    return domain


def _spec(shape):
    return TensorSpec((None, *shape), role="image" if len(shape) == 3 else "point")


def _mixes_examples(network) -> bool:
    return any(isinstance(layer, _MIXING) for layer in all_layers(network))
