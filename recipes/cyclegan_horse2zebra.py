"""CycleGAN turns horses into zebras and back: the paper's setting at 256 x 256.

Batches of one, nine residual blocks, 100 epochs at a rate of 2e-4 and 100 more towards zero,
training images enlarged to 286 pixels, cut to 256 and mirrored at random.

Command: kgen train cyclegan_horse2zebra
Data:    cycle_gan/horse2zebra of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "cyclegan_glyphs",
    data="cycle_gan/horse2zebra",
    image_size=256,
    batch_size=1,
    epochs=200,
    steps_per_epoch=None,
    flip=True,
    jitter=30,
    width=64,
    blocks=9,
)
