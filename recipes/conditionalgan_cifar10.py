"""cGAN draws the thing that it is asked for: CIFAR-10, by DCGAN's networks at half their width.

The label stands beside every layer's input. Metrics are taken in a classifier of CIFAR-10, whose
accuracy on real images stands beside `label_accuracy`.

Command: kgen train conditionalgan_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir); 45,000 train images
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "conditionalgan_glyphs",
    data="cifar10",
    image_size=32,
    architecture="dcgan",
    width=64,
    batch_size=128,
    epochs=50,
    features="classifier:cifar10",
)
