"""InfoGAN finds the digits without being told of them: MNIST, by the authors' networks.

As long as theirs: fifty times a hundred batches of 128 are twelve passes over the data. They read
an error of 5 % when the code of ten classes serves as a classifier.

Command: kgen train infogan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "infogan_glyphs",
    data="mnist",
    width=64,
    epochs=12,
    ema_momentum=None,
)
