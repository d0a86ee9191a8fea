"""The first GAN draws digits: MNIST, by the networks, rates and batches of the authors' code.

The generator's layers have 1200 units and the discriminator's 240 maxout ones, as there. They train
for 250 epochs and let the momentum rise meanwhile; here it stays.

Command: kgen train gan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "gan_glyphs",
    data="mnist",
    width=1200,
    epochs=50,
    ema_momentum=None,
    evaluate_every=10,
)
