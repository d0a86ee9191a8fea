"""UnrolledGAN draws digits: MNIST at 28 x 28, five steps of the discriminator ahead.

The dense tanh networks and the rates of the authors' notebook, which has them for points of the
plane, twice as wide.

Command: kgen train unrolledgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "unrolledgan_glyphs",
    data="mnist",
    image_size=28,
    epochs=10,
)
