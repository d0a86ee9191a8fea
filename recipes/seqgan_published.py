"""SeqGAN on the oracle of its paper: 5,000 tokens, sequences of 20, the paper's sizes and counts.

The authors' random LSTM defines the benchmark, and another one gives other numbers: its parameters
are read from `seqgan/target_params.npz` in the folder `data_dir`. In nats a token, the paper has
9.038 after maximum likelihood and 8.736 at the end.

120 passes of maximum likelihood; 150 of the discriminator alone; then 200 rounds of one step of
REINFORCE and 15 passes of the discriminator. The discriminator sees negatives that are drawn for
each of its steps, and 64 real and 64 generated sequences a step; in the authors' code a batch of 64
mixes both, and the same negatives are gone over three times.

Command: kgen train seqgan_published --data-dir DIR
Data:    oracle/published: 9,984 sequences drawn by the authors' oracle
Time:    52 minutes for maximum likelihood on two CPU cores that had other work; the rest is not yet
         measured
Result:  oracle_nll 9.014 +- 0.007 after maximum likelihood, of 10,000 samples (by 2,000 samples
         between 9.00 and 9.07 from its 60th pass on); the data's own is 5.76. The paper's
         rounds are not yet measured; shortened ones did not help: 9.039 +- 0.015 after 60 passes of
         maximum likelihood and 10 of the discriminator, 9.093 after 100 rounds with 30 steps of
         a discriminator of rate 1e-3, a generator of 2e-3 and a baseline; the discriminator had
         learned the training sequences by heart (docs/texts.md). One seed
"""

from kgen.networks.token_cnn import FILTERS
from kgen.recipe import variation

recipe, SMOKE = variation(
    "seqgan_oracle",
    data="oracle/published",
    epochs=3270,
    filters=FILTERS,
    generator_epochs=120,
    discriminator_epochs=150,
    round_discriminator_steps=2340,
    baseline=None,
    generator_rate=1e-2,
    discriminator_rate=1e-4,
    evaluate_every=10,
)
