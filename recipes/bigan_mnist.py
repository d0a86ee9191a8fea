"""BiGAN learns the features of digits: MNIST, with the networks and schedule of the paper.

Layers of 1,024 units, 50 uniform latents, batches of 128, 200 epochs at a rate of 2e-4 and 200 more
down to 2e-6. `benchmarks/bigan_neighbours.py` says how well a nearest neighbour in E(x) tells the
digits.

Command: kgen train bigan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "bigan_glyphs",
    data="mnist",
    width=1024,
    epochs=400,
    evaluate_every=50,
)
