"""CVAE-GAN draws a digit of a given class: MNIST at 28 x 28.

DCGAN's networks at half of their width. `kgen sample <run> --label 7` draws one digit.

Command: kgen train cvaegan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("cvaegan_glyphs", data="mnist", image_size=28, epochs=10)
