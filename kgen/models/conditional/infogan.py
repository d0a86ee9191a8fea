"""InfoGAN (Chen et al. 2016)."""

import dataclasses

import keras
import numpy as np
from keras import ops

from kgen.models.adversarial.gan import GAN
from kgen.models.base import images_of
from kgen.models.conditional.codes import Codes
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.networks.infogan import infogan_discriminator, infogan_generator, infogan_recognition
from kgen.training import Noise


@keras.saving.register_keras_serializable("kgen")
class InfoGAN(GAN):
    """A GAN that learns, without labels, what a few of its latents shall mean.

    Chen, Duan, Houthooft, Schulman, Sutskever & Abbeel, *InfoGAN: Interpretable Representation
    Learning by Information Maximizing Generative Adversarial Nets*, 2016. Some latents are codes
    `c`: categorical ones, evenly distributed, and continuous ones from U(-1, 1). The image shall
    tell them. A network Q on the discriminator's features guesses the codes of generated images;
    the game's value V gets a lower bound of the mutual information of code and image (eqs. 5, 6):

        min_{G, Q} max_D V(D, G) - lambda L_I,    L_I = H(c) + E log Q(c | G(z, c)) <= I(c; G(z, c))

    As in the authors' code both players minimise `-lambda L_I` beside their own loss: the generator
    in its turn, and in the discriminator's turn Q together with the layers that it shares with the
    discriminator. `mutual_information` logs L_I of the categorical codes together, in nats: at most
    the sum of their `ln K`, and that where Q is always right. `continuous_information` logs that of
    the continuous ones; where Q's deviation is fixed at 1 it is at most
    `ln 2 - ln(2 pi) / 2 = -0.226` for each.

    Data are images; labels are left unread. Noise and continuous codes stand in one vector, the
    latents, from U(-1, 1), the codes at its end. The generator sees the latents and behind them the
    categorical codes, one-hot.

    Args:
        generator: (n, noise + continuous + sum of categorical) to images in [-1, 1].
        discriminator: Images to logits (n, 1).
        recognition: Q: the discriminator's features (n, features) to (n, parameters): the logits of
            each categorical code, the means of the continuous ones, and with `learned_deviation`
            the logarithms of their variances. It moves with the discriminator.
        categorical: How many classes each categorical code has.
        continuous: How many continuous codes there are.
        categorical_weight: Lambda of the categorical codes.
        continuous_weight: Lambda of the continuous ones; the paper has a smaller one without
            saying which, the authors' code 1.
        learned_deviation: Whether Q gives the continuous codes' deviation as well; in the authors'
            code for MNIST it is 1.
        **kwargs: See `AdversarialGame`.

    Raises:
        ValueError: If the networks do not fit the codes or each other, there is no code, a lambda
            is negative, or latents are not to be uniform.

    Example:

        >>> model = InfoGAN.build_default((8, 8, 1), noise_dim=4, width=4, continuous=1)
        >>> model.compile()
        >>> images = model.sample(3, [7, 7, 7], [[-1.0], [0.0], [1.0]], seed=1)
        >>> model.classify(images).shape, model.encode(images).shape
        ((3, 10), (3, 1))
    """

    players = {"generator": ("generator",), "discriminator": ("discriminator", "recognition")}
    reads_features = True

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        recognition: keras.Model,
        *,
        categorical: tuple[int, ...] = (10,),
        continuous: int = 2,
        categorical_weight: float = 1.0,
        continuous_weight: float = 1.0,
        learned_deviation: bool = False,
        **kwargs,
    ):
        kwargs = {"latent_distribution": "uniform", **kwargs}
        more = {"recognition": recognition}
        super().__init__(generator, discriminator, more_networks=more, **kwargs)
        codes = Codes(tuple(categorical), continuous, learned_deviation)
        self.codes = codes
        self.categorical_weight = categorical_weight
        self.continuous_weight = continuous_weight
        if self.latent_distribution != "uniform":
            raise ValueError("InfoGAN's latents are uniform, because its continuous codes are.")
        if min(categorical_weight, continuous_weight) < 0:
            raise ValueError("categorical_weight and continuous_weight must be at least 0.")
        self.latent_dim -= sum(codes.categorical)  # these come behind the latents, one-hot
        wanted = codes.parameters
        if self.latent_dim < max(1, continuous) or recognition.output_shape[-1] != wanted:
            raise ValueError(
                f"for these codes the generator must take at least {max(1, continuous)} numbers "
                f"and {sum(codes.categorical)} more, and the recognition network give {wanted}; "
                f"they take {generator.input_shape[-1]} and give {recognition.output_shape[-1]}."
            )
        self.check_head(recognition)
        if codes.categorical:
            self._report(("mutual_information",))
        if codes.continuous:
            self._report(("continuous_information",))

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        noise_dim: int = 62,
        width: int = 64,
        categorical: tuple[int, ...] = (10,),
        continuous: int = 2,
        learned_deviation: bool = False,
        **kwargs,
    ) -> "InfoGAN":
        """The authors' networks for MNIST.

        Args:
            image_shape: (height, width, channels), sides that 4 divides.
            noise_dim: Length of the noise, without the codes.
            width: Channels of the largest hidden maps, to which all layers are in proportion.
            categorical: How many classes each categorical code has.
            continuous: How many continuous codes there are.
            learned_deviation: See the class.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make, or codes that cannot be.
        """
        codes = Codes(tuple(categorical), continuous, learned_deviation)
        length = noise_dim + continuous + sum(categorical)
        discriminator = infogan_discriminator(image_shape, width)
        return cls(
            infogan_generator(image_shape, length, width),
            discriminator,
            infogan_recognition(16 * width, codes.parameters, 2 * width),
            categorical=categorical,
            continuous=continuous,
            learned_deviation=learned_deviation,
            **kwargs,
        )

    def default_optimizers(self):
        """Adam with beta_1 0.5: rate 1e-3 for the generator, 2e-4 for discriminator and Q."""
        rates = {"generator": 1e-3, "discriminator": 2e-4}
        return {player: keras.optimizers.Adam(rates[player], beta_1=0.5) for player in rates}

    # ---- the game --------------------------------------------------------------------------------

    def draw(self, data, noise=None):
        """Latents, the continuous codes at their end once more, and the categorical codes."""
        noise = noise or self.noise
        n = ops.shape(images_of(data))[0]
        latents = self.latents(n, noise)
        continuous = latents[:, self.latent_dim - self.codes.continuous :]
        return latents, {"continuous": continuous, **self.codes.draw_categories(n, noise)}

    def generator_input(self, latents, *, continuous=None, **categories):
        """Latents, which have the continuous codes at their end, then the others one-hot."""
        one_hots = [
            ops.one_hot(categories[name], spec.classes, dtype="float32")
            for name, spec in self.codes.inputs.items()
        ]
        return ops.concatenate([latents, *one_hots], axis=-1)

    def generator_conditions(self):
        """The categorical codes: `category_0`, `category_1` ..."""
        return self.codes.inputs

    def head_loss(
        self, player, real_features, fake_features, training, *, continuous, **categories
    ):
        """`-lambda L_I`, and L_I."""
        parameters = self.recognition(fake_features, training=training)
        bounds = self.codes.information(parameters, continuous, categories.values())
        weights = {
            "mutual_information": self.categorical_weight,
            "continuous_information": self.continuous_weight,
        }
        return -sum(weights[name] * bound for name, bound in bounds.items()), bounds

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """Those of `GAN`, `classify` and `encode`."""
        images = {"images": TensorSpec((None, *self.image_shape))}

        def posterior(images):
            features, _ = self.look(images, False, features=True)
            return self.codes.posterior(self.recognition(features, training=False))

        def classify(images):
            probabilities = [ops.softmax(logits) for logits in posterior(images)[0]]
            return {"probabilities": ops.concatenate(probabilities, axis=-1)}

        def encode(images):
            return {"codes": posterior(images)[1]}

        signatures = super().signatures()
        if self.codes.categorical:
            signatures["classify"] = Signature(classify, images, {"probabilities": "probability"})
        if self.codes.continuous:
            signatures["encode"] = Signature(encode, images, {"codes": "latent"})
        return signatures

    def unavailable(self):
        """`classify` and `encode`, where there are no codes of that kind."""
        missing = super().unavailable()
        if not self.codes.categorical:
            missing["classify"] = "there are no categorical codes"
        if not self.codes.continuous:
            missing["encode"] = "there are no continuous codes"
        return missing

    def sample(self, n: int, categories=None, continuous=None, seed: int | None = None):
        """Draws images.

        Args:
            n: How many.
            categories: The categorical codes, int (n,) or, of several, (n, codes); drawn evenly if
                `None`.
            continuous: The continuous codes (n, codes); drawn from U(-1, 1) if `None`. The paper
                looks at codes from -2 to 2.
            seed: The same seed gives the same noise, and the same codes where none are given.

        Returns:
            float32 images (n, height, width, channels) in [-1, 1].

        Raises:
            DataError: For codes of a wrong shape, or that are no classes.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        latents = ops.convert_to_numpy(self.latents(check_count(n), noise)).copy()
        given = self.codes.draw_categories(n, noise)
        if continuous is not None:
            continuous = self.codes.checked_continuous(continuous, n)
            latents[:, self.latent_dim - self.codes.continuous :] = continuous
        if categories is not None:
            given = self.codes.checked_categories(categories, n)
        given = {name: ops.convert_to_numpy(codes) for name, codes in given.items()}
        return self.serve("sample", latents=latents, **given)

    def classify(self, images, code: int = 0) -> np.ndarray:
        """What Q says of a categorical code.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            code: Which one.

        Returns:
            Probabilities (n, classes of the code). Codes are numbered as training happened to
            number them.
        """
        start = sum(self.codes.categorical[:code])
        probabilities = self.serve("classify", images=images)
        return probabilities[:, start : start + self.codes.categorical[code]]

    def encode(self, images) -> np.ndarray:
        """Q's means (n, continuous) of the continuous codes of images in [-1, 1]."""
        return self.serve("encode", images=images)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            **dataclasses.asdict(self.codes),
            "categorical_weight": self.categorical_weight,
            "continuous_weight": self.continuous_weight,
        }
