"""VAE learns Fashion-MNIST at 28 x 28 with convolutions, to stand beside the DCGANs on it.

Grey levels are the probabilities of binary pixels, drawn anew each time an image is seen; samples
are shown as these probabilities.

Command: kgen train vae_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    24 minutes on two CPU cores that did much other work as well
Result:  seed 0, 20 epochs, test split: -ELBO 235.7 nats (binarised dynamically), 0.434 bits a
         pixel; 10,000 samples in classifier(fashion_mnist, 28x28x1) [ef2fd7865d47]: fd 151.1,
         precision 0.65, recall 0.25. Samples read as clothes without folds or print
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "vae_glyphs",
    data="fashion_mnist",
    image_size=28,
    metrics=("fd", "precision", "recall"),
    evaluate_every=2,
)
