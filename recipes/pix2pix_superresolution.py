"""Pix2pix gives reduced images their detail back: any images make the pairs on the fly.

Sources are the images at a quarter of their size, enlarged again, since a U-Net keeps the size of
what it translates; `--set pairs=superresolution_2x` takes half the size.

Command: kgen train pix2pix_superresolution
Data:    built in (glyphs/letters); or any folder of images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "pix2pix_glyphs",
    data="glyphs/letters",
    pairs="superresolution_4x",
    jitter=6,
)
SMOKE |= {"data": "glyphs/letters", "pairs": "superresolution_4x"}
