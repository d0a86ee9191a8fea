"""GraphSGAN: semi-supervised learning on a graph (Ding, Tang & Zhang 2018)."""

import keras
import numpy as np

from kgen.losses import class_entropy, pull_away
from kgen.models.adversarial.sgan import SGAN
from kgen.models.semi_supervised import parts_of
from kgen.models.signature import Signature, TensorSpec
from kgen.networks.graphsgan import graphsgan_discriminator, graphsgan_generator
from kgen.training import TextbookAdam


@keras.saving.register_keras_serializable("kgen")
class GraphSGAN(SGAN):
    """SGAN for the nodes of a graph, whose generator fills the gaps between the clusters.

    Ding, Tang & Zhang, *Semi-supervised Learning on Graphs with Generative Adversarial Nets*, 2018.
    A node is a row of numbers: its features, its place in the graph and the mean of its neighbours'
    features (`kgen.datasets.graph.rows`). Beside the losses of SGAN the discriminator minimises the
    entropy of its classes on nodes without labels, so that it draws its border where few nodes are,
    and either player has the pull-away term of its own batch, which spreads the features `h`:

        L_D = E_labelled [Z - l_y] - w/2 (E_nodes [log D] + E_fake [log(1 - D)])
              + w_e E_nodes [H(p(y | x))] + w_p PT(h(nodes))
        L_G = mean |E h(nodes) - E h(fake)| + w_g PT(h(fake))

    with SGAN's K logits and `PT` of `kgen.losses.pull_away`. The entropy is in nats, a mean over
    the nodes. The authors' code averages it over nodes *and* classes, which is the same divided by
    K: that is the default of `w_e`.

    Batches are `((labelled, labels), unlabelled)`, as `kgen.datasets.load("planetoid/cora")` gives
    them. The nodes without labels are all nodes, those to be tested among them, as in the paper.

    Args:
        generator: (n, latent_dim) to rows; latents are uniform in [-1, 1).
        discriminator: Rows to logits (n, K). See `SGAN` for its features.
        entropy_weight: The `w_e` above; `None` is 1 / K.
        pull_away_weight: The `w_p` above.
        generator_pull_away_weight: The `w_g` above.
        matching: `"absolute"` differences, the authors' code, or `"squared"`.
        unlabelled_weight: The `w` above.
        **kwargs: `ema_momentum`, `seed` and `name`, see `SGAN`.

    Raises:
        ValueError: If the networks do not fit each other, or for an unknown matching.

    Example:

        >>> model = GraphSGAN.build_default(row_size=6, classes=3, latent_dim=4, width=8)
        >>> model.compile()
        >>> model.classify(np.zeros((2, 6))).shape
        (2, 3)
    """

    loss_names = (
        "labelled_loss",
        "unlabelled_loss",
        "entropy",
        "pull_away",
        "generator_loss",
        "generator_pull_away",
        "error",
    )

    #: In wide dense layers XLA gains nothing there, and takes long to compile.
    xla_on_cpu = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        entropy_weight: float | None = None,
        pull_away_weight: float = 1.0,
        generator_pull_away_weight: float = 1.0,
        matching: str = "absolute",
        unlabelled_weight: float = 0.5,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            matching=matching,
            unlabelled_weight=unlabelled_weight,
            **kwargs,
        )
        self.entropy_weight = 1 / self.num_classes if entropy_weight is None else entropy_weight
        self.pull_away_weight = pull_away_weight
        self.generator_pull_away_weight = generator_pull_away_weight

    @classmethod
    def build_default(
        cls,
        row_size: int,
        classes: int,
        latent_dim: int = 200,
        width: int = 500,
        **kwargs,
    ) -> "GraphSGAN":
        """The authors' networks.

        Args:
            row_size: Numbers in the row of a node.
            classes: How many.
            latent_dim: Length of the latents.
            width: Of the first layers, to which the others are in proportion; 500 is theirs.
            **kwargs: Passed to `GraphSGAN`.
        """
        widths = (width, width, *[max(1, width // 2)] * 3)
        return cls(
            graphsgan_generator(row_size, latent_dim, width),
            graphsgan_discriminator(row_size, classes, widths),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 3e-3, beta_1 0.5."""
        return {p: TextbookAdam(3e-3, beta_1=0.5, epsilon=1e-8) for p in self.players}

    # ---- the losses ------------------------------------------------------------------------------

    @property
    def loss_weights(self) -> dict[str, float]:
        """The weights of the losses: the paper's lambdas."""
        return {
            **super().loss_weights,
            "entropy": self.entropy_weight,
            "pull_away": self.pull_away_weight,
            "generator_pull_away": self.generator_pull_away_weight,
        }

    def discriminator_losses(self, logits, labels, real, fake) -> dict:
        """SGAN's, the entropy of the classes and the pull-away term of nodes without labels."""
        features, real_logits = real
        return {
            **super().discriminator_losses(logits, labels, real, fake),
            "entropy": class_entropy(real_logits),
            "pull_away": pull_away(features),
        }

    def generator_losses(self, real, fake) -> dict:
        """Feature matching, and the pull-away term of what is generated."""
        return {**super().generator_losses(real, fake), "generator_pull_away": pull_away(fake)}

    def batch_images(self, data):
        """The rows with labels and those without, which have no range."""
        labelled, _, unlabelled = parts_of(data)
        shape = self.image_shape
        return {"labelled rows": (labelled, shape), "unlabelled rows": (unlabelled, shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`sample`, `classify`, `discriminate` and `features`, of rows in place of images."""
        of_images = super().signatures()
        rows = {"rows": TensorSpec((None, *self.image_shape), role="features")}

        def of_rows(name):
            run, outputs = of_images[name].function, of_images[name].outputs
            return Signature(lambda rows: run(images=rows), rows, outputs)

        draw = of_images["sample"]
        return {
            "sample": Signature(
                lambda latents: {"rows": draw.function(latents=latents)["images"]},
                draw.inputs,
                {"rows": "features"},
            ),
            **{name: of_rows(name) for name in ("classify", "discriminate", "features")},
        }

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draws rows: nodes as they might lie between the clusters.

        Args:
            n: How many.
            seed: The same seed gives the same rows; `None` gives new ones at each call.

        Returns:
            float32 rows (n, row_size) in [-1, 1].
        """
        return super().sample(n, seed)

    def classify(self, rows) -> np.ndarray:
        """The probabilities (n, classes) of the classes of nodes."""
        return self.serve("classify", rows=rows)

    def discriminate(self, rows) -> np.ndarray:
        """The log-odds (n, 1) that rows are of nodes, and not generated."""
        return self.serve("discriminate", rows=rows)

    def features(self, rows) -> np.ndarray:
        """The discriminator's features (n, features) of rows."""
        return self.serve("features", rows=rows)

    def initialize(self, rows) -> None:
        """Sets scales and biases of weight normalisation; see `SGAN.initialize`.

        Args:
            rows: (n, row_size), of some nodes.
        """
        super().initialize(rows)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "entropy_weight": self.entropy_weight,
            "pull_away_weight": self.pull_away_weight,
            "generator_pull_away_weight": self.generator_pull_away_weight,
        }
