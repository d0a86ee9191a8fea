"""GAN-QP (Su 2018)."""

import keras

from kgen.losses import QuadraticPotential
from kgen.models.adversarial.dcgan import DCGAN


@keras.saving.register_keras_serializable("kgen")
class GANQP(DCGAN):
    """A critic held by a quadratic term in its own score, and by no Lipschitz constraint.

    Su, *GAN-QP: A Novel GAN Framework without Gradient Vanishing and Lipschitz Constraint*, 2018.
    With `D = T(x) - T(G(z))` for the pairs of a batch, the critic minimises
    `E [-D + D^2 / (2 * 10 d(x, G(z)))]`, where d is the mean absolute difference of the two images,
    and the generator `E D`. Two steps of the critic for each one of the generator.

    DCGAN's networks, batch normalisation in the critic too and no biases, latents from N(0, 1),
    Adam with rate 2e-4 and beta_1 0.5, batches of 64. For the L2 distance pass
    `objective="gan_qp_l2"`.

    Example:

        >>> model = GANQP.build_default(image_shape=(16, 16, 1), latent_dim=8, width=4)
        >>> model.objective
        QuadraticPotential(distance='l1', weight=10.0)
    """

    paper_objective = QuadraticPotential("l1", 10.0)
    paper_discriminator_steps = 2

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (128, 128, 3),
        latent_dim: int = 128,
        width: int = 64,
        **kwargs,
    ) -> "GANQP":
        """DCGAN's networks, with the authors' latents.

        Args:
            image_shape: (height, width, channels); square, with a side of 4, 6 or 7 times a power
                of two.
            latent_dim: Length of the latent vectors.
            width: Channels of the largest hidden map.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make.
        """
        kwargs = {"latent_distribution": "normal", **kwargs}
        return super().build_default(image_shape, latent_dim, width, **kwargs)
