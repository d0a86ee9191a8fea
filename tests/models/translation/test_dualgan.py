import keras
import numpy as np
import pytest

from kgen.models import DualGAN
from tests.contract import ModelContract


def _images(seed, shape=(12, 8, 8, 1)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def _tiny(**kwargs):
    return DualGAN.build_default((8, 8, 1), width=2, downsamplings=1, **kwargs)


class TestDualGAN(ModelContract):
    batch_size = 4
    compile_arguments = {"jit_compile": False}

    @staticmethod
    def build():
        # The drift gives the critics' last bias a gradient, which their difference has not.
        regularizers = ["weight_clipping", "drift"]
        return _tiny(discriminator_steps=2, ema_momentum=0.9, regularizers=regularizers)

    @staticmethod
    def data():
        return _images(0), _images(1)


def _affine(scale, shift, name):
    points, layer = keras.Input((1,)), keras.layers.Dense(1)
    y = layer(points)
    layer.kernel.assign([[scale]])
    layer.bias.assign([shift])
    return keras.Model(points, y, name=name)


def _affine_model(**kwargs):
    """G(x) = 0.5 x + 0.1, F(x) = 0.4 - x, D_A = 0.2 x, D_B = x - 0.3."""
    return DualGAN(
        _affine(0.5, 0.1, "ab"),
        _affine(-1.0, 0.4, "ba"),
        _affine(0.2, 0.0, "da"),
        _affine(1.0, -0.3, "db"),
        **kwargs,
    )


def test_the_objectives_by_hand():
    """a = 0.2, b = 0.6: G(a) = 0.2, F(b) = -0.2, F(G(a)) = 0.2, G(F(b)) = 0."""
    model = _affine_model(regularizers=[], cycle_weight=7.0)
    a, b = np.full((2, 1), 0.2, "float32"), np.full((2, 1), 0.6, "float32")
    total, terms, fake_a, fake_b = model.generator_losses(
        a, b, model.generator_ab, model.generator_ba, training=True
    )
    assert float(terms["cycle"]) == pytest.approx(0.6, rel=1e-5)
    adversarial = -(0.2 * -0.2) - (0.2 - 0.3)
    assert float(terms["adversarial"]) == pytest.approx(adversarial, rel=1e-5)
    assert float(total) == pytest.approx(adversarial + 7 * 0.6, rel=1e-5)
    judged = model.discriminator_losses(a, b, fake_a, fake_b, training=True)
    assert float(judged) == pytest.approx((-0.04 - 0.04) + (-0.1 - 0.3), rel=1e-5)


def test_identity_generators_have_no_cycle_loss():
    networks = [_affine(1.0, 0.0, name) for name in ("ab", "ba", "da", "db")]
    model, x = DualGAN(*networks), _images(0, (4, 1))
    _, terms, *_ = model.generator_losses(x, -x, *networks[:2], training=True)
    assert float(terms["cycle"]) == 0


def test_the_penalty_of_the_code_by_hand():
    """A critic of slope 0.2 and one of slope 1, whatever the places."""
    model = _affine_model(regularizers=["gradient_penalty"])
    x = np.full((2, 1), 0.2, "float32")
    judged = model.discriminator_losses(x, x, x, x, training=True)
    assert float(judged) == pytest.approx(10 * 0.8**2, rel=1e-4)


def test_critics_start_and_stay_clipped_and_the_generators_move_every_third_step():
    model = _affine_model()
    model.compile(run_eagerly=True)
    moved = []
    for _ in range(6):
        critics = [v.numpy() for v in model.player_variables("discriminator")]
        assert max(np.abs(v).max() for v in critics) <= 0.01 + 1e-9
        before = [v.numpy() for v in model.player_variables("generator")]
        model.fit(np.full((4, 1), 0.3), np.full((4, 1), -0.5), batch_size=4, verbose=0)
        after = [v.numpy() for v in model.player_variables("generator")]
        moved.append(not all(map(np.array_equal, before, after)))
    assert moved == [False, False, True] * 2


def test_paper_defaults():
    model = _affine_model()
    assert model.regularizers[0].bound == 0.01 and model.discriminator_steps == 3
    for optimizer in model.default_optimizers().values():
        assert isinstance(optimizer, keras.optimizers.RMSprop)
        assert float(optimizer.learning_rate.numpy()) == pytest.approx(5e-5)
        assert optimizer.rho == 0.9 and optimizer.epsilon == 1e-10
    with pytest.raises(ValueError, match="at least 1"):
        _affine_model(discriminator_steps=0)
