"""cGAN draws the digit that it is asked for: MNIST, by the paper's networks and batches.

Trained by DCGAN's Adam: the paper's SGD does not train them here (`ConditionalGAN`'s
`default_optimizers` says what was seen).
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
    architecture="mlp",
    width=1200,
    batch_size=100,
    epochs=50,
    ema_momentum=None,
)
