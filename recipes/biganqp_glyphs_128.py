"""BiGAN-QP draws letters at 128 x 128, with 128 latents as the author has at this size.

Command: kgen train biganqp_glyphs_128
Data:    built in (glyphs/letters); 19,840 images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "biganqp_glyphs",
    image_size=128,
    latent_dim=128,
    hidden=1024,
)
