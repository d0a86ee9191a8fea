"""Gradient descent and Adam on tensors: optimizer steps that one can differentiate through.

Keras's optimizers change variables. `UnrolledGAN` needs what a player would become after some
steps as a function of everything before, so here a step takes parameters, gradients and slots as
tensors and returns new ones. The arithmetic is that of Keras's optimizers, to rounding.
"""

import dataclasses
from collections.abc import Sequence

import keras
from keras import ops


@dataclasses.dataclass(frozen=True)
class FunctionalSGD:
    """Gradient descent, with momentum if there is any: `keras.optimizers.SGD` on tensors.

    Attributes:
        learning_rate: A number or a scalar tensor.
        momentum: Of the velocity.

    Example:

        >>> step = FunctionalSGD(0.1)
        >>> (x,), _ = step([ops.array([1.0])], [ops.array([2.0])], step.initial([ops.array([1.0])]))
        >>> round(float(x[0]), 4)
        0.8
    """

    learning_rate: float
    momentum: float = 0.0

    def initial(self, parameters: Sequence) -> dict:
        """The slots before the first step."""
        return {"velocities": [ops.zeros_like(p) for p in parameters] if self.momentum else []}

    def __call__(self, parameters: Sequence, gradients: Sequence, slots: dict):
        """One step: new parameters and new slots."""
        rate = self.learning_rate
        if not self.momentum:
            return [
                p - ops.cast(rate, p.dtype) * g for p, g in zip(parameters, gradients, strict=True)
            ], slots
        velocities = [
            self.momentum * v - ops.cast(rate, v.dtype) * g
            for v, g in zip(slots["velocities"], gradients, strict=True)
        ]
        moved = [p + v for p, v in zip(parameters, velocities, strict=True)]
        return moved, {"velocities": velocities}


@dataclasses.dataclass(frozen=True)
class FunctionalAdam:
    """Adam (Kingma & Ba 2015, with epsilon as in Keras): `keras.optimizers.Adam` on tensors.

    Attributes:
        learning_rate: A number or a scalar tensor.
        beta_1: Decay of the first moment.
        beta_2: Decay of the second.
        epsilon: Added to the root of the second moment.

    Example:

        >>> step = FunctionalAdam(0.1)
        >>> (x,), _ = step([ops.array([1.0])], [ops.array([7.0])], step.initial([ops.array([1.0])]))
        >>> round(float(x[0]), 4)  # the first step has the length of the rate
        0.9
    """

    learning_rate: float
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def initial(self, parameters: Sequence) -> dict:
        """The slots before the first step."""
        zeros = [ops.zeros_like(p) for p in parameters]
        return {"step": ops.zeros((), "float32"), "first": zeros, "second": list(zeros)}

    def __call__(self, parameters: Sequence, gradients: Sequence, slots: dict):
        """One step: new parameters and new slots."""
        step = slots["step"] + 1
        first = [
            m + (g - m) * (1 - self.beta_1) for m, g in zip(slots["first"], gradients, strict=True)
        ]
        second = [
            v + (ops.square(g) - v) * (1 - self.beta_2)
            for v, g in zip(slots["second"], gradients, strict=True)
        ]
        moved = []
        for p, m, v in zip(parameters, first, second, strict=True):
            t = ops.cast(step, p.dtype)
            correction = ops.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
            rate = ops.cast(self.learning_rate, p.dtype) * correction
            moved.append(p - rate * m / (_root(v) + self.epsilon))
        return moved, {"step": step, "first": first, "second": second}


def _root(v):
    # A second moment of zero comes with a first moment of zero: there the step is zero and so is
    # its derivative, where that of the root alone would be infinite.
    positive = v > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, v, 1.0)), 0.0)


def functional(optimizer: keras.optimizers.Optimizer, variables: Sequence):
    """The step that a live Keras optimizer would take next, on tensors, with its present slots.

    The learning rate is the present one and stays so, also under a schedule.

    Args:
        optimizer: A built `SGD` or `Adam`.
        variables: The variables it was built with, in any order.

    Returns:
        `(step, slots)`: call `step(parameters, gradients, slots)`.

    Raises:
        ValueError: For another optimizer, or an option that this form does not know.

    Example:

        >>> x = keras.Variable([1.0])
        >>> adam = keras.optimizers.Adam(0.1)
        >>> adam.apply([ops.array([7.0])], [x])
        >>> step, slots = functional(adam, [x])
        >>> float(slots["step"])
        1.0
    """
    _refuse_unknown(optimizer)
    rate = ops.convert_to_tensor(optimizer.learning_rate)
    if isinstance(optimizer, keras.optimizers.SGD):
        step = FunctionalSGD(rate, optimizer.momentum)
        slots = _slots(optimizer, variables, ["momentum"] if optimizer.momentum else [])
        return step, {"velocities": slots.get("momentum", [])}
    step = FunctionalAdam(rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)
    slots = _slots(optimizer, variables, ["momentum", "velocity"])
    return step, {
        "step": ops.cast(optimizer.iterations, "float32"),
        "first": slots["momentum"],
        "second": slots["velocity"],
    }


def _slots(optimizer, variables, kinds):
    """The values of an optimizer's slots by kind, in the order of the variables."""
    # Keras has no public way from a variable to its slots. Its list of all variables ends with
    # them, in the order of the variables it was built with: all kinds of the first, and so on.
    known = optimizer._trainable_variables
    slots = optimizer.variables[len(optimizer.variables) - len(known) * len(kinds) :]
    places = {id(variable): i for i, variable in enumerate(known)}
    return {
        kind: [
            ops.convert_to_tensor(slots[places[id(v)] * len(kinds) + k].value) for v in variables
        ]
        for k, kind in enumerate(kinds)
    }


def _refuse_unknown(optimizer):
    if not isinstance(optimizer, (keras.optimizers.SGD, keras.optimizers.Adam)):
        raise ValueError(
            f"steps of {type(optimizer).__name__} cannot be differentiated through: use SGD or "
            "Adam."
        )
    options = {
        name: getattr(optimizer, name, None)
        for name in (
            "nesterov",
            "amsgrad",
            "weight_decay",
            "clipnorm",
            "clipvalue",
            "global_clipnorm",
            "gradient_accumulation_steps",
            "loss_scale_factor",
            "use_ema",
        )
    }
    used = [name for name, value in options.items() if value]
    if used:
        raise ValueError(
            f"steps with {', '.join(used)} cannot be differentiated through: leave it out."
        )
