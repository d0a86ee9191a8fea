"""The evaluator: protocol in every score, one pass, no batch size in a value, clear refusals."""

import dataclasses
import json
import tracemalloc

import numpy as np
import pytest

import kgen
import kgen.metrics.probing
from kgen.datasets import load
from kgen.datasets.mixture import MIXTURES, Mixture
from kgen.errors import MetricError
from kgen.metrics import METRICS, Evaluator, Score, evaluate, linear_probe
from kgen.metrics.frechet import frechet_distance
from kgen.metrics.kernel import kernel_distance
from kgen.metrics.manifold import density_coverage, precision_recall
from kgen.metrics.moments import Moments
from kgen.metrics.similarity import pair_similarity, psnr, ssim
from tests.metrics.toys import Brightness, Conditional, FixedFeatures, Sampler, brightness_images


class TestValues:
    def test_are_those_of_the_pure_functions(self, data, real, bank):
        network, n = FixedFeatures(), len(real[0])
        bank = bank[:n]
        scores = {
            score.metric: score
            for score in evaluate(bank, data, "fd,kd,pr,dc,ms_ssim", n=n, features=network)
        }
        a, b = network(real[0]), network(bank)
        distance, deviation = kernel_distance(a, b, subset_size=n // 2)
        expected = {
            "fd": frechet_distance(Moments.of(a), Moments.of(b)),
            "kd": distance,
            "ms_ssim": pair_similarity(bank)[0],
            **dict(zip(("precision", "recall"), precision_recall(a, b), strict=True)),
            **dict(zip(("density", "coverage"), density_coverage(a, b), strict=True)),
        }
        assert list(scores) == ["fd", "kd", "precision", "recall", "density", "coverage", "ms_ssim"]
        for name, value in expected.items():
            assert scores[name].value == pytest.approx(value, rel=1e-6), name
        assert scores["kd"].deviation == pytest.approx(deviation, rel=1e-6)
        assert scores["kd"].details["subset_size"] == n // 2
        assert scores["ms_ssim"].details["real"] == pytest.approx(pair_similarity(real[0])[0])

    def test_chunks_are_no_part_of_a_value(self, data, monkeypatch):
        """500 at once or 7, as features or as running moments: the same images, the same score."""
        images = brightness_images(np.arange(120) % 3, seed=4)
        options = {"n": 100, "features": FixedFeatures()}
        (alone,) = evaluate(images, data, "fd", **options)
        monkeypatch.setattr("kgen.metrics.streams.CHUNK", 7)
        (small,) = evaluate(images, data, "fd", **options)
        beside = evaluate(images, data, "kd,fd", **options)[1]
        assert small.value == pytest.approx(alone.value, rel=1e-9)
        assert beside.value == pytest.approx(alone.value, rel=1e-9)
        assert alone.value > 1e-4

    def test_of_reconstructions(self, data, real):
        class Darker:
            capabilities = {"reconstruct": ("images",)}

            def reconstruct(self, images):
                return np.clip(images - 0.1, -1, 1)

        images = kgen.datasets.from_arrays(
            np.kron(real[0], np.ones((1, 2, 2, 1))).astype("float32"), batch_size=20, test=0.5
        )
        scores = evaluate(Darker(), images, "psnr,ssim", n=1000)
        originals = np.concatenate(list(images.test.as_numpy_iterator()))
        rebuilt = np.clip(originals - 0.1, -1, 1)
        assert scores[0].value == pytest.approx(psnr(originals, rebuilt).mean())
        assert scores[1].value == pytest.approx(ssim(originals, rebuilt).mean())
        assert scores[0].n_real == len(originals)
        assert scores[0].n_fake is None
        assert scores[0].notes == ("of reconstructions",)

    def test_classifier_score_modes_and_label_accuracy(self, data):
        model = Conditional(wrong=0.25)
        scores = evaluate(
            model, data, "classifier_score,modes,label_accuracy", n=600, features=Brightness()
        )
        by_name = {score.metric: score for score in scores}
        assert by_name["label_accuracy"].value == pytest.approx(0.75, abs=0.06)
        assert by_name["label_accuracy"].details["real"] == 1.0
        assert by_name["modes"].value == 3
        assert by_name["modes"].details["of"] == 3
        assert 1.5 < by_name["classifier_score"].value < 3
        assert by_name["classifier_score"].n_real is None
        assert by_name["classifier_score"].reference is None

    def test_parzen_is_legacy_and_chooses_its_bandwidth_elsewhere(self, data, bank):
        (score,) = evaluate(bank, data, "parzen", n=100)
        assert "legacy" in score.notes
        assert score.details["sigma"] == pytest.approx(0.1)
        assert (score.n_real, score.n_fake, score.better) == (100, 100, "higher")

    @pytest.mark.core
    def test_path_length_of_a_gan(self, data):
        import keras

        model = kgen.models.DCGAN.build_default((8, 8, 1), latent_dim=4, width=2)
        network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
        (score,) = evaluate(model, data, "path_length", n=40, features=network)
        assert score.value > 0
        assert score.details["pairs"] == 40
        assert score.n_fake == 80
        assert score.split is None

        class Rounding(FixedFeatures):
            """Rounds sets of images to 8 bits, and offers small steps a way round it."""

            dim = 64

            def __call__(self, images):
                return np.round((images + 1) * 127.5).reshape(-1, 64) / 127.5 - 1

            def features(self, images):
                return images.reshape(-1, 64)

        (same,) = evaluate(model, data, "path_length", n=40, features=Rounding())
        assert same.value == pytest.approx(score.value, rel=1e-3)
        del Rounding.features
        with pytest.raises(MetricError, match="256 levels"):
            evaluate(model, data, "path_length", n=40, features=Rounding())


class TestProtocol:
    def test_every_score_says_what_was_compared(self, data, bank):
        (score,) = evaluate(bank, data, "fd", n=100, features=FixedFeatures(), seed=3)
        assert score == Score(
            metric="fd",
            value=score.value,
            better="lower",
            features="fixed filters",
            checksum="0123456789ab",
            resize="8x8x1, not resized",
            reference="grey",
            split="test",
            n_real=100,
            n_fake=100,
            seed=3,
            notes=("for tests",),
        )
        assert Score.from_json(json.loads(json.dumps(score.to_json()))) == score

    def test_the_size_of_the_images_is_part_of_it(self, data, bank):
        """Pixels and networks that resize nothing say it; a column of both sizes would lie."""
        metrics = "fd,ms_ssim,modes"
        scores = evaluate(bank, data, metrics, n=60, features=Brightness())
        sizes = ["8x8x1, not resized", "8x8x1", "8x8x1, not resized"]
        assert [score.resize for score in scores] == sizes
        assert "| 8x8x1 | grey test |" in str(scores[1])

    def test_fewer_than_asked_for_is_said(self, data, real, bank):
        (score,) = evaluate(bank[:150], data, "fd", n=1000, features=FixedFeatures())
        assert (score.n_real, score.n_fake) == (len(real[0]), 150)
        assert "1,000 asked for" in score.notes
        (enough,) = evaluate(bank, data, "fd", n=120, features=FixedFeatures())
        assert (enough.n_real, enough.n_fake) == (120, 120)
        assert not any("asked for" in note for note in enough.notes)

    def test_fewer_than_features_is_said(self, data, bank):
        network = FixedFeatures()
        few, many = (
            evaluate(bank, data, "fd", n=n, features=network)[0] for n in (network.dim, 60)
        )
        assert few.notes[0] == "few images for 48 features: far too high"
        assert many.notes == network.notes

    def test_pixels_have_no_features(self, data, bank):
        for score in evaluate(bank, data, "ms_ssim,parzen", n=60, features=FixedFeatures()):
            assert score.features is None
            assert score.checksum is None

    def test_the_split_is_the_one_asked_for(self, data, bank):
        validation = next(iter(data.validation))[0].numpy()
        evaluator = Evaluator(data, "nearest_train", n=50, split="validation", features=None)
        (score,) = evaluator(validation)
        assert score.split == "validation"
        assert score.details["median_distance"] > 0

    def test_a_larger_split_gives_a_random_and_fixed_part(self, data, real):
        """Not the first images, which in a folder are all of one class."""
        from kgen.metrics.streams import split_chunks

        def part():
            return np.concatenate([images for images, _ in split_chunks(data, "test", 20)])

        images = part()
        np.testing.assert_array_equal(images, part())
        places = [np.flatnonzero((real[0] == one).all(axis=(1, 2, 3)))[0] for one in images]
        assert len(set(places)) == 20
        assert places == sorted(places)
        assert max(places) > 100

    def test_a_larger_array_gives_a_random_and_fixed_part(self, data):
        """Samples saved class by class: the first 100 would all be of one."""
        labels = np.repeat([0, 1, 2], 100)
        images = brightness_images(labels)
        options = {"n": 100, "features": Brightness(), "labels": labels}
        scores = evaluate(images, data, "modes,label_accuracy,ms_ssim", **options)
        assert [score.value for score in scores[:2]] == [3, 1.0]
        assert scores == evaluate(images, data, "modes,label_accuracy,ms_ssim", **options)


class TestSamples:
    def test_seeds_depend_on_the_chunk_and_the_seed_alone(self, data, bank):
        model = Sampler(bank)
        evaluator = Evaluator(data, "ms_ssim", n=1100, seed=1)
        first, again = evaluator(model)[0], evaluator(model)[0]
        sizes, seeds = zip(*model.calls, strict=True)
        assert sizes == (500, 500, 100) * 2
        assert seeds[:3] == seeds[3:]
        assert len(set(seeds)) == 3
        assert first == again
        other = Sampler(bank)
        Evaluator(data, "ms_ssim", n=1100, seed=2)(other)
        assert not set(seeds) & {seed for _, seed in other.calls}

    def test_the_real_side_is_prepared_once(self, data, bank):
        network = FixedFeatures("counted")
        evaluator = Evaluator(data, "fd,kd,pr,nearest_train", n=100, features=network)
        evaluator(bank)
        before = network.seen
        evaluator(Sampler(bank))
        assert network.seen - before == 100  # the samples, once, for all metrics

    def test_a_conditional_model_is_asked_for_the_splits_classes(self, data, real):
        model = Conditional()
        n = len(real[1])
        evaluate(model, data, "label_accuracy", n=n, features=Brightness())
        np.testing.assert_array_equal(
            np.bincount(np.concatenate(model.labels)), np.bincount(real[1])
        )
        given = Conditional()
        evaluate(given, data, "label_accuracy", n=5, features=Brightness(), labels=[2, 1])
        assert np.concatenate(given.labels).tolist() == [2, 1, 2, 1, 2]

    def test_arrays_of_bytes_are_images_too(self, data, bank):
        as_bytes = np.round((bank + 1) * 127.5).astype(np.uint8)
        floats = as_bytes / np.float32(127.5) - 1
        options = {"n": 100, "features": FixedFeatures()}
        assert evaluate(as_bytes, data, "fd", **options) == evaluate(floats, data, "fd", **options)

    @pytest.mark.core
    def test_real_models_of_kgen(self, data):
        model = kgen.models.DCGAN.build_default((8, 8, 1), latent_dim=4, width=2)
        noise = np.asarray(model.seed_generator.state.value)
        scores = evaluate(model, data, "fd,nearest_train", n=60, features=FixedFeatures())
        assert scores[0].value > 0.01
        np.testing.assert_array_equal(np.asarray(model.seed_generator.state.value), noise)


class TestMemorising:
    @pytest.mark.parametrize("features", [None, FixedFeatures("neighbours")])
    def test_copies_do_not_score_well(self, data, real, features):
        """A model that returns training images has the best distance there is, but not this."""
        train = np.concatenate([images for images, _ in data.train.as_numpy_iterator()])
        evaluator = Evaluator(data, "nearest_train", n=150, features=features)
        (copies,) = evaluator(Sampler(train))
        (unseen,) = evaluator(brightness_images(real[1], seed=77))
        assert copies.value == 0
        # Of the training images some fill no whole batch and are not looked at.
        assert copies.details["share_closer"] > 0.9
        assert unseen.value == pytest.approx(1, abs=0.15)
        assert unseen.details["share_closer"] < 0.1
        assert copies.details["train_images"] > 0.9 * data.sizes["train"]
        assert copies.better is None
        assert copies.method == (None if features else "distance of pixels")

    def test_mirrored_training_images_are_copies_too(self):
        """Whichever way round the augmentation showed them in the pass that is looked at."""
        ramps = (
            np.linspace(-1, 1, 8)[None, None, :, None]
            * np.linspace(0.2, 1, 60)[:, None, None, None]
        )
        images = np.broadcast_to(ramps, (60, 8, 8, 1)).astype("float32").copy()
        data = kgen.datasets.from_arrays(images, batch_size=4, test=0.2, flip=True)
        train = np.concatenate(list(data.train.as_numpy_iterator()))
        for copies in (train, train[:, :, ::-1]):
            (score,) = evaluate(copies, data, "nearest_train", n=len(copies), features=None)
            assert score.value == 0
            assert score.details["share_closer"] == 1

    def test_short_epochs_hide_no_training_image(self):
        """Ten steps an epoch of a hundred in a pass: the memorised image may be in any epoch."""
        from kgen.metrics.streams import split_chunks

        images = brightness_images(np.arange(400) % 3)
        data = kgen.datasets.from_arrays(images, batch_size=4, steps_per_epoch=10, test=0.1)
        n = data.sizes["train"]
        seen = np.concatenate([chunk for chunk, _ in split_chunks(data, "train", n)])
        assert len(np.unique(seen, axis=0)) > 0.9 * n
        again = np.concatenate([chunk for chunk, _ in split_chunks(data, "train", n)])
        np.testing.assert_array_equal(seen, again)

    def test_looking_at_training_images_does_not_move_their_order(self, data):
        from kgen.training import clock

        def first():
            return next(iter(data.train))[0].numpy()

        clock.announce(5)
        try:
            before = first()
            evaluate(before, data, "nearest_train", n=50, features=None)
            np.testing.assert_array_equal(first(), before)
            assert clock.epoch() == 5
        finally:
            clock.announce(None)


class TestMistakes:
    def test_data_by_name_are_refused(self):
        with pytest.raises(MetricError, match=r"data of type str: pass what kgen\.datasets\.load"):
            Evaluator("mnist", "fd")

    def test_images_from_0_to_1_are_noticed(self, data):
        images = np.random.default_rng(0).random((20, *data.image_shape)).astype("float32")
        with pytest.warns(UserWarning, match="no negative number"):
            evaluate(images, data, "sliced_wasserstein", n=20)


class TestPoints:
    ring = Mixture([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], std=0.05)

    def test_modes_and_quality_of_a_model_of_points(self):
        model = Sampler([[0.0, 0.0], [1.0, 0.01], [3.0, 3.0], [0.0, 0.0]])
        modes, quality = evaluate(model, None, "modes,quality", n=1000, mixture=self.ring)
        assert (modes.value, modes.details["of"]) == (2, 3)
        assert quality.value == pytest.approx(0.75, abs=0.05)
        assert modes.details["quality"] == quality.value
        assert modes.method == "modes with 0.8% of the samples within 4 std"
        assert quality.method == "within 4 std of a centre"
        assert (modes.n_fake, modes.n_real, modes.features) == (1000, None, None)

    def test_the_toys_know_their_own_mixture(self):
        data = load("ring", batch_size=10, limit=20)
        centres = MIXTURES["ring"].centres[:3]
        modes, quality = evaluate(Sampler(centres), data, "modes,quality", n=1000)
        assert (modes.value, modes.details["of"], quality.value) == (3, 8, 1.0)
        with pytest.raises(MetricError, match="fd is of images"):
            Evaluator(data, "modes,fd")

    def test_other_metrics_need_data(self):
        with pytest.raises(MetricError, match="fd needs data"):
            Evaluator(None, "modes,fd", mixture=self.ring)
        with pytest.raises(MetricError, match="modes needs data"):
            Evaluator(None, "modes")


def test_images_are_not_kept_where_moments_do():
    """Twenty chunks go through; never more than a few are alive."""
    from kgen.metrics.sides import collect

    chunk_bytes = 50 * 64 * 64 * 4

    def chunks():
        for i in range(20):
            yield np.full((50, 64, 64, 1), i / 20, np.float32), None

    def means(images):
        return images.mean(axis=(1, 2))

    tracemalloc.start()
    side = collect(chunks(), {"moments"}, 1000, means)
    peak = tracemalloc.get_traced_memory()[1]
    kept = collect(chunks(), {"moments", "images"}, 1000, means)
    peak_kept = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert side.moments.n == 1000
    assert len(kept.images) == 1000
    assert peak < 4 * chunk_bytes < 20 * chunk_bytes < peak_kept


def test_kept_images_are_bounded(monkeypatch):
    from kgen.metrics.sides import collect

    monkeypatch.setattr("kgen.metrics.sides.IMAGE_BYTES", 10 * 8 * 8 * 4)
    side = collect([(np.zeros((30, 8, 8, 1), np.float32), None)] * 2, {"images"}, 60)
    assert side.n == 60
    assert len(side.images) == 10


def test_a_metric_that_is_no_number_is_no_score(data):
    class Same:
        capabilities = {"reconstruct": ("images",)}

        def reconstruct(self, images):
            return images

    with pytest.raises(MetricError, match="psnr is infinite"):
        Evaluator(data, "psnr", n=9)(Same())


def test_every_metric_has_a_measure():
    from kgen.metrics.measures import MEASURES

    assert MEASURES.keys() == METRICS.keys()
    for name, measure in MEASURES.items():
        needs = set(METRICS[name].needs)
        if name != "nearest_train":  # which can do without
            assert measure.network == bool(needs & {"features", "inception", "classifier"}), name
        assert bool(measure.fake) == ("sample" in needs), name


class TestLinearProbe:
    class Seeing:
        capabilities = {"features": ("images",)}

        def features(self, images):
            return images.mean(axis=(1, 2))

    def test_of_a_model_with_features(self, data):
        (score,) = evaluate(self.Seeing(), data, "linear_probe", n=300)
        assert score.value > 0.97  # the classes are levels of grey
        assert (score.better, score.split, score.reference) == ("higher", "test", "grey")
        assert score.features is None  # the model's own are what is measured
        assert score.n_real == 300 and score.n_fake is None
        alone = linear_probe(self.Seeing(), data, n=300)
        assert (alone.value, alone.details) == (score.value, dict(score.details))

    def test_on_the_validation_split_the_test_split_is_not_read(self, data, monkeypatch):
        read = []
        original = kgen.metrics.probing.split_chunks
        monkeypatch.setattr(
            "kgen.metrics.probing.split_chunks",
            lambda data, split, n: read.append(split) or original(data, split, n),
        )
        (score,) = evaluate(self.Seeing(), data, "linear_probe", n=300, split="validation")
        assert read == ["train", "validation"] and score.split == "validation"
        assert score.details["n_validation"] == data.sizes["validation"]
        with pytest.raises(MetricError, match="not on 'train'"):
            evaluate(self.Seeing(), data, "linear_probe", n=300, split="train")

    def test_what_cannot_be_probed(self, data, bank):
        with pytest.raises(MetricError, match="Sampler gives no features, so it has no linear_pr"):
            evaluate(Sampler(bank), data, "linear_probe")
        told = self.Seeing()
        told.capabilities = {"features": ("images", "labels")}
        with pytest.raises(
            MetricError, match="are told the labels, so linear_probe would only rea"
        ):
            evaluate(told, data, "linear_probe")
        with pytest.raises(MetricError, match="are told the labels"):
            linear_probe(told, data)
        plain = kgen.datasets.from_arrays(bank, batch_size=10, validation=0.2, test=0.2, name="p")
        with pytest.raises(MetricError, match="p is loaded as 'images': load it with layout='lab"):
            Evaluator(plain, "linear_probe")


def test_a_model_that_cannot_is_refused_before_features_are_looked_for(data, bank, monkeypatch):
    """Else the advice goes round: give a classifier, give labels, and then it draws no classes."""
    monkeypatch.setattr("kgen.metrics.features.find", lambda *_: pytest.fail("looked for"))
    plain = kgen.datasets.from_arrays(bank, batch_size=10, test=0.5)
    for given in (data, plain):
        with pytest.raises(MetricError, match="Sampler draws no classes, so it has no label_acc"):
            evaluate(Sampler(bank), given, "label_accuracy,fd")


def test_sampling_is_traced_once_for_batches_of_any_length(data):
    """A last batch of another length would be traced anew, of which TensorFlow warns."""
    traced = []

    class Counted(kgen.models.DCGAN):
        def signatures(self):
            signatures = super().signatures()
            function = signatures["sample"].function

            def counting(**inputs):
                traced.append(inputs)
                return function(**inputs)

            return {"sample": dataclasses.replace(signatures["sample"], function=counting)}

    model = Counted.build_default((8, 8, 1), latent_dim=4, width=2)
    for n in (70, 90):  # 64 and a rest
        evaluate(model, data, "sliced_wasserstein", n=n)
    assert model.sample(3, seed=1).shape == (3, 8, 8, 1)
    assert len(traced) == 1
