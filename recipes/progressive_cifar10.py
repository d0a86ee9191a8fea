"""Progressive growing on CIFAR-10: an Inception score of 8.80 is published (Karras et al. 2018).

From 4 to 32 pixels with the paper's widths and lengths, 600,000 images for each fade and each
resolution; 12 million images in all are our choice. Mirrored at random.

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
