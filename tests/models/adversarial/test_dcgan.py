import keras
import numpy as np
import pytest

import kgen
from kgen.models import DCGAN
from kgen.networks import dcgan_discriminator, dcgan_generator
from tests.contract import ModelContract


class TestDCGAN(ModelContract):
    @staticmethod
    def build():
        return DCGAN.build_default((8, 8, 1), latent_dim=4, width=4, ema_momentum=0.9)

    @staticmethod
    def data():
        return np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype("float32")


def test_paper_size_has_the_hand_derived_shapes():
    """Figure 1: 100 -> 4x4x1024 -> 8x8x512 -> 16x16x256 -> 32x32x128 -> 64x64x3."""
    generator = dcgan_generator((64, 64, 3), 100)
    maps = [
        tuple(layer.output.shape[1:])
        for layer in generator.layers
        if layer.__class__.__name__ == "Conv2DTranspose"
    ]
    assert maps == [(8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 3)]
    convolutions = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3)
    normalisations = 4 * (16 * 1024 + 512 + 256 + 128)
    assert generator.count_params() == 100 * 16 * 1024 + convolutions + normalisations

    discriminator = dcgan_discriminator((64, 64, 3))
    convolutions = 25 * (3 * 128 + 128 * 256 + 256 * 512 + 512 * 1024)
    normalisations = 4 * (256 + 512 + 1024)
    assert discriminator.count_params() == convolutions + normalisations + 16 * 1024


@pytest.mark.parametrize("shape", [(8, 8, 1), (14, 14, 1), (28, 28, 1), (32, 32, 3), (128, 128, 3)])
def test_every_size_of_four_or_seven_doubled(shape):
    generator, discriminator = dcgan_generator(shape, 8, 2), dcgan_discriminator(shape, 2)
    assert generator.output_shape == (None, *shape)
    assert discriminator.input_shape == (None, *shape)


@pytest.mark.parametrize("shape", [(30, 30, 1), (32, 64, 1), (4, 4, 1)])
def test_a_size_it_cannot_make_is_refused_with_the_sizes_it_can(shape):
    with pytest.raises(ValueError, match=r"8, 12, 14, 16, 24, 28, 32.*choose the nearest"):
        DCGAN.build_default(shape)


def test_weights_start_as_the_paper_says():
    generator = dcgan_generator((32, 32, 1), width=64)
    kernels = [w.numpy() for w in generator.trainable_variables if w.path.endswith("kernel")]
    gains = [w.numpy() for w in generator.trainable_variables if w.path.endswith("gamma")]
    assert np.std(kernels[0]) == pytest.approx(0.02, rel=0.02)
    assert np.mean(gains[0]) == pytest.approx(1.0, abs=0.002)
    assert np.std(gains[0]) == pytest.approx(0.02, rel=0.1)
    assert not any(w.path.endswith("bias") for w in generator.trainable_variables)


def test_default_optimizers_are_the_papers():
    for optimizer in DCGAN.build_default((8, 8, 1), 4, 4).default_optimizers().values():
        assert float(optimizer.learning_rate.numpy()) == pytest.approx(2e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)


def test_losses_start_at_2_ln_2_and_ln_2():
    """Small random weights give logits near 0 (papers: D = 1/2, V = -log 4)."""
    model = DCGAN.build_default((32, 32, 1), latent_dim=16, width=8)
    model.compile()
    images = np.random.default_rng(0).uniform(-1, 1, (32, 32, 32, 1)).astype("float32")
    logs = model.evaluate(images, verbose=0, return_dict=True)
    assert logs["discriminator_loss"] == pytest.approx(2 * np.log(2), abs=0.02)
    assert logs["generator_loss"] == pytest.approx(np.log(2), abs=0.02)


def test_latents_are_uniform_as_in_the_paper():
    model = DCGAN.build_default((8, 8, 1), latent_dim=1000, width=4)
    latents = np.asarray(model.latents(50))
    assert latents.min() >= -1 and latents.max() < 1
    assert latents.var() == pytest.approx(1 / 3, rel=0.02)


def test_exponential_average_is_what_samples(tmp_path):
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4, ema_momentum=0.5)
    latents = np.zeros((1, 4), "float32") + 0.3
    before = model.serve("sample", latents=latents)
    for variable in model.generator.trainable_variables:
        variable.assign(variable + 0.1)
    assert np.array_equal(model.serve("sample", latents=latents), before)
    model.finish_step()
    assert not np.array_equal(model.serve("sample", latents=latents), before)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((4, 16, 16, 1), "float32"), r"images have shape \(16, 16, 1\).*\(8, 8, 1\)"),
        (np.full((4, 8, 8, 1), 255.0, "float32"), r"in \[-1, 1\], found \[255, 255\].*127.5 - 1"),
    ],
)
def test_wrong_images_are_refused_in_one_line(images, message):
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    model.compile()
    with pytest.raises(kgen.errors.DataError, match=message):
        model.fit(images, verbose=0)


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="the generator makes"):
        DCGAN(dcgan_generator((8, 8, 1), 4, 4), dcgan_discriminator((16, 16, 1), 4))


def test_an_unknown_optimizer_is_named():
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    with pytest.raises(TypeError, match="generator_optimizer, discriminator_optimizer"):
        model.compile(critic_optimizer="adam")


def test_unfinite_images_are_refused():
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    with pytest.raises(kgen.errors.DataError, match="NaN or infinite"):
        model.discriminate(np.full((1, 8, 8, 1), np.nan))


def test_inputs_of_unequal_length_are_refused():
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    with pytest.raises(kgen.errors.DataError, match="the inputs are latents, not images"):
        model.serve("sample", images=np.zeros((1, 8, 8, 1)))
    with pytest.raises(ValueError, match="there are sample, discriminate"):
        model.serve("encode", images=np.zeros((1, 8, 8, 1)))


def test_images_from_zero_to_one_are_remarked():
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    model.compile(run_eagerly=True)
    images = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")
    with pytest.warns(UserWarning, match="no negative number.*2 x - 1"):
        model.evaluate(images, verbose=0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((0, 8, 8, 1), "float32"), "the data are empty"),
        ((np.zeros((4, 8, 8, 1), "float32"), np.zeros(4)), "not as one tuple"),
        (kgen.datasets.from_arrays(np.zeros((9, 8, 8, 1)), batch_size=3), "such as data.train"),
    ],
    ids=["empty", "tuple", "splits"],
)
def test_what_is_no_data_is_refused_in_one_line(data, message):
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    model.compile()
    with pytest.raises(kgen.errors.DataError, match=message):
        model.fit(data, verbose=0)


def test_predict_names_the_capabilities():
    with pytest.raises(NotImplementedError, match="use sample, discriminate"):
        DCGAN.build_default((8, 8, 1), latent_dim=4, width=4).predict(np.zeros((1, 8, 8, 1)))


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_a_count_is_a_whole_number(n):
    with pytest.raises(kgen.errors.DataError, match="at least 1"):
        DCGAN.build_default((8, 8, 1), latent_dim=4, width=4).sample(n)


def test_a_discriminator_gives_one_logit():
    images = keras.Input((8, 8, 1))
    two = keras.Model(images, keras.layers.Dense(2)(keras.layers.Flatten()(images)))
    with pytest.raises(ValueError, match="one logit an image"):
        DCGAN(dcgan_generator((8, 8, 1), 4, 4), two)
