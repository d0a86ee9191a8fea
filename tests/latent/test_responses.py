import keras
import numpy as np
import pytest

from kgen.errors import DataError
from kgen.latent import filters, image_networks, unit_responses
from kgen.models import GAN, VAE, Glow, ProgressiveGAN

layers = keras.layers


def judged_by(*stack):
    """A GAN whose discriminator has these layers, and then one more."""
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(16), layers.Reshape((4, 4, 1))])
    after = [layers.Flatten(), layers.Dense(1)]
    return GAN(generator, keras.Sequential([keras.Input((4, 4, 1)), *stack, *after]))


def corners():
    """Ten images, each with one bright pixel of strength 0.1 to 1, and one with a dark pixel."""
    images = np.zeros((11, 4, 4, 1), "float32")
    for i in range(10):
        images[i, i // 4, i % 4, 0] = (i + 1) / 10
    images[10, 2, 2, 0] = -1
    return images


@pytest.fixture(scope="module")
def pointwise():
    """Unit 0 sees bright pixels, unit 1 dark ones; 1 x 1 filters with a leaky rectifier."""
    model = judged_by(
        layers.Conv2D(2, 1, name="points"), layers.LeakyReLU(negative_slope=0.2, name="leaky")
    )
    kernel = np.array([2.0, -1.0]).reshape(1, 1, 1, 2)
    model.discriminator.get_layer("points").set_weights([kernel, np.array([-0.5, 0.0])])
    return model


@pytest.mark.core
@pytest.mark.parametrize("saliency", ["plain", "guided"])
def test_what_excites_a_unit_by_hand(pointwise, saliency):
    batches = [corners()[:4], (corners()[4:], np.zeros(7))]  # with and without labels
    found = unit_responses(pointwise, batches, units=[0, 1], top=3, saliency=saliency)
    assert found.rows[0].tolist() == [9, 8, 7] and found.rows[1, 0] == 10
    np.testing.assert_allclose(found.activations[0], [1.5, 1.3, 1.1], rtol=1e-6)
    np.testing.assert_allclose(found.activations[1], [1, 0, 0], atol=1e-7)
    np.testing.assert_array_equal(found.images[0], corners()[[9, 8, 7]])
    # The gradient stands at the brightest pixel alone, scaled to 1; of a dark one it is -1.
    expected = np.zeros((4, 4))
    expected[2, 1] = 1
    np.testing.assert_allclose(found.saliency[0, 0, :, :, 0], expected, atol=1e-6)
    assert found.saliency[1, 0, 2, 2, 0] == pytest.approx(-1)
    assert np.count_nonzero(found.saliency[1, 0]) == 1
    assert found.table.images.shape == (4, 3, 4, 4, 1)
    assert found.table.rows == ("leaky[0]", saliency, "leaky[1]", saliency)
    np.testing.assert_array_equal(found.table.images[1], found.saliency[0])


@pytest.mark.core
@pytest.mark.parametrize("kind", ["layer", "leaky layer", "activation"])
def test_guided_gradients_go_back_only_where_both_are_positive(kind):
    """out = relu(x1) - relu(x2) + relu(-x3): plain slopes 1, -1, -1; guided only 1 and -1."""
    stack = {
        "layer": [layers.Dense(3, name="in"), layers.ReLU()],
        "leaky layer": [layers.Dense(3, name="in"), layers.LeakyReLU(negative_slope=0.5)],
        "activation": [layers.Dense(3, "relu", name="in")],
    }[kind]
    model = judged_by(layers.Flatten(), *stack, layers.Dense(1, name="out"))
    network = model.discriminator
    into = np.zeros((16, 3))
    into[0, 0], into[1, 1], into[2, 2] = 1, 1, -1
    network.get_layer("in").set_weights([into, np.zeros(3)])
    network.get_layer("out").set_weights([np.array([[1.0], [-1.0], [1.0]]), np.zeros(1)])
    image = np.zeros((1, 4, 4, 1), "float32")
    image[0, 0, :3, 0] = [0.5, 0.5, -0.5]

    def slopes(saliency):
        found = unit_responses(model, image, "out", [0], top=1, saliency=saliency)
        np.testing.assert_allclose(found.activations, 0.5, rtol=1e-6)
        return found.saliency[0, 0, 0, :3, 0].tolist()

    assert slopes("plain") == pytest.approx([1, -1, -1])
    # The second unit's negative slope is stopped; the third rectifier's input is positive.
    assert slopes("guided") == pytest.approx([1, 0, -1])
    assert slopes("plain") == pytest.approx([1, -1, -1])  # and the network is as it was
    image[0, 0, 0, 0] = -0.5  # now the first rectifier is shut
    found = unit_responses(model, image, "out", [0], top=1, saliency="guided")
    assert found.saliency[0, 0, 0, 0, 0] == 0


def test_the_most_exciting_of_all_batches(pointwise):
    images = np.random.default_rng(0).uniform(-1, 1, (200, 4, 4, 1)).astype("float32")
    found = unit_responses(pointwise, [images[:70], images[70:]], top=5)
    values = images.max(axis=(1, 2, 3)) * 2 - 0.5, -images.min(axis=(1, 2, 3))
    assert set(found.units) == {0, 1}
    for unit, expected in enumerate(values):
        place = found.units.index(unit)
        np.testing.assert_array_equal(found.rows[place], np.argsort(-expected)[:5])
        np.testing.assert_allclose(found.activations[place], np.sort(expected)[:-6:-1], rtol=1e-5)
    # The unit whose values vary more comes first.
    assert np.std(values[found.units[0]]) > np.std(values[found.units[1]])


def test_filters(pointwise):
    table = filters(pointwise)
    assert table.images.shape == (1, 2, 1, 1, 1)
    np.testing.assert_allclose(table.images.ravel(), [1, -1])
    vae = VAE.build_default((8, 8, 1), latent_dim=2)  # its first layer is dense, of 200 units
    kernel = vae.encoder.get_layer(index=2).get_weights()[0]
    table = filters(vae, limit=5)
    assert table.images.shape == (2, 3, 8, 8, 1)
    third = kernel[:, 2].reshape(8, 8) / np.abs(kernel[:, 2]).max()
    np.testing.assert_allclose(table.images[0, 2, :, :, 0], third, rtol=1e-6)
    assert (table.images[1, 2] == 1).all()  # paper


def test_units_of_a_network_that_grows():
    """Looked at as it has grown: a stage that has no part yet is not seen."""
    model = ProgressiveGAN.build_default((8, 8, 1), 4, 4, fade_steps=2, stable_steps=1)
    images = np.random.default_rng(0).uniform(-1, 1, (12, 8, 8, 1)).astype("float32")
    network = model.discriminator
    found = unit_responses(model, images, "stage_8", [0, 2], top=3, saliency="plain")
    inner = keras.Sequential([network.get_layer(name) for name in ("from_rgb_8", "stage_8")])
    values = keras.ops.convert_to_numpy(inner(images)).max(axis=(1, 2))[:, [0, 2]]
    for i in range(2):
        order = np.argsort(-values[:, i], kind="stable")[:3]
        assert found.rows[i].tolist() == order.tolist()
        np.testing.assert_allclose(found.activations[i], values[order, i], rtol=1e-5)
    assert np.abs(found.saliency).max(axis=(2, 3, 4)) == pytest.approx(1)
    # What the fade gives is, before it begins, the half-sized image's maps alone.
    _ = model.step.assign(0)
    faded = unit_responses(model, images, "fade_8", [0], top=12)
    halves = images.reshape(12, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    small = keras.ops.convert_to_numpy(network.get_layer("from_rgb_4")(halves))[..., 0]
    np.testing.assert_allclose(
        faded.activations[0], np.sort(small.max(axis=(1, 2)))[::-1], rtol=1e-5
    )
    assert model.discriminate(images).shape == (12, 1)  # nothing is left behind
    assert not any("call" in vars(layer) for layer in network.layers)


def test_refusals(pointwise, monkeypatch):
    images = corners()
    for wrong, said in (
        ({"layer": "nothing"}, "has no layer 'nothing': it has points, leaky, flatten"),
        ({"network": "generator"}, "no network 'generator' of images: there are discriminator"),
        ({"units": [2]}, "has units 0 to 1"),
        ({"units": []}, "has units 0 to 1"),
        ({"top": 12}, "the 12 most exciting of 11 images"),
        ({"saliency": "deep"}, "guided or plain"),
        ({"batches": np.zeros((3, 5, 5, 1))}, r"the network takes \(4, 4, 1\)"),
    ):
        with pytest.raises(DataError, match=said):
            unit_responses(**{"model": pointwise, "batches": images, **wrong})
    with pytest.raises(DataError, match="Glow has no network of layers that looks at images"):
        image_networks(Glow.build_default((2,), steps=1, width=4))
    shown, labels = keras.Input((4, 4, 1)), keras.Input((1,))
    seen = layers.Flatten(name="seen")(shown)
    both = keras.Model([shown, labels], layers.Concatenate(name="joined")([seen, labels]))
    model = VAE.build_default((4, 4, 1), latent_dim=2)
    model.encoder = both
    monkeypatch.setattr(model, "signatures", dict)  # as of a model that needs the label
    assert unit_responses(model, images, "seen", [0], top=2).rows[0].tolist() == [0, 1]
    with pytest.raises(DataError, match=r"joined .* sees more than the image"):
        unit_responses(model, images, "joined")
    bare = judged_by(layers.GlobalAveragePooling2D(keepdims=True))
    with pytest.raises(DataError, match="no layer of filters on images"):
        filters(bare)
