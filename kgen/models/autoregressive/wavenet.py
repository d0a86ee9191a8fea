"""WaveNet (van den Oord et al. 2016)."""

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.models.autoregressive.base import AutoregressiveModel
from kgen.models.autoregressive.pixels import MuLawSamples
from kgen.models.signature import TensorSpec, check_count
from kgen.networks.wavenet import dilations_of, wavenet
from kgen.training import Noise


@keras.saving.register_keras_serializable("kgen")
class WaveNet(AutoregressiveModel):
    """Sound sample by sample: each is one of 256 levels, predicted from thousands before it.

    Van den Oord et al., *WaveNet: A Generative Model for Raw Audio*, 2016. The amplitude goes
    through the mu-law and is cut into levels, over which the network gives a softmax. It may be
    conditioned on a class (a speaker, an instrument) and on a sequence of features. Before the
    sound is silence, so that the likelihood is exact from the first sample on.

    Data are waves, (n, length, 1) in [-1, 1]; with `classes` `(waves, labels)`, with features
    `(waves, features)`, and with both `(waves, {"labels": ..., "features": ...})`.

    Args:
        network: Waves (n, length, 1) of any length, or `[waves, labels, features]`, to the logits
            of the levels; `kgen.networks.wavenet` makes it.
        length: Samples of a sound to train on, and to draw where nothing else is said.
        sample_rate: Samples a second, for whoever writes sounds to files.
        levels: Into how many the mu-law's scale is cut.
        classes: How many classes the labels have; `None` for a network without labels.
        hop: Samples to a frame of features; `None` for a network without features.
        ema_momentum: See `GenerativeModel`.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the network does not fit the levels or the conditions.

    Example:

        >>> model = WaveNet.build_default(20, stacks=1, layers=2, width=4, skip_width=4, classes=3)
        >>> model.compile()
        >>> x = model.sample(2, labels=[0, 2], seed=1)
        >>> x.shape, model.log_prob(x, [0, 2]).shape, model.receptive_field
        ((2, 20, 1), (2,), 5)
    """

    noun, role = "waves", "wave"

    def __init__(
        self,
        network: keras.Model,
        *,
        length: int,
        sample_rate: int = 16000,
        levels: int = 256,
        classes: int | None = None,
        hop: int | None = None,
        **kwargs,
    ):
        if network.outputs[0].shape[-1] != levels or network.inputs[0].shape[1:] != (None, 1):
            raise ValueError(
                f"the network must take waves of shape (any, 1) and give {levels} logits a sample, "
                f"not {network.inputs[0].shape[1:]} and {network.outputs[0].shape[-1]}."
            )
        conditions = {}
        if classes is not None:
            conditions["labels"] = TensorSpec((None,), "int32", role="label", classes=classes)
        if hop is not None:
            shape = network.inputs[-1].shape
            conditions["features"] = TensorSpec((None, None, shape[-1]), role="features")
        self.length, self.sample_rate, self.levels, self.hop = length, sample_rate, levels, hop
        super().__init__(network, MuLawSamples(levels), (length, 1), conditions, **kwargs)

    def _described(self) -> str:
        return f"with classes={self.classes} and hop={self.hop}"

    @classmethod
    def build_default(
        cls,
        length: int = 16000,
        stacks: int = 3,
        layers: int = 10,
        width: int = 32,
        skip_width: int = 256,
        kernel_size: int = 2,
        levels: int = 256,
        scalar_input: bool = False,
        classes: int | None = None,
        features: int | None = None,
        hop: int | None = None,
        upsampling: str = "transposed",
        **kwargs,
    ) -> "WaveNet":
        """The paper's network.

        Args:
            length: Samples of a sound.
            stacks: How often the dilations begin anew.
            layers: Residual layers in a stack, with the dilations 1, 2, 4, ..., 2^(layers - 1).
            width: Channels of the residual layers.
            skip_width: Channels of the skips.
            kernel_size: Of the dilated convolutions.
            levels: Into how many the amplitude is cut.
            scalar_input: Whether samples enter as one number each, and not one-hot.
            classes: How many classes the sounds have; `None` for a model without.
            features: Channels of a feature sequence to condition on; `None` for none.
            hop: Samples to a frame of features; needed with them.
            upsampling: How frames come to the rate of the samples, `"transposed"` or `"repeat"`.
            **kwargs: Passed to the constructor, such as `sample_rate`.

        Raises:
            ValueError: For features without a hop, or an unknown name.
        """
        if (features is None) != (hop is None):
            raise ValueError("features need a hop, the samples to a frame, and a hop features.")
        network = wavenet(
            dilations_of(stacks, layers),
            width,
            skip_width,
            levels,
            kernel_size,
            scalar_input=scalar_input,
            classes=classes,
            features=features,
            hop=hop or 1,
            upsampling=upsampling,
        )
        return cls(network, length=length, levels=levels, classes=classes, hop=hop, **kwargs)

    def default_optimizers(self):
        """Adam, rate 1e-3."""
        return {"model": keras.optimizers.Adam(1e-3)}

    @property
    def receptive_field(self) -> int:
        """How many past samples move the distribution of the next one."""
        lags = [layer.lags[0] for layer in self.network.layers if hasattr(layer, "lags")]
        return sum(lags)

    # ---- local conditions ------------------------------------------------------------------------

    def parameters_of(self, network, x, conditions, training):
        """What the network says of every sample; waves may end within the last frame."""
        if self.hop is None:
            return super().parameters_of(network, x, conditions, training)
        length, whole = ops.shape(x)[1], ops.shape(conditions["features"])[1] * self.hop
        x = ops.pad(x, ((0, 0), (0, whole - length), (0, 0)))  # what follows moves nothing before
        return super().parameters_of(network, x, conditions, training)[:, :length]

    def _checked_features(self, features, n: int, length: int | None) -> tuple[dict, int]:
        """The features for a signature, and the length that they or the arguments give."""
        if self.hop is None:
            if features is not None:
                raise DataError(f"{self.name} was built without features, so it takes none.")
            return {}, length or self.length
        if features is None:
            raise DataError(f"{self.name} is conditioned on features: pass features=.")
        features = np.asarray(features, "float32")
        if features.ndim != 3 or len(features) != n:
            raise DataError(f"features must be ({n}, frames, channels), got {features.shape}.")
        whole = features.shape[1] * self.hop
        length = whole if length is None else length
        if not whole - self.hop < length <= whole:
            frames = -(-length // self.hop)
            raise DataError(
                f"{length} samples take {frames} frames of {self.hop} samples each, "
                f"the features have {features.shape[1]}."
            )
        return {"features": features}, length

    # ---- capabilities ----------------------------------------------------------------------------

    def sample(
        self,
        n: int,
        labels=None,
        features=None,
        length: int | None = None,
        seed: int | None = None,
    ) -> np.ndarray:
        """Draws sounds sample by sample.

        Args:
            n: How many.
            labels: For a model with classes, one class for each, int (n,); drawn evenly if `None`.
            features: For a model with features, (n, frames, channels).
            length: Samples of each; by default that of the features, or the model's own.
            seed: The same seed gives the same sounds; `None` gives new ones at each call.

        Returns:
            float32 (n, length, 1) in [-1, 1], on the levels of the mu-law.

        Raises:
            DataError: For conditions that do not fit the model.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        features, length = self._checked_features(features, check_count(n), length)
        uniforms = ops.convert_to_numpy(noise.uniform((n, length, 1)))
        labels = self.checked_labels(labels, n, noise)
        return self.serve("sample", uniforms=uniforms, **labels, **features)

    def complete(
        self, waves, length: int | None = None, labels=None, features=None, seed: int | None = None
    ) -> np.ndarray:
        """Continues sounds.

        Args:
            waves: The beginnings, (n, samples, 1) in [-1, 1].
            length: Samples of the whole; by default that of the features, or the model's own.
            labels: As for `sample`.
            features: As for `sample`, from the beginning on.
            seed: As for `sample`.

        Returns:
            float32 (n, length, 1): the beginnings, on the levels of the mu-law, and what was drawn.

        Raises:
            DataError: For waves longer than the whole, or conditions that do not fit.
        """
        waves = self._checked_waves(waves)
        n, known = waves.shape[:2]
        features, length = self._checked_features(features, n, length)
        if known > length:
            raise DataError(f"the beginning has {known} samples, the whole only {length}.")
        noise = Noise(keras.random.SeedGenerator(seed))
        uniforms = ops.convert_to_numpy(noise.uniform((n, length, 1)))
        labels = self.checked_labels(labels, n, noise)
        mask = np.broadcast_to(np.arange(length)[:, None] < known, (n, length, 1))
        waves = np.pad(waves, ((0, 0), (0, length - known), (0, 0)))
        given = {"waves": waves, "mask": mask, "uniforms": uniforms}
        return self.serve("complete", **given, **labels, **features)

    def log_prob(self, waves, labels=None, features=None) -> np.ndarray:
        """The log-likelihood of the levels, exactly.

        Args:
            waves: (n, length, 1) in [-1, 1], of any length.
            labels: For a model with classes, that of each sound, int (n,).
            features: For a model with features, (n, frames, channels).

        Returns:
            float32 (n,), in nats a sound. `kgen.losses.bits_per_dim` makes bits a sample of them.

        Raises:
            DataError: For conditions that do not fit the model.
        """
        waves = self._checked_waves(waves)
        n, length = waves.shape[:2]
        features, _ = self._checked_features(features, n, length)
        return self.serve("log_prob", waves=waves, **self.checked_labels(labels, n), **features)

    @staticmethod
    def _checked_waves(waves) -> np.ndarray:
        waves = np.asarray(waves, "float32")
        if waves.ndim != 3 or waves.shape[-1] != 1:
            raise DataError(f"waves must be (n, samples, 1), got {waves.shape}: waves[..., None]?")
        return waves

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "length": self.length,
            "sample_rate": self.sample_rate,
            "levels": self.levels,
            "classes": self.classes,
            "hop": self.hop,
        }
