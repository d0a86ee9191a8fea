"""AEClassifier learns MNIST from 100 labels: pre-trained as a denoising autoencoder.

Ten labels of each digit, all other training images without. `--set pretraining_epochs=0` is the
supervised baseline; `benchmarks/few_labels.py` compares the two.

Command: kgen train aeclassifier_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("aeclassifier_glyphs", data="mnist", epochs=15, pretraining_epochs=10)
