"""GraphSGAN classifies the papers of Citeseer from twenty labels of each class (Ding et al. 2018).

The authors' networks, losses and optimizers, 20 x 100 batches of 64, on the split of Planetoid. The
embedding of a node is spectral where theirs is LINE (`kgen.datasets.graph.rows`). Several seeds,
beside other methods: `docs/graphs.md`.

Command: kgen train graphsgan_citeseer --data-dir FOLDER
Data:    planetoid/citeseer, the user's own copy of its files in FOLDER; 3,327 nodes, 120 of
         them with labels, 500 validation and 1,000 test nodes
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "graphsgan_blocks",
    data="planetoid/citeseer",
    width=500,
)
