"""GAN-QP draws clothes: a quadratic potential on Fashion-MNIST at 28 x 28.

DCGAN's networks at a quarter of their width; two steps of the critic for each one of the generator.

Command: kgen train ganqp_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "ganqp_glyphs",
    data="fashion_mnist",
    image_size=28,
    epochs=12,
    evaluate_every=3,
)
