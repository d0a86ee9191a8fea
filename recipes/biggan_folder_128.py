"""BigGAN learns an image folder with a folder a class, at 128 x 128: the networks of ImageNet.

70 million weights in the generator and 88 million in the discriminator with 1000 classes,
self-attention on the map of 64 x 64; the paper's learning rates. The paper has batches of 2048;
with smaller ones its first author's code has one step of the discriminator, and twice the rates.

Command: kgen train biggan_folder_128 --data FOLDER
Data:    a folder of images in classes: FOLDER/<class>/<image>, `images` unless --data names another
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "biggan_glyphs",
    data="images",
    image_size=128,
    channels=3,
    batch_size=256,
    epochs=100,
    latent_dim=120,
    width=96,
    shared_dim=128,
    generator_rate=5e-5,
    discriminator_rate=2e-4,
    discriminator_steps=2,
    ema_momentum=0.9999,
    ema_start=20_000,
    metrics=("fd", "precision", "recall"),
)
