"""What metrics demand: the right features, sources that can be measured, data that fit."""

import numpy as np
import pytest

import kgen
from kgen.errors import MetricError
from kgen.metrics import Evaluator, evaluate
from tests.metrics.toys import Brightness, Conditional, FixedFeatures, Sampler, brightness_images


class TestChoiceOfFeatures:
    @pytest.fixture
    def asked(self, monkeypatch):
        """What `find` is asked for; it finds Inception, and nothing automatically."""
        asked = []

        def find(spec, image_shape):
            asked.append((spec, image_shape))
            if spec == "auto":
                raise MetricError("nothing installed")
            return FixedFeatures("inception-2015-12-05")

        monkeypatch.setattr("kgen.metrics.features.find", find)
        return asked

    def test_metrics_of_inception_by_their_names(self, data, bank):
        network = FixedFeatures("inception-2015-12-05")
        fid, kid, fd = evaluate(bank, data, "fid,kid,fd", n=60, features=network)
        assert (fid.metric, kid.metric) == ("fid", "kid")
        assert fid.value == fd.value
        assert fid.features == "inception-2015-12-05"

    def test_auto_is_inception_where_its_metrics_are_asked_for(self, data, asked):
        assert Evaluator(data, "precision,kid").network.name == "inception-2015-12-05"
        assert asked == [("inception", (8, 8, 1))]

    def test_nothing_to_be_found_is_said(self, data, asked):
        with pytest.raises(MetricError, match="nothing installed"):
            Evaluator(data, "fd")

    def test_memorising_alone_can_do_with_pixels(self, data, asked, bank):
        evaluator = Evaluator(data, "nearest_train,ms_ssim", n=20)
        assert evaluator.network is None
        assert evaluator(bank)[0].method == "distance of pixels"
        # What the user names is not replaced.
        assert Evaluator(data, "nearest_train", features="inception").network is not None

    def test_no_network_is_looked_for_in_vain(self, data, asked):
        Evaluator(data, "ms_ssim,sliced_wasserstein,parzen,nll,psnr")
        assert asked == []


class Translator:
    capabilities = {"translate": ("images", "domain"), "discriminate": ("images",)}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"metrics": "fdi"}, "did you mean 'fd'"),
        ({"metrics": "fid"}, "ask for fd, or give the graph"),
        ({"metrics": "kid"}, "ask for kd"),
        ({"metrics": "fid_infinity"}, "ask for fd_infinity"),
        ({"metrics": "classifier_score"}, "gives no probabilities"),
        ({"metrics": "label_accuracy"}, "gives no probabilities"),
        ({"metrics": "modes"}, "gives no probabilities"),
        ({"metrics": "inception_score", "features": Brightness()}, "ask for classifier_score"),
        ({"metrics": "quality"}, "pass mixture="),
        ({"metrics": "fd", "features": None}, "fd needs features"),
        ({"metrics": "fd", "split": "exam"}, "no split 'exam'"),
        ({"metrics": "fd", "n": 2}, "at least 4"),
        ({"metrics": "fd", "n": 1.5}, "at least 4"),
    ],
)
def test_refused_before_anything_runs(data, options, says):
    options = {"features": FixedFeatures(), **options}
    with pytest.raises(MetricError, match=says) as caught:
        Evaluator(data, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "metrics", "says"),
    [
        (Translator(), "fd", "cannot sample, so it has no fd: it can translate, discriminate"),
        (Translator(), "nll", "has no likelihood, so it has no nll"),
        (Sampler(np.zeros((1, 8, 8, 1))), "label_accuracy", "draws no classes"),
        (np.zeros((9, 8, 8, 1)), "nll", "pass the model itself"),
        (np.zeros((9, 8, 8, 1)), "path_length", "pass the model itself"),
        (np.zeros((9, 8, 8, 1)), "label_accuracy", "an array with labels="),
        (np.zeros((9, 8, 8, 3)), "fd", r"pass a model with capabilities, or images"),
        (np.zeros((9, 8, 8, 1), int), "fd", "ndarray of int64: .*, float or uint8"),
        ("model.keras", "fd", "pass a model with capabilities"),
        (np.full((9, 8, 8, 1), np.nan), "fd", "NaN or infinite"),
        (np.full((9, 8, 8, 1), 7.0), "fd", r"kgen's images in \[-1, 1\]"),
        (Sampler(np.full((1, 8, 8, 1), np.inf)), "fd", "NaN or infinite"),
    ],
)
def test_sources_that_cannot_be_measured(data, source, metrics, says):
    evaluator = Evaluator(data, metrics, n=9, features=Brightness())
    with pytest.raises(MetricError, match=says) as caught:
        evaluator(source)
    assert "\n" not in str(caught.value)


def test_labels_that_do_not_fit(data):
    evaluator = Evaluator(data, "label_accuracy", n=9, features=Brightness())
    with pytest.raises(MetricError, match="2 labels for 9 images"):
        evaluator(np.zeros((9, 8, 8, 1)), labels=[0, 1])
    with pytest.raises(MetricError, match="leave labels out"):
        Evaluator(data, "fd", n=9, features=Brightness())(
            Sampler(np.zeros((1, 8, 8, 1))), labels=[0]
        )


def test_data_that_cannot_be_compared_with():
    images = np.zeros((20, 8, 8, 1), np.uint8)
    pairs = kgen.datasets.from_arrays([images, images], batch_size=4, test=0.4)
    with pytest.raises(MetricError, match="holds paired images"):
        evaluate(Sampler(images), pairs, "ms_ssim", n=9)
    whole = kgen.datasets.from_arrays(images, batch_size=4)
    with pytest.raises(MetricError, match="has no test split"):
        Evaluator(whole, "ms_ssim")
    unlabelled = kgen.datasets.from_arrays(images, batch_size=4, test=0.5)
    with pytest.raises(MetricError, match="have no labels to ask for"):
        evaluate(Conditional(), unlabelled, "ms_ssim", n=9)


def test_semi_supervised_data():
    """Batches of three parts to train on, of two to compare with."""
    labels = np.arange(200) % 3
    data = kgen.datasets.from_arrays(
        brightness_images(labels), labels, labels_per_class=5, batch_size=20, test=0.3
    )
    assert data.layout == "semi-supervised"
    nearest, accuracy = evaluate(
        Conditional(), data, "nearest_train,label_accuracy", n=50, features=Brightness()
    )
    assert nearest.details["train_images"] > 0.8 * data.sizes["train"]
    assert (accuracy.value, accuracy.details["real"]) == (1.0, 1.0)


def test_a_classifier_of_other_classes_is_refused(data):
    images = np.zeros((20, 8, 8, 1), np.uint8)
    two = kgen.datasets.from_arrays(images, np.arange(20) % 2, batch_size=4, test=0.5, name="two")
    with pytest.raises(MetricError, match="the 2 classes of two, and brightness knows 3"):
        Evaluator(two, "label_accuracy", features=Brightness())


def test_a_classifier_of_as_many_other_classes_is_refused(data):
    """Glyphs and EMNIST have 62 classes each, in another order."""
    named = Brightness()
    named.class_names = ("dark", "grey", "light")
    with pytest.raises(MetricError, match="the 3 classes of grey, and brightness knows 3 others"):
        Evaluator(data, "label_accuracy", features=named)
    named.class_names = data.class_names
    assert Evaluator(data, "label_accuracy", features=named).network is named


def test_features_found_for_another_shape_are_refused(data):
    from kgen.metrics.features import find

    network = find(lambda images: images.mean(axis=(1, 2)), (16, 16, 1))
    with pytest.raises(MetricError, match=r"was found for images of shape \(16, 16, 1\)"):
        Evaluator(data, "fd", features=network)


def test_samples_of_another_size_are_refused(data):
    model = Sampler(np.zeros((1, 16, 16, 1)))
    with pytest.raises(MetricError, match="draws images of 16x16x1, and the data have 8x8x1"):
        evaluate(model, data, "sliced_wasserstein", n=9)
