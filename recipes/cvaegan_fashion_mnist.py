"""CVAE-GAN draws a piece of clothing of a given class: Fashion-MNIST at 28 x 28.

DCGAN's networks at half of their width. `kgen sample <run> --label 7` draws sneakers.

Command: kgen train cvaegan_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("cvaegan_glyphs", data="fashion_mnist", image_size=28, epochs=10)
