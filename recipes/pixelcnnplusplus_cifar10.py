"""PixelCNN++ on CIFAR-10 as published: 2.92 bits a dimension (Salimans et al. 2017).

Three resolutions of five blocks with 160 channels, ten logistics, batches of 128 in all. The
authors report 3.0 bits a dimension after ten hours on eight GPUs, and five days to the end.

Command: kgen train pixelcnnplusplus_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    needs a GPU
Result:  not yet measured: not run
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "pixelcnnplusplus_glyphs",
    data="cifar10",
    image_size=32,
    batch_size=128,
    epochs=1000,
    width=160,
    blocks=5,
    resolutions=3,
    components=10,
    dropout=0.5,
    ema_momentum=0.9995,
    evaluate_every=50,
)
