"""Progressive growing on CIFAR-10, with what Karras et al. 2018 use for larger images.

From 4 to 32 pixels, 512 channels, 600,000 images for each fade and each resolution, 12 million in
all; mirrored at random. Their Inception score of 8.80 on CIFAR-10 was reached with other settings,
among them a gradient norm of 750 in place of 1 in the penalty, shorter phases and half the channels
at 32 pixels: this does not repeat it.

Command: kgen train progressive_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    needs a GPU
Result:  not yet measured: not run
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "progressive_glyphs",
    data="cifar10",
    image_size=32,
    epochs=300,
    steps_per_epoch=2500,
    first_side=4,
    stable_steps=37_500,
    fade_steps=37_500,
    latent_dim=512,
    width=512,
    flip=True,
    evaluate_every=20,
)
