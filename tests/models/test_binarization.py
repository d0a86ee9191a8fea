"""How grey levels become binary: what is random, what is fixed, and what it is called."""

import numpy as np
import pytest
from keras import ops

from kgen.models import PixelCNN
from kgen.models.binarization import (
    BINARIZATIONS,
    binarize,
    check_binarization,
    described,
    fixed_uniforms,
)


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def static(images):
    return numbers(binarize(ops.convert_to_tensor(images), None, "static"))


def grey(n, size=28, seed=0):
    levels = np.random.default_rng(seed).integers(0, 256, (n, size, size, 1))
    return (levels / 127.5 - 1).astype("float32")


def test_a_static_image_is_the_same_in_any_batch():
    images = grey(20)
    together = static(images)
    order = np.random.default_rng(1).permutation(20)
    np.testing.assert_array_equal(static(images[order]), together[order])
    for image, binary in zip(images, together, strict=True):
        np.testing.assert_array_equal(static(image[None])[0], binary)
    other = images + 1 / 127.5 * (np.arange(784).reshape(28, 28, 1) == 400)
    assert (numbers(fixed_uniforms(other)) != numbers(fixed_uniforms(images))).mean() > 0.99


def test_static_pixels_are_on_as_often_as_they_are_bright():
    """Over 4,000 images: 0.2, 0.5 and 0.8 within 4 standard errors, and black and white always."""
    levels = np.array([0, 51, 127.5, 204, 255]).round()
    images = np.full((4000, 4, 4, 1), -1.0)
    images[:, 0, :, 0] = np.random.default_rng(0).integers(0, 256, (4000, 4)) / 127.5 - 1
    images[:, 1:, :, 0] = np.resize(levels, (3, 4)) / 127.5 - 1
    on = static(images.astype("float32"))[:, 1:, :, 0].mean(0)
    share = np.resize(levels, (3, 4)) / 255
    assert (np.abs(on - share) <= 4 * np.sqrt(share * (1 - share) / 4000)).all()


def test_static_draws_are_uniform_and_independent():
    u = numbers(fixed_uniforms(grey(2000, 8))).reshape(2000, 64).astype("float64")
    counts = np.histogram(u, 16, (0, 1))[0] / u.size
    np.testing.assert_allclose(counts, 1 / 16, rtol=0.03)
    correlations = np.corrcoef(u.T)[np.triu_indices(64, 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(2000)
    between = np.corrcoef(u[:64])[np.triu_indices(64, 1)]
    assert np.abs(between).max() < 5 / np.sqrt(64)


def test_the_draw_never_changes():
    """By whole numbers of 64 bits, so that every version and backend binarises alike."""
    images = grey(2, 3)
    draws = np.random.default_rng(0).integers(1, 32749, (5, 9))
    levels = np.round((images.astype("float64") + 1) * 127.5).astype("int64").reshape(2, 9)
    h, k = (levels @ draws[0] % 32749, levels @ draws[1] % 32749)
    mixed = (h[:, None] * draws[2] + k[:, None] * draws[3] + draws[4]) % 32749
    np.testing.assert_allclose(
        numbers(fixed_uniforms(images)).reshape(2, 9), mixed / 32749, rtol=1e-6
    )
    np.testing.assert_array_equal(mixed[0, :4], [28242, 22998, 11440, 27004])


def test_a_model_of_static_pixels_sees_the_same_in_every_call():
    images = grey(6, 4)
    models = {
        name: PixelCNN.build_default((4, 4, 1), width=4, blocks=1, binarization=name)
        for name in ("static", "dynamic")
    }
    again = {
        name: np.array_equal(model.log_prob(images, seed=1), model.log_prob(images, seed=2))
        for name, model in models.items()
    }
    assert again == {"static": True, "dynamic": False}
    assert models["static"].log_prob_of == described("static")


def test_each_has_its_name():
    assert len({described(name) for name in BINARIZATIONS}) == 3
    assert described("static") == "pixels binarised once, by kgen's own fixed draw"
    with pytest.raises(ValueError, match=r"binarization must be one of .*'static'.* got 'fixed'"):
        check_binarization("fixed")
    with pytest.raises(ValueError, match="too large to be binarised statically"):
        fixed_uniforms(np.zeros((1, 257, 256, 1), "float32"))
