import numpy as np
import pytest
from scipy.stats import norm

from kgen.errors import DataError
from kgen.latent import LatentSpace, by_effect, classes, rows_of, traverse, truncation
from tests.latent.toys import CODES, LABELS, NOISE, Toy


def toy(*arguments, **others):
    return LatentSpace(Toy(*arguments, **others))


class TestTraversal:
    def test_changes_its_coordinate_and_nothing_else(self):
        space = toy(noise=NOISE)
        codes = space.draw(1, seed=2)
        table = traverse(space, codes, [3, 1], steps=7)
        assert table.images.shape == (2, 7, 1, 4, 1)
        assert table.rows == ("latents[3]", "latents[1]")
        assert table.columns == ("-3", "-2", "-1", "0", "1", "2", "3")
        asked = space.model.asked[-1]
        latents = asked["latents"].reshape(2, 7, 4)
        for row, coordinate in enumerate((3, 1)):
            others = [i for i in range(4) if i != coordinate]
            np.testing.assert_array_equal(latents[row, :, coordinate], np.arange(-3.0, 4))
            start = codes["latents"][0, others]
            np.testing.assert_array_equal(latents[row][:, others], np.tile(start, (7, 1)))
        assert (asked["noise"] == codes["noise"]).all()

    def test_the_range_is_the_prior_s_or_the_user_s(self):
        space = toy("U(-1, 1)", codes=CODES)
        assert traverse(space, space.draw(1), [0], steps=3).columns == ("-1", "0", "1")
        table = traverse(space, space.draw(1), name="codes", low=0, high=2, steps=3)
        assert table.columns == ("0", "1", "2") and table.rows == ("codes[0]", "codes[1]")
        asked = space.model.asked[-1]
        assert asked["codes"].tolist()[:3] == [[i, asked["codes"][0, 1]] for i in range(3)]
        cut = toy("N(0, 1) in [-2, 2]")
        assert traverse(cut, cut.draw(1), [0], steps=3).columns == ("-2", "0", "2")
        bare = toy(sampled=False)
        codes = {"latents": np.zeros((1, 4))}
        with pytest.raises(DataError, match="no prior, so no usual range: give low and high"):
            traverse(bare, codes, [0])
        assert traverse(bare, codes, [0], low=0, high=1, steps=2).images.shape[:2] == (1, 2)

    def test_a_class_code_is_shown_class_by_class(self):
        space = toy(labels=LABELS)
        table = traverse(space, space.draw(1), name="labels")
        assert table.images.shape[:2] == (1, 3) and table.columns == ("0", "1", "2")
        steps = np.diff(table.images[0], axis=0)  # this model adds the class to each pixel
        np.testing.assert_allclose(steps, 1, rtol=1e-6)

    def test_by_effect(self):
        space = toy(size=4)

        def decode(codes, batch_size=64):
            weighted = codes["latents"] * [0.1, 3.0, 0.0, -1.0]
            return weighted.reshape(-1, 1, 4, 1)

        space.decode = decode
        assert by_effect(space, {"latents": np.ones((1, 4))}) == [1, 3, 0, 2]

    def test_refusals(self):
        space = toy(labels=LABELS)
        one = space.draw(1)
        with pytest.raises(DataError, match="no code 'style': there are latents, labels"):
            traverse(space, one, name="style")
        with pytest.raises(DataError, match="coordinates 0 to 3"):
            traverse(space, one, [4])
        with pytest.raises(DataError, match="at one image, not at 2"):
            traverse(space, space.draw(2))
        with pytest.raises(DataError, match="at least two steps"):
            traverse(space, one, steps=1)
        with pytest.raises(DataError, match="low=1 must lie below"):
            traverse(space, one, low=1, high=1)
        with pytest.raises(DataError, match="has no coordinates"):
            by_effect(space, one, name="labels")


class TestTruncation:
    def test_resampled_latents_follow_the_truncated_prior(self):
        space = toy(size=5)
        truncation(space, (0.5, 2.0), n=2000, seed=1)
        for asked, bound in zip(space.model.asked, (0.5, 2.0), strict=True):
            latents = asked["latents"]
            assert np.abs(latents).max() <= bound
            # Var of N(0, 1) within [-b, b]: 1 - 2 b phi(b) / (2 Phi(b) - 1).
            variance = 1 - 2 * bound * norm.pdf(bound) / (2 * norm.cdf(bound) - 1)
            np.testing.assert_allclose(latents.var(), variance, rtol=0.04)
        low, high = (asked["latents"] for asked in space.model.asked)
        assert (np.argsort(low[:, 0]) == np.argsort(high[:, 0])).all()  # one column, one sample

    def test_scaled_latents(self):
        space = toy("U(-1, 1)", labels=LABELS)
        table = truncation(space, (0.5, 1.0), n=3, method="scale", labels=2)
        assert table.images.shape[:2] == (2, 3) and table.rows == ("0.5", "1")
        half, whole = (asked["latents"] for asked in space.model.asked)
        np.testing.assert_allclose(half, whole / 2)
        assert {*space.model.asked[0]["labels"]} == {2}

    def test_uniform_latents_leave_their_box_in_no_row(self):
        space = toy("U(-1, 1)")
        truncation(space, (0.3, 1.0, 2.0), n=500)
        largest = [np.abs(asked["latents"]).max() for asked in space.model.asked]
        np.testing.assert_allclose(largest, [0.3, 1, 1], rtol=0.01)

    def test_refusals(self):
        with pytest.raises(DataError, match="have sphere"):
            truncation(toy("sphere"))
        with pytest.raises(DataError, match="have no prior"):
            truncation(toy(sampled=False))
        with pytest.raises(DataError, match="resample or scale"):
            truncation(toy(), method="cut")
        for values in ((), (0.0,), (float("nan"),)):
            with pytest.raises(DataError, match="values above 0"):
                truncation(toy(), values)


class TestClasses:
    def test_a_column_has_the_same_latents_and_noise_under_each_class(self):
        space = toy(labels=LABELS, noise=NOISE)
        codes = space.draw(4)
        table = classes(space, codes, names=("a", "b", "c"))
        assert table.images.shape == (3, 4, 1, 4, 1) and table.rows == ("a", "b", "c")
        asked = space.model.asked[-1]
        for name in ("latents", "noise"):
            by_class = asked[name].reshape(3, 4, -1)
            for row in by_class:
                np.testing.assert_array_equal(row, codes[name])
        np.testing.assert_array_equal(asked["labels"].reshape(3, 4), [[0] * 4, [1] * 4, [2] * 4])
        np.testing.assert_allclose(np.diff(table.images, axis=0), 1, rtol=1e-6)

    def test_real_images_stand_above(self):
        space = toy(labels=LABELS)
        seen = np.random.default_rng(0).uniform(-1, 1, (2, 1, 4, 1))
        table = classes(space, space.draw(2), images=seen)
        assert table.images.shape[:2] == (4, 2) and table.rows == ("image", "0", "1", "2")
        np.testing.assert_allclose(table.images[0], seen, rtol=1e-6)

    def test_refusals(self):
        with pytest.raises(DataError, match="have no classes"):
            classes(toy(), {"latents": np.zeros((1, 4))})
        space = toy(labels=LABELS)
        with pytest.raises(DataError, match=r"no class code 'style'.*have labels"):
            classes(space, space.draw(1), "style")
        with pytest.raises(DataError, match="2 names for 3 classes"):
            classes(space, rows_of(space.draw(2), 0), names="ab")
