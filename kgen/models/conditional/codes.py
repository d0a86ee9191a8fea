"""`Codes`: the part of InfoGAN's latents that images shall tell, and how well they tell it."""

import dataclasses
import math

import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.losses import categorical_log_prob, normal_log_prob
from kgen.models.signature import TensorSpec


@dataclasses.dataclass(frozen=True)
class Codes:
    """Categorical codes, evenly distributed, and continuous ones from U(-1, 1).

    Args:
        categorical: How many classes each categorical code has.
        continuous: How many continuous codes there are.
        learned_deviation: Whether Q gives the deviations of the continuous ones; otherwise 1.

    Raises:
        ValueError: If there is no code, or a categorical one with less than 2 classes.

    Example:

        >>> codes = Codes((10,), 2)
        >>> codes.parameters, list(codes.inputs)
        (12, ['category_0'])
        >>> bounds = codes.information(ops.zeros((5, 12)), ops.zeros((5, 2)), [ops.arange(5)])
        >>> {name: round(float(bound), 4) for name, bound in bounds.items()}
        {'mutual_information': 0.0, 'continuous_information': -0.4516}
    """

    categorical: tuple[int, ...]
    continuous: int
    learned_deviation: bool = False

    def __post_init__(self):
        counts = (*self.categorical, 2)
        if not (self.categorical or self.continuous) or min(counts) < 2 or self.continuous < 0:
            raise ValueError(
                "there must be a code: categorical ones of at least 2 classes, or continuous ones; "
                f"got categorical={self.categorical} and continuous={self.continuous}."
            )

    @property
    def parameters(self) -> int:
        """How many numbers Q gives."""
        return sum(self.categorical) + self.continuous * (2 if self.learned_deviation else 1)

    @property
    def inputs(self) -> dict[str, TensorSpec]:
        """The categorical codes as inputs of a signature: `category_0`, `category_1` ..."""
        return {
            f"category_{i}": TensorSpec((None,), dtype="int32", role="label", classes=count)
            for i, count in enumerate(self.categorical)
        }

    def draw_categories(self, n, noise) -> dict:
        """`n` of each categorical code, int32 (n,), evenly drawn."""
        if not self.categorical:
            return {}
        counts = ops.convert_to_tensor(np.array(self.categorical, "float32"))
        drawn = ops.floor(noise.uniform((n, len(self.categorical))) * counts)
        drawn = ops.cast(ops.minimum(drawn, counts - 1), "int32")  # the product may round up
        return {name: drawn[:, i] for i, name in enumerate(self.inputs)}

    def posterior(self, parameters):
        """Q's parameters parted: a list of logits, and means and log-variances (n, continuous)."""
        ends = np.cumsum(self.categorical, dtype=int).tolist()
        pairs = zip(self.categorical, ends, strict=True)
        rest = parameters[:, sum(self.categorical) :]
        log_variances = rest[:, self.continuous :] if self.learned_deviation else 0.0
        logits = [parameters[:, end - count : end] for count, end in pairs]
        return logits, rest[:, : self.continuous], log_variances

    def information(self, parameters, continuous, categories) -> dict:
        """`L_I = H(c) + E log Q(c | x)` in nats, by kind of code: Chen et al. 2016, eq. 5.

        Args:
            parameters: Q's, (n, parameters), of images.
            continuous: The continuous codes of these images, (n, continuous).
            categories: The categorical ones, int (n,) each.

        Returns:
            `mutual_information` of the categorical codes together and `continuous_information`,
            scalars, where there are such codes.
        """
        logits, means, log_variances = self.posterior(parameters)
        bounds = {}
        if self.categorical:
            pairs = zip(categories, logits, strict=True)
            right = sum(ops.mean(categorical_log_prob(c, each)) for c, each in pairs)
            bounds["mutual_information"] = sum(map(math.log, self.categorical)) + right
        if self.continuous:
            of_each = ops.sum(normal_log_prob(continuous, means, log_variances), axis=-1)
            bounds["continuous_information"] = self.continuous * math.log(2) + ops.mean(of_each)
        return bounds

    def checked_continuous(self, given, n: int) -> np.ndarray:
        """Continuous codes for `n` images.

        Raises:
            DataError: For another shape than (n, continuous).
        """
        given = np.asarray(given, "float32")
        if given.shape != (n, self.continuous):
            raise DataError(
                f"continuous codes must have shape ({n}, {self.continuous}), got {given.shape}."
            )
        return given

    def checked_categories(self, given, n: int) -> dict[str, np.ndarray]:
        """Categorical codes for `n` images, by the names of `inputs`.

        Raises:
            DataError: For another shape than (n,) or (n, codes), or what is no class.
        """
        given = np.asarray(given)
        columns = given[:, None] if given.ndim == 1 else given
        counts = np.array(self.categorical, int)
        if columns.shape != (n, len(counts)) or np.any((columns < 0) | (columns >= counts)):
            ranges = ", ".join(f"0 to {count - 1}" for count in counts) or "no code"
            raise DataError(
                f"categories must be {n} rows of {len(counts)} whole numbers ({ranges}), got "
                f"{np.array2string(given, threshold=8)}."
            )
        return dict(zip(self.inputs, columns.astype("int32").T, strict=True))
