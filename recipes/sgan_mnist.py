"""SGAN learns MNIST from 100 labels: Salimans et al. 2016, section 5.

The authors' networks and optimizers, after their code: batches of 100, ten labels of each digit,
all training images without labels beside them. The classifier is a moving average of the
discriminator, shorter than theirs (0.9999), which suits 300 epochs: `--set ema_momentum=0.9999
--set epochs=300`. Their unlabelled images are all 60,000; here 6,000 of them are for validation.

Command: kgen train sgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images, 100
         of them with labels, 6,000 validation and 10,000 test images
Time:    26 to 35 minutes on one CPU core that others used as well; 300 epochs 3.3 hours on one or
         two
Result:  30 epochs, test split: error 2.14, 1.87 and 2.02 % with seeds 0, 1 and 2, and still
         falling; 300 epochs with ema_momentum=0.9999, seed 0: 0.83 % (published: 0.93 ± 0.065);
         docs/few_labels.md
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "sgan_glyphs",
    data="mnist",
)
