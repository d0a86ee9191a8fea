import io
import math

import numpy as np
import pytest
from PIL import Image

from kgen.collect.perceptual import Seen, distance, low_frequencies, perceptual_hash
from tests.collect.site import drawn_face, encoded


def noise(seed, side=64):
    """A smooth picture of nothing in particular."""
    random = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    return Image.fromarray(random).resize((side, side), Image.Resampling.BICUBIC)


def test_against_a_picture_of_known_coefficients():
    """Levels made from cosines by hand; the bits are the coefficients above their median."""
    random = np.random.default_rng(0)
    # Distinct and large, or rounding to grey levels would decide.
    wanted = random.permutation(np.linspace(-1, 1, 63))
    coefficients = np.concatenate([[0.0], wanted]).reshape(8, 8)
    levels = np.full((32, 32), 128.0)
    for u in range(8):
        for v in range(8):
            rows = [math.cos(math.pi * (2 * y + 1) * u / 64) for y in range(32)]
            columns = [math.cos(math.pi * (2 * x + 1) * v / 64) for x in range(32)]
            # The transform's basis has length 1: a constant is 1 / sqrt(2) of a cosine.
            share = (2**-0.5 if u == 0 else 1) * (2**-0.5 if v == 0 else 1)
            levels += 8 * share * coefficients[u, v] * np.outer(rows, columns)
    assert levels.min() > 0 and levels.max() < 255
    low = low_frequencies(Image.fromarray(np.rint(levels).astype(np.uint8)))
    np.testing.assert_allclose(low, wanted / np.linalg.norm(wanted), atol=0.01)
    bits = "".join(str(int(one > 0)) for one in wanted) + "0"  # the median of the 63 is 0
    assert distance(perceptual_hash(low), int(bits, 2)) <= 1  # that median itself


def test_brightness_and_contrast_do_not_count():
    levels = np.asarray(noise(1).convert("L"), np.float64)
    plain = low_frequencies(Image.fromarray(np.rint(40 + levels / 2).astype(np.uint8)))
    other = low_frequencies(Image.fromarray(np.rint(90 + levels / 2).astype(np.uint8)))
    np.testing.assert_allclose(plain, other, atol=1e-12)
    harder = low_frequencies(noise(1))
    assert plain @ harder > 0.999
    inverse = low_frequencies(Image.fromarray((255 - levels).astype(np.uint8)))
    np.testing.assert_allclose(inverse, -harder, atol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_picture_in_other_files(seed):
    original = low_frequencies(noise(seed, 128))
    for other in (
        noise(seed, 128).resize((77, 90)),
        noise(seed, 128).resize((300, 300)),
        Image.open(io.BytesIO(encoded(noise(seed, 128), "JPEG"))),
        noise(seed, 128).convert("L"),
    ):
        low = low_frequencies(other)
        assert distance(perceptual_hash(original), perceptual_hash(low)) <= 4
        assert original @ low > 0.99


def test_different_pictures_differ_in_half_of_the_bits():
    """62 free bits: a mean near 31, and of 780 pairs none within 8."""
    hashes = [perceptual_hash(low_frequencies(noise(seed))) for seed in range(40)]
    apart = [distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert 29.5 < np.mean(apart) < 33.5 and min(apart) > 8


def test_a_flat_picture_has_no_look():
    assert low_frequencies(Image.new("L", (64, 64), 7)) is None


def test_equal_bits_are_not_enough():
    """Of a gradient and its mirror image few coefficients mean anything: the numbers decide."""
    ramp = Image.linear_gradient("L")
    seen = Seen(near=8)
    seen.add(low_frequencies(ramp))
    mirrored = low_frequencies(ramp.rotate(180))
    assert distance(perceptual_hash(low_frequencies(ramp)), perceptual_hash(mirrored)) <= 8
    assert seen.alike(mirrored) is None
    assert seen.alike(low_frequencies(ramp.resize((99, 99))))[0] == 0


def test_the_nearest_of_many():
    seen = Seen(near=4)
    assert seen.alike(low_frequencies(noise(0))) is None
    for seed in range(600):  # more than it has room for at first
        seen.add(low_frequencies(noise(seed)))
    for seed in (0, 299, 599):
        assert seen.alike(low_frequencies(noise(seed))) == (seed, 0)
    assert seen.alike(low_frequencies(drawn_face(0)[0])) is None
