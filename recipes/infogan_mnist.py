"""InfoGAN finds the digits without being told of them: MNIST, by the authors' networks.

Fifty epochs of their hundred batches of 128 would be five and a half passes over the data. They
read an error of 5 % when the code of ten classes serves as a classifier.

Command: kgen train infogan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "infogan_glyphs",
    data="mnist",
    width=64,
    epochs=10,
    ema_momentum=None,
)
