import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import Dropout


def numbers(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_that_share_is_dropped_and_the_mean_stays(rate):
    x = np.full((300, 300), 3.0, "float32")
    dropped = numbers(Dropout(rate, seed=1)(x, training=True))
    share = (dropped == 0).mean()
    assert share == pytest.approx(rate, abs=0.006)  # four deviations of 90,000 draws
    np.testing.assert_allclose(dropped[dropped != 0], 3.0 / (1 - rate), rtol=1e-6)


def test_nothing_outside_of_training_and_at_rate_0():
    x = np.ones((3, 2), "float32")
    np.testing.assert_array_equal(numbers(Dropout(0.5)(x, training=False)), x)
    np.testing.assert_array_equal(numbers(Dropout(0.5)(x)), x)
    np.testing.assert_array_equal(numbers(Dropout(0.0)(x, training=True)), x)


def test_repeats_under_a_global_seed_and_differs_between_layers_and_calls():
    x = np.ones((64,), "float32")

    def draws():
        keras.utils.set_random_seed(5)
        layers = Dropout(0.5), Dropout(0.5)
        return [numbers(layer(x, training=True)) for layer in (*layers, *layers)]

    first, again = draws(), draws()
    np.testing.assert_array_equal(first, again)
    assert len({draw.tobytes() for draw in first}) == 4


def test_its_seed_is_part_of_a_models_state():
    network = keras.Sequential([keras.Input((2,)), Dropout(0.5)])
    assert any(v is network.layers[0].seed_generator.state for v in network.variables)


def test_low_precision_stays(mixed_bfloat16):
    layer = Dropout(0.5)
    assert keras.backend.standardize_dtype(layer(np.ones(8), training=True).dtype) == "bfloat16"


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\)"):
        Dropout(rate)
