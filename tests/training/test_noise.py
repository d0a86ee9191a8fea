"""The noise that a model owns, and the recorded noise that stands in for it."""

import keras
import numpy as np
import pytest
from keras import ops

from kgen.training import Noise, RecordedNoise, ReplicaSeedGenerator


@pytest.fixture
def noise():
    return Noise(keras.random.SeedGenerator(1))


def array(tensor):
    return np.array(ops.convert_to_numpy(tensor))


def test_normal_is_standard(noise):
    draw = array(noise.normal((20_000,)))
    assert draw.dtype == np.float32
    # Four standard errors.
    assert draw.mean() == pytest.approx(0, abs=0.03)
    assert draw.std() == pytest.approx(1, abs=0.02)


def test_uniform_fills_its_interval(noise):
    draw = array(noise.uniform((20_000,), -3.0, 1.0))
    assert draw.dtype == np.float32
    assert (draw.min() >= -3, draw.max() < 1) == (True, True)
    assert draw.mean() == pytest.approx(-1, abs=0.04)
    assert draw.std() == pytest.approx(4 / np.sqrt(12), abs=0.03)


def test_permutation_is_one(noise):
    draws = [array(noise.permutation(20)) for _ in range(2)]
    for draw in draws:
        assert draw.dtype == np.int32
        np.testing.assert_array_equal(np.sort(draw), np.arange(20))
    assert not np.array_equal(*draws)


def test_every_draw_is_new_and_the_seed_decides(noise):
    first, second = array(noise.normal((4,))), array(noise.normal((4,)))
    assert not np.array_equal(first, second)
    again = Noise(keras.random.SeedGenerator(1))
    np.testing.assert_array_equal(array(again.normal((4,))), first)
    np.testing.assert_array_equal(array(again.normal((4,))), second)
    assert not np.array_equal(array(Noise(keras.random.SeedGenerator(2)).normal((4,))), first)


def test_recorded_noise_hands_out_in_order():
    normal, uniform, places = (
        np.array([[1.0, 2.0]]),
        np.array([0.0, 0.25]),
        np.array([0.7, 0.1, 0.4]),
    )
    noise = RecordedNoise([normal, uniform, places])
    np.testing.assert_array_equal(array(noise.normal((1, 2))), normal)
    np.testing.assert_allclose(array(noise.uniform((2,), -1.0, 3.0)), [-1.0, 0.0])
    np.testing.assert_array_equal(array(noise.permutation(3)), [1, 2, 0])
    with pytest.raises(IndexError):
        noise.normal((1, 2))


def test_recorded_noise_refuses_another_shape():
    with pytest.raises(ValueError, match=r"wants shape \(3, 2\); recorded was \(2, 3\)"):
        RecordedNoise([np.zeros((2, 3))]).normal((3, 2))


def test_without_replicas_the_seeds_are_those_of_keras():
    ours, kerass = ReplicaSeedGenerator(5), keras.random.SeedGenerator(5)
    for _ in range(2):
        np.testing.assert_array_equal(array(ours.next()), array(kerass.next()))


def test_the_seed_generator_survives_a_file(duel, tmp_path):
    model = duel()
    model.noise.normal((3,))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.seed_generator, ReplicaSeedGenerator)
    np.testing.assert_array_equal(
        array(loaded.seed_generator.state), array(model.seed_generator.state)
    )
    assert array(loaded.seed_generator.state)[1] == 1  # one draw was made
    np.testing.assert_array_equal(array(loaded.noise.normal((3,))), array(model.noise.normal((3,))))
    assert not np.array_equal(array(duel().noise.normal((3,))), array(model.noise.normal((3,))))


def test_a_model_without_a_seed_follows_the_global_one(duel):
    draws = [array(duel(seed=None).noise.normal((3,))) for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    keras.utils.set_random_seed(4)
    assert not np.array_equal(array(duel.base.small().noise.normal((3,))), draws[0])
