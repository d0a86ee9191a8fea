"""BigGAN learns an image folder with a folder a class, at 64 x 64.

The paper has no networks for this size; these are its first author's, with latents of 24 numbers
for each block and self-attention on the map of 32 x 32.

Command: kgen train biggan_folder_64 --data FOLDER
Data:    a folder of images in classes: FOLDER/<class>/<image>, `images` unless --data names another
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "biggan_glyphs",
    data="images",
    image_size=64,
    channels=3,
    batch_size=256,
    epochs=100,
    latent_dim=120,
    width=64,
    shared_dim=128,
    generator_rate=1e-4,
    ema_momentum=0.9999,
    ema_start=20_000,
    metrics=("fd", "precision", "recall"),
)
