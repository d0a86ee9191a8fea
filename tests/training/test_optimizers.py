"""`PlayerOptimizers` and the learning-rate schedules."""

import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from kgen.training import LinearDecay, PlayerOptimizers


def variable(*numbers):
    return keras.Variable(np.array(numbers, "float32"))


@pytest.fixture
def two():
    """Two players of one variable each, with momentum."""
    variables = {"a": [variable(1.0, 2.0)], "b": [variable(3.0)]}
    optimizers = {name: keras.optimizers.SGD(0.1, momentum=0.9) for name in variables}
    return PlayerOptimizers(optimizers, variables), variables


def test_one_object_holds_the_state_of_every_player(two):
    optimizer, _ = two
    assert optimizer.built
    held = {id(v) for v in optimizer.variables}
    for player in ("a", "b"):
        assert optimizer[player].built
        assert {id(v) for v in optimizer[player].variables} <= held
    # iterations, rate and momentum of each player, and iterations and rate of the whole.
    assert len(held) == len(optimizer.variables) == 2 * 3 + 2


def test_a_player_steps_alone(two):
    optimizer, variables = two
    optimizer["a"].apply([ops.array([1.0, -1.0])], variables["a"])
    np.testing.assert_allclose(ops.convert_to_numpy(variables["a"][0]), [0.9, 2.1], rtol=1e-6)
    np.testing.assert_array_equal(ops.convert_to_numpy(variables["b"][0]), [3.0])
    assert [int(optimizer[player].iterations) for player in ("a", "b")] == [1, 0]


def test_a_shared_optimizer_is_refused():
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="an optimizer of its own"):
        PlayerOptimizers({"a": shared, "b": shared}, {"a": [variable(1.0)], "b": [variable(1.0)]})


def test_a_shared_variable_is_refused():
    shared = keras.Variable(1.0, name="embedding")
    optimizers = {"a": keras.optimizers.SGD(), "b": keras.optimizers.SGD()}
    with pytest.raises(ValueError, match="embedding belongs to two players"):
        PlayerOptimizers(optimizers, {"a": [shared], "b": [variable(1.0), shared]})


def test_players_of_the_same_variables_have_optimizers_of_their_own():
    weight, other = variable(1.0), variable(1.0)
    optimizers = {name: keras.optimizers.Adam(0.1) for name in ("first", "second", "other")}
    players = {"first": [weight], "second": [weight], "other": [other]}
    both = PlayerOptimizers(optimizers, players)
    slots = [v for each in optimizers.values() for v in each.variables]
    assert len(slots) == 3 * 4 and {id(v) for v in slots} <= {id(v) for v in both.variables}
    for name in ("first", "second", "second"):
        both[name].apply([ops.array([1.0])], [weight])
    assert [int(optimizers[name].iterations) for name in players] == [1, 2, 0]
    # The first step of each Adam is its rate, whatever the other did before.
    np.testing.assert_allclose(ops.convert_to_numpy(weight), [0.7], rtol=1e-5)


def test_a_shared_optimizer_is_refused_by_compile(duel):
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="an optimizer of its own"):
        duel(compiled={"generator_optimizer": shared, "critic_optimizer": shared})


def test_a_file_holds_every_slot_once(duel, points, tmp_path):
    model = duel()
    model.fit(points, batch_size=4, verbose=0)
    model.save(tmp_path / "duel.keras")
    found = []
    with (
        zipfile.ZipFile(tmp_path / "duel.keras") as archive,
        archive.open("model.weights.h5") as stream,
        h5py.File(stream) as file,
    ):
        file.visititems(
            lambda path, item: (
                found.append(item[()])
                if isinstance(item, h5py.Dataset) and "optimizer" in path
                else None
            )
        )
    players = model.optimizer["generator"], model.optimizer["critic"]
    wanted = [np.array(ops.convert_to_numpy(v)) for player in players for v in player.variables]
    assert len(found) == len(wanted)
    as_bytes = [sorted((v.shape, v.tobytes()) for v in values) for values in (found, wanted)]
    assert as_bytes[0] == as_bytes[1]
    assert sum(v.size > 1 and bool(np.any(v)) for v in wanted) >= 8  # momenta that moved


def test_a_loaded_model_goes_on_with_its_slots(duel, points, tmp_path):
    model = duel(ema_momentum=0.5)
    model.fit(points, batch_size=4, shuffle=False, verbose=0)
    model.save(tmp_path / "duel.keras")
    loaded = keras.models.load_model(tmp_path / "duel.keras")
    assert (loaded.steps_trained, loaded.epochs_trained) == (2, 1)
    for m in (model, loaded):
        m.fit(points, batch_size=4, shuffle=False, verbose=0)
    ours, theirs = ([*m.variables, *m.optimizer.variables] for m in (model, loaded))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b), a.path)


# ---- schedules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0.4), (9, 0.4), (10, 0.4), (11, 0.3), (12, 0.2), (13, 0.1), (14, 0.0), (1000, 0.0)],
)
def test_linear_decay_by_hand(step, rate):
    schedule = LinearDecay(0.4, constant_steps=10, decay_steps=4)
    assert float(schedule(step)) == pytest.approx(rate, abs=1e-7)
    assert float(schedule(ops.array(step, "int32"))) == pytest.approx(rate, abs=1e-7)


def test_linear_decay_survives_serialisation():
    optimizer = keras.optimizers.SGD(LinearDecay(0.4, constant_steps=1, decay_steps=2))
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    weight = variable(1.0)
    copy.build([weight])
    values = []
    for _ in range(5):
        copy.apply([ops.array([1.0])], [weight])
        values.append(float(ops.convert_to_numpy(weight)[0]))
    # Rates 0.4, 0.4, 0.2, 0, 0.
    np.testing.assert_allclose(values, [0.6, 0.2, 0.0, 0.0, 0.0], atol=1e-6)


def test_linear_decay_needs_steps_to_decay():
    with pytest.raises(ValueError, match="decay_steps must be at least 1"):
        LinearDecay(0.4, constant_steps=1, decay_steps=0)
