"""From the strands of each split to `Splits`: what every kind of data goes through at the end."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from kgen.datasets import pairs, pipeline, semi_supervised
from kgen.datasets.sound import mel
from kgen.datasets.splits import SPLITS, Splits
from kgen.datasets.strands import Memory, Strand, Stream
from kgen.datasets.tokens.oracle import Oracle
from kgen.errors import DataError

#: The layouts whose batches have labels beside the images.
LABELLED = ("labelled", "domains", "attributes")


@dataclasses.dataclass(frozen=True)
class Options:
    """How a training pipeline runs, whatever its data."""

    batch_size: int = 64
    seed: int = 0
    steps_per_epoch: int | None = None
    flip: bool = False
    jitter: int = 0
    labels_per_class: int | None = None
    pairs: str | None = None
    direction: str = "ab"


@dataclasses.dataclass(frozen=True)
class Request:
    """What `load` was asked for, checked; the fields are its arguments."""

    size: tuple[int, int] | None
    channels: int | tuple[int, int] | None
    layout: str | None
    resize: str
    validation: float
    test: float
    limit: int | None
    data_dir: str | None
    options: Options
    length: int | None = None
    sample_rate: int | None = None
    vocabulary: int | None = None
    minimum_count: int = 1
    too_long: str = "drop"
    attributes: tuple[str, ...] | None = None
    features: str | None = None
    hop: int = mel.HOP
    mel_bins: int = mel.BINS


def larger(size: tuple[int, int], jitter: int) -> tuple[int, int]:
    """A size with so many pixels more on both sides."""
    return size[0] + jitter, size[1] + jitter


def stored_layout(sides: int, labels: np.ndarray | None, equal: bool) -> str:
    """The layout of data as they are stored."""
    if sides == 2:
        return "paired" if equal else "unpaired"
    if labels is None:
        return "images"
    return "labelled" if labels.ndim == 1 else "attributes"


def chosen_layout(wanted: str | None, stored: str, name: str, plain: str = "images") -> str:
    """The wanted layout, if data stored in one can be seen as the other.

    Args:
        wanted: The layout asked for, or `None`.
        stored: That of the data.
        name: What an error calls them.
        plain: The layout without labels: `"images"`, or of sounds `"waves"`.

    Example:

        >>> chosen_layout(None, "labelled", "x"), chosen_layout("images", "labelled", "x")
        ('labelled', 'images')
    """
    views = {
        plain: (plain,),
        "labelled": ("labelled", plain, "domains"),
        "domains": ("domains", "labelled", plain),
        "attributes": ("attributes", plain),
        "paired": ("paired", "unpaired"),
        "unpaired": ("unpaired",),
        "points": ("points",),
        "tokens": ("tokens",),
    }[stored]
    if wanted is None:
        return stored
    if wanted not in views:
        hint = "; pairs= makes pairs of them" if wanted == "paired" else ""
        raise DataError(
            f"{name} cannot be loaded as {wanted!r}: choose from {', '.join(views)}{hint}."
        )
    return wanted


def make_strands(
    layout: str,
    sides: Sequence[np.ndarray],
    labels: np.ndarray | None = None,
    palette: np.ndarray | None = None,
) -> list[Strand]:
    """The strands in memory of one split."""
    if layout == "unpaired":
        return [Memory([side], palette=palette) for side in sides]
    return [Memory(sides, labels if layout in LABELLED else None, palette)]


def assemble(
    name: str,
    layout: str,
    strands: Callable[[str], list[Strand | Stream]] | Mapping[str, list[Strand | Stream]],
    image_shape: Sequence[int],
    class_names: Sequence[str] | None,
    options: Options,
    skipped: Sequence[str] = (),
    sample_rate: int | None = None,
    source_shape: Sequence[int] | None = None,
    vocabulary: int | None = None,
    words: Sequence[str] | None = None,
    oracle: Oracle | None = None,
    features: mel.Mel | None = None,
) -> Splits:
    """Puts pipelines over the strands of each split, made to pairs and turned round if asked."""
    strands = strands if isinstance(strands, Mapping) else {s: strands(s) for s in SPLITS}
    settings = dataclasses.asdict(options)
    labels_per_class, made = settings.pop("labels_per_class"), settings.pop("pairs")
    maker = pairs.MAKERS.get(made)
    if maker is not None:
        layout, source_shape = "paired", maker.source_shape(image_shape)
        strands = {
            split: [pairs.with_sources(strand, maker) for strand in parts]
            for split, parts in strands.items()
        }
    two_sided = layout in ("paired", "unpaired")
    source_shape = (source_shape or image_shape) if two_sided else None
    if settings.pop("direction") == "ba":
        if not two_sided:
            raise DataError(
                f"direction='ba' turns pairs round, and {name} is loaded as {layout!r}."
            )
        image_shape, source_shape = source_shape, image_shape
        strands = {
            split: parts[::-1] if len(parts) > 1 else [pairs.reversed_pairs(parts[0])]
            for split, parts in strands.items()
        }
    labelled = layout in (*LABELLED, semi_supervised.LAYOUT)
    if features is not None:
        layout = "features"
        strands = {
            split: [mel.with_features(strand, features) for strand in parts]
            for split, parts in strands.items()
        }
    if labels_per_class is None:
        train = pipeline.training(strands["train"], **settings)
    else:
        if layout != "labelled":
            raise DataError(f"labels_per_class needs labels, and {name} is loaded as {layout!r}.")
        layout = semi_supervised.LAYOUT
        train = semi_supervised.training(strands["train"], labels_per_class, **settings)
    return Splits(
        name=name,
        layout=layout,
        train=train,
        validation=pipeline.evaluation(strands["validation"], options.batch_size),
        test=pipeline.evaluation(strands["test"], options.batch_size),
        image_shape=tuple(int(side) for side in image_shape),
        sizes={split: max(map(len, strands[split])) for split in SPLITS},
        class_names=tuple(class_names) if class_names is not None and labelled else None,
        seed=options.seed,
        skipped=tuple(skipped),
        flip=options.flip,
        sample_rate=sample_rate,
        source_shape=source_shape and tuple(int(side) for side in source_shape),
        vocabulary=vocabulary,
        words=None if words is None else tuple(words),
        oracle=oracle,
    )
