import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import GaussianNoise


def numbers(x):
    return ops.convert_to_numpy(x)


def test_deviation_and_mean():
    noisy = numbers(GaussianNoise(0.3, seed=1)(np.full((200, 200), 2.0, "float32"), training=True))
    assert noisy.mean() == pytest.approx(2.0, abs=0.005)  # 0.3 / 200 = 0.0015 is one deviation
    assert noisy.std() == pytest.approx(0.3, rel=0.015)


def test_nothing_outside_of_training_and_without_deviation():
    x = np.ones((3, 2), "float32")
    np.testing.assert_array_equal(numbers(GaussianNoise(0.5)(x, training=False)), x)
    np.testing.assert_array_equal(numbers(GaussianNoise(0.0)(x, training=True)), x)


def test_repeats_under_a_global_seed_and_differs_between_layers_and_calls():
    x = np.zeros((4,), "float32")

    def draws():
        keras.utils.set_random_seed(5)
        layers = GaussianNoise(1.0), GaussianNoise(1.0)
        return [numbers(layer(x, training=True)) for layer in (*layers, *layers)]

    first, again = draws(), draws()
    np.testing.assert_array_equal(first, again)
    assert len({draw.tobytes() for draw in first}) == 4


def test_its_seed_is_part_of_a_models_state():
    """So `GenerativeModel` saves it with all seed states of the model."""
    network = keras.Sequential([keras.Input((2,)), GaussianNoise(1.0)])
    assert any(v is network.layers[0].seed_generator.state for v in network.variables)


def test_a_negative_deviation_is_refused():
    with pytest.raises(ValueError, match="at least 0"):
        GaussianNoise(-0.1)
