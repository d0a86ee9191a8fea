import numpy as np
import pytest
from PIL import Image

from kgen import cli, latent
from kgen.errors import DataError
from kgen.models import PPGN, VAE


@pytest.fixture(scope="module")
def model():
    return PPGN.build_default((8, 8, 1), 3, classes=3, iterations=5, hidden=(4,))


def test_a_table_shows_the_chains_of_the_samples(model):
    table = latent.chains(model, n=4, seed=2, steps=3)
    assert table.columns == ("0", "3", "5")
    labels = np.array([0, 1, 2, 0])
    np.testing.assert_allclose(table.images[:, -1], model.sample(4, labels, seed=2), atol=1e-6)
    sure = model.classify(table.images[:, -1])[np.arange(4), labels]
    assert table.rows == tuple(f"{y}: {p:.2f}" for y, p in zip(labels, sure, strict=True))
    start = np.full((2, 3), 0.5)
    begun = latent.chains(model, 2, labels=1, start=start, steps=2).images[:, 0]
    np.testing.assert_allclose(begun, model.serve("generate", codes=start), atol=1e-6)


def test_the_command_draws_it(model, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    model.save("model.keras")
    with pytest.raises(SystemExit) as done:
        cli.main(["explore", "model.keras", "chains", "-n", "2", "--label", "1", "--steps", "3"])
    assert not done.value.code and capfd.readouterr().out.endswith("chains.png\n")
    with Image.open("chains.png") as picture:
        assert picture.width > 3 * 3 * 8


def test_other_models_walk_no_chains(model):
    with pytest.raises(DataError, match="VAE walks no chains"):
        latent.chains(VAE.build_default((8, 8, 1), 3))
    with pytest.raises(DataError, match="steps=1"):
        latent.chains(model, steps=1)
