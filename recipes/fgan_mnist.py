"""f-GAN draws digits: a divergence of one's choice on MNIST, by the paper's networks.

The paper trains for an hour in batches of 4096; these are of 256. `--set divergence=kl` and the
others are the rows of its table.

Command: kgen train fgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "fgan_glyphs",
    data="mnist",
    width=1200,
    epochs=20,
)
