"""LSGAN draws digits: least squares on MNIST at 28 x 28.

DCGAN's networks at a quarter of their width, and its optimizers.

Command: kgen train lsgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "lsgan_glyphs",
    data="mnist",
    image_size=28,
    batch_size=64,
    epochs=10,
)
