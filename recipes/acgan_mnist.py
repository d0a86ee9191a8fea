"""AC-GAN draws the digit that it is asked for, and reads digits: MNIST at 28 x 28.

The paper's networks for CIFAR-10 at a third of their width.

Command: kgen train acgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "acgan_glyphs",
    data="mnist",
    image_size=28,
)
