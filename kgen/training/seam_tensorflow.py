"""The training seam on TensorFlow: gradients by tape, state lives in the variables themselves."""

import contextlib

import tensorflow as tf


def minimize(model, loss_fn, variables, optimizer):
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    values = [v.value for v in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss, aux = loss_fn()
        scaled = loss / replicas  # tf.distribute sums gradients over replicas; we want their mean
    gradients = tape.gradient(scaled, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    optimizer.apply(gradients, variables)
    return loss, aux


def functional_gradient(model, fn, tensors):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tensors)
        value, aux = fn(*tensors)
    zero = tf.UnconnectedGradients.ZERO
    return tape.gradient(value, tensors, unconnected_gradients=zero), aux


def branch(model, predicate, step, otherwise):
    otherwise = tf.nest.map_structure(tf.convert_to_tensor, otherwise)
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return tf.cond(predicate, step, lambda: otherwise)
    # Replicas cannot exchange gradients inside a conditional: always step, and take it back.
    state = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    before = [tf.identity(v.value) for v in state]
    result = step()
    for variable, value in zip(state, before, strict=True):
        variable.assign(tf.where(predicate, variable.value, value))
    return tf.nest.map_structure(lambda *pair: tf.where(predicate, *pair), result, otherwise)


def wrap_train_step(model, train_step):
    def step(data):
        logs = train_step(data)
        model.finish_step()
        return logs

    return step


def wrap_test_step(model, test_step):
    return test_step


def compile_inference(model, function):
    compiled = tf.function(function)

    def run(**inputs):
        # Traced once for batches of any length: a last, smaller one would be traced anew, and
        # TensorFlow warns of functions that it often has to trace.
        specs = {n: tf.TensorSpec((None, *x.shape[1:]), x.dtype) for n, x in inputs.items()}
        return compiled.get_concrete_function(**specs)(**inputs)

    return run


def without_gradient():
    return contextlib.nullcontext()


def resolve_jit(jit_compile, xla_on_cpu):
    if jit_compile != "auto" or not xla_on_cpu or tf.distribute.has_strategy():
        return jit_compile
    only_cpu = all(d.device_type == "CPU" for d in tf.config.list_physical_devices())
    return True if only_cpu else jit_compile


# Keras leaves the choice of the algorithm to TensorFlow, whose choice under XLA is 5 to 10 times
# slower on a CPU.
def resolve_steps(steps_per_execution):
    return steps_per_execution


def normal(shape, seed_generator):
    return tf.random.stateless_normal(shape, _key(seed_generator), alg="philox")


def uniform(shape, seed_generator):
    return tf.random.stateless_uniform(shape, _key(seed_generator), alg="philox")


def _key(seed_generator):
    return tf.cast(tf.math.floormod(seed_generator.next(), tf.int32.max - 1), tf.int32)


def fold_in_replica(seed):
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    replica = tf.cast(context.replica_id_in_sync_group, seed.dtype)
    return seed + tf.stack([replica * 0x9E3779B1, tf.zeros_like(replica)])
