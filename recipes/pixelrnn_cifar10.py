"""PixelRNN on CIFAR-10 as published: 3.00 bits a dimension (van den Oord et al. 2016).

Twelve layers of Diagonal BiLSTM with 128 units, 256 levels of each colour; batches of 16.
`--set recurrence=row` is their Row LSTM, with 3.07. The authors tune RMSProp by hand, here it is
Adam.

Command: kgen train pixelrnn_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    needs a GPU
Result:  not yet measured: not run
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "pixelrnn_glyphs",
    data="cifar10",
    image_size=32,
    batch_size=16,
    epochs=100,
    recurrence="diagonal",
    width=128,
    blocks=12,
    likelihood="categorical",
    evaluate_every=20,
)
