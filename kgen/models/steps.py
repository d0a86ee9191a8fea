"""What a `train_step` is written with: gradient steps, gradients, and steps that are due."""

from collections.abc import Callable

from keras import ops

from kgen.training import seam


class GradientSteps:
    """The seam between backends (`kgen.training.seam`), as methods of a model with players."""

    def minimize(self, loss_fn: Callable, player: str | None = None):
        """Takes one gradient step of one player.

        Args:
            loss_fn: Returns the scalar loss, or `(loss, aux)`.
            player: Whose variables move; needed if there are several.

        Returns:
            What `loss_fn` returned, before the step.
        """
        if player is None:
            (player,) = self.players

        def pair():
            loss, aux = _with_aux(loss_fn())
            return ops.cast(loss, "float32"), aux

        loss, aux = seam.minimize(
            self, pair, self.player_variables(player), self.player_optimizer(player)
        )
        return loss if aux is None else (loss, aux)

    def input_gradient(self, fn: Callable, x):
        """The gradient of `sum(fn(x))` with respect to `x`, differentiable again."""
        return self.value_and_input_gradient(fn, x)[1]

    def value_and_input_gradient(self, fn: Callable, x):
        """`fn(x)` and `input_gradient(fn, x)` of one pass, both differentiable."""

        def total(x):
            value = fn(x)
            return ops.sum(value), value

        (gradient,), value = self.functional_gradient(total, [x])
        return value, gradient

    def functional_gradient(self, fn: Callable, tensors: list):
        """The gradients of a scalar with respect to each tensor, differentiable again.

        Args:
            fn: Returns the scalar of these tensors, or `(scalar, aux)`.
            tensors: Where to take them.

        Returns:
            A list of them, or `(list, aux)`.
        """
        gradients, aux = seam.functional_gradient(
            self, lambda *tensors: _with_aux(fn(*tensors)), tensors
        )
        return gradients if aux is None else (gradients, aux)

    def branch(self, predicate, step: Callable, otherwise):
        """Runs `step()`, side effects and all, where `predicate` holds; else gives `otherwise`."""
        return seam.branch(self, predicate, step, otherwise)


def _with_aux(result):
    return result if isinstance(result, tuple) else (result, None)
