"""BiGAN draws clothes and finds their latents: Fashion-MNIST at 28 x 28.

The paper's dense networks for MNIST at their full width, for a tenth of its epochs.

Command: kgen train bigan_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "bigan_glyphs",
    data="fashion_mnist",
    width=1024,
    epochs=40,
)
