import keras
import numpy as np
import pytest
from keras import ops

from kgen.training.textbook_adam import TextbookAdam

GRADIENTS = np.array([[3.0, -1e-4], [1.0, 2e-4], [-2.0, 1e-4]])


def algorithm_1(rate, beta_1, beta_2, epsilon):
    """Kingma & Ba 2015, line by line, in float64."""
    x, m, v = np.ones(2), np.zeros(2), np.zeros(2)
    for t, g in enumerate(GRADIENTS, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        x = x - rate * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    return x


def run(optimizer):
    x = keras.Variable(np.ones(2, "float32"))
    for gradient in GRADIENTS.astype("float32"):
        optimizer.apply([ops.convert_to_tensor(gradient)], [x])
    return ops.convert_to_numpy(x.value)


@pytest.mark.parametrize("epsilon", [1e-7, 1e-4, 0.1])
def test_is_algorithm_1(epsilon):
    optimizer = TextbookAdam(0.1, beta_1=0.5, beta_2=0.99, epsilon=epsilon)
    np.testing.assert_allclose(run(optimizer), algorithm_1(0.1, 0.5, 0.99, epsilon), rtol=1e-5)
    assert optimizer.epsilon == epsilon


def test_which_kerass_is_not_where_epsilon_matters():
    keras_s = run(keras.optimizers.Adam(0.1, beta_1=0.5, beta_2=0.99, epsilon=1e-4))
    assert np.abs(keras_s - algorithm_1(0.1, 0.5, 0.99, 1e-4))[1] > 0.01


def test_configuration_comes_back():
    config = keras.saving.serialize_keras_object(TextbookAdam(0.1, epsilon=0.5))
    loaded = keras.saving.deserialize_keras_object(config)
    assert type(loaded) is TextbookAdam and loaded.epsilon == 0.5
