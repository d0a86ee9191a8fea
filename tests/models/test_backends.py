"""The models on JAX and PyTorch: the core of their contract, and TensorFlow's numbers."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from kgen import losses, models
from kgen.models import DCGAN, VAE, CycleGAN, GumbelSoftmaxGAN, Pix2Pix, WaveNet
from kgen.networks import (
    acgan_generator,
    graphsgan_discriminator,
    graphsgan_generator,
    linear_head,
    mlp_discriminator,
    mlp_generator,
    sgan_dense_discriminator,
    sgan_dense_generator,
)
from tests.backends import ROOT, run_under
from tests.models.first_losses import first_losses

BACKENDS = ("jax", "torch")
# One model for each way of training; the others' losses from equal weights are below.
ARCHETYPES = (
    "adversarial/test_dcgan.py",
    "adversarial/test_wgangp.py",
    "translation/test_cyclegan.py",
    "variational/test_vae.py",
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_core_of_the_contract(backend):
    files = [f"tests/models/{file}" for file in ARCHETYPES]
    run_under(backend, *files, "-m", "core", timeout=600)


def _models():
    """Each with its inputs and the shapes of the draws of one step: (distribution, shape)."""
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (4, 8, 8, 1)).astype("float32")
    yield "dcgan", DCGAN.build_default((8, 8, 1), 5, 4), [images], [("uniform", (4, 5))] * 2
    draws = [("normal", (4, 3)), ("uniform", (4, 8, 8, 1))]
    yield "vae", VAE.build_default((8, 8, 1), 3), [images], draws
    gaussian = VAE.build_default((8, 8, 1), 3, architecture="conv", likelihood="gaussian")
    yield "vae_gaussian", gaussian, [images], draws
    # Each backend sets actnorm from the data by itself. The paper's rate begins at almost zero.
    glow = models.Glow.build_default((8, 8, 1), steps=2, levels=2, width=4)
    glow.compile(optimizer=keras.optimizers.Adamax(1e-2))
    yield "glow", glow, [images], [("uniform", (4, 8, 8, 1))]
    ppgn = models.PPGN.build_default((8, 8, 1), 3, 2, hidden=(4,))
    yield "ppgn", ppgn, [images], [("normal", (4, 3))]
    wavenet = WaveNet.build_default(20, stacks=1, layers=3, width=4, skip_width=4, classes=3)
    yield "wavenet", wavenet, [images.reshape(4, -1, 1)[:, :20], np.arange(4) % 3], []
    gumbel = GumbelSoftmaxGAN.build_default(5, 6, 4, 8, ((2, 4), (6, 4)), dropout=0.0)
    tokens = rng.integers(5, size=(4, 6), dtype=np.int32)
    yield "gumbelsoftmaxgan", gumbel, [tokens], [("uniform", (4, 6, 5))] * 2
    # A step of likelihood, one of the discriminator, one of REINFORCE.
    seqgan = models.SeqGAN.build_default(
        5, 6, 4, 8, 4, ((2, 4), (6, 4)), 0.0,
        generator_steps=1, discriminator_steps=1, rollouts=3, baseline="position",
    )  # fmt: skip
    drawn = [("uniform", (4, 6)), ("uniform", (4, 6)), ("uniform", (3, 5, 20))]
    yield "seqgan", seqgan, [tokens], drawn
    # Not smaller: normalising a map of 2 x 2 pixels magnifies rounding beyond any tolerance.
    cyclegan = CycleGAN.build_default((32, 32, 1), blocks=1, width=4, downsamplings=1, pool_size=4)
    sides = [rng.uniform(-1, 1, (2, 32, 32, 1)).astype("float32") for _ in range(2)]
    yield "cyclegan", cyclegan, sides, [("uniform", (4,)), ("uniform", (2,))] * 2
    pix2pix = Pix2Pix.build_default((32, 32, 1), width=4, depth=2, downsamplings=1)
    yield "pix2pix", pix2pix, sides, [("uniform", (2, pix2pix.noise_size))]


def _games():
    """The adversarial models, with networks as small as their algorithms allow."""
    rng = np.random.default_rng(2)
    images = rng.uniform(-1, 1, (4, 4, 4, 1)).astype("float32")
    latents, share = ("normal", (4, 3)), ("uniform", (4, 1, 1, 1))

    def players():
        return mlp_generator((4, 4, 1), 3, (8,)), mlp_discriminator((4, 4, 1), (8,), "tanh")

    regularizers = ["r1", "jensen_shannon", losses.Orthogonality(player="generator")]
    gan = models.GAN(*players(), regularizers=regularizers, feature_matching=0.5)
    yield "gan", gan, [images], [latents] * 2
    yield "lsgan", models.LSGAN(*players()), [images], [latents] * 2
    wgan = models.WGAN(*players(), warmup=False, discriminator_steps=1)
    yield "wgan", wgan, [images], [latents] * 2
    wgangp = models.WGANGP(*players(), discriminator_steps=1)
    yield "wgangp", wgangp, [images], [latents, share, latents]
    yield "ganqp", models.GANQP(*players(), discriminator_steps=1), [images], [latents] * 2
    yield "fgan", models.FGAN(*players(), divergence="pearson"), [images], [latents] * 2
    r3gan = models.R3GAN.build_default((8, 8, 1), 3, 4, 1, 2, schedule_steps=9, ema_momentum=0.9)
    larger = rng.uniform(-1, 1, (4, 8, 8, 1)).astype("float32")
    yield "r3gan", r3gan, [larger], [latents] * 2
    biggan = models.BigGAN.build_default((8, 8, 1), 3, 4, 2, 3, attention=8, discriminator_steps=1)
    yield "biggan", biggan, [larger, np.array([0, 2, 1, 2], "int32")], [("normal", (4, 4))] * 2
    # The second of three steps changes the resolution.
    growing = models.ProgressiveGAN.build_default((8, 8, 1), 3, 4, fade_steps=2, stable_steps=1)
    yield "progressivegan", growing, [larger], [latents, share, latents]
    cvaegan = models.CVAEGAN.build_default((8, 8, 1), 3, 3, 4)
    draws = [latents, latents, ("uniform", (4,))]
    yield "cvaegan", cvaegan, [larger, np.array([0, 2, 1, 2], "int32")], draws
    unrolled = models.UnrolledGAN.build_default((2,), 3, 8, unroll_steps=2)
    yield "unrolledgan", unrolled, [rng.normal(size=(4, 2)).astype("float32")], [latents] * 2
    yield from _conditional_games(images, latents, players)
    classifier = sgan_dense_discriminator((4, 4, 1), 3, (8, 8), 0.0, 0.0)
    sgan = models.SGAN(sgan_dense_generator((4, 4, 1), 3, 8), classifier)
    labels = np.array([0, 2, 1, 2], "int32")
    yield "sgan", sgan, [images, labels], [("uniform", (4, 3))] * 2
    classifier = graphsgan_discriminator(16, 3, (8, 8), 0.0, 0.0)
    graphsgan = models.GraphSGAN(graphsgan_generator(16, 3, 8), classifier)
    yield "graphsgan", graphsgan, [images.reshape(4, 16), labels], [("uniform", (4, 3))] * 2


def _conditional_games(images, latents, players):
    """A label beside every layer's input, and heads on the features of a shared trunk."""
    labels = np.array([0, 2, 1, 2], "int32")
    larger = np.repeat(np.repeat(images, 2, axis=1), 2, axis=2)
    cgan = models.ConditionalGAN.build_default((8, 8, 1), 3, 5, "dcgan", 2, regularizers=["r1"])
    yield "cgan", cgan, [larger, labels], [("uniform", (4, 5))] * 2
    generator, discriminator = players()
    told = acgan_generator((8, 8, 1), 3, 3, 2)
    judge = mlp_discriminator((8, 8, 1), (8,), "tanh")
    acgan = models.ACGAN(told, judge, linear_head(judge, 3))
    yield "acgan", acgan, [larger, labels], [latents] * 2
    recognition = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2 + 2)])
    # The generator sees a latent that is a code as well, and a code of two classes.
    infogan = models.InfoGAN(
        generator, discriminator, recognition,
        categorical=(2,), continuous=1, learned_deviation=True,
    )  # fmt: skip
    yield "infogan", infogan, [images], [("uniform", (4, 1))] * 4


def _pair_games():
    """The models whose discriminator judges images with their codes."""
    rng = np.random.default_rng(3)
    images = rng.uniform(-1, 1, (4, 8, 8, 1)).astype("float32")
    latents = ("normal", (4, 3))
    bigan = models.BiGAN.build_default((8, 8, 1), 3, 8, regressor_weight=0.25)
    yield "bigan", bigan, [images], [("uniform", (4, 3))]
    ali = models.ALI.build_default((2,), 3, 8)
    for variable in ali.trainable_variables:  # the paper's start is so near 0 that all agree
        variable.assign(5 * variable.value)
    yield "ali", ali, [rng.normal(size=(4, 2)).astype("float32")], [latents] * 2
    biganqp = models.BiGANQP.build_default((8, 8, 1), 3, 4, 8, discriminator_steps=1)
    yield "biganqp", biganqp, [images], [latents] * 2


def _translators():
    """Those beside CycleGAN, between sets of points where the algorithm is the same."""
    rng = np.random.default_rng(3)
    sides = [rng.normal(size=(4, 2)).astype("float32") for _ in range(2)]

    def networks():
        makers = [lambda: mlp_generator((2,), 2, (8,), output_activation=None)] * 2
        makers += [lambda: mlp_discriminator((2,), (8,), "tanh")] * 2
        for name, make in zip(("ab", "ba", "a", "b"), makers, strict=True):
            network = make()
            network.name = name
            yield network

    yield "discogan", models.DiscoGAN(*networks(), curriculum_steps=2), sides, []
    yield "dualgan", models.DualGAN(*networks(), discriminator_steps=2), sides, []
    stargan = models.StarGAN.build_default((8, 8, 1), 3, 4, 1, 2, discriminator_steps=2)
    images = rng.uniform(-1, 1, (4, 8, 8, 1)).astype("float32")
    draws = [("uniform", (4,)), ("uniform", (4, 1, 1, 1))]
    yield "stargan", stargan, [images, np.array([0, 2, 1, 2], "int32")], draws


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first_losses")
    rng = np.random.default_rng(1)
    draw = {"uniform": rng.random, "normal": rng.standard_normal}
    for name, model, inputs, draws in (*_models(), *_games(), *_translators(), *_pair_games()):
        if not model.compiled:
            model.compile()
        model.save(folder / f"{name}.keras")
        arrays = {f"x{i}": x for i, x in enumerate(inputs)}
        for i, (kind, shape) in enumerate(draws):
            arrays[f"noise{i:02d}"] = draw[kind]((3, *shape)).astype("float32")
        np.savez(folder / f"{name}.npz", **arrays)
    return folder, first_losses(folder)


@pytest.mark.parametrize("backend", BACKENDS)
def test_first_losses_agree(recorded, backend):
    """Three steps from equal weights, noise passed in, no dropout: 1e-4 in float32."""
    folder, expected = recorded
    done = subprocess.run(
        [sys.executable, "-m", "tests.models.first_losses", str(folder)],
        cwd=ROOT,
        # The compiler's optimizations would take longer than these small models run.
        env={**os.environ, "KERAS_BACKEND": backend, "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    losses = json.loads(done.stdout.splitlines()[-1])
    assert losses.keys() == expected.keys()
    for model, history in expected.items():
        assert history.keys() == losses[model].keys()
        for name, values in history.items():
            np.testing.assert_allclose(
                losses[model][name], values, rtol=1e-4, atol=1e-5, err_msg=f"{model} {name}"
            )
