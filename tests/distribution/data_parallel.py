"""One process of a data-parallel run under JAX: `python data_parallel.py RANK PROCESSES PORT`.

Trains a tiny DCGAN on all devices of all processes and prints its history and a digest of its
weights as one line of JSON. `test_two_processes.py` runs it.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf


def train(rank: int, processes: int, port: int) -> dict:
    """Three epochs of four steps, the same in one process and in several."""
    if processes > 1:
        keras.distribution.initialize(f"127.0.0.1:{port}", processes, rank)
        devices = keras.distribution.list_devices()
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    from kgen.models import DCGAN  # after the distribution is set, as a user would

    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).uniform(-1, 1, (32, 16, 16, 1)).astype("float32")
    model = DCGAN.build_default((16, 16, 1), latent_dim=8, width=4, seed=1)
    model.compile()
    data = tf.data.Dataset.from_tensor_slices(images).batch(8, drop_remainder=True)
    history = model.fit(data, epochs=3, verbose=0).history
    weights = [np.asarray(v.value.addressable_data(0), "float64") for v in model.weights]
    return {
        "devices": len(keras.distribution.list_devices()),
        "history": history,
        "epochs": model.epochs_trained,
        "steps": model.steps_trained,
        "norms": [float(np.linalg.norm(w)) for w in weights],
    }


if __name__ == "__main__":
    print(json.dumps(train(*map(int, sys.argv[1:4]))))
