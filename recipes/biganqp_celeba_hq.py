"""BiGAN-QP draws and encodes faces, or a folder of any photographs, at 256 x 256.

The author's networks, 64 to 2,048 channels and 256 latents, and his guides for this size. With
`--data FOLDER` it learns the images of a folder, of any sizes.

Command: kgen train biganqp_celeba_hq
Data:    celeb_a_hq/256 of TensorFlow Datasets (found by --data-dir), or such a folder
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "biganqp_glyphs",
    data="celeb_a_hq/256",
    image_size=256,
    batch_size=32,
    epochs=100,
    latent_dim=256,
    width=64,
    hidden=1024,
    latent_guide=4.0,
    image_guide=6.0,
    evaluate_every=10,
)
