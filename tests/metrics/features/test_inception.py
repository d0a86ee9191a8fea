"""The Inception graph, on a small one of the same names and age: see `inception_graph`."""

import io
import tarfile

import numpy as np
import pytest
import tensorflow as tf

from kgen.errors import MetricError
from kgen.metrics.features import find, inception, inception_file, pixels
from tests.metrics.features import inception_graph

WEIGHTS = inception_graph.weights()
IMAGES = np.random.default_rng(1).integers(0, 256, (5, 40, 24, 3)).astype("uint8")


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return inception_graph.write(tmp_path_factory.mktemp("graph") / "g.pb", WEIGHTS)


@pytest.mark.parametrize(
    ("resizer", "resize"), [("tf1", pixels.resize_tf1), ("clean", pixels.resize_clean)]
)
def test_features_and_probabilities_by_numpy(graph, resizer, resize):
    network = find(f"inception:{graph}", (40, 24, 3), resizer=resizer)
    features, probabilities = inception_graph.expected(resize(IMAGES, (299, 299)), WEIGHTS)
    np.testing.assert_allclose(network(IMAGES), features, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(network.probabilities(IMAGES), probabilities, rtol=1e-4)
    assert (network.dim, network.classes) == (2048, 1008)
    assert network.resize == f"{resizer} to 299x299"


def test_the_resizers_differ(graph):
    tf1, clean = (find(f"inception:{graph}", (40, 24, 3), resizer=r) for r in ("tf1", "clean"))
    assert np.abs(tf1(IMAGES) - clean(IMAGES)).max() > 0.05


def test_tf1_is_the_graphs_own_resizing(graph):
    """Fed in its own size, the graph resizes by its own node."""
    network = find(f"inception:{graph}", (40, 24, 3))
    small = IMAGES.astype("float32")
    own = network._session.run(network._features, {network._input: small})
    np.testing.assert_allclose(network(IMAGES), own[:, 0, 0], rtol=1e-5, atol=1e-5)


def test_images_are_quantised_and_grey_is_repeated(graph):
    network = find(f"inception:{graph}", (40, 24, 1))
    grey = IMAGES[..., :1]
    unit = grey / 127.5 - 1
    np.testing.assert_array_equal(network(unit), network(grey))
    # A third of a level changes nothing, two thirds change a level; unrounded both are seen.
    np.testing.assert_array_equal(network(unit + 0.33 / 127.5), network(grey))
    assert (network(unit + 0.67 / 127.5) != network(grey)).any()
    assert (network.features(unit + 0.33 / 127.5) != network(grey)).any()
    colour = find(f"inception:{graph}", (40, 24, 3))
    np.testing.assert_array_equal(colour(np.repeat(grey, 3, axis=3)), network(grey))


def test_one_image_or_many_give_the_same(graph):
    """30 are more than a batch; the shapes frozen for one image must not hold them back."""
    network = find(f"inception:{graph}", (40, 24, 3))
    images = np.concatenate([IMAGES] * 6)
    assert len(images) > network.batch_size
    many = network(images)
    np.testing.assert_allclose(many, np.concatenate([network(IMAGES)] * 6), rtol=1e-5)
    np.testing.assert_allclose(many[:1], network(IMAGES[:1]), rtol=1e-5)


def test_scores_say_that_it_was_not_verified(graph, monkeypatch):
    network = find(f"inception:{graph}", (40, 24, 3))
    digest = inception.checksums.of_file(graph)
    assert network.checksum == digest[:12]
    assert network.name == "inception-2015-12-05"
    assert network.notes == ("not verified against the real weights",)
    monkeypatch.setattr(inception_file, "SHA256", digest)
    assert find(f"inception:{graph}", (40, 24, 3)).notes == (inception.NOT_REPRODUCED,)


def test_found_in_the_environment_and_in_the_cache(graph, monkeypatch, kgen_cache):
    cached = kgen_cache / "inception" / "classify_image_graph_def.pb"
    inception_graph.write(cached, WEIGHTS)
    assert inception_file.locate() == cached
    monkeypatch.setenv("KGEN_INCEPTION", str(graph))
    assert inception_file.locate() == graph
    assert inception_file.locate(cached) == cached


class TestDownload:
    @staticmethod
    def _serve(tmp_path, monkeypatch, content, name="classify_image_graph_def.pb"):
        archive = tmp_path / "inception-2015-12-05.tgz"
        with tarfile.open(archive, "w:gz") as members:
            for member, data in (("LICENSE", b"Apache"), (name, content)):
                info = tarfile.TarInfo(member)
                info.size = len(data)
                members.addfile(info, io.BytesIO(data))
        monkeypatch.setattr(inception_file, "URL", archive.as_uri())
        return archive

    def test_once(self, tmp_path, monkeypatch, kgen_cache):
        archive = self._serve(tmp_path, monkeypatch, b"weights")
        digest = inception_file.checksums.hashlib.sha256(b"weights").hexdigest()
        monkeypatch.setattr(inception_file, "SHA256", digest)
        path = inception_file.locate()
        assert path.read_bytes() == b"weights"
        assert [file.name for file in path.parent.iterdir()] == [path.name]
        archive.unlink()
        assert inception_file.locate() == path

    @pytest.mark.parametrize("name", ["classify_image_graph_def.pb", "another.pb"])
    def test_other_weights_are_not_kept(self, tmp_path, monkeypatch, kgen_cache, name):
        self._serve(tmp_path, monkeypatch, b"other weights", name)
        says = "has the SHA-256 [0-9a-f]{64}, not 009d" if name[0] == "c" else "no classify_image"
        with pytest.raises(MetricError, match=says):
            inception_file.locate()
        assert list((kgen_cache / "inception").iterdir()) == []

    def test_without_network(self, tmp_path, monkeypatch, kgen_cache):
        monkeypatch.setattr(inception_file, "URL", (tmp_path / "none.tgz").as_uri())
        with pytest.raises(MetricError, match=r"cannot download .* KGEN_INCEPTION"):
            inception_file.locate()
        assert list((kgen_cache / "inception").iterdir()) == []

    def test_cut_short(self, tmp_path, monkeypatch, kgen_cache):
        archive = self._serve(tmp_path, monkeypatch, bytes(np.random.default_rng(0).bytes(9999)))
        archive.write_bytes(archive.read_bytes()[:5000])
        with pytest.raises(MetricError, match="cannot download"):
            inception_file.locate()
        assert list((kgen_cache / "inception").iterdir()) == []


def test_bad_input_is_named(tmp_path, graph):
    with pytest.raises(MetricError, match=r"no Inception graph at .*none\.pb"):
        find(f"inception:{tmp_path / 'none.pb'}", (8, 8, 3))
    with pytest.raises(MetricError, match="resizer='bilinear': choose from tf1, clean"):
        find(f"inception:{graph}", (8, 8, 3), resizer="bilinear")
    junk = tmp_path / "junk.pb"
    junk.write_bytes(b"\xff not a graph")
    with pytest.raises(MetricError, match="no frozen TensorFlow graph"):
        find(f"inception:{junk}", (8, 8, 3))
    other = inception_graph.write(tmp_path / "other.pb", WEIGHTS, pool="pool_4")
    with pytest.raises(MetricError, match="not the Inception graph"):
        find(f"inception:{other}", (8, 8, 3))


def test_the_small_graph_is_as_awkward_as_the_original(graph):
    """What `inception` works around is there: frozen shapes, and an operation of the past."""
    definition = tf.compat.v1.GraphDef.FromString(graph.read_bytes())

    def today(images):
        return tf.graph_util.import_graph_def(
            definition, input_map={"ExpandDims:0": images}, return_elements=["pool_3:0"]
        )

    with pytest.raises(ValueError, match="_output_shapes attribute inconsistent"):
        tf.function(today)(tf.zeros((2, 299, 299, 3)))
    for node in definition.node:
        node.attr.pop("_output_shapes", None)
    function = tf.function(today, input_signature=[tf.TensorSpec((None, None, None, 3))])
    with pytest.raises(tf.errors.OpError, match="BatchNormWithGlobalNormalization is not avail"):
        function(tf.zeros((2, 299, 299, 3)))
