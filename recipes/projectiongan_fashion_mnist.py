"""A projection discriminator teaches a generator clothes by name: Fashion-MNIST at 28 x 28.

The paper's residual networks at a quarter of their width.

Command: kgen train projectiongan_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "projectiongan_glyphs",
    data="fashion_mnist",
    image_size=28,
)
