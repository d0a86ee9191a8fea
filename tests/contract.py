"""What every model must do: inherit `ModelContract` and say how to build a tiny one.

The checks share one trained model, because compiling is what costs.
"""

import types

import keras
import numpy as np
import pytest

from kgen.models import GenerativeModel


class ModelContract:
    """Subclasses define `build() -> GenerativeModel` and `data() -> array or tuple of arrays`."""

    batch_size = 8
    compile_arguments: dict = {}

    @staticmethod
    def build() -> GenerativeModel:
        raise NotImplementedError

    @staticmethod
    def data():
        raise NotImplementedError

    # ---- helpers ---------------------------------------------------------------------------------

    @classmethod
    def fit(cls, model, epochs=1):
        x, *y = data if isinstance(data := cls.data(), tuple) else (data,)
        history = model.fit(
            x, *y, batch_size=cls.batch_size, epochs=epochs, shuffle=False, verbose=0
        )
        return history.history

    @classmethod
    def evaluate(cls, model):
        x, *y = data if isinstance(data := cls.data(), tuple) else (data,)
        return model.evaluate(x, *y, batch_size=cls.batch_size, verbose=0, return_dict=True)

    @classmethod
    def train(cls, folder):
        """A model saved before training, trained for two epochs, and saved again."""
        keras.utils.set_random_seed(7)
        model = cls.build()
        model.compile(**cls.compile_arguments)
        model.save(folder / "initial.keras")
        history = cls.fit(model, epochs=2)
        model.save(folder / "final.keras")
        return types.SimpleNamespace(model=model, history=history, folder=folder)

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, tmp_path_factory):
        return cls.train(tmp_path_factory.mktemp("contract"))

    # ---- training --------------------------------------------------------------------------------

    @pytest.mark.core
    def test_losses_are_finite_and_named(self, trained):
        assert set(trained.history) == set(trained.model.loss_names)
        for name, values in trained.history.items():
            assert len(values) == 2, name
            assert np.isfinite(values).all(), name

    @pytest.mark.core
    def test_counts_steps_and_epochs(self, trained):
        x = self.data()
        n = len(x[0] if isinstance(x, tuple) else x)
        assert trained.model.epochs_trained == 2
        assert trained.model.steps_trained == 2 * -(-n // self.batch_size)

    @pytest.mark.core
    def test_evaluating_changes_neither_weights_nor_noise(self, trained):
        model = keras.models.load_model(trained.folder / "final.keras")
        before, noise = model.get_weights(), _values([model.seed_generator.state])
        logs = self.evaluate(model)
        assert set(logs) == set(model.loss_names)
        assert np.isfinite(list(logs.values())).all()
        _assert_equal(model.get_weights(), before)
        _assert_equal(_values([model.seed_generator.state]), noise)

    @pytest.mark.core
    def test_each_player_moves_its_own_variables_and_no_other(self, trained):
        players = trained.model.players
        for mover in players:
            model = keras.models.load_model(trained.folder / "initial.keras")
            rates = {player: 1e-2 if player == mover else 0.0 for player in players}
            optimizers = {
                "optimizer" if len(players) == 1 else f"{player}_optimizer": keras.optimizers.SGD(r)
                for player, r in rates.items()
            }
            model.compile(run_eagerly=True, **optimizers)
            before = {p: _values(model.player_variables(p)) for p in players}
            self.fit(model)
            for player in players:
                for variable, old in zip(
                    model.player_variables(player), before[player], strict=True
                ):
                    moved = not np.array_equal(keras.ops.convert_to_numpy(variable.value), old)
                    shared = model.players[player] == model.players[mover]
                    assert moved == shared, (mover, variable.path)

    def test_every_trainable_variable_has_one_player(self, trained):
        model = trained.model
        # Players of the same networks are one and the same, trained in several ways.
        owners = {networks: player for player, networks in model.players.items()}
        owned = [id(v) for player in owners.values() for v in model.player_variables(player)]
        assert len(set(owned)) == len(owned)
        assert set(owned) == {id(v) for v in model.trainable_variables}

    # ---- files -----------------------------------------------------------------------------------

    @pytest.mark.core
    def test_stopped_and_continued_equals_never_stopped(self, trained):
        """Also: the same seeds give the same run."""
        model = keras.models.load_model(trained.folder / "initial.keras")
        first = self.fit(model)
        model.save(trained.folder / "half.keras")
        second = self.fit(keras.models.load_model(trained.folder / "half.keras"))
        continued = {name: first[name] + second[name] for name in first}
        assert continued == trained.history

    @pytest.mark.core
    def test_file_restores_everything(self, trained):
        model = keras.models.load_model(trained.folder / "final.keras")
        assert type(model) is type(trained.model)
        config, expected = model.get_config(), trained.model.get_config()
        assert config.keys() == expected.keys()
        for key in config.keys() - set(model.network_names):
            assert config[key] == expected[key], key
        _assert_equal(_values(model.variables), _values(trained.model.variables))
        _assert_equal(
            _values(model.optimizer.variables), _values(trained.model.optimizer.variables)
        )

    # ---- capabilities ----------------------------------------------------------------------------

    def test_every_capability_has_its_signature(self, trained):
        model = trained.model
        assert model.capabilities
        for capability in model.capabilities:
            assert any(
                name == capability or name.startswith(f"{capability}_")
                for name in model.signatures()
            ), capability

    def test_states_its_inference_mode(self, trained):
        assert len(trained.model.inference_mode) > 20

    @pytest.mark.core
    def test_an_output_does_not_depend_on_its_batch(self, trained):
        """The inference mode: no batch statistics, no dropout."""
        model = trained.model
        for name, signature in model.signatures().items():
            inputs = _example_inputs(signature, 5)
            together = model.serve(name, **inputs)
            alone = model.serve(name, batch_size=1, **inputs)
            np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)
            if set(signature.outputs.values()) == {"image"}:
                assert np.abs(together).max() <= 1, name

    @pytest.mark.core
    def test_samples_follow_their_seed(self, trained):
        model = trained.model
        if "sample" not in model.capabilities:
            assert {"translate", "reconstruct"} & set(model.capabilities)  # what it has instead
            return
        first, again, other = (model.sample(5, seed=s) for s in (1, 1, 2))
        assert first.shape == (5, *model.image_shape)
        if "tokens" in model.signatures()["sample"].outputs:
            assert first.dtype == np.int32
            assert 0 <= first.min() <= first.max() < model.vocabulary
        else:
            assert first.dtype == np.float32
            assert np.abs(first).max() <= 1
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
        assert not np.array_equal(model.sample(5), model.sample(5))

    def test_sampling_does_not_disturb_training(self, trained):
        before = _values(trained.model.variables)
        if "sample" in trained.model.capabilities:
            trained.model.sample(3)
        for name, signature in trained.model.signatures().items():
            trained.model.serve(name, **_example_inputs(signature, 2))
        _assert_equal(_values(trained.model.variables), before)

    def test_export_equals_the_live_model(self, trained):
        import kgen

        path = trained.folder / "export"
        kgen.export.save(trained.model, path)
        differences = kgen.export.verify(trained.model, path)
        assert set(differences) >= set(trained.model.signatures())
        assert max(differences.values()) < 1e-5


def _values(variables):
    return [keras.ops.convert_to_numpy(v.value) for v in variables]


def _assert_equal(left, right):
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


def _example_inputs(signature, n):
    random = np.random.default_rng(0)
    draw = {
        "image": lambda shape: random.uniform(-1, 1, shape),
        "wave": lambda shape: random.uniform(-1, 1, shape),
        "uniform": lambda shape: random.random(shape),
        "label": lambda shape: np.zeros(shape),
        "temperature": lambda shape: np.ones(shape),
    }

    def drawn(spec):
        shape = [n, *(3 if size is None else size for size in spec.shape[1:])]
        if spec.role == "tokens":
            return random.integers(spec.classes, size=shape)
        return draw.get(spec.role, random.standard_normal)(shape)

    return {name: drawn(spec).astype(spec.dtype) for name, spec in signature.inputs.items()}
