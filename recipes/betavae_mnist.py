"""BetaVAE learns MNIST, binarised dynamically, with a KL that weighs four times.

Ten latents; a walk through one of them shows what it stands for.

Command: kgen train betavae_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("betavae_glyphs", data="mnist", image_size=28)
