"""Glow on CIFAR-10 as published: 3.35 bits a dimension (Kingma & Dhariwal 2018).

Three levels of 32 steps with 512 channels, affine couplings; 44 million parameters. The authors
train in batches of 512 on eight GPUs.

Command: kgen train glow_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    needs a GPU
Result:  not yet measured: not run
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "glow_glyphs",
    data="cifar10",
    image_size=32,
    epochs=1000,
    steps=32,
    levels=3,
    width=512,
    coupling="affine",
    warmup=1000,
    ema_momentum=0.999,
    evaluate_every=50,
)
