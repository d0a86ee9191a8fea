"""The built-in data set: what `kgen.datasets.load("glyphs/...")` shows, drawn when it is asked for.

Every variant has fixed splits. All but `letters` and `digits` split by code point, so that a
character met in training is never met in a test in any face; code points of one shape (Latin A,
Greek Alpha) stay together. These two split by face. The images do not depend on the seed of the
training order.
"""

import dataclasses
import unicodedata

import numpy as np

from kgen.datasets import typeface
from kgen.datasets.splits import SPLITS, split_of
from kgen.datasets.typeface import FACES, Face
from kgen.errors import DataError

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
DIGITS = "0123456789"
SCRIPTS = ("armenian", "cyrillic", "georgian", "greek", "latin", "common")
# Jittered copies of each letter in each face, and of each of the ten digits.
COPIES = 40
DIGIT_COPIES = 250
# The faces of `letters` and `digits` that are not trained on: together they show every family, both
# weights and both slants, and so do the eight that are left.
_HELD_OUT = {
    "DejaVuSansMono-Oblique": "validation",
    "DejaVuSerif-Bold": "validation",
    "DejaVuSans-BoldOblique": "test",
    "DejaVuSerif-Italic": "test",
}
# The variants that split by face: their characters, and how often each is drawn in a face.
_BY_FACE = {"letters": (LETTERS, COPIES), "digits": (DIGITS, DIGIT_COPIES)}
# The faces of `faces`.
FOUR_FACES = tuple(f for f in FACES if f.family in ("sans", "serif") and not f.slanted)


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to look at the glyphs.

    Attributes:
        layout: The layout `load` gives it by default, see `kgen.datasets.splits.Splits`.
        about: One line that describes it.
        class_names: Names of classes or domains, or `None`.
    """

    layout: str
    about: str
    class_names: tuple[str, ...] | None = None


VARIANTS: dict[str, Variant] = {
    "all": Variant("images", "every character in every face"),
    "letters": Variant(
        "labelled", "A-Z, a-z and 0-9, jittered, labelled by character", tuple(LETTERS)
    ),
    "scripts": Variant("labelled", "every character, labelled by its script", SCRIPTS),
    "styles": Variant(
        "domains",
        "every character, its face (family, weight and slant) as domain",
        tuple(face.name for face in FACES),
    ),
    "regular2bold": Variant("paired", "a letter or number in a regular face, and in its bold face"),
    "sans2serif": Variant("unpaired", "sans-serif letters and numbers, and serif ones"),
    "faces": Variant(
        "domains",
        "letters and numbers in four upright faces, sans and serif, regular and bold",
        tuple(face.name for face in FOUR_FACES),
    ),
    "digits": Variant("labelled", "0-9, jittered, labelled by digit", tuple(DIGITS)),
}


@dataclasses.dataclass(frozen=True)
class Rows:
    """What the rows of one split show, before they are drawn.

    Attributes:
        shapes: For each row its shapes, face and code point: one, or two for variants of two sides.
        labels: int32 class or domain of each row, or `None`.
        maps: Affine maps `(n, 2, 3)` of the jitter, or `None`.
        palette: uint8 `(n, 2, 3)`, the colours of ink and paper for images in colour.
    """

    shapes: list[tuple[tuple[Face, int], ...]]
    labels: np.ndarray | None
    maps: np.ndarray | None
    palette: np.ndarray

    def __len__(self):
        return len(self.shapes)

    def draw(self, image_size: int) -> list[np.ndarray]:
        """Draws the rows in grey.

        Returns:
            One uint8 array of shape `(n, image_size, image_size, 1)`, or two of aligned rows.
        """
        # Letters and digits alone need no room for accents: they are drawn larger.
        frame = {} if self.maps is None else {"em": 0.95, "middle": 0.285}
        sides = zip(*self.shapes, strict=True)
        return [typeface.render(side, image_size, maps=self.maps, **frame) for side in sides]


def rows(variant: str, split: str, limit: int | None = None) -> Rows:
    """The rows of a split.

    Args:
        variant: A key of `VARIANTS`.
        split: `"train"`, `"validation"` or `"test"`.
        limit: Keep at most so many rows, chosen at random but always the same, or `None` for all.

    Returns:
        The rows, in a fixed order.

    Raises:
        DataError: No variant has that name.

    Example:

        >>> test = rows("letters", "test", limit=62)
        >>> test.draw(16)[0].shape, test.labels.shape
        ((62, 16, 16, 1), (62,))
    """
    if variant not in VARIANTS:
        raise DataError(f"no glyphs/{variant}: choose from {', '.join(map(_full, VARIANTS))}.")
    faces, points = FACES, _points(split)
    if variant in ("regular2bold", "sans2serif", "faces"):  # symbols look the same in all
        points = [point for point in points if unicodedata.category(chr(point))[0] in "LN"]
    labels = maps = None
    if variant in _BY_FACE:
        characters, copies = _BY_FACE[variant]
        faces = [face for face in FACES if _HELD_OUT.get(face.file, "train") == split]
        shapes = [((f, ord(c)),) for _ in range(copies) for f in faces for c in characters]
        labels = [number for _ in range(copies) for _ in faces for number in range(len(characters))]
    elif variant == "regular2bold":
        shapes = [((f, p), (_sister(f, bold=True), p)) for p in points for f in faces if not f.bold]
    elif variant == "sans2serif":
        sans = [face for face in faces if face.family == "sans"]
        shapes = [((f, p), (_sister(f, family="serif"), p)) for p in points for f in sans]
    else:
        faces = FOUR_FACES if variant == "faces" else faces
        shapes = [((face, point),) for point in points for face in faces]
        if variant == "scripts":
            labels = [SCRIPTS.index(script(point)) for ((_, point),) in shapes]
        elif variant in ("styles", "faces"):
            labels = [faces.index(face) for ((face, _),) in shapes]

    draws = np.random.default_rng((list(VARIANTS).index(variant), SPLITS.index(split)))
    palette = _palette(draws, len(shapes))
    if variant in _BY_FACE:
        maps = _jitter(draws, len(shapes))
    kept = np.sort(draws.permutation(len(shapes))[:limit])
    return Rows(
        shapes=[shapes[row] for row in kept],
        labels=None if labels is None else np.array(labels, np.int32)[kept],
        maps=None if maps is None else maps[kept],
        palette=palette[kept],
    )


def script(code_point: int) -> str:
    """The script of a character, one of `SCRIPTS`, by the first word of its Unicode name.

    Example:

        >>> script(ord("ж")), script(ord("7"))
        ('cyrillic', 'common')
    """
    first = unicodedata.name(chr(code_point)).split()[0].lower()
    return first if first in SCRIPTS else "common"


def _full(variant: str) -> str:
    return f"glyphs/{variant}"


def _points(split: str) -> list[int]:
    return [
        point for point, twin in typeface.twins().items() if split_of(f"kgen glyph {twin}") == split
    ]


def _sister(face: Face, **changes) -> Face:
    wanted = (
        changes.get("family", face.family),
        changes.get("bold", face.bold),
        face.slanted,
    )
    return next(f for f in FACES if (f.family, f.bold, f.slanted) == wanted)


def _jitter(draws: np.random.Generator, n: int) -> np.ndarray:
    """Small rotations, shears, changes of size and shifts."""
    turn = np.deg2rad(draws.uniform(-8, 8, n))
    shear = draws.uniform(-0.1, 0.1, n)
    wide, high = draws.uniform(0.8, 1.0, (2, n))
    shift = draws.uniform(-0.04, 0.04, (n, 2))
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1)
    shape = np.array([[wide, shear * high], [0 * wide, high]]).transpose(2, 0, 1)
    return np.concatenate([rotation @ shape, shift[:, :, None]], axis=2)


def _palette(draws: np.random.Generator, n: int) -> np.ndarray:
    """Bright inks and dark papers of any hue."""
    from matplotlib.colors import hsv_to_rgb

    hue, strength, brightness = draws.uniform(size=(3, n, 2))
    # Ink pale enough that even blue stands out from the paper.
    brightness = brightness * (0.2, 0.3) + (0.8, 0.0)
    strength = strength * (0.5, 0.6) + (0.2, 0.4)
    colours = hsv_to_rgb(np.stack([hue, strength, brightness], axis=-1))
    return np.round(colours * 255).astype(np.uint8)
