import json

import numpy as np
import pytest

from kgen.errors import DataError
from kgen.latent import NeighbourIndex, fingerprint, nearest_images, vectors
from kgen.models import CVAE, VAE, ConditionalGAN
from tests.latent.toys import linear_autoencoder, linear_gan


def some_images(n, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 2, 2, 1)).astype("float32")


@pytest.fixture(scope="module")
def model():
    return linear_autoencoder()


def distances_by_hand(queries, table, metric):
    queries, table = queries.astype("float64"), table.astype("float64")
    if metric == "euclidean":
        return np.sqrt(((queries[:, None] - table[None]) ** 2).sum(-1))
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(table, axis=1)
    return 1 - queries @ table.T / lengths


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_nearest_is_what_brute_force_finds(metric):
    rng = np.random.default_rng(0)
    table, queries = rng.normal(size=(300, 5)), rng.normal(size=(20, 5))
    index = NeighbourIndex(table.astype("float32"), "latents", "", "noise", "")
    rows, distances = index.nearest(queries, k=7, metric=metric)
    expected = distances_by_hand(queries, index.vectors, metric)
    np.testing.assert_array_equal(rows, np.argsort(expected, axis=1)[:, :7])
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :7], rtol=1e-9, atol=1e-12)


def test_small_distances_far_from_the_origin_keep_their_digits():
    table = 1000 + np.array([[0.0], [1e-3], [3e-3]])
    index = NeighbourIndex(table.astype("float64"), "latents", "", "", "")
    rows, distances = index.nearest(np.array([[1000.0029]]), k=3)
    assert rows.tolist() == [[2, 1, 0]]
    np.testing.assert_allclose(distances, [[1e-4, 1.9e-3, 2.9e-3]], rtol=1e-5)


@pytest.mark.parametrize("space", ["latents", "pixels"])
def test_an_index_is_built_in_batches_saved_and_taken_again(model, space, tmp_path):
    images = some_images(50)
    labels = np.zeros(50, "int32")
    whole = NeighbourIndex.build(model, images, space, data="noise")
    batches = [(images[:20], labels[:20]), (images[20:], labels[20:])]
    index = NeighbourIndex.build(model, batches, space, data="noise")
    np.testing.assert_array_equal(index.vectors, vectors(model, images, space))
    assert index.images == whole.images and index.vectors.shape == (50, 2 if space[0] == "l" else 4)
    kept = NeighbourIndex.load(index.save(tmp_path / "index.npz"), model)
    np.testing.assert_array_equal(kept.vectors, index.vectors)
    assert (kept.space, kept.model, kept.data) == (space, index.model, "noise")
    queries = some_images(3, seed=1)
    table, rows, distances = nearest_images(model, kept, queries, kept.check(batches), k=4)
    assert table.images.shape == (3, 5, 2, 2, 1) and table.columns == ("image", "1", "2", "3", "4")
    np.testing.assert_array_equal(table.images[:, 0], queries)
    np.testing.assert_array_equal(table.images[:, 1:], images[rows])
    found = distances_by_hand(vectors(model, queries, space), index.vectors, "euclidean")
    np.testing.assert_allclose(distances[:, 0], found.min(axis=1), rtol=1e-6)


def test_an_index_refuses_another_model_and_other_images(model, tmp_path):
    images = some_images(10)
    path = NeighbourIndex.build(model, images, data="noise").save(tmp_path / "index.npz")
    other = linear_autoencoder()
    assert fingerprint(other) == fingerprint(model)
    assert len(NeighbourIndex.load(path, other).vectors) == 10
    other.decoder.set_weights([w + 0.1 for w in other.decoder.get_weights()])
    with pytest.raises(DataError, match="is an index of another model"):
        NeighbourIndex.load(path, other)
    index = NeighbourIndex.load(path, model)
    np.testing.assert_array_equal(index.check(images + 1e-4), images + np.float32(1e-4))
    with pytest.raises(DataError, match="not the images of the index, which is of noise"):
        index.check(images[::-1])
    pixels = NeighbourIndex.build(model, images, "pixels").save(tmp_path / "pixels.npz")
    assert len(NeighbourIndex.load(pixels, other).vectors) == 10  # of no model


def test_files(model, tmp_path):
    index = NeighbourIndex.build(model, some_images(4))
    path = index.save(tmp_path / "index.npz")
    before = path.read_bytes()
    with pytest.raises(DataError, match="exists and is never overwritten"):
        index.save(path)
    assert path.read_bytes() == before
    index.save(path, force=True)
    with pytest.raises(DataError, match=r"end the name in \.npz"):
        index.save(tmp_path / "index.json")
    with pytest.raises(DataError, match=r"no index .*none\.npz"):
        NeighbourIndex.load(tmp_path / "none.npz", model)
    (tmp_path / "cut.npz").write_bytes(before[:100])
    np.savez(tmp_path / "other.npz", x=np.zeros(2))
    np.savez(tmp_path / "newer.npz", vectors=index.vectors, format="kgen 9", about=json.dumps({}))
    for name in ("cut", "other", "newer"):
        with pytest.raises(DataError, match=f"{name}.npz is no index of kgen.latent, or is"):
            NeighbourIndex.load(tmp_path / f"{name}.npz", model)


def test_features_and_labels():
    gan = linear_gan()
    images = np.random.default_rng(0).uniform(-1, 1, (6, 4, 4, 1)).astype("float32")
    np.testing.assert_array_equal(vectors(gan, images, "features"), gan.features(images))
    cvae = CVAE.build_default((8, 8, 1), latent_dim=3, classes=4)
    images = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1)).astype("float32")
    labels = np.array([0, 1, 2, 3, 0, 1])
    index = NeighbourIndex.build(cvae, [(images, labels)])
    np.testing.assert_allclose(index.vectors, cvae.encode(images, labels), atol=1e-6)


def test_refusals(model):
    images = some_images(5)
    with pytest.raises(DataError, match="GAN has no encoder: compare features or pixels"):
        vectors(linear_gan(), np.zeros((1, 4, 4, 1)))
    with pytest.raises(DataError, match="AE has no features"):
        vectors(model, images, "features")
    with pytest.raises(DataError, match="one of latents, features, pixels"):
        vectors(model, images, "words")
    with pytest.raises(DataError, match="no images in nothing"):
        NeighbourIndex.build(model, [], data="nothing")
    index = NeighbourIndex.build(model, images)
    for wrong, said in (
        ({"metric": "city"}, "euclidean or cosine"),
        ({"k": 6}, "6 neighbours of 5 images"),
        ({"k": 0}, "0 neighbours"),
        ({"queries": np.zeros((1, 3))}, r"the index holds \(n, 2\)"),
        ({"queries": np.full((1, 2), np.nan)}, "NaN"),
        ({"queries": np.zeros((1, 2)), "metric": "cosine"}, "zeros has no direction"),
    ):
        with pytest.raises(DataError, match=said):
            index.nearest(**{"queries": np.ones((1, 2)), "k": 2, **wrong})
    broken = VAE.build_default((8, 8, 1), latent_dim=3)
    broken.encoder.set_weights([w * np.nan for w in broken.encoder.get_weights()])
    with pytest.raises(DataError, match="latents of noise hold NaN"):
        NeighbourIndex.build(broken, np.zeros((2, 8, 8, 1), "float32"), data="noise")


def test_features_that_need_labels_are_told_them():
    model = ConditionalGAN.build_default((2, 2, 1), 3, latent_dim=2, width=8)
    images, labels = some_images(6), np.arange(6) % 3
    found = vectors(model, images, "features", labels)
    np.testing.assert_allclose(found, model.features(images, labels), rtol=1e-6)
    with pytest.raises(DataError, match="needs the label of each image"):
        vectors(model, images, "features")
    index = NeighbourIndex.build(model, [(images, labels)], "features", data="noise")
    _, rows, _ = nearest_images(model, index, images[:2], images, k=1, labels=labels[:2])
    assert rows.tolist() == [[0], [1]]
