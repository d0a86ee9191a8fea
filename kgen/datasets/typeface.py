"""The letter shapes behind the built-in glyphs: matplotlib's DejaVu faces, drawn at any size.

matplotlib ships twelve DejaVu faces. Their outlines are taken unhinted, in font units, and filled
by matplotlib's own Agg rasteriser with exact area coverage, so a shape can be placed at a fraction
of a pixel and put through any affine map without being resampled. The same matplotlib gives the
same pixels on every machine.
"""

import dataclasses
import functools
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

# The em square in font units; outlines are divided by it.
_UNITS = 2048
# Empty rim around a shape, as a share of the image side: one pixel at 32.
_RIM = 1 / 32


@dataclasses.dataclass(frozen=True)
class Face:
    """One face of the DejaVu fonts.

    Attributes:
        file: Name of the font file without its suffix.
        family: `"sans"`, `"mono"` or `"serif"`.
        bold: Whether the strokes are bold.
        slanted: Whether the face is oblique or italic.
    """

    file: str
    family: str
    bold: bool
    slanted: bool

    @property
    def name(self) -> str:
        """The face in words, such as `"serif bold slanted"`."""
        words = [self.family, "bold" * self.bold, "slanted" * self.slanted]
        return " ".join(word for word in words if word)


def _family(file: str, family: str, slant: str) -> list[Face]:
    styles = (("", False, False), ("-Bold", True, False))
    styles += ((f"-{slant}", False, True), (f"-Bold{slant}", True, True))
    return [Face(file + suffix, family, bold, slanted) for suffix, bold, slanted in styles]


FACES: tuple[Face, ...] = (
    *_family("DejaVuSans", "sans", "Oblique"),
    *_family("DejaVuSansMono", "mono", "Oblique"),
    *_family("DejaVuSerif", "serif", "Italic"),
)


@functools.cache
def _font(face: Face):
    import matplotlib
    from matplotlib.ft2font import FT2Font

    font = FT2Font(f"{matplotlib.get_data_path()}/fonts/ttf/{face.file}.ttf")
    font.set_size(_UNITS, 72)  # one unit of the outline is one font unit
    return font


@functools.cache
def _outline(face: Face, code_point: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (in em, baseline at 0, centred on x = 0) and path codes of one character."""
    from matplotlib.ft2font import LoadFlags
    from matplotlib.path import Path

    font = _font(face)
    font.load_char(code_point, flags=LoadFlags.NO_HINTING)
    vertices, codes = font.get_path()
    # The vertex of a closing code means nothing (FreeType's say (0, 0)) and must not count as ink.
    closing = np.flatnonzero(codes == Path.CLOSEPOLY)
    vertices[closing] = vertices[closing - 1]
    vertices = vertices / _UNITS
    if len(vertices):
        vertices[:, 0] -= (vertices[:, 0].min() + vertices[:, 0].max()) / 2
    return vertices, codes


@functools.cache
def code_points() -> tuple[int, ...]:
    """Letters, numbers, punctuation and symbols that all faces can draw, in order.

    Spaces, control characters and combining marks (which are drawn upon another character) are
    left out.
    """
    common = set.intersection(*(set(_font(face).get_charmap()) for face in FACES))
    visible = (point for point in common if unicodedata.category(chr(point))[0] in "LNPS")
    return tuple(
        sorted(point for point in visible if all(len(_outline(face, point)[0]) for face in FACES))
    )


@functools.cache
def twins() -> dict[int, int]:
    """Maps each code point to the smallest one that looks the same in at least one face.

    Latin A, Greek Alpha and Cyrillic A are three code points of one shape. A split by code point
    alone would put copies of the training images into the test split; a split by this does not.
    """
    parent = {point: point for point in code_points()}

    def root(point: int) -> int:
        while parent[point] != point:
            point = parent[point]
        return point

    for face in FACES:
        groups = defaultdict(list)
        for point in code_points():
            vertices, _ = _outline(face, point)
            groups[np.round(vertices * _UNITS).astype(np.int32).tobytes()].append(point)
        for first, *others in groups.values():
            for other in others:
                one, two = sorted((root(first), root(other)))
                parent[two] = one
    return {point: root(point) for point in parent}


def render(
    shapes: Sequence[tuple[Face, int]],
    image_size: int,
    em: float = 0.78,
    middle: float = 0.365,
    maps: np.ndarray | None = None,
) -> np.ndarray:
    """Draws characters, each in its own square image, bright ink (255) on a dark ground (0).

    All share one scale and one baseline, so that letters keep their relative size and height; each
    is centred from left to right. The few shapes that would leave the image (capitals with two
    accents, full blocks) are moved inside, and those larger than the image are shrunk to fit.

    Args:
        shapes: A face and a code point for each image.
        image_size: Side of the images in pixels.
        em: Size of the font, as a share of the image side.
        middle: Height over the baseline, in em, that is drawn at the middle of the image.
        maps: Affine maps of shape `(n, 2, 3)` on shapes in image sides with the origin at the
            middle and y pointing up, or `None` to draw the shapes as they are.

    Returns:
        uint8 images `(n, image_size, image_size, 1)`; grey is the covered share of a pixel.

    Example:

        >>> sans = FACES[0]
        >>> image = render([(sans, ord("I"))], 16)[0, :, :, 0]
        >>> bool(image[8, 8] > image[8, 2] == 0)
        True
    """
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.path import Path
    from matplotlib.transforms import IdentityTransform

    canvas = RendererAgg(image_size, image_size, 72)
    pen = canvas.new_gc()
    pen.set_linewidth(0)
    pen.set_snap(False)
    coverage = np.asarray(canvas.buffer_rgba())[..., 3]
    images = np.empty((len(shapes), image_size, image_size, 1), np.uint8)
    for row, (face, point) in enumerate(shapes):
        vertices, codes = _outline(face, point)
        vertices = (vertices - (0, middle)) * em
        if maps is not None:
            vertices = vertices @ maps[row, :, :2].T + maps[row, :, 2]
        canvas.clear()
        path = Path((_inside(vertices) + 0.5) * image_size, codes)
        canvas.draw_path(pen, path, IdentityTransform(), (1.0, 1.0, 1.0))
        images[row, :, :, 0] = coverage
    return images


def _inside(vertices: np.ndarray) -> np.ndarray:
    """Moves and, if need be, shrinks a shape into the image without its rim."""
    room = 1 - 2 * _RIM
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    extent = (high - low).max()
    if extent > room:
        vertices = vertices * (room / extent)
        low, high = low * (room / extent), high * (room / extent)
    return vertices + np.maximum(-room / 2 - low, 0) + np.minimum(room / 2 - high, 0)
