"""`GenerativeModel`: what every model of kgen shares, and nothing that only some do."""

import inspect

import keras
import numpy as np
from keras import ops

from kgen.layers import all_layers
from kgen.models.first_batch import check_first_batch, is_tf_data, warn_of_split_epochs
from kgen.models.serving import run_in_batches
from kgen.models.signature import Signature
from kgen.models.steps import GradientSteps
from kgen.training import Noise, PlayerOptimizers, ReplicaSeedGenerator, averages, clock, seam
from kgen.training.epochs import AverageSettler, EpochCounter, put_first
from kgen.training.optimizers import choose_optimizers

#: What the rest of kgen may ask of a model. A model has a capability by defining the method.
CAPABILITIES = (
    "sample",
    "encode",
    "decode",
    "reconstruct",
    "log_prob",
    "translate",
    "discriminate",
    "classify",
    "complete",
    "features",
)


class GenerativeModel(GradientSteps, keras.Model):
    """The base of all models: players, noise, saved counters, capabilities.

    A subclass states its `players`, `loss_names` and `inference_mode`, and defines `train_step`,
    `test_step`, `default_optimizers`, `signatures` and its capabilities. Its `train_step(data)` is
    imperative and the same on every backend, because it takes its gradient steps with `minimize`.

    Everything that training needs to go on is in the model's `.keras` file: weights, every
    optimizer's slots, the states of all seed generators, and the steps and epochs trained so far.

    Args:
        networks: The model's networks (built `keras.Model`s) by the name of their attribute.
        ema_momentum: If given, sampling, evaluation and export use an exponential moving average
            of the networks named in `averaged`: after each step `ema = m * ema + (1 - m) * weight`.
            Keep its memory of 1 / (1 - m) steps short beside the training.
        seed: Seeds the model's one source of noise; drawn at random (under
            `keras.utils.set_random_seed`'s control) when `None`.
        name: The Keras name.

    Raises:
        ValueError: If a network is not built, or `ema_momentum` is not in (0, 1).
    """

    #: Each player's networks. A player is a set of variables with an optimizer of its own.
    players: dict[str, tuple[str, ...]] = {}
    #: The losses that `update_metrics` reports.
    loss_names: tuple[str, ...] = ()
    #: The networks that an exponential moving average follows, if one is asked for.
    averaged: tuple[str, ...] = ()
    #: Whether `jit_compile="auto"` takes XLA on TensorFlow's CPU as well. It speeds up most models
    #: there, but a convolution larger than its map (DCGAN's 5x5 on 4x4) is 30 times slower.
    xla_on_cpu: bool = False
    #: How batch normalisation and dropout behave outside training, in one sentence.
    inference_mode: str = ""

    def __init__(
        self,
        networks: dict[str, keras.Model],
        *,
        ema_momentum: float | None = None,
        seed: int | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name)
        if ema_momentum is not None and not 0 < ema_momentum < 1:
            raise ValueError(f"ema_momentum must lie between 0 and 1, got {ema_momentum}.")
        for attribute, network in networks.items():
            if not getattr(network, "built", False):
                raise ValueError(f"{attribute} is not built: give its first layer a keras.Input.")
            setattr(self, attribute, network)
        self.network_names = tuple(networks)
        self.ema_momentum = ema_momentum
        if ema_momentum is not None:
            for attribute in self.averaged:
                setattr(self, f"ema_{attribute}", averages.frozen_copy(networks[attribute]))
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.noise = Noise(self.seed_generator)
        # Evaluating draws from a source of its own, so that it does not change the training.
        self.evaluation_seed_generator = ReplicaSeedGenerator(seed)
        self.evaluation_noise = Noise(self.evaluation_seed_generator)
        self.step = self._counter("step")
        self.epoch = self._counter("epoch")
        self.trackers = {loss: keras.metrics.Mean(name=loss) for loss in self.loss_names}
        self._compiled_signatures = {}
        # Keras calls these two in another form on JAX. Wrapping the bound methods, and not those of
        # each class, leaves `super().train_step(data)` alone.
        self.train_step = seam.wrap_train_step(self, self.train_step)
        self.test_step = seam.wrap_test_step(self, self.test_step)
        self.built = True

    def _counter(self, name: str):
        return self.add_weight(
            name=name,
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def update_metrics(self, count, **losses) -> dict:
        """Adds a batch of `count` examples to the running means, and returns these."""
        for loss, value in losses.items():
            self.trackers[loss].update_state(value, sample_weight=ops.cast(count, "float32"))
        return {loss: tracker.result() for loss, tracker in self.trackers.items()}

    def finish_step(self) -> None:
        """Advances the step and the moving averages; the seam calls it after each `train_step`."""
        self.step.assign_add(1)
        if self.ema_momentum is not None:
            momentum = self.momentum_now()
            for name in self.averaged:
                averages.follow(self.inference_network(name), getattr(self, name), momentum)

    def settle_averages(self) -> None:
        """Makes the averaged networks ready to be looked at; `fit` calls it after each epoch.

        Here it does nothing. A model whose averaged networks normalise batches gives them
        statistics of their own: those that `finish_step` copies belong to other weights.
        """

    def momentum_now(self):
        """The momentum of the moving averages after `step` steps: a number, or a scalar tensor."""
        return self.ema_momentum

    # ---- Keras ---------------------------------------------------------------------------------

    def player_variables(self, player: str) -> list:
        """The trainable variables of a player."""
        return [v for name in self.players[player] for v in getattr(self, name).trainable_variables]

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The paper's optimizer for each player."""
        raise NotImplementedError(
            f"{type(self).__name__} has no default optimizers: "
            f"compile({', '.join(f'{keyword}=...' for keyword in self._optimizer_keywords())})."
        )

    def compile(
        self,
        *,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        **optimizers,
    ) -> None:
        """Configures training; without arguments, with the paper's optimizers.

        Args:
            run_eagerly: As in Keras.
            steps_per_execution: As in Keras: that many steps in one call, with equal results. On
                PyTorch, where Keras has no such thing, steps are run one by one.
            jit_compile: As in Keras; `"auto"` heeds the model's `xla_on_cpu`.
            **optimizers: `<player>_optimizer=` for each player to change (a model with one player
                takes `optimizer=`): a Keras optimizer or its name.

        Raises:
            TypeError: For a keyword that names no player.
            ValueError: Under mixed_float16, whose loss scaling cannot serve several optimizers.
        """
        self._refuse_float16()
        chosen = choose_optimizers(optimizers, self._optimizer_keywords(), self.default_optimizers)
        if len(chosen) == 1:
            ((player, optimizer),) = chosen.items()
            optimizer.build(self.player_variables(player))
        else:
            optimizer = PlayerOptimizers(chosen, {p: self.player_variables(p) for p in chosen})
        self.compile_arguments = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        jit_compile = jit_compile if run_eagerly else seam.resolve_jit(jit_compile, self.xla_on_cpu)
        super().compile(
            optimizer=optimizer,
            auto_scale_loss=False,
            run_eagerly=run_eagerly,
            steps_per_execution=seam.resolve_steps(steps_per_execution),
            jit_compile=jit_compile,
        )

    def _refuse_float16(self) -> None:
        layers = [layer for name in self.network_names for layer in all_layers(getattr(self, name))]
        if any(layer.compute_dtype == "float16" for layer in layers):
            raise ValueError(
                "kgen trains in float32 or mixed_bfloat16, not in mixed_float16: "
                "keras.config.set_dtype_policy('mixed_bfloat16') before building the networks."
            )

    def player_optimizer(self, player: str) -> keras.optimizers.Optimizer:
        """The optimizer of a player; `optimizer` itself where there is only one."""
        return self.optimizer if len(self.players) == 1 else self.optimizer[player]

    def _optimizer_keywords(self) -> dict[str, str]:
        """Each keyword of `compile` with its player."""
        if len(self.players) == 1:
            return {"optimizer": next(iter(self.players))}
        return {f"{player}_optimizer": player for player in self.players}

    def get_compile_config(self) -> dict:
        """The arguments of `compile`, serialised."""
        if not self.compiled:
            return {}
        optimizers = {
            keyword: keras.saving.serialize_keras_object(self.player_optimizer(player))
            for keyword, player in self._optimizer_keywords().items()
        }
        return {**self.compile_arguments, **optimizers}

    def compile_from_config(self, config: dict) -> None:
        """Compiles with what `get_compile_config` returned."""
        self.compile(
            **{
                key: keras.saving.deserialize_keras_object(value)
                if isinstance(value, dict)
                else value
                for key, value in config.items()
            }
        )

    @property
    def metrics(self) -> list:
        """The running means of the losses, and no `loss` that nothing would ever fill."""
        return list(self.trackers.values())

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        **kwargs,
    ):
        """Keras's `fit`, counting the model's epochs and announcing them to its data.

        Arguments and result are those of `keras.Model.fit`. A data set of `kgen.datasets` is
        shuffled by the model's own saved epoch, so that a model loaded from a file sees the order
        it would have seen.

        Raises:
            DataError: If the first batch of arrays or of a `tf.data.Dataset` has images of a wrong
                shape or range.
        """
        check_first_batch(self, x, y)
        validation = kwargs.get("validation_data")
        if validation is not None:
            arrays = validation[:2] if isinstance(validation, tuple) else (validation,)
            check_first_batch(self, *arrays)
        if is_tf_data(x):
            kwargs.setdefault("shuffle", False)  # its own affair; Keras would warn
        warn_of_split_epochs(x, kwargs.get("steps_per_epoch"))
        settler = [] if self.ema_momentum is None else [AverageSettler()]
        for callback in (*self.own_callbacks(x), *settler, EpochCounter()):
            callbacks = put_first(callback, callbacks, self)
        try:
            return super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)
        finally:
            clock.announce(None)

    def own_callbacks(self, x) -> list[keras.callbacks.Callback]:
        """What the model itself does around the epochs of a `fit` on `x`, before all callbacks."""
        return []

    def evaluate(self, x=None, y=None, **kwargs):
        """Keras's `evaluate`, after a look at the first batch.

        Raises:
            DataError: As for `fit`.
        """
        if clock.epoch() is None:  # within `fit`, which has looked at them
            check_first_batch(self, x, y)
        return super().evaluate(x, y, **kwargs)

    def predict(self, *args, **kwargs):
        """Refuses: a generative model has no single output.

        Raises:
            NotImplementedError: Always; it names the capabilities.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no single output to predict: "
            f"use {', '.join(self.capabilities)}."
        )

    def batch_images(self, data) -> dict:
        """The image tensors of a batch by name, each with the shape the model wants."""
        return {}

    @property
    def epochs_trained(self) -> int:
        """How many epochs the model was trained, over all its `fit` calls and files."""
        return int(ops.convert_to_numpy(self.epoch.value))

    @property
    def steps_trained(self) -> int:
        """How many calls of `train_step` the model has seen."""
        return int(ops.convert_to_numpy(self.step.value))

    def get_config(self) -> dict:
        """The constructor's arguments; a subclass adds its own."""
        return {
            **{name: getattr(self, name) for name in self.network_names},
            "ema_momentum": self.ema_momentum,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict):
        """A model with the configuration that `get_config` returned."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value)
                if isinstance(value, dict) and "class_name" in value
                else value
                for key, value in config.items()
            }
        )

    # Keras leaves the states of seed generators out of its files (keras 3.15).
    def _seed_states(self) -> list:
        weights = {id(v) for v in self.weights}
        return [v for v in self.variables if id(v) not in weights]

    def save_own_variables(self, store) -> None:
        """Saves the counters and the state of every seed generator in the model."""
        super().save_own_variables(store)
        for i, state in enumerate(self._seed_states()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state.value)

    def load_own_variables(self, store) -> None:
        """Loads what `save_own_variables` saved."""
        own = {key: store[key] for key in store.keys() if not key.startswith("seed_")}  # noqa: SIM118
        super().load_own_variables(own)
        for i, state in enumerate(self._seed_states()):
            state.assign(np.asarray(store[f"seed_{i}"]))

    # ---- capabilities --------------------------------------------------------------------------

    def signatures(self) -> dict[str, Signature]:
        """The pure functions behind the capabilities, by name; the first is the default one."""
        raise NotImplementedError

    def unavailable(self) -> dict[str, str]:
        """Capabilities of the class that this instance does not have, each with the reason."""
        return {}

    @property
    def capabilities(self) -> dict[str, tuple[str, ...]]:
        """What this model can do now: the capabilities' names with their arguments'."""
        missing = self.unavailable()
        return {
            name: tuple(inspect.signature(getattr(self, name)).parameters)
            for name in CAPABILITIES
            if hasattr(type(self), name) and name not in missing
        }

    def inference_network(self, name: str) -> keras.Model:
        """The network to sample and evaluate with: its moving average where there is one."""
        averaged = self.ema_momentum is not None and name in self.averaged
        return getattr(self, f"ema_{name}" if averaged else name)

    def serve(self, name: str, batch_size: int = 64, **inputs):
        """Runs a signature on arrays, in batches and compiled.

        Args:
            name: A key of `signatures()`.
            batch_size: How many examples go through the networks at once.
            **inputs: The signature's inputs, arrays of equal length.

        Returns:
            The output as a NumPy array, or a dict of them where there are several.

        Raises:
            DataError: If an input is missing, or has a wrong shape, range or length.
            ValueError: If there is no such signature.
        """
        signatures = self.signatures()
        if name not in signatures:
            raise ValueError(f"there is no signature {name!r}; there are {', '.join(signatures)}.")
        if name not in self._compiled_signatures:
            run = seam.compile_inference(self, signatures[name].function)
            self._compiled_signatures[name] = run
        return run_in_batches(self._compiled_signatures[name], signatures[name], inputs, batch_size)


def images_of(data):
    """The images of a batch that may carry labels: `x` of `x` or `(x, y)`."""
    return data[0] if isinstance(data, (tuple, list)) else data
