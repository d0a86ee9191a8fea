"""A projection discriminator teaches a generator ten things by name: CIFAR-10.

The paper's residual networks for ImageNet, for smaller images. Metrics are taken in a classifier of
CIFAR-10, whose accuracy on real images stands beside `label_accuracy`.

Command: kgen train projectiongan_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir); 45,000 train images
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "projectiongan_glyphs",
    data="cifar10",
    width=64,
    epochs=100,
    features="classifier:cifar10",
)
