"""Three training steps from a file, with recorded noise: `python -m tests.models.first_losses DIR`.

Run under each backend by `test_backends.py`. The folder holds `<name>.keras` and `<name>.npz` (the
inputs `x0`, `x1`, ... of one batch, and each draw of a step as `noise00`, ... with a leading axis
over the steps); prints the losses as JSON.
"""

import itertools
import json
import sys
from pathlib import Path

import keras
import numpy as np
from keras import ops

from kgen.training import RecordedNoise


class SteppedNoise(RecordedNoise):
    """Recorded noise inside a compiled step: the model's step picks from each draw's first axis."""

    def __init__(self, step, arrays):
        super().__init__(arrays)
        self.step = step
        self.draws = itertools.cycle(arrays)

    def _next(self, shape):
        return ops.take(ops.convert_to_tensor(next(self.draws)), self.step.value, axis=0)


def first_losses(folder: Path) -> dict:
    result = {}
    for file in sorted(folder.glob("*.keras")):
        recorded = np.load(file.with_suffix(".npz"))
        inputs = [recorded[key] for key in sorted(recorded) if key.startswith("x")]
        model = keras.models.load_model(file)
        noise = [recorded[key] for key in sorted(recorded) if key.startswith("noise")]
        model.noise = SteppedNoise(model.step, noise)
        history = model.fit(*inputs, batch_size=len(inputs[0]), epochs=3, shuffle=False, verbose=0)
        result[file.stem] = history.history
    return result


if __name__ == "__main__":
    print(json.dumps(first_losses(Path(sys.argv[1]))))
