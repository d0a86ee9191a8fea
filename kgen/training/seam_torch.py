"""The training seam on PyTorch: eager, gradients by autograd."""

import functools

import keras
import torch


def minimize(model, loss_fn, variables, optimizer):
    # A state that the loss updates is written after the gradient, not in between: autograd refuses
    # weights overwritten in place, as Keras's spectral normalisation does at each call.
    with keras.StatelessScope() as scope:
        loss, aux = loss_fn()
    gradients = torch.autograd.grad(
        loss, [v.value for v in variables], allow_unused=True, materialize_grads=True
    )
    with torch.no_grad():
        for variable in [*model.variables, *model.metrics_variables]:
            value = scope.get_current_value(variable)
            if value is not None:
                variable.assign(value)
        optimizer.apply(list(gradients), variables)
    return loss.detach(), keras.tree.map_structure(_detach, aux)


def functional_gradient(model, fn, tensors):
    with torch.enable_grad():  # test_step runs under no_grad
        tensors = [t if t.requires_grad else t.detach().requires_grad_(True) for t in tensors]
        value, aux = fn(*tensors)
        gradients = torch.autograd.grad(
            value, tensors, create_graph=True, allow_unused=True, materialize_grads=True
        )
    return list(gradients), aux


def branch(model, predicate, step, otherwise):
    if bool(predicate):
        return step()
    return keras.tree.map_structure(keras.ops.convert_to_tensor, otherwise)


def wrap_train_step(model, train_step):
    def step(data):
        logs = train_step(data)
        with torch.no_grad():
            model.finish_step()
        return logs

    return step


def wrap_test_step(model, test_step):
    return test_step


def compile_inference(model, function):
    @functools.wraps(function)
    def run(**inputs):
        with torch.no_grad():
            return function(**inputs)

    return run


def without_gradient():
    return torch.no_grad()


def resolve_jit(jit_compile, xla_on_cpu):
    return jit_compile


def resolve_steps(steps_per_execution):
    return 1


def normal(shape, seed_generator):
    return keras.random.normal(shape, dtype="float32", seed=seed_generator)


def uniform(shape, seed_generator):
    return keras.random.uniform(shape, dtype="float32", seed=seed_generator)


def fold_in_replica(seed):
    return seed


def _detach(value):
    return value.detach() if isinstance(value, torch.Tensor) else value
