"""Monet's paintings turn into photographs and back, by CycleGAN: the paper's setting at 256 x 256.

Command: kgen train cyclegan_monet2photo
Data:    cycle_gan/monet2photo of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("cyclegan_horse2zebra", data="cycle_gan/monet2photo")
