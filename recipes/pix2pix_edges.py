"""Pix2pix fills in contours: pairs of any images and their edges, which are drawn on the fly.

The paper has shoes and handbags at 256 pixels; `--data FOLDER --set image_size=256` and its
settings (`width=64`, `batch_size=1`) take such photographs.

Command: kgen train pix2pix_edges
Data:    built in (glyphs/letters, grey); or any folder of images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "pix2pix_glyphs",
    data="glyphs/letters",
    pairs="edges",
    jitter=6,
)
SMOKE |= {"data": "glyphs/letters", "pairs": "edges"}
