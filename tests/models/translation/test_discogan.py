import keras
import numpy as np
import pytest
from keras import ops

from kgen.models import DiscoGAN
from kgen.networks import discogan_discriminator, discogan_generator, stages_and_logits
from tests.contract import ModelContract


def _images(seed, shape=(12, 8, 8, 1)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def _tiny(**kwargs):
    return DiscoGAN.build_default((8, 8, 1), **{"width": 2, "halvings": 2, **kwargs})


class TestDiscoGAN(ModelContract):
    batch_size = 4
    compile_arguments = {"jit_compile": False}

    @staticmethod
    def build():
        return _tiny(curriculum_steps=2, ema_momentum=0.9)

    @staticmethod
    def data():
        return _images(0), _images(1)


# ---- the losses by hand --------------------------------------------------------------------------


def _affine(scale, shift, name, stage=None):
    points = keras.Input((1,))
    x = keras.layers.Dense(1, name=stage)
    y = x(points)
    x.kernel.assign([[scale]])
    x.bias.assign([shift])
    if stage:
        last = keras.layers.Dense(1, use_bias=False)
        y = last(y)
        last.kernel.assign([[1.0]])
    return keras.Model(points, y, name=name)


def _affine_model(**kwargs):
    """G(x) = 0.5 x + 0.1, F(x) = 0.4 - x; features and logits D_A = 0.2 x, D_B = x - 0.3."""
    return DiscoGAN(
        _affine(0.5, 0.1, "ab"),
        _affine(-1.0, 0.4, "ba"),
        _affine(0.2, 0.0, "da", "stage_1"),
        _affine(1.0, -0.3, "db", "stage_1"),
        **kwargs,
    )


def test_the_objectives_by_hand_before_and_after_the_rate_changes():
    """a = 0.2, b = 0.6: G(a) = 0.2, F(b) = -0.2, F(G(a)) = 0.2, G(F(b)) = 0."""
    model = _affine_model(curriculum_steps=5)
    a, b = np.full((2, 1), 0.2, "float32"), np.full((2, 1), 0.6, "float32")
    reconstruction = (0.6 / 2) ** 2
    matching = (0.2 * 0.2 - 0.2 * -0.2) ** 2 + (0.6 - 0.2) ** 2
    adversarial = np.log1p(np.exp(0.2 * 0.2)) + np.log1p(np.exp(-(0.2 - 0.3)))
    for step, rate in ((0, 0.01), (4, 0.01), (5, 0.5), (99, 0.5)):
        model.step.assign(step)
        total, terms, fake_a, fake_b = model.generator_losses(
            a, b, model.generator_ab, model.generator_ba, training=True
        )
        assert float(terms["reconstruction"]) == pytest.approx(reconstruction, rel=1e-4)
        assert float(terms["matching"]) == pytest.approx(matching, rel=1e-4)
        assert float(terms["adversarial"]) == pytest.approx(adversarial, rel=1e-4)
        by_hand = rate * reconstruction + (1 - rate) * (0.9 * matching + 0.1 * adversarial)
        assert float(total) == pytest.approx(by_hand, rel=1e-4)
    judged = model.discriminator_losses(a, b, fake_a, fake_b, training=True)
    logits = ((0.04, -0.04), (0.3, -0.1))  # of a real and of a fake one, in A and in B
    by_hand = sum(0.5 * (np.log1p(np.exp(-r)) + np.log1p(np.exp(f))) for r, f in logits)
    assert float(judged) == pytest.approx(by_hand, rel=1e-4)


def test_identity_generators_reconstruct():
    identity = [_affine(1.0, 0.0, name) for name in ("ab", "ba")]
    model = DiscoGAN(*identity, _affine(1, 0, "da", "stage_1"), _affine(1, 0, "db", "stage_1"))
    a = np.full((2, 1), 0.2, "float32")
    _, terms, *_ = model.generator_losses(a, a, *identity, training=True)
    assert float(terms["reconstruction"]) == 0 and float(terms["matching"]) == 0


# ---- the schedule --------------------------------------------------------------------------------


def test_the_first_of_three_steps_is_the_discriminators_and_the_others_the_generators():
    model = _affine_model()
    model.compile(run_eagerly=True)
    moved = []
    for _ in range(6):
        before = {p: [v.numpy() for v in model.player_variables(p)] for p in model.players}
        model.fit(np.full((4, 1), 0.3), np.full((4, 1), -0.5), batch_size=4, verbose=0)
        moved.append(
            "".join(
                player[0]
                for player in model.players
                if not all(map(np.array_equal, before[player], model.player_variables(player)))
            )
        )
    assert moved == ["d", "g", "g"] * 2


def test_weight_decay_is_added_to_the_gradient():
    """With SGD of rate 1 a weight that no loss reaches loses its share."""
    model = _affine_model(weight_decay=0.25)
    variable = model.generator_ab.trainable_variables[0]
    model.compile(run_eagerly=True, generator_optimizer=keras.optimizers.SGD(1.0))
    zero = ops.zeros(())
    model.generator_losses = lambda *_, **__: (zero, {}, zero, zero)
    model.train_generators(None, None)
    assert float(variable.numpy()[0, 0]) == pytest.approx(0.5 * (1 - 0.25), rel=1e-5)


# ---- the networks --------------------------------------------------------------------------------


def test_paper_size_has_the_hand_derived_parameter_counts():
    widths = [64, 128, 256, 512]
    halves = sum(16 * n * m for n, m in ((64, 128), (128, 256), (256, 512)))
    encoder = 16 * 3 * 64 + halves + 4 * sum(widths[1:])
    decoder = halves + 16 * 64 * 3 + 4 * (256 + 128 + 64)
    assert discogan_generator((64, 64, 3)).count_params() == encoder + decoder
    more = 2 * 16 * 512 * 100 + 4 * (100 + 512)
    assert (
        discogan_generator((64, 64, 3), bottleneck=100).count_params() == encoder + decoder + more
    )
    assert discogan_discriminator((64, 64, 3)).count_params() == encoder + 16 * 512


def test_stages_are_the_maps_from_the_second_on():
    look = stages_and_logits(discogan_discriminator((16, 24, 1), 4))
    stages, logits = look(np.zeros((2, 16, 24, 1), "float32"))
    assert [tuple(stage.shape) for stage in stages] == [(2, 4, 6, 8)]
    assert tuple(logits.shape) == (2, 1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: discogan_generator((9, 8, 1)), "halve images 0 times"),
        (lambda: discogan_discriminator((8, 8, 1), halvings=4), "does not allow"),
        (lambda: _tiny(discriminator_every=1), "at least 2"),
    ],
)
def test_what_does_not_fit_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
