"""WGAN draws digits: a clipped critic on MNIST at 28 x 28.

An epoch is about 840 steps of the critic and, after the first three, 170 of the generator.

Command: kgen train wgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "wgan_glyphs",
    data="mnist",
    image_size=28,
    epochs=24,
    evaluate_every=4,
)
