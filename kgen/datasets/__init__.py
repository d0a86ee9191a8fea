"""Data for every model: images float32 NHWC in [-1, 1], in an order that resumes exactly.

`load(name)` takes a built-in set, a folder of images or of WAV files, a text file, or a name of
TensorFlow Datasets, and returns `Splits` with `.train`, `.validation` and `.test`. `from_arrays`
does the same for arrays. Sounds are waves, float32 `(n, length, 1)` in [-1, 1].

A text file has a sentence a line, `load("captions.txt", length=20, vocabulary=5000)`, and a folder
may have `train.txt`, `validation.txt` and `test.txt`. Batches are tokens, int32 `(n, length)`: the
numbers of the words, 1 for a word that is not in the vocabulary, and 0 after the last
(`kgen.datasets.tokens.text`). `Splits.words` says which word each number is.

Built in are the glyphs: 2,296 characters in the twelve DejaVu faces that matplotlib ships, bright
on dark, drawn at any size from 8 to 256 when they are asked for, grey or (`channels=3`) in random
hues. They need no network and no files.

| name | batch | what it shows |
|---|---|---|
| `"glyphs"`, `"glyphs/all"` | `images` | every character in every face |
| `"glyphs/letters"` | `(images, labels)` | A-Z, a-z, 0-9, each face jittered 40 times, 62 classes |
| `"glyphs/digits"` | `(images, labels)` | 0-9, each face jittered 250 times, 10 classes |
| `"glyphs/scripts"` | `(images, labels)` | every character, labelled latin, greek, cyrillic, ... |
| `"glyphs/styles"` | `(images, domains)` | every character, 12 domains: family x weight x slant |
| `"glyphs/regular2bold"` | `(regular, bold)` | pairs of one character |
| `"glyphs/sans2serif"` | `(sans, serif)` | unpaired; `layout="paired"` gives the pairs |
| `"glyphs/faces"` | `(images, domains)` | letters and numbers, 4 domains: sans, serif x weight |

Their splits are fixed: about 80 % of the characters for training and 10 % each for validation and
testing, chosen by a hash of the code point; `letters` and `digits` instead train on 8 faces and
keep 2 faces each for validation and testing. In validation and test data of `sans2serif`, row by
row both sides show the same character, so a translation can be compared with the truth.

`"tones"` are sounds, batches `(waves, labels)`: two octaves of notes of six made-up instruments, 16
takes of each, split by a hash of the note (`kgen.datasets.sound.tones`). With `features="mel"` the
mel spectrograms of any sounds stand beside them (`kgen.datasets.sound.mel`).

Two toys are points in the plane instead, `(n, 2)` and not scaled, with known modes
(`kgen.datasets.mixture`): `"ring"`, 8 Gaussians on a circle of radius 2, and `"grid"`, 25 of them.

`"grammar"` are sentences such as x+x*x, tokens whose distribution is known
(`kgen.datasets.tokens.grammar`). `"oracle"` are sequences that a language model with random
weights drew, and `"oracle/published"` those of the model of SeqGAN's paper
(`kgen.datasets.tokens.oracles`).

Pairs for translation are made of any images by `pairs=`: `"colorization"`, `"superresolution_2x"`,
`"superresolution_4x"`, `"edges"` (`kgen.datasets.pairs`).

`"blocks"` is a graph of three clusters; `"planetoid/cora"`, `"planetoid/citeseer"` and
`"planetoid/pubmed"` are read from the user's own copy of their files, and an `.npz` file with
`features`, `edges` and `labels` is a graph as well (`kgen.datasets.graph.file`). Their nodes are
rows, batches `((labelled, labels), unlabelled)` (`kgen.datasets.graph.rows`).

`layout="images"` drops the labels of any labelled set: `load("glyphs/letters", layout="images")`
gives an unconditional model nothing but letters.

Importing `kgen.datasets.glyphs_builder` registers the same images as a TensorFlow Datasets builder,
so that `tfds.load("glyphs/letters")` works.
"""

import importlib

_HOMES = {"load": "loading", "from_arrays": "loading", "Splits": "splits"}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"kgen.datasets.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOMES])
