"""WaveNet: who hears whom, what it may draw, and how probable everything is together."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import kgen
from kgen.errors import DataError
from kgen.layers import CausalConv1D
from kgen.losses import bits_per_dim
from kgen.models import WaveNet
from kgen.models.autoregressive.line import IncrementalLine
from kgen.models.autoregressive.plan import NotIncrementalError, plan
from kgen.models.autoregressive.raster import FullForward
from kgen.networks import wavenet
from kgen.networks.wavenet import dilations_of, receptive_field
from tests.contract import ModelContract
from tests.models.autoregressive.laws import random_images, randomise, teacher_forced

TINY = {"stacks": 1, "layers": 2, "width": 4, "skip_width": 4}


class TestWaveNet(ModelContract):
    @staticmethod
    def build():
        return WaveNet.build_default(20, **TINY, classes=3)

    @staticmethod
    def data():
        return random_images(16, (20, 1)), np.arange(16) % 3


def test_a_model_of_classes_and_features_trains_and_comes_back_from_files(tmp_path):
    model = WaveNet.build_default(20, **TINY, classes=2, features=3, hop=5)
    model.compile(run_eagerly=True)
    conditions = {"labels": np.arange(4) % 2, "features": random_images(4, (4, 3), seed=1)}
    waves = random_images(4, (20, 1))
    before = model.log_prob(waves, **conditions)
    model.fit(waves, conditions, epochs=5, verbose=0)
    after = model.log_prob(waves, **conditions)
    assert (after > before).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.log_prob(waves, **conditions), after, rtol=1e-6)
    kgen.export.save(model, tmp_path / "export", warmup=False)
    assert max(kgen.export.verify(model, tmp_path / "export").values()) < 1e-5


def heard(network, length, outputs=16):
    """Which samples move which: bool (length, length), by the gradient."""
    x = tf.constant(np.repeat(random_images(1, (length, 1), seed=3), length, axis=0))
    mix = np.random.default_rng(0).normal(size=outputs).astype("float32")
    with tf.GradientTape() as tape:
        tape.watch(x)
        picked = tf.reduce_sum(tf.linalg.diag_part(tf.reduce_sum(network(x) * mix, axis=-1)))
    return tape.gradient(picked, x).numpy()[..., 0] != 0


@pytest.mark.parametrize(("kernel_size", "stem"), [(2, 2), (3, 3), (2, 5)])
def test_the_receptive_field_is_what_the_formula_says_and_nothing_later(kernel_size, stem):
    dilations = dilations_of(2, 3)
    network = wavenet(dilations, 6, 8, 16, kernel_size=kernel_size, stem=stem, scalar_input=True)
    seen = heard(randomise(network), 45)
    reach = stem + (kernel_size - 1) * 14
    late, early = np.meshgrid(np.arange(45), np.arange(45), indexing="ij")
    expected = (early < late) & (early >= late - reach)
    np.testing.assert_array_equal(seen, expected)
    assert receptive_field(dilations, kernel_size, stem) == reach
    model = WaveNet(network, length=45, levels=16)
    assert model.receptive_field == reach


def test_categories_hear_as_far_as_numbers_do():
    """A one-hot input has no gradient: here the sample itself is moved."""
    network = randomise(wavenet(dilations_of(1, 3), 6, 8, 16))
    x = random_images(1, (20, 1), seed=3)
    before = network(x).numpy()[0]
    for moved in range(20):
        other = x.copy()
        other[0, moved] = -np.sign(x[0, moved])
        differs = np.abs(network(other).numpy()[0] - before).max(axis=-1) > 0
        expected = (np.arange(20) > moved) & (np.arange(20) <= moved + 9)
        np.testing.assert_array_equal(differs, expected)


def test_receptive_field_of_a_well_known_implementation():
    """5 stacks of dilations 1 ... 512, kernel 2: 5,117 samples of one-hot input."""
    assert receptive_field(dilations_of(5, 10)) == 5117
    assert WaveNet.build_default(8, stacks=5, width=1, skip_width=1).receptive_field == 5117


NETWORKS = {
    "plain": {},
    "scalar": {"scalar_input": True, "kernel_size": 3},
    "class": {"classes": 3},
    "transposed": {"features": 2, "hop": 5},
    "repeated": {"features": 2, "hop": 5, "upsampling": "repeat", "classes": 3},
}


@pytest.mark.core
@pytest.mark.parametrize("name", NETWORKS)
def test_cached_drawing_equals_the_full_forward_pass(name):
    arguments = NETWORKS[name]
    network = randomise(wavenet(dilations_of(1, 3), 4, 6, 16, **arguments))
    x, others = random_images(3, (15, 1)), []
    if "classes" in arguments:
        others.append(np.array([0, 2, 1], "int32"))
    if "features" in arguments:
        others.append(random_images(3, (3, 2)))
    tensors = [ops.convert_to_tensor(t) for t in (x, *others)]
    full = ops.convert_to_numpy(network(tensors if others else tensors[0]))
    assert np.abs(full).max() > 0.5
    for raster in (IncrementalLine, FullForward):
        said = teacher_forced(raster(network), x, 1, True, others)
        np.testing.assert_allclose(said, full, atol=1e-5)


def test_the_law_fails_if_a_ring_turns_too_fast(monkeypatch):
    """Broken on purpose: the place in the ring is one too far."""
    network = randomise(wavenet(dilations_of(1, 3), 4, 6, 16))
    x = random_images(2, (12, 1))
    step = CausalConv1D.step
    monkeypatch.setattr(
        CausalConv1D, "step", lambda s, w, c, carry, x, row, t: step(s, w, c, carry, x, row, 2 * t)
    )
    said = teacher_forced(IncrementalLine(network), x, 1, True)
    assert np.abs(said - network(x).numpy()).max() > 1e-2


def test_layers_that_are_asked_sample_by_sample_are_not_computed_whole():
    """A map of 1x1 convolutions for each layer would fill the memory."""
    made = plan(wavenet(dilations_of(1, 3), 4, 6, 16, classes=2, features=2, hop=5))
    kinds = {type(step.layer).__name__ for step in made.constants}
    assert kinds == {"Embedding", "Reshape", "Conv1DTranspose"}
    assert len(made.along) == 1
    # A layer before the upsampling works on frames, and there it stays.
    waves, frames = keras.Input((None, 1)), keras.Input((None, 2))
    local = keras.layers.UpSampling1D(5)(keras.layers.Dense(4)(frames))
    x = keras.layers.Add()([CausalConv1D(4, shift=1)(waves), keras.layers.Dense(4)(local)])
    made = plan(keras.Model([waves, frames], x))
    assert [type(s.layer).__name__ for s in made.constants] == ["Dense", "UpSampling1D"]


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (lambda: keras.layers.Conv1D(4, 2, padding="causal"), "Conv1D is no layer that can run"),
        (lambda: keras.layers.MaxPooling1D(2), "changes the length|is no layer"),
        (lambda: CausalConv1D(4, shift=0), "depends on the pixel that it is to predict"),
    ],
)
def test_networks_that_cannot_run_by_samples_say_why(layer, reason):
    waves = keras.Input((None, 1))
    with pytest.raises(NotIncrementalError, match=reason):
        plan(keras.Model(waves, layer()(waves)))


def test_another_network_is_drawn_by_whole_passes_and_says_so():
    waves = keras.Input((None, 1))
    x = keras.layers.Conv1D(4, 3, padding="causal")(CausalConv1D(4, shift=1)(waves))
    network = randomise(keras.Model(waves, keras.layers.Dense(16)(x)))
    with pytest.warns(UserWarning, match="every element .* whole forward pass.* Conv1D is no"):
        model = WaveNet(network, length=6, levels=16)
    assert isinstance(model.raster(), FullForward)
    drawn = model.sample(4, seed=1)
    assert drawn.shape == (4, 6, 1) and len(np.unique(drawn)) > 3


def all_waves(levels, length):
    """Every sequence of levels, as amplitudes."""
    from kgen.models.autoregressive import mu_law

    codes = np.array(list(itertools.product(range(levels), repeat=length)))[..., None]
    return ops.convert_to_numpy(mu_law.decode(ops.convert_to_tensor(codes), levels))


@pytest.mark.parametrize("scalar_input", [False, True])
def test_all_sounds_together_have_probability_one(scalar_input):
    network = randomise(
        wavenet((1, 2), 4, 6, 4, scalar_input=scalar_input, stem=2, classes=2), scale=0.6
    )
    model = WaveNet(network, length=4, levels=4, classes=2)
    x = all_waves(4, 4)
    log_p = [model.log_prob(x, np.full(256, label)) for label in (0, 1)]
    for each in log_p:
        assert np.exp(each.astype("float64")).sum() == pytest.approx(1, abs=1e-5)
    assert np.abs(log_p[0] - log_p[1]).max() > 0.1  # the label counts


def test_the_frequencies_of_drawn_sounds_are_their_probabilities():
    network = randomise(wavenet((1,), 4, 6, 3), scale=0.6)
    model = WaveNet(network, length=2, levels=3)
    x = all_waves(3, 2)
    p = np.exp(model.log_prob(x))
    n = 20_000
    drawn = model.sample(n, seed=0)
    share = [(np.abs(drawn - each).max(axis=(1, 2)) < 1e-6).mean() for each in x]
    np.testing.assert_allclose(share, p, atol=5 * np.sqrt(0.25 / n))


def test_an_untrained_constant_costs_eight_bits_a_sample():
    network = wavenet((1,), 4, 6)
    last = network.get_layer("to_parameters")
    last.set_weights([np.zeros_like(w) for w in last.get_weights()])
    model = WaveNet(network, length=10)
    nats = model.log_prob(random_images(3, (10, 1)))
    np.testing.assert_allclose(bits_per_dim(nats, 10), -8, atol=1e-4)


@pytest.mark.parametrize("upsampling", ["transposed", "repeat"])
def test_features_move_their_own_samples(upsampling):
    """Repeated, a frame moves its own samples and, through these, what follows within reach."""
    network = randomise(wavenet((1,), 4, 6, 16, features=2, hop=4, upsampling=upsampling, stem=1))
    model = WaveNet(network, length=20, levels=16, hop=4)
    x, features = random_images(1, (20, 1)), random_images(1, (5, 2))
    other = features.copy()
    other[0, 2] += 1
    one, two = (
        ops.convert_to_numpy(network([*map(tf.constant, (x, f))])) for f in (features, other)
    )
    first, last = np.flatnonzero(np.abs(one - two).max(axis=(0, 2)))[[0, -1]]
    if upsampling == "repeat":
        assert (first, last) == (8, 11)
    else:  # two frames in each direction reach into the neighbours
        assert first < 8 and last > 11 and last - first + 1 <= 8
    assert model.log_prob(x, features=features) != model.log_prob(x, features=other)


def test_sounds_may_end_within_the_last_frame():
    network = randomise(wavenet((1, 2), 4, 6, 16, features=2, hop=4))
    model = WaveNet(network, length=10, levels=16, hop=4)
    features, waves = random_images(2, (3, 2)), random_images(2, (10, 1))
    drawn = model.sample(2, features=features, length=10, seed=1)
    whole = model.sample(2, features=features, seed=1)
    assert drawn.shape == (2, 10, 1) and whole.shape == (2, 12, 1)
    # Exact all the same: the three sums of log p(sample) begin alike.
    longer = np.pad(waves, ((0, 0), (0, 2), (0, 0)))
    x = model.pixels.observe(ops.convert_to_tensor(longer), None)
    logits = model.network([x, ops.convert_to_tensor(features)])
    expected = model.pixels.log_prob(x[:, :10], logits[:, :10])
    np.testing.assert_allclose(
        model.log_prob(waves, features=features), ops.convert_to_numpy(expected), rtol=1e-5
    )
    for length in (8, 13):
        with pytest.raises(DataError, match=f"{length} samples take . frames of 4 samples each"):
            model.sample(2, features=features, length=length)


def test_a_prompt_is_continued():
    network = randomise(wavenet(dilations_of(1, 3), 4, 6, 16), scale=0.7)
    model = WaveNet(network, length=16, levels=16)
    sounds = model.sample(3, seed=0)
    continued = model.complete(sounds[:, :6], seed=1)
    np.testing.assert_allclose(continued[:, :6], sounds[:, :6], atol=1e-6)
    assert continued.shape == (3, 16, 1) and not np.allclose(continued, sounds)
    # What is drawn follows from what was there: the other half of the scale leads elsewhere.
    other = model.complete(-sounds[:, :6], seed=1)
    assert not np.array_equal(other[:, 6:], continued[:, 6:])
    assert model.complete(sounds, length=30).shape == (3, 30, 1)
    nothing = model.serve(
        "complete", waves=sounds, mask=np.zeros((3, 16, 1)), uniforms=np.full((3, 16, 1), 0.3)
    )
    drawn = model.serve("sample", uniforms=np.full((3, 16, 1), 0.3))
    np.testing.assert_array_equal(nothing, drawn)
    with pytest.raises(DataError, match="the beginning has 16 samples, the whole only 8"):
        model.complete(sounds, length=8)


def test_any_length_can_be_drawn_and_scored():
    model = WaveNet.build_default(8, **TINY)
    for length in (1, 5, 30):
        drawn = model.sample(2, length=length, seed=0)
        assert drawn.shape == (2, length, 1)
        assert model.log_prob(drawn).shape == (2,)
    # The longer sound begins with the shorter one only if its numbers do: not promised by seeds.
    uniforms = np.random.default_rng(0).random((2, 30, 1))
    longer, shorter = (model.serve("sample", uniforms=uniforms[:, :n]) for n in (30, 12))
    np.testing.assert_array_equal(longer[:, :12], shorter)


def test_what_does_not_fit_is_refused():
    model = WaveNet.build_default(8, **TINY)
    with pytest.raises(DataError, match="has no classes"):
        model.sample(2, labels=[0, 1])
    with pytest.raises(DataError, match="built without features"):
        model.sample(2, features=np.zeros((2, 3, 1)))
    with pytest.raises(DataError, match=r"waves must be \(n, samples, 1\)"):
        model.log_prob(np.zeros((2, 8)))
    with pytest.raises(DataError, match=r"waves must be in \[-1, 1\]"):
        model.log_prob(np.full((2, 8, 1), 3.0))
    model.compile(run_eagerly=True)
    for waves, said in [
        (np.full((2, 8, 1), 300), r"waves must be in \[-1, 1\]"),
        (np.zeros((2, 9, 1)), r"waves have shape \(9, 1\), the model was built for \(8, 1\)"),
    ]:
        with pytest.raises(DataError, match=said):
            model.fit(waves, verbose=0)
    both = WaveNet.build_default(8, **TINY, classes=2, features=3, hop=4)
    assert both.capabilities["sample"] == ("n", "labels", "features", "length", "seed")
    assert model.capabilities["sample"] == ("n", "length", "seed")
    with pytest.raises(DataError, match="is conditioned on features"):
        both.sample(2)
    both.compile(run_eagerly=True)
    with pytest.raises(DataError, match=r"learns from \(waves, \{'labels': ..., 'features': ...\}"):
        both.fit(random_images(2, (8, 1)), np.zeros(2), verbose=0)
    network = wavenet((1,), 4, 4, 16)
    with pytest.raises(ValueError, match="give 256 logits a sample"):
        WaveNet(network, length=8)
    with pytest.raises(ValueError, match="must have 2 inputs, waves and labels; this one has 1"):
        WaveNet(network, length=8, levels=16, classes=2)
    with pytest.raises(ValueError, match="features need a hop"):
        WaveNet.build_default(8, **TINY, features=2)
    with pytest.raises(ValueError, match="upsampling must be one of"):
        wavenet((1,), 4, 4, features=2, upsampling="linear")


def test_it_learns_a_sine_wave():
    """Far below the 8 bits of chance, in seconds: the samples before say where the wave goes."""
    keras.utils.set_random_seed(0)
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, (64, 1, 1))
    waves = (0.8 * np.sin(2 * np.pi * np.arange(64)[:, None] / 16 + phase)).astype("float32")
    model = WaveNet.build_default(64, stacks=1, layers=4, width=16, skip_width=32)
    model.compile(optimizer=keras.optimizers.Adam(5e-3))
    model.fit(waves, batch_size=16, epochs=30, verbose=0)
    bits = -bits_per_dim(model.log_prob(waves), 64).mean()
    assert 0 < bits < 4


def test_parameters_counted_by_hand():
    """Width w, skip s, q levels, three layers, two classes, f features at a hop h."""
    w, s, q, f, h = 6, 10, 16, 3, 5
    stem = 2 * q * w + w
    layer = 2 * w * 2 * w + 2 * w + w * s + s
    conditions = 2 * 2 * w + f * 2 * w
    upsample = 2 * h * f * f + f
    head = s * s + s + s * q + q
    network = wavenet(dilations_of(1, 3), w, s, q, classes=2, features=f, hop=h)
    expected = stem + 3 * (layer + conditions) + 2 * (w * w + w) + upsample + head
    assert network.count_params() == expected
