"""InfoGAN sorts clothes without being told of their kinds: Fashion-MNIST at 28 x 28.

The authors' networks for MNIST at half their width.

Command: kgen train infogan_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "infogan_glyphs",
    data="fashion_mnist",
)
