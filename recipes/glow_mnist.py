"""Glow learns MNIST, grey levels of 8 bits.

Two levels of eight steps with 64 channels, for two CPU cores. The likelihood is that of the grey
levels: those of binarised digits are no measure for it.

Command: kgen train glow_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "glow_glyphs",
    data="mnist",
    image_size=28,
    channels=None,
    epochs=3,
)
