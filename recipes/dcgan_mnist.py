"""DCGAN draws digits: MNIST at 28 x 28.

The paper's batches of 128 and its optimizers, the networks at a quarter of their width,
so that two CPU cores do with minutes.

Command: kgen train dcgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    6 minutes on two CPU cores that did other work as well
Result:  seed 0, 10 epochs: most of the 64 images of the last grid read as digits, some are strokes
         between two; no score yet
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "dcgan_glyphs",
    data="mnist",
    image_size=28,
    batch_size=128,
    epochs=10,
    ema_momentum=None,
)
