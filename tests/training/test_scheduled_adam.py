import keras
import numpy as np
import pytest
from keras import ops

from kgen.training import ScheduledAdam


def test_scheduled_adam_by_hand():
    """beta_2 0.5, then 0.8, and the present one in the correction of the bias."""
    rising = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.5, 0.8])
    optimizer = ScheduledAdam(0.1, beta_1=0.0, beta_2_schedule=rising, epsilon=0.0)
    variable = keras.Variable(np.array([1.0], "float32"))
    optimizer.build([variable])
    second, value = 0.0, 1.0
    for gradient, beta, steps in ((2.0, 0.5, 1), (1.0, 0.8, 2)):
        optimizer.apply([ops.array([gradient])], [variable])
        second = beta * second + (1 - beta) * gradient**2
        value -= 0.1 * gradient / np.sqrt(second / (1 - beta**steps))
        assert ops.convert_to_numpy(variable)[0] == pytest.approx(value, rel=1e-5)
    loaded = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert float(loaded.beta_2_schedule(5)) == pytest.approx(0.8)
