"""GraphSGAN classifies the papers of Cora from twenty labels of each class (Ding et al. 2018).

The authors' networks, losses and optimizers, 20 x 100 batches of 64, on the split of Planetoid. The
embedding of a node is spectral where theirs is LINE (`kgen.datasets.graphs`). Several seeds beside
other methods: `docs/graphs.md`.

Command: kgen train graphsgan_cora --data-dir FOLDER
Data:    planetoid/cora, the user's own copy of its files in FOLDER; 2,708 nodes, 140 of them
         with labels, 500 validation and 1,000 test nodes
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "graphsgan_blocks",
    data="planetoid/cora",
    width=500,
)
