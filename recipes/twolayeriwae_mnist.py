"""IWAE with two stochastic layers learns MNIST, binarised dynamically (Burda et al. 2016).

The deeper model of the paper: 50 latents above 100, between the images and these. Five samples, in
the eight stages of the paper, which has 3,280 epochs and its best result with 50 samples.

Command: kgen train twolayeriwae_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("iwae_mnist", stochastic_layers=2)
