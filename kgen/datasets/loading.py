"""`load`: a data set by its name or its folder. `from_arrays`: the user's own arrays."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kgen.datasets import checks, folder, folder_layout, glyphs, mixtures, named, pictures
from kgen.datasets.assembly import (
    Options,
    Request,
    assemble,
    chosen_layout,
    larger,
    make_strands,
    stored_layout,
)
from kgen.datasets.graph import splits as graph_splits
from kgen.datasets.mixture import MIXTURES
from kgen.datasets.pairs import HALVES, MAKERS, check
from kgen.datasets.sound import folder as sound_folder
from kgen.datasets.sound import mel, sounds, tones
from kgen.datasets.sound import named as named_sounds
from kgen.datasets.splits import SPLITS, Splits, assign, check_shares
from kgen.datasets.tokens import files as text_files
from kgen.datasets.tokens import grammar, oracles
from kgen.datasets.views import enlarged
from kgen.errors import DataError


def load(
    name: str | os.PathLike,
    *,
    image_size: int | tuple[int, int] | None = None,
    batch_size: int = 64,
    layout: str | None = None,
    channels: int | tuple[int, int] | None = None,
    pairs: str | None = None,
    direction: str = "ab",
    seed: int = 0,
    steps_per_epoch: int | None = None,
    flip: bool = False,
    jitter: int = 0,
    resize: str = "crop",
    validation: float = 0.1,
    test: float = 0.1,
    limit: int | None = None,
    data_dir: str | os.PathLike | None = None,
    labels_per_class: int | None = None,
    length: int | None = None,
    sample_rate: int | None = None,
    vocabulary: int | None = None,
    minimum_count: int = 1,
    too_long: str = "drop",
    attributes: Sequence[str] | None = None,
    features: str | None = None,
    hop: int = mel.HOP,
    mel_bins: int = mel.BINS,
) -> Splits:
    """Loads a data set as shuffled, batched pipelines: images or sounds in [-1, 1], or tokens.

    Args:
        name: A built-in set (`"glyphs"`, `"glyphs/letters"`, `"ring"`, `"tones"`, `"grammar"`,
            `"oracle"`, ..., see `kgen.datasets`), a folder of images or of WAV files, a text file
            with a sentence a line, a graph (`"blocks"`, `"planetoid/cora"`, an `.npz` file), or a
            name of TensorFlow Datasets (`"mnist"`, `"cycle_gan/horse2zebra"`, `"spoken_digit"`).
        image_size: Side of the images in pixels, or `(height, width)`. `None` takes the size the
            data have; the built-in set is drawn at 32.
        batch_size: Examples in a batch.
        layout: What a batch holds (see `Splits`), where the data allow a choice: `"images"` drops
            labels, `"unpaired"` parts pairs, `"attributes"` reads the table that lies beside a
            folder's images (`kgen.datasets.attributes`), or what a name's examples say
            (`"celeb_a"`). `None` takes what the data are.
        channels: 1 for grey, 3 for colour; of a folder of two sides also a tuple, such as (1, 3).
            `None` takes what the data have, and of pairs what either side has; the built-in set is
            grey, and with 3 channels painted in random hues.
        pairs: Makes pairs for a translation: `"colorization"`, `"superresolution_2x"`,
            `"superresolution_4x"` or `"edges"` of any images on the fly (`kgen.datasets.pairs`), or
            `"halves"` of a folder's images that show source and target side by side.
        direction: `"ba"` turns two sides round: the second becomes the source.
        seed: Seed of the training order. Epoch `e` of the same seed is the same everywhere.
        steps_per_epoch: Batches in an epoch, if it should not be one pass over the data. Passes are
            walked through without a gap, so short epochs show everything in turn.
        flip: Mirror half of the training images from left to right, anew in every pass. Both sides
            of a pair are mirrored together, and cut together by `jitter`.
        jitter: Make training images so many pixels larger than `image_size`, and cut a window of
            that size at random, anew in every pass: 30 for the 286 to 256 pixels of pix2pix.
        resize: How an image comes to another aspect ratio. `"crop"` scales it to cover the size
            and cuts the middle, `"pad"` never enlarges it and repeats its border, `"stretch"`
            distorts it.
        validation: Share held out of the data for validation, where they have no split of their
            own.
        test: Share held out for testing, where the data have no split of their own.
        limit: At most so many examples in each split, for a quick try.
        data_dir: Where TensorFlow Datasets finds prepared sets, or the original downloads of one;
            the folder that `"oracle/published"`, or the files of Planetoid, are read from.
        labels_per_class: Train with so many labels of each class, chosen by `seed`, and all images
            without: batches `((labelled, labels), unlabelled)`. Labelled data only.
        length: Samples of a sound. Longer ones are cut into pieces, and silence fills up the last.
            `None` takes the length the sounds have; `"tones"` have 2,048 samples. Of a text, words
            of a sentence, by default as many as the longest has; `"grammar"` has 12 symbols,
            `"oracle"` 8 tokens and the published one 20.
        sample_rate: Samples a second that sounds are brought to. `None` takes the rate they have;
            `"tones"` have 8,000.
        vocabulary: Of a text, how many words are told apart at most, with the two that stand for
            the end and for all other words; the training split's most frequent ones.
        minimum_count: Of a text, how often a word must occur in the training split to be one.
        too_long: Of a text with a `length`, what becomes of longer sentences: `"drop"` leaves them
            out, `"cut"` keeps their beginnings. A warning says how many there are.
        attributes: Of the layout `"attributes"`, the names of those that are wanted, in this order;
            by default all.
        features: Of sounds, `"mel"` puts their mel spectrograms beside them
            (`kgen.datasets.sound.mel`): batches `(waves, features)`, or
            `(waves, {"labels": ..., "features": ...})`.
        hop: Samples to a frame of these.
        mel_bins: Channels of a frame.

    Returns:
        The three splits and what is known of the data.

    Raises:
        DataError: There are no such data, or not in the shape that was asked for.

    Example:

        >>> data = load("glyphs/letters", image_size=16, batch_size=8, limit=100)
        >>> images, labels = next(iter(data.train))
        >>> images.shape, labels.shape, data.num_classes
        (TensorShape([8, 16, 16, 1]), TensorShape([8]), 62)
    """
    checks.settings(
        batch_size, seed, layout, channels, steps_per_epoch, limit, jitter, length, sample_rate,
        vocabulary, minimum_count, hop, mel_bins,
    )  # fmt: skip
    check_shares(validation, test)
    size = checks.image_size(image_size)
    layout, channels = _for_pairs(pairs, direction, layout, channels)
    options = Options(
        batch_size,
        int(seed),
        steps_per_epoch,
        flip,
        int(jitter),
        labels_per_class,
        pairs,
        direction,
    )
    request = Request(
        size, channels, layout, resize, validation, test, limit, data_dir, options,
        length, sample_rate, vocabulary, minimum_count, too_long,
        checks.names_of_attributes(attributes, layout), features, hop, mel_bins,
    )  # fmt: skip
    text = os.fspath(name)
    path = Path(text).expanduser()
    if name == "tones":
        return tones.load(request)
    if graph_splits.is_graph(text):
        return graph_splits.load(text, request)
    if name == "grammar":
        return grammar.load(request)
    if isinstance(name, str) and oracles.is_oracle(name):
        return oracles.load(name, request)
    if text_files.is_text(path, layout):
        return text_files.load(path, request)
    if isinstance(name, str) and text.split("/")[0] == "glyphs":
        _refuse_other_settings(text, request)
        return _load_glyphs(text, request)
    if name in MIXTURES:
        _refuse_other_settings(text, request)
        return mixtures.load(text, layout, limit, options, image_size=image_size, channels=channels)
    if path.is_dir():
        of_sounds = not folder_layout.holds(path, pictures.SUFFIXES) and folder_layout.holds(
            path, sounds.SUFFIXES
        )
        if of_sounds:
            return sound_folder.load(path, request)
        _refuse_other_settings(text, request)
        return folder.load(path, request)
    if not isinstance(name, str) or text.startswith((".", "/", "~")):
        raise DataError(f"no folder or file {text}: check the path.")
    if named_sounds.is_sound(named.find(text, data_dir)):
        return named_sounds.load(text, request)
    _refuse_other_settings(text, request)
    return named.load(text, request)


def _for_pairs(made, direction, layout, channels):
    """The layout and channels to load with, where pairs are to be made of the images.

    Raises:
        DataError: For unknown settings, or some that do not go with pairs.
    """
    check(made, direction)
    if made is None:
        return layout, channels
    if layout not in (None, "paired"):
        raise DataError(f"pairs={made!r} makes pairs: leave layout={layout!r} out.")
    if made == HALVES:
        return layout, channels
    needed = MAKERS[made].channels
    if isinstance(channels, tuple) or (needed and channels not in (None, needed)):
        raise DataError(f"pairs={made!r} has channels of its own: leave channels={channels} out.")
    return "images", needed or channels


def _refuse_other_settings(name: str, request: Request) -> None:
    for argument in ("length", "sample_rate", "features"):
        if getattr(request, argument) is not None:
            value = getattr(request, argument)
            raise DataError(f"{name} holds no sounds: leave {argument}={value} out.")
    checks.refuse_text_settings(name, request)


def from_arrays(
    images,
    labels=None,
    *,
    layout: str | None = None,
    batch_size: int = 64,
    pairs: str | None = None,
    direction: str = "ab",
    seed: int = 0,
    steps_per_epoch: int | None = None,
    flip: bool = False,
    jitter: int = 0,
    validation: float = 0.0,
    test: float = 0.0,
    class_names: Sequence[str] | None = None,
    name: str = "arrays",
    labels_per_class: int | None = None,
) -> Splits:
    """Pipelines over arrays that are already in memory.

    Args:
        images: Images `(n, height, width, channels)`, uint8 or floats in [-1, 1]; or two such
            arrays of one size, of pairs (`layout="paired"`) or of two kinds (`layout="unpaired"`).
        labels: Whole numbers `(n,)` from 0 on, attributes `(n, k)` of 0 and 1, or `None`.
        layout: What a batch holds, see `Splits`. `None` is `"images"`, with labels `"labelled"`,
            with attributes `"attributes"`, and `"paired"` for two arrays of one length.
        batch_size: Examples in a batch.
        seed: Seed of the training order.
        steps_per_epoch: Batches in an epoch, see `load`.
        flip: Mirror half of the training images.
        validation: Share to hold out for validation, chosen by row number.
        test: Share to hold out for testing.
        class_names: Names of the classes; their numbers if `None`.
        name: A name for the data.
        labels_per_class: See `load`.

    Returns:
        The splits.

    Raises:
        DataError: A shape, a type or a range is wrong.

    Example:

        >>> data = from_arrays(np.zeros((10, 8, 8, 1), np.uint8), batch_size=5)
        >>> data.layout, data.train.cardinality().numpy()
        ('images', np.int64(2))
    """
    checks.settings(batch_size, seed, layout, None, steps_per_epoch, None, jitter)
    layout, _ = _for_pairs(pairs, direction, layout, None)
    if pairs == HALVES:
        raise DataError("pairs='halves' are of a folder: pass the halves as two arrays.")
    check_shares(validation, test)
    sides = list(images) if isinstance(images, tuple | list) else [images]
    if len(sides) > 2:
        raise DataError(f"{len(sides)} arrays of images: pass one, or two of pairs.")
    sides = [
        checks.images(side, f"images[{i}]" if len(sides) > 1 else "images")
        for i, side in enumerate(sides)
    ]
    if len({side.shape[1:3] for side in sides}) > 1:
        raise DataError(
            f"images of shapes {sides[0].shape} and {sides[1].shape}: make their sizes equal."
        )
    if pairs and MAKERS[pairs].channels not in (None, sides[0].shape[-1]):
        raise DataError(f"pairs={pairs!r} are made of images with 3 channels, these have 1.")
    equal = len({len(side) for side in sides}) == 1
    if labels is not None:
        if layout == "attributes" or (np.ndim(labels) == 2 and np.shape(labels)[1] > 1):
            labels = checks.attributes(labels, len(sides[0]))
            last = labels.shape[1] - 1
        else:
            labels = checks.labels(labels, len(sides[0]))
            last = int(labels.max())
        if class_names is None:
            class_names = [str(number) for number in range(last + 1)]
        elif last >= len(class_names):
            raise DataError(f"label {last}, but only {len(class_names)} class_names.")
    stored = stored_layout(len(sides), labels, equal)
    layout = chosen_layout(layout, stored, name)

    rows = [assign(map(str, range(len(side))), validation, test) for side in sides]

    def strands(split):
        drawn = [side[part[split]] for side, part in zip(sides, rows, strict=True)]
        if jitter and split == "train":
            drawn = [enlarged(side, larger(side.shape[1:3], jitter)) for side in drawn]
        return make_strands(
            layout,
            drawn,
            None if labels is None else labels[rows[0][split]],
        )

    return assemble(
        name,
        layout,
        strands,
        sides[-1].shape[1:],
        class_names,
        Options(
            batch_size,
            int(seed),
            steps_per_epoch,
            flip,
            int(jitter),
            labels_per_class,
            pairs,
            direction,
        ),
        source_shape=sides[0].shape[1:],
    )


def _load_glyphs(name: str, request: Request) -> Splits:
    variant = name.partition("/")[2] or "all"
    if isinstance(request.channels, tuple) or request.options.pairs == HALVES:
        raise DataError(f"{name}: channels of two sides and pairs='halves' are for folders.")
    height, width = request.size or (32, 32)
    if height != width or height > 256:
        raise DataError(f"glyphs of {height}x{width} pixels: pass one image_size from 8 to 256.")
    rows = {split: glyphs.rows(variant, split, request.limit) for split in SPLITS}
    stored = glyphs.VARIANTS[variant].layout
    # The rows of both two-sided variants are aligned, so either can be had as pairs.
    layout = request.layout or stored
    layout = chosen_layout(layout, "paired" if stored == "unpaired" else stored, name)
    strands = {
        split: make_strands(
            layout,
            part.draw(height + (request.options.jitter if split == "train" else 0)),
            part.labels,
            part.palette if request.channels == 3 else None,
        )
        for split, part in rows.items()
    }
    shape = (height, height, request.channels or 1)
    class_names = glyphs.VARIANTS[variant].class_names
    return assemble(name, layout, strands, shape, class_names, request.options)
