"""The models on JAX and PyTorch: the core of their contract, and TensorFlow's numbers."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from kgen import losses, models
from kgen.models import DCGAN, VAE, CycleGAN, WaveNet
from kgen.networks import (
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
    wavenet = WaveNet.build_default(20, stacks=1, layers=3, width=4, skip_width=4, classes=3)
    yield "wavenet", wavenet, [images.reshape(4, -1, 1)[:, :20], np.arange(4) % 3], []
    # Not smaller: normalising a map of 2 x 2 pixels magnifies rounding beyond any tolerance.
    cyclegan = CycleGAN.build_default((32, 32, 1), blocks=1, width=4, downsamplings=1, pool_size=4)
    sides = [rng.uniform(-1, 1, (2, 32, 32, 1)).astype("float32") for _ in range(2)]
    yield "cyclegan", cyclegan, sides, [("uniform", (4,)), ("uniform", (2,))] * 2


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
    unrolled = models.UnrolledGAN.build_default((2,), 3, 8, unroll_steps=2)
    yield "unrolledgan", unrolled, [rng.normal(size=(4, 2)).astype("float32")], [latents] * 2
    classifier = sgan_dense_discriminator((4, 4, 1), 3, (8, 8), 0.0, 0.0)
    sgan = models.SGAN(sgan_dense_generator((4, 4, 1), 3, 8), classifier)
    labels = np.array([0, 2, 1, 2], "int32")
    yield "sgan", sgan, [images, labels], [("uniform", (4, 3))] * 2


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first_losses")
    rng = np.random.default_rng(1)
    draw = {"uniform": rng.random, "normal": rng.standard_normal}
    for name, model, inputs, draws in (*_models(), *_games()):
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
