"""What `kgen.datasets.load` returns, and the rule that sends an example to its split."""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from kgen.errors import DataError

if TYPE_CHECKING:
    import tensorflow as tf

    from kgen.datasets.tokens.oracle import Oracle

SPLITS = ("train", "validation", "test")
LAYOUTS = (
    "images",
    "labelled",
    "attributes",
    "paired",
    "unpaired",
    "domains",
    "points",
    "waves",
    "tokens",
    "text",
)


@dataclasses.dataclass(frozen=True)
class Splits:
    """The three splits of one data set, as batched `tf.data.Dataset`s.

    Images are float32 NHWC in [-1, 1], waves float32 (n, length, 1) in [-1, 1]; labels and domains
    are int32. What a batch holds is said by the layout, where of sounds the images are waves:

    | layout | batch |
    |---|---|
    | `"images"` | `images` |
    | `"labelled"` | `(images, labels)` |
    | `"paired"` | `(sources, targets)`, row by row the same subject |
    | `"unpaired"` | `(a, b)`, rows have nothing to do with each other |
    | `"domains"` | `(images, domains)` |
    | `"attributes"` | `(images, attributes)`, float32 `(n, k)` of 0 and 1 |
    | `"semi-supervised"` | training `((labelled, labels), unlabelled)`, else `(images, labels)` |
    | `"points"` | `points`, float32 `(n, 2)` of any size |
    | `"waves"` | `waves`, the sounds of a set without their labels |
    | `"features"` | `(waves, features)`, or `(waves, {"labels": ..., "features": ...})` |
    | `"tokens"` | `tokens`, int32 `(n, length)` from 0 to `vocabulary - 1` |

    The nodes of a graph are semi-supervised, rows of numbers `(n, k)` in place of images.
    `layout="text"` asks for the sentences of a text file, whose batches are tokens.

    Attributes:
        name: The name or folder the data came from.
        layout: One of the layouts above; `labels_per_class` makes the last.
        train: Shuffled anew every epoch, whole batches only.
        validation: In a fixed order and complete (the last batch may be smaller); `None` if empty.
        test: Like `validation`.
        image_shape: `(height, width, channels)` of one image; `(2,)` of points, `(length, 1)` of
            sounds, `(length,)` of tokens. Of two sides it is the second's, which a translation
            makes.
        sizes: Examples per split; of unpaired data, those of the larger side.
        class_names: Names of the classes, domains or attributes by their number, or `None` without
            labels.
        seed: The seed of the training order.
        skipped: Files that could not be read and were left out, each with the reason.
        flip: Whether half of the training images are mirrored, anew in every pass.
        sample_rate: Samples a second of sounds; `None` of everything else.
        source_shape: `(height, width, channels)` of the first of two sides; `None` of one.
        vocabulary: How many tokens there are; `None` of everything else.
        words: What each token is written as, by its number, where tokens are words: then 0 is the
            end of a sentence, and nothing but 0 follows it.
        oracle: What drew the tokens, where that is known: a `kgen.datasets.tokens.oracle.Oracle`.
    """

    name: str
    layout: str
    train: "tf.data.Dataset"
    validation: "tf.data.Dataset | None"
    test: "tf.data.Dataset | None"
    image_shape: tuple[int, int, int]
    sizes: Mapping[str, int]
    class_names: tuple[str, ...] | None = None
    seed: int = 0
    skipped: tuple[str, ...] = ()
    flip: bool = False
    sample_rate: int | None = None
    source_shape: tuple[int, int, int] | None = None
    vocabulary: int | None = None
    words: tuple[str, ...] | None = None
    oracle: "Oracle | None" = None

    def __post_init__(self):
        object.__setattr__(self, "sizes", MappingProxyType(dict(self.sizes)))

    @property
    def num_classes(self) -> int | None:
        """How many classes or domains there are, or `None` without labels."""
        return None if self.class_names is None else len(self.class_names)


def split_of(key: str, validation: float = 0.1, test: float = 0.1) -> str:
    """The split of an example, by a hash of what names it.

    The answer depends on nothing but the arguments, so an example stays in its split when others
    are added or removed, on every machine.

    Args:
        key: What names the example, such as a file name.
        validation: The share of examples that goes to validation.
        test: The share of examples that goes to test.

    Returns:
        `"train"`, `"validation"` or `"test"`.

    Example:

        >>> split_of("cat.png", validation=0.0, test=0.0)
        'train'
        >>> split_of("cat.png", validation=0.0, test=1.0)
        'test'
    """
    # Test takes the low end and validation the high end: changing one share leaves the other alone.
    if place(key) < test:
        return "test"
    return "validation" if place(key) >= 1 - validation else "train"


def place(key: str) -> float:
    """A number in [0, 1) that depends on nothing but the key, and looks random.

    Example:

        >>> round(place("a"), 3)
        0.791
    """
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign(keys: Iterable[str], validation: float = 0.1, test: float = 0.1) -> dict[str, list[int]]:
    """The row numbers of each split, for rows named by `keys`.

    Example:

        >>> assign(["a", "b"], validation=0.0, test=0.0)
        {'train': [0, 1], 'validation': [], 'test': []}
    """
    check_shares(validation, test)
    rows = {split: [] for split in SPLITS}
    for row, key in enumerate(keys):
        rows[split_of(key, validation, test)].append(row)
    return rows


def check_shares(validation: float, test: float) -> None:
    """Refuses shares that leave nothing to train on."""
    if validation < 0 or test < 0 or validation + test >= 1:
        raise DataError(
            f"validation={validation} and test={test} are shares of the data: "
            "both at least 0, and below 1 together."
        )
