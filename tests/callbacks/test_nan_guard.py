import numpy as np
import pytest

from kgen.callbacks import Checkpoint, NaNGuard
from kgen.errors import NonFiniteLoss


def poison(model):
    weights = model.discriminator.trainable_variables[0]
    weights.assign(np.full(weights.shape, np.nan))


def test_training_stops_at_once_and_the_last_good_checkpoint_stays(make_model, fit, tmp_path):
    model, path = make_model(), tmp_path / "checkpoint.keras"
    fit(model, 1, [NaNGuard(), Checkpoint(path)])
    good = path.read_bytes()
    poison(model)
    with pytest.raises(NonFiniteLoss, match=r"^discriminator_loss is nan at step 1 of epoch 2;"):
        fit(model, 2, [NaNGuard(), Checkpoint(path)])
    assert path.read_bytes() == good


def test_bad_weights_after_a_finite_loss_are_found_before_the_checkpoint(make_model):
    guard = NaNGuard()
    guard.set_model(make_model())
    guard.on_epoch_end(4, {"generator_loss": 0.5})
    poison(guard.model)
    with pytest.raises(NonFiniteLoss, match=r"the weights of .*kernel are no longer finite .* 5;"):
        guard.on_epoch_end(4, {"generator_loss": 0.5})


def test_the_validation_is_looked_at(make_model):
    guard = NaNGuard()
    guard.set_model(make_model())
    with pytest.raises(NonFiniteLoss, match="val_loss is inf at the end of epoch 1"):
        guard.on_epoch_end(0, {"loss": 1.0, "val_loss": float("inf")})
