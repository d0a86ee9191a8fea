"""R3GAN draws clothes: a relativistic loss and two penalties on Fashion-MNIST at 28 x 28.

The paper's networks at a 24th of their width with half of its blocks, its groups of 16 channels
kept; the schedules run over the whole training.

Command: kgen train r3gan_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "r3gan_glyphs",
    data="fashion_mnist",
    image_size=28,
    epochs=10,
    evaluate_every=2,
)
