"""CVAE learns to draw a digit of a given class: MNIST, binarised dynamically.

Two tanh layers of 200 on each side, 50 latents. Latents say what the class leaves open, such as
slant and stroke. `kgen sample <run> --label 7` draws one digit.

Command: kgen train cvae_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "cvae_glyphs", data="mnist", image_size=28, architecture="dense", latent_dim=50
)
