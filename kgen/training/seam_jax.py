"""The training seam on JAX: the same imperative step, with its state threaded through functions.

Keras calls `train_step(state, data)` and wants the new state back. The wrapper opens one
`keras.StatelessScope` over all of it, runs the imperative body inside, and collects the values at
the end. Each transformation (gradient, branch) opens an inner scope of its own, because values
written under a JAX trace must not be read outside it. Scopes do not chain: an inner scope maps
*every* variable, and its updates come back as outputs of the transformed function.
"""

import contextlib

import jax
import keras

# The variables of the innermost open scope. It is kept here and not on the model, because Keras
# tracks a model's attributes; a list, because scopes nest while a step is traced.
_frames: list[list] = []


@contextlib.contextmanager
def _frame(variables, values):
    with keras.StatelessScope(list(zip(variables, values, strict=True))) as scope:
        _frames.append(variables)
        try:
            yield scope
        finally:
            _frames.pop()


def _state(model):
    """The variables in scope, or all of the model's where no step is running (eager use)."""
    if _frames:
        return _frames[-1]
    variables = [*model.variables, *model.metrics_variables]
    optimizer = getattr(model, "optimizer", None)  # none before `compile`
    if optimizer is not None:
        variables += optimizer.variables
    return list({id(v): v for v in variables}.values())


def _run(function, variables, values):
    """Runs `function` with `values` for the variables'; returns its result and the new values."""
    with _frame(variables, values) as scope:
        result = function()
    return result, [scope.get_current_value(v) for v in variables]


def _write(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)  # into the enclosing scope, or for real where there is none


def minimize(model, loss_fn, variables, optimizer):
    state = _state(model)
    owned = {id(v) for v in variables}
    others = [v for v in state if id(v) not in owned]

    def loss(values, other_values):
        (value, aux), new = _run(loss_fn, [*variables, *others], [*values, *other_values])
        return value, (aux, new)

    (value, (aux, new)), gradients = jax.value_and_grad(loss, has_aux=True)(
        [v.value for v in variables], [v.value for v in others]
    )
    _write([*variables, *others], new)
    optimizer.apply(gradients, variables)
    return value, aux


def functional_gradient(model, fn, tensors):
    state = _state(model)

    def scalar(tensors, values):
        (value, aux), new = _run(lambda: fn(*tensors), state, values)
        return value, (aux, new)

    gradients, (aux, new) = jax.grad(scalar, has_aux=True)(list(tensors), [v.value for v in state])
    _write(state, new)
    return gradients, aux


def branch(model, predicate, step, otherwise):
    state = _state(model)
    otherwise = keras.tree.map_structure(keras.ops.convert_to_tensor, otherwise)
    result, new = jax.lax.cond(
        predicate,
        lambda values: _run(step, state, values),
        lambda values: (otherwise, values),
        [v.value for v in state],
    )
    _write(state, new)
    return result


def wrap_train_step(model, train_step):
    def step(state, data):
        groups = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )

        def body():
            logs = train_step(data)
            model.finish_step()
            return logs

        return _keras_step(body, groups, state)

    return step


def wrap_test_step(model, test_step):
    def step(state, data):
        groups = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.metrics_variables,
        )
        return _keras_step(lambda: test_step(data), groups, state)

    return step


def _keras_step(body, groups, state):
    variables = [v for group in groups for v in group]
    values = [value for group in state for value in group]
    logs, new = _run(body, variables, values)
    new = iter(new)
    return logs, tuple([next(new) for _ in group] for group in groups)


def compile_inference(model, function):
    variables = model.variables

    @jax.jit
    def pure(values, inputs):
        return _run(lambda: function(**inputs), variables, values)[0]

    return lambda **inputs: pure([v.value for v in variables], inputs)


def without_gradient():
    return contextlib.nullcontext()


def resolve_jit(jit_compile, xla_on_cpu):
    return jit_compile


def resolve_steps(steps_per_execution):
    return steps_per_execution


def normal(shape, seed_generator):
    return keras.random.normal(shape, dtype="float32", seed=seed_generator)


def uniform(shape, seed_generator):
    return keras.random.uniform(shape, dtype="float32", seed=seed_generator)


def fold_in_replica(seed):
    return seed  # one program over all devices: a draw has the global shape and differs everywhere
