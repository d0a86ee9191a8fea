import keras
import numpy as np
import pytest

import kgen
from kgen.callbacks import BestCheckpoint, Checkpoint, SwapEMA, averaged_weights, load_checkpoint

ONES = np.ones((2, 1), "float32")


def line():
    """A line through the origin that learns slope 1: the error halves with every step."""
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    model.compile(keras.optimizers.SGD(0.25, use_ema=True, ema_momentum=0.5), "mse")
    return model


def slope(model):
    return keras.ops.convert_to_numpy(model.trainable_variables[0]).item()


class Look(keras.callbacks.Callback):
    """Writes down the slope that it sees when an epoch ends."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(slope(self.model))


# Slopes after each step: 1/2, 3/4, 7/8, 15/16. The average begins at the first of them, and then
# is half the last average and half the slope: 1/2, 5/8, 3/4, 27/32.
@pytest.mark.core
def test_averages_within_trained_weights_outside():
    model, within, outside = line(), Look(), Look()
    swap = SwapEMA([within], validation_data=(ONES, ONES))
    history = model.fit(
        ONES, ONES, batch_size=1, epochs=2, verbose=0, callbacks=[swap, outside]
    ).history
    assert within.seen == [5 / 8, 27 / 32]
    assert outside.seen == [3 / 4, 15 / 16]
    assert history["val_loss"] == [(3 / 8) ** 2, (5 / 32) ** 2]
    assert slope(model) == 27 / 32  # which Keras itself does when `fit` ends


def test_the_trained_weights_come_back_when_a_callback_fails():
    model = line()
    model.train_on_batch(ONES, ONES)
    model.train_on_batch(ONES, ONES)
    seen = Look()
    seen.set_model(model)

    def fail(*_, **__):
        seen.on_epoch_end(0)
        raise RuntimeError("no")

    swap = SwapEMA([keras.callbacks.LambdaCallback(on_epoch_end=fail)])
    swap.set_model(model)
    with pytest.raises(RuntimeError, match="no"):
        swap.on_epoch_end(0, {})
    assert (seen.seen, slope(model)) == ([5 / 8], 3 / 4)


def test_before_the_first_step_there_is_no_average():
    model = line()
    model.optimizer.build(model.trainable_variables)
    model.trainable_variables[0].assign([[0.3]])
    with averaged_weights(model):
        assert slope(model) == np.float32(0.3)  # the slots of the averages hold zeros


def gan():
    keras.utils.set_random_seed(0)
    model = kgen.models.DCGAN.build_default((8, 8, 1), latent_dim=4, width=2)
    adam = keras.optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.9)
    model.compile(generator_optimizer=adam, run_eagerly=True)
    return model


def weights(network):
    return [keras.ops.convert_to_numpy(v) for v in network.trainable_variables]


@pytest.mark.core
def test_one_player_of_two_and_the_training_as_without(fit):
    """The generator averages, the discriminator does not; nothing changes what is learned."""
    seen = {}

    class Compare(keras.callbacks.Callback):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def on_epoch_end(self, epoch, logs=None):
            seen[self.name, epoch] = (
                weights(self.model.generator),
                weights(self.model.discriminator),
            )

    fit(gan(), 2, [SwapEMA([Compare("average")]), Compare("with")])
    fit(gan(), 2, [Compare("without")])
    for epoch in range(2):
        for player in range(2):
            trained = zip(seen["with", epoch][player], seen["without", epoch][player], strict=True)
            assert all(np.array_equal(a, b) for a, b in trained)
            pairs = zip(seen["average", epoch][player], seen["with", epoch][player], strict=True)
            moved = [not np.array_equal(a, b) for a, b in pairs]
            assert all(moved) if player == 0 else not any(moved)


def test_a_resumed_run_is_the_uninterrupted_one(fit, tmp_path):
    def callbacks(run):
        best = BestCheckpoint(tmp_path / run / "best.keras", "generator_loss")
        swap = SwapEMA([best])
        return [swap, Checkpoint(tmp_path / run / "checkpoint.keras", others=[swap])], best

    for_whole, best_of_whole = callbacks("whole")
    fit(gan(), 4, for_whole)
    fit(gan(), 2, callbacks("part")[0])
    for_rest, best_of_rest = callbacks("part")
    fit(load_checkpoint(tmp_path / "part" / "checkpoint.keras"), 4, for_rest)
    runs = [load_checkpoint(tmp_path / run / "checkpoint.keras") for run in ("whole", "part")]
    for a, b in zip(*(run.variables + run.optimizer.variables for run in runs), strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b), err_msg=a.path
        )
    assert best_of_whole.get_run_state() == best_of_rest.get_run_state()
    assert best_of_whole.best_epoch is not None


def test_refusals(fit, images):
    averaging = kgen.models.DCGAN.build_default((8, 8, 1), 4, 2, ema_momentum=0.9)
    averaging.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=r"averages by itself \(ema_momentum=0.9\)"):
        fit(averaging, 1, [SwapEMA()])
    plain = kgen.models.DCGAN.build_default((8, 8, 1), 4, 2)
    plain.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=r"no optimizer of DCGAN averages.*use_ema=True"):
        fit(plain, 1, [SwapEMA()])
    with pytest.raises(ValueError, match="fit has validated too"):
        fit(gan(), 1, [SwapEMA(validation_data=images)], validation_data=images)
