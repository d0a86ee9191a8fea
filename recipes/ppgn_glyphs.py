"""PPGN asks a VAE that knows no classes for digits, with a classifier that is plugged in.

Ten digits in eight DejaVu faces, jittered. Before the first epoch the run trains a VAE and a
classifier, each on its own, or takes the VAE of a finished run (`--set run=runs/vae_glyphs`, of the
same data and size); the epochs then train the prior of codes. The classifier of `label_accuracy` is
another one, which the chains never see. Sampling takes so many steps that `kgen evaluate RUN
--metrics label_accuracy -n 1000` is asked for fewer samples than usual.

Command: kgen train ppgn_glyphs
Data:    built in (glyphs/digits); 20,000 images
Time:    3 minutes on two CPU cores that did other work as well
Result:  seed 0, 10 epochs: of 1,000 samples 95.6 % are of the class asked for in the eyes of
         another classifier (FD 44.6 to held-out faces in its features); most others are hybrids of
         two digits. docs/plug_and_play.md has other weights, and completion.
"""

import keras
import numpy as np

import kgen
from kgen.errors import DataError
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/digits",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 128,
    epochs: int = 10,
    seed: int = 0,
    limit: int | None = None,
    run: str | None = None,
    latent_dim: int = 16,
    architecture: str = "dense",
    generator_epochs: int = 30,
    classifier_epochs: int = 5,
    joint: bool = False,
    level: float = 0.5,
    iterations: int = 100,
    epsilon1: float = 0.05,
    epsilon2: float = 0.2,
    epsilon3: float = 0.15,
    metrics: tuple[str, ...] = ("label_accuracy",),
    evaluate_every: int = 10,
) -> Run:
    """The run.

    Args:
        data: A built-in set or a folder of images in classes, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels; for "conv" 4 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data, of the prior.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        run: A finished run whose model, of latents alone, is the generator; none trains a VAE.
        latent_dim: Length of the VAE's latents.
        architecture: "conv" or "dense", of VAE and classifier.
        generator_epochs: Passes over the data, of the VAE.
        classifier_epochs: Passes over the data, of the classifier.
        joint: Whether the prior goes through the image; else it is a DenoisingAE of codes.
        level: The deviation of the noise on codes that a DenoisingAE takes away.
        iterations: Steps of a chain.
        epsilon1: The weight of the prior in a step.
        epsilon2: The weight of the class.
        epsilon3: The deviation of the noise.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        layout="labelled",
        seed=seed,
        limit=limit,
    )
    if run is None:
        mean_image = np.mean([images.numpy().mean(axis=0) for images, _ in splits.train], axis=0)
        generator = kgen.models.VAE.build_default(
            splits.image_shape, latent_dim, architecture=architecture, mean_image=mean_image
        )
    else:
        generator = kgen.run.load(run)
        if generator.image_shape != splits.image_shape:
            raise DataError(
                f"{run} makes images {generator.image_shape}, the data are {splits.image_shape}: "
                "set image_size to the run's."
            )
    classifier = kgen.models.AEClassifier.build_default(
        splits.image_shape, splits.num_classes, 64, architecture, pretraining_steps=0
    )

    def plugged() -> kgen.models.PPGN:
        return kgen.models.PPGN.from_models(
            generator,
            classifier,
            joint=joint,
            level=level,
            iterations=iterations,
            epsilon1=epsilon1,
            epsilon2=epsilon2,
            epsilon3=epsilon3,
        )

    class Components(keras.callbacks.Callback):
        """Trains what is plugged together, before the first epoch of a run."""

        def on_train_begin(self, logs=None):
            if self.model is not model:
                return  # that of a resumed run, which has them from its checkpoint
            untrained = [(classifier, classifier_epochs)]
            untrained += [] if run else [(generator, generator_epochs)]
            for component, component_epochs in untrained:
                component.compile()
                component.fit(splits.train, epochs=component_epochs, verbose=0)
            model.set_weights(plugged().get_weights())

    model = plugged()
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        callbacks=[Components()],
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
        evaluation_samples=500,
        best="val_loss",
    )


SMOKE = dict(
    data="glyphs/digits",
    image_size=16,
    batch_size=16,
    epochs=1,
    limit=32,
    latent_dim=4,
    generator_epochs=1,
    classifier_epochs=1,
    iterations=2,
    metrics=(),
)
