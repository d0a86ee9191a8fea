"""The optimizers of a model's players as one object, and learning-rate schedules."""

import keras
from keras import ops


class PlayerOptimizers(keras.optimizers.MultiOptimizer):
    """One optimizer a player, seen by Keras as a single optimizer.

    Keras then saves every player's slots in `.keras` files and backups, and threads them through
    the state on JAX. A player's step uses its own optimizer: `optimizers["generator"].apply(...)`.
    Its own `iterations` stays 0; the model's `step` counts. Players may share all of their
    variables, as where a network is trained first in one way and then in another.

    Args:
        optimizers: The optimizer of each player, by name.
        variables: The trainable variables of each player, by name.

    Raises:
        ValueError: If players share some of their variables and not all, or one optimizer serves
            two.
    """

    def __init__(self, optimizers: dict, variables: dict):
        if len({id(o) for o in optimizers.values()}) != len(optimizers):
            raise ValueError("each player needs an optimizer of its own: pass separate objects.")
        owners, first = {}, {}
        for name, owned in variables.items():
            group = {id(variable) for variable in owned}
            first.setdefault(frozenset(group), name)
            for variable in owned:
                if owners.setdefault(id(variable), group) != group:
                    raise ValueError(f"the variable {variable.path} belongs to two players.")
        of_variable = {i: optimizers[name] for group, name in first.items() for i in group}
        super().__init__(lambda variable: of_variable[id(variable)])
        self.by_player = dict(optimizers)
        # Built at once: the state of an optimizer that is not built is silently skipped at load.
        self.build([v for name in first.values() for v in variables[name]])
        for name, optimizer in optimizers.items():
            if name not in first.values():
                optimizer.build(variables[name])
                self.optimizers.append(optimizer)

    def __getitem__(self, player: str) -> keras.optimizers.Optimizer:
        return self.by_player[player]

    # Keras also saves the inner optimizers as children of this one; saved here as well, every slot
    # would stand in the file twice.
    def save_own_variables(self, store):
        """Saves nothing: all state is the players'."""

    def load_own_variables(self, store):
        """Loads nothing: all state is the players'."""


def choose_optimizers(given: dict, keywords: dict[str, str], defaults) -> dict:
    """Each player's optimizer: the given one, or the paper's.

    Args:
        given: Optimizers or their names by keyword; `None` stands for the paper's.
        keywords: The player of each keyword.
        defaults: Gives the paper's optimizer of every player; called only if one is missing.

    Returns:
        One optimizer a player, in the players' order.

    Raises:
        TypeError: For a keyword that names no player.
    """
    for keyword in given:
        if keyword not in keywords:
            raise TypeError(
                f"compile() has no argument {keyword!r}; the optimizers are {', '.join(keywords)}."
            )
    chosen = {
        keywords[keyword]: keras.optimizers.get(optimizer)
        for keyword, optimizer in given.items()
        if optimizer is not None
    }
    if len(chosen) < len(keywords):
        chosen = {**defaults(), **chosen}
    return {player: chosen[player] for player in keywords.values()}


def begin_anew(optimizer: keras.optimizers.Optimizer) -> None:
    """Sets all that an optimizer remembers, its count of steps too, to zero, as if it were new.

    A learning rate that is a number stays; a schedule starts again.

    Example:

        >>> x = keras.Variable([1.0])
        >>> adam = keras.optimizers.Adam(0.1)
        >>> adam.apply([ops.array([7.0])], [x])
        >>> begin_anew(adam)
        >>> [float(ops.max(ops.abs(v))) for v in adam.variables if v.name != "learning_rate"]
        [0.0, 0.0, 0.0]
    """
    for variable in optimizer.variables:
        if variable.name != "learning_rate":
            variable.assign(ops.zeros_like(variable.value))


@keras.saving.register_keras_serializable("kgen")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A constant rate, then a straight line to zero: CycleGAN's schedule (100 + 100 epochs).

    Args:
        learning_rate: The rate during the first `constant_steps`.
        constant_steps: How many optimizer steps the rate stays.
        decay_steps: How many steps it takes from there to zero, where it remains.

    Example:

        >>> schedule = LinearDecay(2e-4, constant_steps=100, decay_steps=100)
        >>> [round(float(schedule(step)) * 1e4, 3) for step in (0, 100, 150, 200, 300)]
        [2.0, 2.0, 1.0, 0.0, 0.0]
    """

    def __init__(self, learning_rate: float, constant_steps: int, decay_steps: int):
        if decay_steps < 1:
            raise ValueError(f"decay_steps must be at least 1, got {decay_steps}.")
        self.learning_rate = learning_rate
        self.constant_steps = constant_steps
        self.decay_steps = decay_steps

    def __call__(self, step):
        """The rate at optimizer step `step`."""
        done = (ops.cast(step, "float32") - self.constant_steps) / self.decay_steps
        return self.learning_rate * (1.0 - ops.clip(done, 0.0, 1.0))

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            "learning_rate": self.learning_rate,
            "constant_steps": self.constant_steps,
            "decay_steps": self.decay_steps,
        }


@keras.saving.register_keras_serializable("kgen")
class ConstantThenExponential(keras.optimizers.schedules.LearningRateSchedule):
    """A constant rate, then an exponential fall to a share of it: BiGAN's schedule.

    Args:
        learning_rate: The rate during the first `constant_steps`.
        constant_steps: How many optimizer steps the rate stays.
        decay_steps: How many steps it takes from there to the last rate, which then stays.
        final_share: The last rate as a share of the first.

    Example:

        >>> schedule = ConstantThenExponential(2.0, 100, 100, final_share=0.01)
        >>> [round(float(schedule(step)), 3) for step in (0, 100, 150, 200, 300)]
        [2.0, 2.0, 0.2, 0.02, 0.02]
    """

    def __init__(
        self, learning_rate: float, constant_steps: int, decay_steps: int, final_share: float
    ):
        if decay_steps < 1 or not 0 < final_share <= 1:
            raise ValueError(
                f"decay_steps must be at least 1 and final_share lie in (0, 1], got {decay_steps} "
                f"and {final_share}."
            )
        self.learning_rate = learning_rate
        self.constant_steps = constant_steps
        self.decay_steps = decay_steps
        self.final_share = final_share

    def __call__(self, step):
        """The rate at optimizer step `step`."""
        done = (ops.cast(step, "float32") - self.constant_steps) / self.decay_steps
        return self.learning_rate * self.final_share ** ops.clip(done, 0.0, 1.0)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            "learning_rate": self.learning_rate,
            "constant_steps": self.constant_steps,
            "decay_steps": self.decay_steps,
            "final_share": self.final_share,
        }
