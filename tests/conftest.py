"""Quiet, repeatable tests: TensorFlow's chatter off, the global seed set before each one."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def mixed_bfloat16():
    """Layers built in the test compute in bfloat16, but for those that say otherwise."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace):
    doctest_namespace.update(keras=keras, np=np)


@pytest.fixture
def command(capsys):
    """Runs the command in this process; gives its stdout, or what it said to a wrong argument."""

    from kgen import cli

    def command(*arguments, code=0):
        with pytest.raises(SystemExit) as exit:
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert (exit.value.code or 0) == code
        return said.err if code else said.out

    return command
