"""Pix2pix turns maps of labels into photographs of facades: the paper's setting at 256 x 256.

Batches of one, 200 epochs, 286 pixels cut to 256 and mirrored at random. The folder is as the
authors ship it: `train/`, `val/` and `test/` with images that show the photograph on their left
half and its labels on the right.

Command: kgen train pix2pix_facades --data FOLDER
Data:    a folder of images side by side, such as the authors' facades
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "pix2pix_glyphs",
    data="facades",
    pairs="halves",
    direction="ba",
    image_size=256,
    batch_size=1,
    epochs=200,
    steps_per_epoch=None,
    flip=True,
    jitter=30,
    width=64,
)
