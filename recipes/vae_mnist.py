"""VAE learns MNIST, binarised dynamically: the one-layer model of Burda et al. 2016 with k = 1.

Two tanh layers of 200 on each side, 50 latents, Adam with epsilon 1e-4. The rate stays at 1e-3
here, where the paper lowers it in eight stages over 3,280 passes.

Command: kgen train vae_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    4 minutes on two CPU cores that did other work as well
Result:  seed 0, 50 epochs, dynamic binarisation: test -ELBO 100.8 nats (78.5 reconstruction, 22.3
         KL). On the first 2,000 test images the bound of -log p(x) is 101.5 nats with k = 1, 95.5
         with k = 100 and 94.7 with k = 1,000. The published 86.8 took 3,280 epochs.
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "vae_glyphs",
    data="mnist",
    image_size=28,
    batch_size=100,
    epochs=50,
    latent_dim=50,
    architecture="dense",
    evaluate_every=10,
)
