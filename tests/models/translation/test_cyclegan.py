import keras
import numpy as np
import pytest
from keras import ops

import kgen
from kgen.models import CycleGAN
from kgen.networks import patchgan, resnet_generator
from tests.contract import ModelContract


def _images(seed, shape=(12, 8, 8, 1)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


class TestCycleGAN(ModelContract):
    batch_size = 4
    compile_arguments = {"jit_compile": False}  # XLA's compiler takes most of a minute for it

    @staticmethod
    def build():
        return CycleGAN.build_default(
            (8, 8, 1), blocks=1, width=4, downsamplings=1, pool_size=6, ema_momentum=0.9
        )

    @staticmethod
    def data():
        return _images(0), _images(1)


def _identity(name):
    images = keras.Input((16, 16, 1))
    return keras.Model(
        images, keras.layers.Conv2D(1, 1, kernel_initializer="ones")(images), name=name
    )


def test_identity_generators_have_no_cycle_and_no_identity_loss():
    model = CycleGAN(
        _identity("ab"),
        _identity("ba"),
        patchgan((16, 16, 1), 4, 1, name="da"),
        patchgan((16, 16, 1), 4, 1, name="db"),
    )
    a, b = _images(0, (2, 16, 16, 1)), _images(1, (2, 16, 16, 1))
    total, terms, fake_a, fake_b = model.generator_losses(
        a, b, model.generator_ab, model.generator_ba, training=True
    )
    assert float(terms["cycle"]) == 0 and float(terms["identity"]) == 0
    assert float(total) == pytest.approx(float(terms["adversarial"]))
    np.testing.assert_array_equal(fake_b, a)
    np.testing.assert_array_equal(fake_a, b)


def _affine(scale, shift, name):
    images = keras.Input((16, 16, 1))
    layer = keras.layers.Conv2D(
        1,
        1,
        kernel_initializer=keras.initializers.Constant(scale),
        bias_initializer=keras.initializers.Constant(shift),
    )
    return keras.Model(images, layer(images), name=name)


def _affine_model():
    """G(x) = 0.5 x + 0.1, F(x) = 0.4 - x, D_A = 0.2 x, D_B = x - 0.3."""
    return CycleGAN(
        _affine(0.5, 0.1, "ab"),
        _affine(-1.0, 0.4, "ba"),
        _affine(0.2, 0.0, "da"),
        _affine(1.0, -0.3, "db"),
    )


def _flat(value):
    return np.full((1, 16, 16, 1), value, "float32")


def test_generator_objective_by_hand():
    """a = 0.2 and b = 0.6: G(a) = 0.2, F(b) = -0.2, F(G(a)) = 0.2, G(F(b)) = 0."""
    model = _affine_model()
    a, b = _flat(0.2), _flat(0.6)
    total, terms, fake_a, fake_b = model.generator_losses(
        a, b, model.generator_ab, model.generator_ba, training=True
    )
    # D_B(G(a)) = -0.1, D_A(F(b)) = -0.04
    adversarial = float(terms["adversarial"])
    assert adversarial == pytest.approx(1.1**2 + 1.04**2, rel=1e-5)
    assert float(terms["cycle"]) == pytest.approx(0.0 + 0.6, rel=1e-5)
    # G(b) = 0.4, F(a) = 0.2
    assert float(terms["identity"]) == pytest.approx(0.2 + 0.0, rel=1e-5)
    assert float(total) == pytest.approx(adversarial + 10 * 0.6 + 5 * 0.2, rel=1e-5)
    losses = model.discriminator_losses(a, b, fake_a, fake_b, training=True)
    # D_A(a) = 0.04, D_A(F(b)) = -0.04, D_B(b) = 0.3, D_B(G(a)) = -0.1
    by_hand = 0.5 * (0.96**2 + 0.04**2) + 0.5 * (0.7**2 + 0.1**2)
    assert float(losses) == pytest.approx(by_hand, rel=1e-5)


def test_the_cycle_reaches_both_generators():
    """d|F(G(a)) - a| / d(bias of G) runs through F, whose slope is -1."""
    model = _affine_model()
    model.cycle_weight, model.identity_weight = 1.0, 0.0
    a, b = _flat(0.5), _flat(0.6)  # F(G(a)) = 0.05 < a and G(F(b)) = 0.0 < b
    bias = model.generator_ab.trainable_variables[-1]
    frozen = {name: keras.optimizers.SGD(0.0) for name in ("discriminator_optimizer",)}
    model.compile(run_eagerly=True, generator_optimizer=keras.optimizers.SGD(1.0), **frozen)
    model.minimize(
        lambda: model.generator_losses(a, b, model.generator_ab, model.generator_ba, training=True)[
            1
        ]["cycle"],
        "generator",
    )
    # d/dbias of (a - F(G(a))) is +1; of (b - G(F(b))) is -1: they cancel unless one is cut off.
    assert float(bias.numpy()[0]) == pytest.approx(0.1, abs=1e-6)
    kernel = float(model.generator_ab.trainable_variables[0].numpy().ravel()[0])
    # d/dscale: through F, +a = 0.5; directly, -F(b) = 0.2.
    assert kernel == pytest.approx(0.5 - (0.5 + 0.2), abs=1e-5)


def _receptive_field(network, size):
    """The side of the square of pixels that one central logit depends on."""
    x = keras.Variable(np.random.default_rng(0).normal(size=(1, size, size, 1)))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        logits = network(x.value)
        centre = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    gradient = np.abs(tape.gradient(centre, x.value).numpy()[0, :, :, 0])
    rows, columns = np.nonzero(gradient.sum(1))[0], np.nonzero(gradient.sum(0))[0]
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def _without_normalisation(network):
    """Instance normalisation looks at the whole image; the convolutions' reach is what counts."""

    def pass_through(layer):
        if isinstance(layer, keras.layers.GroupNormalization):
            return keras.layers.Identity(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=pass_through)


@pytest.mark.parametrize(("downsamplings", "field"), [(1, 16), (2, 34), (3, 70)])
def test_receptive_field_of_the_patchgan(downsamplings, field):
    network = _without_normalisation(patchgan((144, 144, 1), 4, downsamplings))
    assert _receptive_field(network, 144) == (field, field)


def test_paper_size_has_the_hand_derived_parameter_counts():
    """c7s1-64, d128, d256, 9 x R256, u128, u64, c7s1-3; C64-C128-C256-C512-1."""
    weights = 49 * 3 * 64 + 9 * (64 * 128 + 128 * 256)
    weights += 9 * 2 * 9 * 256 * 256
    weights += 9 * (256 * 128 + 128 * 64) + 49 * 64 * 3 + 3
    assert resnet_generator((256, 256, 3), blocks=9).count_params() == weights
    weights = 16 * 3 * 64 + 64 + 16 * (64 * 128 + 128 * 256 + 256 * 512) + 16 * 512 + 1
    assert patchgan((256, 256, 3)).count_params() == weights


def test_layers_come_in_the_papers_order():
    """Normalisation has no weights here, and padding none ever: no count would miss them."""
    generator = resnet_generator((32, 32, 3), blocks=1, width=4)
    kinds = [type(layer).__name__ for layer in generator.layers[1:]]
    conv = ["Conv2D", "GroupNormalization", "ReLU"]
    block = ["ReflectionPadding2D", *conv, "ReflectionPadding2D", *conv[:2], "Add"]
    up = ["Conv2DTranspose", "GroupNormalization", "ReLU"]
    first, last = ["ReflectionPadding2D", *conv], ["ReflectionPadding2D", "Conv2D"]
    assert kinds == first + 2 * conv + block + 2 * up + last
    pads = [x.padding for x in generator.layers if type(x).__name__ == "ReflectionPadding2D"]
    assert pads == [3, 1, 1, 3]

    discriminator = patchgan((32, 32, 3), 4)
    kinds = [type(layer).__name__ for layer in discriminator.layers[1:]]
    first = ["ZeroPadding2D", "Conv2D", "LeakyReLU"]
    middle = ["ZeroPadding2D", "Conv2D", "GroupNormalization", "LeakyReLU"]
    assert kinds == first + 3 * middle + ["ZeroPadding2D", "Conv2D"]
    slopes = [x.negative_slope for x in discriminator.layers if hasattr(x, "negative_slope")]
    assert slopes == pytest.approx([0.2] * 4)
    kernels = [w.numpy() for w in patchgan((64, 64, 3), 32).trainable_variables if w.ndim == 4]
    assert all(np.std(k) == pytest.approx(0.02, rel=0.1) for k in kernels)


def test_default_blocks_follow_the_papers_sizes():
    for side, blocks in ((128, 6), (256, 9)):
        model = CycleGAN.build_default((side, side, 3), width=2, pool_size=0)
        adds = [layer for layer in model.generator_ab.layers if isinstance(layer, keras.layers.Add)]
        assert len(adds) == blocks


def test_different_channels_on_either_side():
    model = CycleGAN.build_default(
        (8, 8, 1), (8, 8, 3), blocks=1, width=4, downsamplings=1, identity_weight=0.0
    )
    assert model.translate(_images(0, (2, 8, 8, 1)), "b").shape == (2, 8, 8, 3)
    assert model.translate(_images(0, (2, 8, 8, 3)), "a").shape == (2, 8, 8, 1)
    with pytest.raises(ValueError, match="identity_weight=0"):
        CycleGAN.build_default((8, 8, 1), (8, 8, 3), blocks=1, width=4, downsamplings=1)


def test_the_step_trains_discriminators_on_the_pool():
    """Once the pool is full and always exchanges, what they see is old."""
    model = CycleGAN.build_default(
        (8, 8, 1), blocks=1, width=4, downsamplings=1, pool_size=4, identity_weight=0.0
    )
    model.compile(run_eagerly=True)
    seen = []
    original = model.discriminator_losses

    def spy(a, b, fake_a, fake_b, training):
        seen.append(ops.convert_to_numpy(fake_b))
        return original(a, b, fake_a, fake_b, training=training)

    model.discriminator_losses = spy
    model.fit(_images(0, (4, 8, 8, 1)), _images(1, (4, 8, 8, 1)), batch_size=4, verbose=0)
    np.testing.assert_array_equal(seen[0], model.pool_b.images.numpy())
    stored = model.pool_b.images.numpy()
    model.noise.uniform = lambda shape, *_: ops.zeros(shape)  # exchange every image
    model.fit(_images(2, (4, 8, 8, 1)), _images(3, (4, 8, 8, 1)), batch_size=4, verbose=0)
    np.testing.assert_array_equal(np.sort(seen[1].ravel()), np.sort(stored.ravel()))


def test_one_pass_equals_several_and_is_not_taken_where_a_batch_mixes():
    model = CycleGAN.build_default((8, 8, 1), blocks=1, width=4, downsamplings=1)
    a, b = _images(0), _images(1) + 1
    parts = model.through("discriminator_a", a, b[:5], training=True)
    for part, images in zip(parts, (a, b[:5]), strict=True):
        np.testing.assert_allclose(part, model.discriminator_a(images), atol=1e-5)

    images = keras.Input((8, 8, 1))
    normalised = keras.layers.BatchNormalization()(images)
    generators = model.generator_ab, model.generator_ba
    judges = [keras.Model(images, keras.layers.Conv2D(1, 3)(normalised), name=n) for n in "xy"]
    model = CycleGAN(*generators, *judges)
    alone = judges[0](a, training=True)
    np.testing.assert_allclose(
        model.through("discriminator_a", a, b, training=True)[0], alone, atol=1e-5
    )
    joined = judges[0](np.concatenate([a, b]), training=True)[:12]
    assert np.abs(joined - alone).max() > 0.1


@pytest.mark.parametrize(
    ("objective", "regularizers"),
    [
        ("non_saturating", ["r1"]),
        ("relativistic", []),
        ("wasserstein", ["gradient_penalty"]),
        ("hinge", ["weight_clipping"]),
    ],
)
def test_other_objectives_by_argument(objective, regularizers):
    """A step's losses are those of the objective, the penalties beside them."""
    model = CycleGAN.build_default(
        (8, 8, 1), blocks=1, width=2, downsamplings=1, objective=objective,
        regularizers=regularizers, pool_size=0,
    )  # fmt: skip
    a, b = _images(0), _images(1)
    fakes = model.generator_ba(b), model.generator_ab(a)
    by_hand = sum(
        0.5 * model.objective.discriminator(judge(real), judge(fake))
        for judge, real, fake in zip(
            (model.discriminator_a, model.discriminator_b), (a, b), fakes, strict=True
        )
    )
    whole = model.discriminator_losses(a, b, *fakes, training=True)
    if model.regularizers and model.regularizers[0].has_penalty:
        assert float(whole) > float(by_hand)
    else:
        assert float(whole) == pytest.approx(float(by_hand), rel=1e-5)
    model.compile(run_eagerly=True)
    history = model.fit(a, b, batch_size=12, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    if objective == "hinge":
        assert max(np.abs(w).max() for w in model.discriminator_b.get_weights()) <= 0.01


def test_objectives_and_regularizers_without_sense_here_are_refused():
    options = {"blocks": 1, "width": 2, "downsamplings": 1}
    with pytest.raises(ValueError, match="not patches"):
        CycleGAN.build_default((8, 8, 1), objective="gan_qp_l1", **options)
    with pytest.raises(ValueError, match="only the discriminators"):
        generators = kgen.losses.Orthogonality(player="generator")
        CycleGAN.build_default((8, 8, 1), regularizers=[generators], **options)


@pytest.mark.parametrize("shape", [(30, 30, 1), (4, 4, 1)])
def test_a_size_it_cannot_take_is_refused(shape):
    with pytest.raises(ValueError, match="multiples of 4"):
        CycleGAN.build_default(shape)


def test_an_image_too_small_for_the_patchgan_is_refused():
    with pytest.raises(ValueError, match=r"at least 24 x 24.*use fewer"):
        patchgan((16, 16, 3))


def test_evaluation_uses_the_averages():
    model = CycleGAN.build_default((8, 8, 1), blocks=1, width=4, downsamplings=1, ema_momentum=0.9)
    model.compile(run_eagerly=True)
    a, b = _images(0), _images(1)
    before = model.evaluate(a, b, verbose=0, return_dict=True)
    for variable in model.generator_ab.trainable_variables:
        variable.assign(variable + 0.5)
    assert model.evaluate(a, b, verbose=0, return_dict=True) == before


def test_networks_that_do_not_fit_are_refused():
    small, large = patchgan((16, 16, 1), 4, 1, name="a"), patchgan((24, 24, 1), 4, 1, name="b")
    generators = _identity("ab"), _identity("ba")
    with pytest.raises(ValueError, match="where the other side has"):
        CycleGAN(*generators, small, large)


@pytest.mark.parametrize("batch", [_images(0), (_images(0), _images(1), _images(2))])
def test_anything_but_two_sides_is_refused(batch):
    model = CycleGAN.build_default((8, 8, 1), blocks=1, width=2, downsamplings=1)
    with pytest.raises(kgen.errors.DataError, match="layout='unpaired'"):
        model.batch_images(batch)


def test_without_a_pool_the_size_may_stay_open():
    model = CycleGAN.build_default((None, None, 1), blocks=1, width=2, downsamplings=1, pool_size=0)
    assert model.translate(_images(0, (1, 20, 12, 1))).shape == (1, 20, 12, 1)


@pytest.mark.usefixtures("mixed_bfloat16")
def test_trains_in_mixed_bfloat16():
    model = CycleGAN.build_default((8, 8, 1), blocks=1, width=4, downsamplings=1, pool_size=4)
    model.compile(run_eagerly=True)
    history = model.fit(_images(0), _images(1), batch_size=4, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert model.translate(_images(0)).dtype == np.float32


def test_unknown_domain_is_refused():
    model = CycleGAN.build_default((8, 8, 1), blocks=1, width=2, downsamplings=1)
    with pytest.raises(ValueError, match="domain must be 'a' or 'b'"):
        model.translate(_images(0), domain="c")


def test_the_papers_schedule_is_half_constant_and_half_decay():
    model = CycleGAN.build_default((8, 8, 1), blocks=1, width=2, downsamplings=1)
    model.compile(**model.decaying_optimizers(9))
    for player in model.players:
        optimizer = model.player_optimizer(player)
        rates = []
        for step in (0, 4, 9, 20):
            optimizer.iterations.assign(step)
            rates.append(float(optimizer.learning_rate.numpy()))
        assert rates == pytest.approx([2e-4, 2e-4, 0.0, 0.0], abs=1e-9)
        assert optimizer.beta_1 == 0.5
