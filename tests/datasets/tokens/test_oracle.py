"""The oracles: their arithmetic, their file, their splits."""

import numpy as np
import pytest

from kgen.datasets import load
from kgen.datasets.tokens.oracle import Oracle, published_oracle, random_oracle
from kgen.errors import DataError


def test_all_sequences_together_have_probability_one():
    oracle = random_oracle(vocabulary=4, width=3, seed=1)
    every = np.stack(np.meshgrid(*[np.arange(4)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    p = np.exp(oracle.log_prob(every).sum(axis=1, dtype=np.float64))
    assert p.sum() == pytest.approx(1, abs=1e-5)
    n = 20_000
    drawn = oracle.draw(n, 4, np.random.default_rng(0)) @ [64, 16, 4, 1]
    counts = np.bincount(drawn, minlength=256)
    often = n * p > 5
    statistic = ((counts - n * p)[often] ** 2 / (n * p)[often]).sum()
    assert statistic < often.sum() + 4 * np.sqrt(2 * often.sum())


def test_the_value_a_token_by_hand():
    """Zero weights but for the last bias: every token has the same distribution."""
    zeros = {k: np.zeros(s) for k, s in shapes(3, 2, 2).items()}
    oracle = Oracle(**{**zeros, "output_bias": np.log([1.0, 2.0, 5.0])})
    expected = -np.log([2 / 8, 5 / 8, 5 / 8, 1 / 8]).mean()
    assert oracle.nll(np.array([[1, 2], [2, 0]])) == pytest.approx(expected, rel=1e-6)


def shapes(*sizes):
    from kgen.datasets.tokens.oracle import shapes as of

    return of(*sizes)


def write(folder, oracle, leave_out=0):
    """The authors' 15 arrays: gate by gate, in the order of an oracle's blocks."""
    gates = [
        np.split(getattr(oracle, name), 4, axis=-1)
        for name in ("kernel", "recurrent_kernel", "bias")
    ]
    arrays = [oracle.embedding, *(part[i] for i in range(4) for part in gates)]
    arrays += [oracle.output_kernel, oracle.output_bias]
    (folder / "seqgan").mkdir()
    file = folder / "seqgan" / "target_params.npz"
    np.savez(file, **{f"p{i:02}": array for i, array in enumerate(arrays[leave_out:])})
    return file


def test_the_published_file_is_read_gate_by_gate(tmp_path):
    oracle = random_oracle(vocabulary=7, width=3, seed=5)
    file = write(tmp_path, oracle)
    for place in (tmp_path, file):
        again = published_oracle(place)
        for name in shapes(7, 3, 3):
            np.testing.assert_array_equal(getattr(again, name), getattr(oracle, name))
    data = load("oracle/published", data_dir=tmp_path, batch_size=4, limit=16)
    tokens = next(iter(data.train)).numpy()
    assert data.vocabulary == 7 and tokens.shape == (4, 20) and tokens.dtype == np.int32


def test_files_that_are_no_oracle(tmp_path):
    for place, said in (
        (None, "pass data_dir, a folder with seqgan"),
        (tmp_path, "there is no .*target_params.npz: put the oracle's 15 arrays there"),
    ):
        with pytest.raises(DataError, match=said):
            published_oracle(place)
    file = write(tmp_path, random_oracle(5, 3), leave_out=1)
    with pytest.raises(DataError, match="holds 14 arrays, and an oracle has 15"):
        published_oracle(tmp_path)
    np.savez(file, **{f"p{i:02}": np.zeros((2, 3)) for i in range(15)})
    with pytest.raises(DataError, match="is no oracle: "):
        published_oracle(tmp_path)
    file.write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"cannot be read as an \.npz file"):
        published_oracle(tmp_path)


def test_the_built_in_oracle():
    data = load("oracle", batch_size=64, limit=300)
    assert (data.layout, data.vocabulary, data.image_shape) == ("tokens", 50, (8,))
    assert dict(data.sizes) == {"train": 300, "validation": 300, "test": 300}
    parts = [np.concatenate(list(split.as_numpy_iterator())) for split in (data.train, data.test)]
    assert not np.isin(parts[0] @ 50.0 ** np.arange(8), parts[1] @ 50.0 ** np.arange(8)).all()
    # The same on every machine and in every order: entropy, and chance.
    values = [data.oracle.nll(part) for part in parts]
    random = data.oracle.nll(np.random.default_rng(0).integers(50, size=(2000, 8)))
    assert all(2.0 < value < 2.4 for value in values) and 6.0 < random < 6.4
    again = load("oracle", batch_size=64, limit=300, seed=3)
    np.testing.assert_array_equal(next(iter(again.test)), next(iter(data.test)))


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="there is no oracle/other: choose from oracle, oracle/pub"):
        load("oracle/other")
    with pytest.raises(DataError, match="leave image_size"):
        load("oracle", image_size=32)
    oracle = random_oracle(4, 3)
    with pytest.raises(DataError, match="tokens from 0 to 4: this oracle has 4"):
        oracle.log_prob(np.array([[0, 4]]))
    with pytest.raises(DataError, match="pass int"):
        oracle.log_prob(np.zeros((2, 2)))
    with pytest.raises(DataError, match="the oracle's bias is"):
        Oracle(**{**vars(oracle), "bias": np.zeros(3)})
