"""Pix2pix colours grey images: any images in colour make the pairs on the fly.

The built-in characters are painted in random hues, so that what a grey image says of its colours is
little; `--data FOLDER` takes photographs.

Command: kgen train pix2pix_colorization
Data:    built in (glyphs/letters, painted); or any folder of images in colour
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "pix2pix_glyphs",
    data="glyphs/letters",
    pairs="colorization",
    jitter=6,
)
SMOKE |= {"data": "glyphs/letters", "pairs": "colorization"}
