"""Optimizer steps on tensors against Keras's own, on whichever backend this process runs."""

import keras
import numpy as np
import pytest
from keras import ops

from kgen.training.functional_optimizers import FunctionalAdam, FunctionalSGD, functional

RNG = np.random.default_rng(0)
SHAPES = [(3, 2), (2,)]
GRADIENTS = [[RNG.normal(size=shape).astype("float32") for shape in SHAPES] for _ in range(6)]
START = [RNG.normal(size=shape).astype("float32") for shape in SHAPES]

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.7),
    "adam": lambda: keras.optimizers.Adam(0.1),
    "adam of GANs": lambda: keras.optimizers.Adam(0.01, beta_1=0.5, beta_2=0.9, epsilon=1e-3),
    "schedule": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    ),
}


def numbers(values):
    return [np.array(ops.convert_to_numpy(v)) for v in values]


def tensors(arrays):
    return [ops.convert_to_tensor(a) for a in arrays]


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("done", [0, 3])
def test_the_next_step_is_keras_s(make, done):
    variables = [keras.Variable(a, name=f"v{i}") for i, a in enumerate(START)]
    optimizer = make()
    optimizer.build(variables)
    for gradients in GRADIENTS[:done]:
        optimizer.apply(tensors(gradients), variables)
    step, slots = functional(optimizer, variables)
    before = numbers(v.value for v in variables)
    moved, _ = step(tensors(before), tensors(GRADIENTS[done]), slots)
    unchanged = numbers(v.value for v in optimizer.variables)
    moved = numbers(moved)
    for a, b in zip(unchanged, numbers(v.value for v in optimizer.variables), strict=True):
        np.testing.assert_array_equal(a, b)
    optimizer.apply(tensors(GRADIENTS[done]), variables)
    for a, b, old in zip(moved, numbers(v.value for v in variables), before, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)
        assert np.abs(b - old).max() > 1e-3


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam", "adam of GANs"])
def test_steps_in_a_row_are_keras_s(name):
    """The slots that a step returns are those that the next one needs."""
    variables = [keras.Variable(a, name=f"v{i}") for i, a in enumerate(START)]
    optimizer = OPTIMIZERS[name]()
    optimizer.build(variables)
    step, slots = functional(optimizer, variables)
    parameters = tensors(START)
    for gradients in GRADIENTS:
        parameters, slots = step(parameters, tensors(gradients), slots)
        optimizer.apply(tensors(gradients), variables)
    for a, b in zip(numbers(parameters), numbers(v.value for v in variables), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_slots_follow_the_variables_whatever_their_order():
    variables = [keras.Variable(a, name=f"v{i}") for i, a in enumerate(START)]
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(variables)
    optimizer.apply(tensors(GRADIENTS[0]), variables)
    _, slots = functional(optimizer, variables[::-1])
    assert [tuple(m.shape) for m in slots["first"]] == SHAPES[::-1]
    np.testing.assert_allclose(numbers(slots["first"])[1], 0.1 * GRADIENTS[0][0], rtol=1e-5)
    np.testing.assert_allclose(numbers(slots["second"])[0], 1e-3 * GRADIENTS[0][1] ** 2, rtol=1e-3)


def test_initial_slots_are_those_of_a_new_optimizer():
    variables = [keras.Variable(a, name=f"v{i}") for i, a in enumerate(START)]
    for made, own in (
        (keras.optimizers.Adam(0.1), FunctionalAdam(0.1)),
        (keras.optimizers.SGD(0.1, momentum=0.5), FunctionalSGD(0.1, 0.5)),
    ):
        made.build(variables)
        _, slots = functional(made, variables)
        initial = own.initial(tensors(START))
        assert initial.keys() == slots.keys()
        for key, value in initial.items():
            for a, b in zip(keras.tree.flatten(value), keras.tree.flatten(slots[key]), strict=True):
                np.testing.assert_array_equal(*numbers([a, b]))


def test_a_step_can_be_differentiated_through(linear):
    """The slope of Adam's second step with respect to both gradients, against differences."""
    model, step = linear(), FunctionalAdam(0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-2)

    def after(first, second):
        start = [ops.array([1.0, 2.0], "float64")]
        moved, slots = step(start, [first], step.initial(start))
        (end,), _ = step(moved, [second], slots)
        return ops.sum(end * ops.array([1.0, 3.0], "float64"))

    if keras.backend.backend() == "jax":
        pytest.skip("JAX computes in float32 here, too coarse for differences")
    gradients = [np.array([0.3, -0.2]), np.array([-0.1, 0.4])]
    found = numbers(model.functional_gradient(after, tensors(gradients)))
    for which in range(2):
        for i in range(2):
            values = []
            for sign in (1, -1):
                moved = [g.copy() for g in gradients]
                moved[which][i] += sign * 1e-6
                values.append(float(after(*tensors(moved))))
            slope = (values[0] - values[1]) / 2e-6
            assert found[which][i] == pytest.approx(slope, rel=1e-6)
            assert abs(slope) > 1e-3


def test_adam_has_a_finite_slope_where_a_gradient_is_zero(linear):
    step = FunctionalAdam(0.1)

    def after(gradient):
        start = [ops.zeros((2,))]
        (end,), _ = step(start, [gradient], step.initial(start))
        return ops.sum(end)

    (slope,) = linear().functional_gradient(after, [ops.array([0.0, 1.0])])
    assert np.isfinite(ops.convert_to_numpy(slope)).all()


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (lambda: keras.optimizers.RMSprop(), "RMSprop cannot be differentiated through"),
        (lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True), "nesterov"),
        (lambda: keras.optimizers.Adam(amsgrad=True), "amsgrad"),
        (lambda: keras.optimizers.AdamW(), "weight_decay"),
        (lambda: keras.optimizers.Adam(clipnorm=1.0), "clipnorm"),
        (lambda: keras.optimizers.Adam(use_ema=True), "use_ema"),
    ],
)
def test_what_it_cannot_follow_is_refused(optimizer, message):
    variables = [keras.Variable(START[0])]
    made = optimizer()
    made.build(variables)
    with pytest.raises(ValueError, match=message):
        functional(made, variables)
