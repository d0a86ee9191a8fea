"""StarGAN turns any of the twelve built-in faces into any other: family, weight and slant.

Command: kgen train stargan_styles
Data:    built in (glyphs/styles)
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("stargan_glyphs", data="glyphs/styles", epochs=80)
