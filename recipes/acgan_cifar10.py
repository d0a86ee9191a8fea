"""AC-GAN draws the thing that it is asked for: CIFAR-10, by the paper's networks and batches.

Metrics are taken in a classifier of CIFAR-10, whose accuracy on real images stands beside
`label_accuracy`.

Command: kgen train acgan_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir); 45,000 train images
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "acgan_glyphs",
    data="cifar10",
    width=96,
    epochs=110,
    features="classifier:cifar10",
)
