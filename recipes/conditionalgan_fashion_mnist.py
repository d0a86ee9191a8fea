"""cGAN draws the piece of clothing that it is asked for: Fashion-MNIST, by convolutions.

DCGAN's networks at a quarter of their width, with the label beside every layer's input.

Command: kgen train conditionalgan_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "conditionalgan_glyphs",
    data="fashion_mnist",
    batch_size=128,
)
