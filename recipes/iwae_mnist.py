"""IWAE learns MNIST, binarised dynamically: the one-layer model of Burda et al. 2016.

Five samples; `--set samples=50` is the paper's best, with ten times the work. The paper trains for
3,280 epochs, in the same eight stages. `twolayeriwae_mnist` is its deeper model.

Command: kgen train iwae_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured; with one sample about an hour of one CPU core for 1,500 epochs
Result:  not yet measured; with `--set samples=1 --epochs 1500`, a VAE, seed 0, test split: -ELBO
         93.3 nats, -log p(x) at most 89.8 by 64 samples (published: 86.76); docs/likelihood.md
"""

from kgen.recipe import variation

recipe, SMOKE = variation("iwae_glyphs", data="mnist", epochs=50)
