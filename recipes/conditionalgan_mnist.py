"""cGAN draws the digit that it is asked for: MNIST, by the paper's networks, rates and batches.

`kgen sample <run> --label 7` draws one digit.

Command: kgen train conditionalgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "conditionalgan_glyphs",
    data="mnist",
    width=1200,
    ema_momentum=None,
)
