"""ALI draws small photographs and finds their latents: the paper's networks for CIFAR-10.

32 to 512 channels, 64 latents, batches of 100 and a rate of 1e-4, for 1,000 epochs as in the
authors' script; the paper says 6,475.

Command: kgen train ali_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir); 45,000 train images
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "ali_glyphs",
    data="cifar10",
    width=32,
    epochs=1000,
    evaluate_every=50,
)
