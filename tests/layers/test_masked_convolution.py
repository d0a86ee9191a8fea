import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import CausalConv2D, MaskedConv2D
from kgen.layers.masked_convolution import colour_of


def _reads(layer, height=5, width=5, channels=1):
    """Which inputs the middle pixel's outputs read: (filters, height, width, channels)."""
    if not layer.built:
        layer.build((None, height, width, channels))
    layer.kernel.assign(ops.ones(layer.kernel.shape))
    impulses = np.eye(height * width * channels, dtype="float32")
    y = ops.convert_to_numpy(layer(impulses.reshape(-1, height, width, channels)))
    middle = y[:, height // 2, width // 2]
    return middle.T.reshape(-1, height, width, channels) != 0


@pytest.mark.parametrize(("mask_type", "own"), [("A", 0), ("B", 1)])
def test_a_square_mask_for_one_colour(mask_type, own):
    seen = _reads(MaskedConv2D(1, 3, mask_type))[0, 1:4, 1:4, 0]
    assert seen.tolist() == [[1, 1, 1], [1, own, 0], [0, 0, 0]]


def test_a_mask_of_one_row():
    seen = _reads(MaskedConv2D(1, (1, 5), "B"))[0, :, :, 0]
    assert seen.sum() == 3 and seen[2].tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("mask_type", ["A", "B"])
def test_at_its_own_pixel_a_colour_sees_those_before(mask_type):
    """Six features of three colours from three, and twice over in two blocks."""
    layer = MaskedConv2D(12, 3, mask_type, colours=3, blocks=2)
    own = _reads(layer, channels=3)[:, 2, 2]
    allowed = np.tril(np.ones((3, 3)), -1 if mask_type == "A" else 0)
    np.testing.assert_array_equal(own, np.tile(np.repeat(allowed, 2, axis=0), (2, 1)))
    beside = _reads(layer, channels=3)[:, 2, 1]
    assert beside.all()  # to the left all colours are known


def test_uneven_parts_of_channels_agree_between_layers():
    assert colour_of(5, 3).tolist() == [0, 0, 1, 1, 2]
    assert colour_of(3, 3).tolist() == [0, 1, 2]
    assert colour_of(768, 3).tolist() == [0] * 256 + [1] * 256 + [2] * 256


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 3, "C"), "mask_type must be 'A' or 'B'"),
        ((4, 4, "A"), "odd sides"),
        ((4, (1, 2), "A"), "odd sides"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaskedConv2D(*arguments)


def test_too_few_channels_are_refused():
    with pytest.raises(ValueError, match="5 channels cannot be 2 equal blocks of at least 3"):
        MaskedConv2D(5, 3, "B", colours=3, blocks=2)
    with pytest.raises(ValueError, match="an input of 2 channels has no part for 3 colours"):
        MaskedConv2D(6, 3, "B", colours=3).build((None, 4, 4, 2))


@pytest.mark.parametrize(
    ("layer", "rows", "columns"),
    [
        (CausalConv2D(1, (2, 3)), (1, 2), (1, 2, 3)),
        (CausalConv2D(1, (2, 3), down=1), (0, 1), (1, 2, 3)),
        (CausalConv2D(1, (2, 2), "left"), (1, 2), (1, 2)),
        (CausalConv2D(1, (2, 1), "left", right=1), (1, 2), (1,)),
    ],
)
def test_a_causal_convolution_reads_its_rows_and_columns(layer, rows, columns):
    """Of the pixel (2, 2)."""
    seen = _reads(layer)[0, :, :, 0]
    assert sorted(set(seen.nonzero()[0].tolist())) == sorted(set(rows))
    assert sorted(set(seen.nonzero()[1].tolist())) == sorted(set(columns))
    assert seen.sum() == len(set(rows)) * len(columns)


def test_strides_take_every_other_output():
    layer = CausalConv2D(3, (2, 3), strides=2)
    x = np.random.default_rng(0).normal(size=(2, 6, 8, 2)).astype("float32")
    halved = layer(x)
    config = {**layer.get_config(), "strides": 1}
    whole = CausalConv2D.from_config(config)
    whole.build(x.shape)
    whole.set_weights(layer.get_weights())
    halved, whole = (ops.convert_to_numpy(each) for each in (halved, whole(x)))
    np.testing.assert_allclose(halved, whole[:, ::2, ::2], atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((2, 2), "centred"), "centred kernel cannot have the size"),
        (((2, 2), "right"), "columns must be one of"),
        (((2, 3), "centred", {"right": 1}), "cannot be shifted"),
        (((2, 3), "centred", {"down": 1, "strides": 2}), "strides do not go with a shift"),
    ],
)
def test_impossible_kernels_are_refused(arguments, message):
    size, columns, *others = arguments
    with pytest.raises(ValueError, match=message):
        CausalConv2D(1, size, columns, **(others[0] if others else {}))


@pytest.mark.parametrize(
    "layer",
    [
        MaskedConv2D(6, (1, 5), "A", colours=2, blocks=3, activation="relu", use_bias=False),
        MaskedConv2D(4, 3, "B"),
        CausalConv2D(2, (2, 2), "left", right=1, activation="tanh"),
        CausalConv2D(2, (2, 3), strides=2),
    ],
)
def test_a_copy_from_its_config_is_equal(layer):
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 2)).astype("float32")
    y = ops.convert_to_numpy(layer(x))
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(x)), y)
    assert tuple(y.shape) == tuple(layer.compute_output_shape(x.shape))
