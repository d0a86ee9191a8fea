"""The base of the autoregressive family: a network that predicts each element from those before."""

import math
import warnings

import keras
from keras import ops

from kgen.errors import DataError
from kgen.losses import bits_per_dim
from kgen.models.autoregressive.line import IncrementalLine
from kgen.models.autoregressive.plan import NotIncrementalError, plan
from kgen.models.autoregressive.raster import FullForward, Incremental
from kgen.models.base import GenerativeModel, images_of
from kgen.models.class_labels import OptionalLabels
from kgen.models.signature import Signature, TensorSpec


class AutoregressiveModel(OptionalLabels, GenerativeModel):
    """Data as a product of conditionals: `log p(x) = sum_i log p(x_i | x_1 ... x_(i-1))`.

    The elements are the pixels of an image in raster order, or the samples of a sound. The loss is
    `-log p(x)` in nats an example: summed over its elements, averaged over the batch. It is exact.

    A network built of `kgen.layers.CausalLayer`s and of layers that compute each element alone is
    sampled by one incremental pass for each element; any other by one whole forward pass, of which
    a warning tells. Whether such another network looks ahead is not checked: its likelihood would
    be too good to be true, and its samples would show it.

    A subclass says by `noun` what its data are called, and defines the capabilities.

    Args:
        network: The data, or `[data, *conditions]`, to the parameters of each element's
            distribution.
        pixels: What the parameters mean, see `kgen.models.autoregressive.pixels`.
        shape: Of one example: (height, width, channels), or (length, channels).
        conditions: The network's other inputs by name, in its order.
        **kwargs: See `GenerativeModel`.

    Raises:
        ValueError: If the network does not fit the conditions.
    """

    players = {"model": ("network",)}
    averaged = ("network",)
    loss_names = ("loss", "bits_per_dim")
    inference_mode = "the default network has neither batch normalisation nor dropout"

    #: What the data are called, in signatures and errors, and the role of their tensors.
    noun, role = "images", "image"

    def __init__(
        self,
        network: keras.Model,
        pixels,
        shape: tuple[int, ...],
        conditions: dict[str, TensorSpec],
        **kwargs,
    ):
        super().__init__({"network": network}, **kwargs)
        self.pixels, self.image_shape, self.conditions = pixels, tuple(shape), conditions
        wanted = 1 + len(conditions)
        if len(network.inputs) != wanted:
            said = "".join(f" and {name}" for name in conditions)
            raise ValueError(
                f"{self._described()} the network must have {wanted} inputs, {self.noun}{said}; "
                f"this one has {len(network.inputs)}."
            )
        try:
            plan(network)
        except NotIncrementalError as reason:
            element = "pixel" if len(self.image_shape) == 3 else "element"
            warnings.warn(
                f"every {element} of a sample will take a whole forward pass, since the network "
                f"cannot be run one {element} at a time: {reason}.",
                stacklevel=4,
            )

    def _described(self) -> str:
        """The arguments that say what the network is conditioned on, for a message."""
        return f"with classes={self.classes}"

    @property
    def classes(self) -> int | None:
        """How many classes the labels have; `None` for a network without labels."""
        return self.conditions["labels"].classes if "labels" in self.conditions else None

    # ---- training --------------------------------------------------------------------------------

    def parameters_of(self, network: keras.Model, x, conditions: dict, training: bool):
        """What the network says of every element of observed data `x`."""
        inputs = [x, *(conditions[name] for name in self.conditions)]
        return network(inputs if len(inputs) > 1 else x, training=training)

    def train_step(self, data):
        """One gradient step on the negative log-likelihood."""
        x, conditions = self._observe(data, self.noise)

        def loss():
            parameters = self.parameters_of(self.network, x, conditions, training=True)
            return -ops.mean(self.pixels.log_prob(x, parameters))

        return self._report(x, self.minimize(loss))

    def test_step(self, data):
        """The negative log-likelihood in inference mode."""
        x, conditions = self._observe(data, self.evaluation_noise)
        network = self.inference_network("network")
        parameters = self.parameters_of(network, x, conditions, training=False)
        return self._report(x, -ops.mean(self.pixels.log_prob(x, parameters)))

    def _observe(self, data, noise):
        x = images_of(data)
        uniforms = noise.uniform(ops.shape(x)) if self.pixels.noisy else None
        return self.pixels.observe(x, uniforms), self._conditions_of(data)

    def _conditions_of(self, data) -> dict:
        """The conditions of a batch: `y` of `(x, y)`, a dict where there are several."""
        if not self.conditions:
            return {}
        given = data[1] if isinstance(data, (tuple, list)) and len(data) > 1 else None
        if given is not None and not isinstance(given, dict) and len(self.conditions) == 1:
            given = {next(iter(self.conditions)): given}
        if not isinstance(given, dict) or not set(self.conditions) <= set(given):
            hint = ""
            if tuple(self.conditions) == ("labels",):
                hint, wanted = ': load the data with layout="labelled"', "labels"
            elif len(self.conditions) == 1:
                (wanted,) = self.conditions
            else:
                wanted = "{" + ", ".join(f"{name!r}: ..." for name in self.conditions) + "}"
            raise DataError(
                f"{type(self).__name__} {self._described()} learns from ({self.noun}, {wanted})"
                f"{hint}."
            )
        return {name: ops.cast(given[name], spec.dtype) for name, spec in self.conditions.items()}

    def _report(self, x, loss):
        bits = bits_per_dim(loss, math.prod(self.image_shape))
        return self.update_metrics(ops.shape(x)[0], loss=loss, bits_per_dim=bits)

    def batch_images(self, data):
        """The data."""
        return {self.noun: (images_of(data), self.image_shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    @property
    def capabilities(self):
        """As for every model; nothing takes conditions that the network has not."""
        return {
            name: tuple(
                argument
                for argument in arguments
                if argument not in ("labels", "features") or argument in self.conditions
            )
            for name, arguments in super().capabilities.items()
        }

    @property
    def log_prob_of(self) -> str:
        """What `log_prob` is a probability of, for those who compare likelihoods."""
        return self.pixels.of

    def signatures(self):
        """`sample`, `complete` and `log_prob`, which take their noise as an input."""
        *size, channels = self.network.inputs[0].shape[1:]
        data = {self.noun: TensorSpec((None, *size, channels), role=self.role)}
        uniforms = {"uniforms": TensorSpec((None, *size, self.pixels.uniforms), role="uniform")}
        mask = {"mask": TensorSpec((None, *size, 1), role="mask")}
        noise = TensorSpec((None, *size, channels), role="uniform")
        observed = {"uniforms": noise} if self.pixels.noisy else {}
        drawn, given = {self.noun: self.role}, self.conditions
        return {
            "sample": Signature(self._sample, {**uniforms, **given}, drawn),
            "complete": Signature(self._complete, {**data, **mask, **uniforms, **given}, drawn),
            "log_prob": Signature(
                self._log_prob, {**data, **observed, **given}, {"log_prob": "log_prob"}
            ),
        }

    def _sample(self, uniforms, **conditions):
        def draw(parameters, pixel, extras, k):
            return self.pixels.draw(parameters, pixel, extras["uniforms"], k)

        return self._run(draw, conditions, {"uniforms": uniforms})

    def _complete(self, mask, uniforms, **inputs):
        def draw(parameters, pixel, extras, k):
            drawn = self.pixels.draw(parameters, pixel, extras["uniforms"], k)
            return ops.where(extras["mask"] > 0.5, extras["known"], drawn)

        # As in an encoder, a grey level that is given is cut at the middle.
        x = inputs[self.noun]
        known = self.pixels.observe(x, ops.full_like(x, 0.5))
        return self._run(draw, inputs, {"uniforms": uniforms, "known": known, "mask": mask})

    def _run(self, draw, conditions, extras):
        others = [conditions[name] for name in self.conditions]
        x, _ = self.raster().run(draw, self.pixels.passes, others, extras, keep=False)
        return {self.noun: self.pixels.shown(x)}

    def raster(self) -> Incremental | FullForward:
        """What draws with the network in use: incrementally, if the network can."""
        network = self.inference_network("network")
        try:
            return (Incremental if len(self.image_shape) == 3 else IncrementalLine)(network)
        except NotIncrementalError:
            return FullForward(network)

    def _log_prob(self, uniforms=None, **inputs):
        x = self.pixels.observe(inputs[self.noun], uniforms)
        network = self.inference_network("network")
        parameters = self.parameters_of(network, x, inputs, training=False)
        return {"log_prob": self.pixels.log_prob(x, parameters)}
