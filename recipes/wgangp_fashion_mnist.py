"""WGAN-GP draws clothes: a critic of slope 1 on Fashion-MNIST at 28 x 28.

DCGAN's networks at half of the width that the authors' code has, the critic without batch
normalisation; five steps of it for each one of the generator.

Command: kgen train wgangp_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "wgangp_glyphs",
    data="fashion_mnist",
    image_size=28,
    epochs=20,
    evaluate_every=4,
)
