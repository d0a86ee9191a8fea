"""BigGAN on CIFAR-10 with the settings of its first author's code.

The 32-pixel networks with 256 channels, weights from N(0, 0.02), tables by class in the place of
the shared embedding, latents not split, no attention and no orthogonal regularisation; batches of
50, four steps of the discriminator for each one of the generator. Brock et al. 2019 give an
Inception score of 9.22 and an FID of 14.73.

Command: kgen train biggan_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "biggan_glyphs",
    data="cifar10",
    batch_size=50,
    epochs=500,
    latent_dim=128,
    width=64,
    shared_dim=None,
    initializer="normal",
    orthogonality=0.0,
    discriminator_rate=2e-4,
    discriminator_steps=4,
    ema_momentum=0.9999,
    ema_start=1000,
    metrics=("fd", "precision", "recall", "label_accuracy"),
    evaluate_every=25,
)
