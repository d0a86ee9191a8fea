"""DCGAN draws clothes: Fashion-MNIST at 28 x 28.

The paper's batches of 128 and its optimizers, the networks at a quarter of their width,
so that two CPU cores do with minutes. `--set ema_momentum=none` samples from the trained weights.

Command: kgen train dcgan_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    5 minutes on one CPU core
Result:  seed 0, 10 epochs, test split, 10,000 samples, in classifier(fashion_mnist, 28x28x1)
         [ef2fd7865d47]: fd 76.3, precision 0.66, recall 0.51; with ema_momentum=0.998 fd 79.8, with
         none 78.8. Most samples read as clothes; shoes and bags are often ragged
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "dcgan_glyphs",
    data="fashion_mnist",
    image_size=28,
    batch_size=128,
    epochs=10,
    ema_momentum=0.99,
    evaluate_every=1,
)
