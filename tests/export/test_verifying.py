import shutil

import numpy as np
import pytest

from kgen import export
from kgen.errors import ExportError
from kgen.export.endpoints import endpoints
from kgen.export.examples import example_inputs
from kgen.export.verifying import _difference

NAMES = ["sample", "encode", "reconstruct", "log_prob"]


def test_the_export_equals_the_live_model(toy, exported, capsys):
    differences = export.verify(toy, exported, verbose=True)
    assert list(differences) == NAMES
    assert all(0 <= difference < 1e-5 for difference in differences.values())
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["signature", "largest", "difference"]
    assert [line.split()[0] for line in table[1:]] == NAMES


def test_uint8_differs_by_one_level_at_most(toy, exported_uint8):
    differences = export.verify(toy, exported_uint8, batch_size=2)
    assert differences["sample"] in (0, 1) and differences["reconstruct"] in (0, 1)
    assert 0 <= differences["encode"] < 1e-5


def test_a_changed_model_is_found(toy, exported):
    kernel = toy.encoder.layers[-1].kernel
    before = kernel.numpy()
    kernel.assign(before + 0.01)
    try:
        differences = export.verify(toy, exported)
    finally:
        kernel.assign(before)
    assert differences["sample"] < 1e-5  # the decoder is as it was
    assert differences["encode"] > 1e-3


def test_the_export_of_another_model_is_refused(offering, exported):
    with pytest.raises(ExportError, match="the model has double: it is the export of another"):
        export.verify(offering(lambda x: {"y": x}), exported)


def test_a_broken_export_is_named_in_one_line(toy, exported, tmp_path):
    broken = shutil.copytree(exported, tmp_path / "1")
    (broken / "saved_model.pb").unlink()
    with pytest.raises(ExportError, match=r"cannot be read back: .* is no SavedModel") as caught:
        export.verify(toy, broken)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_export_is_named(toy, tmp_path):
    with pytest.raises(ExportError, match="is no export of kgen"):
        export.verify(toy, tmp_path)


@pytest.mark.parametrize(
    ("live", "read", "expected"),
    [
        ([0.5, -0.25], [0.5, -0.5], 0.25),
        ([-200.0, 100.0], [-200.0, 101.0], 1 / 200),  # relative to the largest value
        ([0.5, np.nan], [0.5, np.nan], np.nan),
        ([0.5, np.inf], [0.5, np.inf], np.nan),
    ],
)
def test_how_differences_are_measured(offering, live, read, expected):
    (endpoint,) = endpoints(offering(None))
    live, read = np.array(live, "float32"), np.array(read, "float32")
    got = _difference(endpoint, {"y": live}, {"double": {"y": read}})
    np.testing.assert_allclose(got, expected, rtol=1e-7)


def test_levels_are_not_relative(offering):
    (endpoint,) = endpoints(offering(None))
    live, read = np.array([200, 7], "uint8"), np.array([199, 9], "uint8")
    assert _difference(endpoint, {"y": live}, {"double": {"y": read}}) == 2.0


def test_outputs_of_another_shape_are_refused(offering):
    (endpoint,) = endpoints(offering(None))
    with pytest.raises(ExportError, match=r"'y' of 'double' is float32 of shape \(1, 2\)"):
        _difference(
            endpoint, {"y": np.zeros((1, 2), "float32")}, {"double": {"y": np.zeros((1, 3))}}
        )


def test_example_inputs_are_valid_and_seeded(offering):
    model = offering(None)
    spec = model.signatures()["double"].inputs["x"]
    model.signatures()["double"].inputs.update(
        photo=spec._replace(shape=(None, None, None, 3), role="image"),
        label=spec._replace(shape=(None,), dtype="int32", role="label"),
        uniforms=spec._replace(role="uniform"),
    )
    (endpoint,) = endpoints(model)
    arrays = example_inputs(endpoint, 500, seed=4)
    assert {name: array.shape for name, array in arrays.items()} == {
        "x": (500, 2),
        "photo": (500, 32, 32, 3),
        "label": (500,),
        "uniforms": (500, 2),
    }
    assert -1 <= arrays["photo"].min() < -0.9 and 0.9 < arrays["photo"].max() <= 1
    assert 0 <= arrays["uniforms"].min() < 0.1 and 0.9 < arrays["uniforms"].max() < 1
    assert abs(arrays["x"].std() - 1) < 0.15 and abs(arrays["x"].mean()) < 0.15
    assert arrays["label"].dtype == "int32" and not arrays["label"].any()
    again = example_inputs(endpoint, 500, seed=4)
    np.testing.assert_array_equal(arrays["x"], again["x"])
    assert not np.array_equal(arrays["x"], example_inputs(endpoint, 500, seed=5)["x"])
