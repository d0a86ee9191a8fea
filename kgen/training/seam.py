"""The training seam: what differs between backends when a model trains itself.

`GenerativeModel` calls these from its methods of the same names, so that a paper's `train_step`
is imperative and the same on TensorFlow, JAX and PyTorch.

- `minimize(model, loss_fn, variables, optimizer) -> (loss, aux)`: one gradient step of one player.
  `loss_fn() -> (scalar, aux)`. No other trainable variable moves; non-trainable state (batch
  normalisation, seeds) that the loss updates is kept. A variable without a path to the loss has the
  gradient zero. Under `tf.distribute` the gradient is the mean over replicas.
- `functional_gradient(model, fn, tensors) -> (gradients, aux)`: of the scalar that `fn(*tensors) ->
  (scalar, aux)` gives, differentiable again, and so is `aux`.
- `branch(model, predicate, step, otherwise)`: runs `step()` only where `predicate` (a boolean
  tensor) holds, with all its side effects on state; gives `otherwise`, of the same structure and
  dtypes, where it does not.
- `wrap_train_step(model, train_step)`, `wrap_test_step(model, test_step)`: from the imperative form
  to the one that Keras calls; the first also advances the model's step and averages.
- `compile_inference(model, function)`: a compiled form of a pure function of named tensors that
  reads the model's variables as they are at each call.
- `without_gradient()`: a context for networks that run outside a step, which keeps PyTorch from
  recording them.
- `resolve_jit(jit_compile, xla_on_cpu)`: what to tell Keras, which takes no XLA on a CPU by itself.
- `resolve_steps(steps_per_execution)`: the same of steps in one call, which PyTorch does not have.
- `normal(shape, seed_generator)`, `uniform(shape, seed_generator)`: float32 noise.
- `fold_in_replica(seed)`: a random seed of its own for each replica.
"""

import keras

if keras.backend.backend() == "tensorflow":
    from kgen.training import seam_tensorflow as _seam
elif keras.backend.backend() == "jax":
    from kgen.training import seam_jax as _seam
elif keras.backend.backend() == "torch":
    from kgen.training import seam_torch as _seam
else:
    raise ImportError(
        f"kgen trains on the Keras backends tensorflow, jax and torch, not on "
        f"{keras.backend.backend()!r}: set the environment variable KERAS_BACKEND to one of them."
    )

minimize = _seam.minimize
functional_gradient = _seam.functional_gradient
branch = _seam.branch
wrap_train_step = _seam.wrap_train_step
wrap_test_step = _seam.wrap_test_step
compile_inference = _seam.compile_inference
without_gradient = _seam.without_gradient
resolve_jit = _seam.resolve_jit
resolve_steps = _seam.resolve_steps
normal = _seam.normal
uniform = _seam.uniform
fold_in_replica = _seam.fold_in_replica
