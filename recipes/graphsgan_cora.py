"""GraphSGAN classifies the papers of Cora from twenty labels of each class (Ding et al. 2018).

The authors' networks, losses and optimizers, 20 x 100 batches of 64, on the split of Planetoid. The
embedding of a node is spectral where theirs is LINE (`kgen.datasets.graph.rows`). Several seeds,
beside other methods: `docs/graphs.md`.

Command: kgen train graphsgan_cora --data-dir FOLDER
Data:    planetoid/cora, the user's own copy of its files in FOLDER; 2,708 nodes, 140 of them
         with labels, 500 validation and 1,000 test nodes
Time:    160 CPU seconds a seed, in benchmarks/graph.py
Result:  82.0 ± 0.9 % of the test nodes, mean and deviation of seeds 0 to 4 (83.4, 81.5, 81.2, 81.5,
         82.5), with the same model and steps in benchmarks/graph.py; the paper has 83.0 ± 1.3
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "graphsgan_blocks",
    data="planetoid/cora",
    width=500,
)
