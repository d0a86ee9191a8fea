"""PixelCNN on CIFAR-10 as published: 3.14 bits a dimension (van den Oord et al. 2016).

A 7x7 convolution with mask A and fifteen residual blocks of 128 channels, 256 levels of each
colour, red before green before blue; batches of 16. The authors tune RMSProp by hand, here it is
Adam.

Command: kgen train pixelcnn_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    needs a GPU
Result:  not yet measured: not run
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "pixelcnn_glyphs",
    data="cifar10",
    image_size=32,
    batch_size=16,
    epochs=100,
    width=128,
    blocks=15,
    likelihood="categorical",
    evaluate_every=20,
)
