"""The identity of functions: other code, constants or closures, another checksum."""

import functools
import json
import os
import subprocess
import sys
import types

import keras
import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.features import identity

SOURCE = """
import functools
import numpy as np
from kgen.metrics.features import identity

WEIGHTS = np.arange(6.0).reshape(3, 2)
SETTINGS = {"scale": 2, "names": {"b", "a", "c"}}

def helper(x):
    return x * SETTINGS["scale"]

def means(images, power=2):
    "Means."
    return helper(images.mean(axis=(1, 2)) ** power) @ WEIGHTS

def deeper(x):
    return means(x) if len(x) < 3 else deeper(x[:2])

def maker(n):
    def inner(x):
        return [x[:, i] for i in range(n) if i not in {"u", "v", "w"}]
    return inner

class Projection:
    def __init__(self, seed):
        self.seed, self.table = seed, np.full((2, 2), seed)

    def __call__(self, images):
        return images.mean(axis=(1, 2)) @ self.table

FUNCTIONS = [means, lambda x: x.mean(axis=(1, 2)), lambda x: x.max(axis=(1, 2)), maker(2), maker(3),
             deeper, Projection(1), Projection(2), functools.partial(means, power=3), np.mean]
"""


@pytest.fixture
def made():
    def make(source=SOURCE):
        module = types.ModuleType("made")
        module.__dict__["__name__"] = "made"
        exec(compile(source, "made.py", "exec"), module.__dict__)
        return module

    return make


def test_each_has_its_own_and_the_same_in_another_process(made):
    here = [identity.of_function(function) for function in made().FUNCTIONS]
    assert len(set(here)) == len(here)
    code = "import json, types\n__name__ = 'made'\n" + SOURCE
    code += "print(json.dumps([identity.of_function(f) for f in FUNCTIONS]))"
    environment = {**os.environ, "PYTHONHASHSEED": "77"}  # by which sets are ordered
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == here


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("axis=(1, 2)) ** power", "axis=(2, 1)) ** power"),  # a constant
        ("power=2", "power=3"),  # a default
        (".mean(axis=(1, 2)) **", ".max(axis=(1, 2)) **"),  # a name
        ("arange(6.0)", "arange(1.0, 7.0)"),  # an array of the module
        ('"scale": 2', '"scale": 3'),  # a setting that a helper reads
        ("x * SETTINGS", "x + SETTINGS"),  # the helper's code
    ],
)
def test_whatever_changes_its_values_changes_it(made, old, new):
    assert SOURCE.count(old) == 1
    before, after = made().means, made(SOURCE.replace(old, new)).means
    assert identity.of_function(before) != identity.of_function(after)


def test_where_it_stands_and_what_its_variables_are_called_does_not(made):
    moved = made("\n\nOTHER = 7\n" + SOURCE.replace("def inner(x)", "def inner(y)").replace(
        "[x[:, i] for i", "[y[:, i] for i"))  # fmt: skip
    for name in ("means", "maker"):
        assert identity.of_function(getattr(made(), name)) == identity.of_function(
            getattr(moved, name)
        ), name


def test_a_network_in_a_closure_counts_by_its_weights():
    def features(network):
        return lambda images: network(images)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    assert identity.of_function(features(model)) == identity.of_function(features(copy))
    copy.set_weights([weight + 1 for weight in model.get_weights()])
    assert identity.of_function(features(model)) != identity.of_function(features(copy))


def test_a_method_counts_with_its_object(made):
    projection = made().Projection
    calls = [projection(seed).__call__ for seed in (1, 1, 2)]
    first, same, other = map(identity.of_function, calls)
    assert first == same != other
    partial = functools.partial(np.linalg.norm, axis=1)
    assert identity.name_of(partial) == "norm"


def test_what_has_no_identity_is_refused_with_advice():
    def reading(source):
        return lambda images: source.apply(images)

    lines = iter([])
    with pytest.raises(MetricError, match="hold a list_iterator, of which two cannot") as error:
        identity.of_function(reading(lines))
    assert "\n" not in str(error.value)
    with pytest.raises(MetricError, match="<lambda> hold a generator"):
        identity.of_function(reading(c for c in "abc"))
