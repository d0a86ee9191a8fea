"""Summer in Yosemite turns into winter and back, by CycleGAN: the paper's setting at 256 x 256.

Command: kgen train cyclegan_summer2winter
Data:    cycle_gan/summer2winter_yosemite of TensorFlow Datasets (downloaded, or by --data-dir)
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("cyclegan_horse2zebra", data="cycle_gan/summer2winter_yosemite")
