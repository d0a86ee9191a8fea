"""Progressive growing on a folder of images, from 4 x 4 to 128 x 128 pixels.

Say where they are: `--set data=my_photos`. The paper's networks at half of their width, 600,000
images for each fade and each of the six resolutions; the last one trains on to the end.

Command: kgen train progressive_folder --set data=my_photos
Data:    any folder of images
Time:    needs a GPU
Result:  not yet measured: not run
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "progressive_glyphs",
    data="my_photos",
    image_size=128,
    epochs=240,
    steps_per_epoch=2500,
    first_side=4,
    stable_steps=37_500,
    fade_steps=37_500,
    latent_dim=256,
    width=256,
    flip=True,
    evaluate_every=20,
)
