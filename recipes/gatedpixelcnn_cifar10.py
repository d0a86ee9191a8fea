"""Gated PixelCNN on CIFAR-10: 3.03 bits a dimension are published (van den Oord et al. 2016).

Without classes, 256 levels of each colour. A block of 7x7 and fourteen of 3x3 with 128 channels are
our choice of a size, the batches and the rate as well.

Command: kgen train gatedpixelcnn_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    needs a GPU
Result:  not yet measured: not run
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "gatedpixelcnn_glyphs",
    data="cifar10",
    image_size=32,
    batch_size=128,
    epochs=200,
    width=128,
    blocks=14,
    likelihood="categorical",
    layout="images",
    evaluate_every=20,
)
