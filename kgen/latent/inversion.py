"""The latents of images, by gradient descent: for models without an encoder."""

from __future__ import annotations

import dataclasses

import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.latent.priors import family, onto_sphere
from kgen.latent.space import Codes, LatentSpace, rows_of
from kgen.latent.table import Table, between
from kgen.training import seam


@dataclasses.dataclass(frozen=True)
class Inversion:
    """What `invert` found.

    Attributes:
        codes: Of n images, as `LatentSpace.decode` takes them.
        images: What the model makes of them, float32 (n, height, width, channels).
        errors: Root mean square difference of pixels between these and the images that were to be
            found, float64 (n,); pixels lie in [-1, 1].
    """

    codes: Codes
    images: np.ndarray
    errors: np.ndarray

    def table(self, images: np.ndarray) -> Table:
        """The images that were to be found, beside those that were found."""
        rows = tuple(f"{error:.3f}" for error in self.errors)
        return between(images, Table(self.images[:, None], rows, ("found",)))


def invert(
    space: LatentSpace,
    images: np.ndarray,
    *,
    labels=None,
    steps: int = 300,
    rate: float = 0.1,
    restarts: int = 4,
    feature_weight: float = 0.0,
    prior_weight: float = 0.0,
    seed: int = 0,
) -> Inversion:
    """Finds latents whose images are like the given ones.

    From `restarts` random latents each, Adam minimises

        mean (G(z) - x)^2 + feature_weight mean (f(G(z)) - f(x))^2 + prior_weight mean z^2

    with a rate that falls to zero along a cosine (Zhu et al. 2016 use features beside pixels, Bora
    et al. 2017 restarts, and the last term with Gaussian latents). Uniform latents are kept in
    [-1, 1], those on a sphere on it. Of all restarts and steps the best is kept.

    Args:
        space: Of the model.
        images: (n, height, width, channels) in [-1, 1].
        labels: The class of each image, for a model whose images have classes. If `None`, every
            start draws one, and the best start decides, as it does of all other categorical codes.
        steps: Of gradient descent.
        rate: Adam's, at the start.
        restarts: How many random starts for each image.
        feature_weight: Of the difference in `model.features`.
        prior_weight: Of the latents' squares.
        seed: Of the starts.

    Returns:
        The codes, their images, and the errors that remain.

    Raises:
        DataError: If an image has another shape, the latents have no prior to start from, the model
            has no features for `feature_weight`, or for settings out of range.

    Example:

        >>> import kgen
        >>> model = kgen.models.VAE.build_default((8, 8, 1), latent_dim=3)
        >>> space = LatentSpace(model)
        >>> found = invert(space, space.decode(space.draw(2)), steps=5, restarts=2)
        >>> found.codes["latents"].shape, found.images.shape, found.errors.shape
        ((2, 3), (2, 8, 8, 1), (2,))
    """
    images = np.asarray(images, "float32")
    if steps < 1 or restarts < 1 or not rate > 0 or feature_weight < 0 or prior_weight < 0:
        raise DataError(
            f"steps={steps} and restarts={restarts} must be at least 1, rate={rate} above 0, and "
            f"the weights {feature_weight} and {prior_weight} at least 0."
        )
    if feature_weight and "features" not in space.model.capabilities:
        raise DataError(f"{type(space.model).__name__} has no features: leave feature_weight out.")
    n = len(images)
    if labels is not None:
        labels = np.repeat(np.broadcast_to(np.asarray(labels), (n,)), restarts)
    for name in space.latents:
        if space.distribution(name) is None:
            raise DataError(f"{name} of this model have no prior to start from.")
    codes = space.draw(n * restarts, seed, labels)
    if images.shape[1:] != space.image_shape:
        raise DataError(f"images of shape {images.shape[1:]}: the model makes {space.image_shape}.")

    slope = seam.compile_inference(space.model, _slope(space, feature_weight, prior_weight))
    targets = np.repeat(images, restarts, axis=0)
    best, losses = [], []
    for start in range(0, n * restarts, 64):
        rows = slice(start, start + 64)
        found, loss = _descend(space, slope, rows_of(codes, rows), targets[rows], steps, rate)
        best.append(found)
        losses.append(loss)
    losses = np.concatenate(losses).reshape(n, restarts)
    whole = {name: np.concatenate([part[name] for part in best]) for name in codes}
    chosen = rows_of(whole, np.arange(n) * restarts + losses.argmin(axis=1))
    made = space.decode(chosen)
    squares = np.square(made.astype("float64") - images).mean(axis=(1, 2, 3))
    return Inversion(chosen, made, np.sqrt(squares))


def _slope(space, feature_weight, prior_weight):
    """A function of codes and images to each row's loss, and its gradient for each latent."""
    model, signatures = space.model, space.model.signatures()
    make = signatures[space.signature].function

    def per_image(difference):
        return ops.mean(ops.square(difference), axis=tuple(range(1, len(difference.shape))))

    def slope(target, **codes):
        def loss_of(*latents):
            moving = dict(zip(space.latents, latents, strict=True))
            images = make(**{**codes, **moving})[space.images]
            loss = per_image(images - target)
            if feature_weight:
                features = signatures["features"]
                given = {name: codes[name] for name in features.inputs if name != "images"}
                seen, wanted = (
                    features.function(images=x, **given)["features"] for x in (images, target)
                )
                loss = loss + feature_weight * per_image(seen - wanted)
            if prior_weight:
                for each in latents:
                    loss = loss + prior_weight * per_image(each)
            return ops.sum(loss), loss

        latents = [codes[name] for name in space.latents]
        gradients, loss = model.functional_gradient(loss_of, latents)
        return {"loss": loss, **dict(zip(space.latents, gradients, strict=True))}

    return slope


def _descend(space, slope, codes, targets, steps, rate):
    """The best codes on the way of Adam from `codes`, and the loss of each."""
    codes = dict(codes)
    tensors = {"target": ops.convert_to_tensor(targets)}
    tensors |= {key: ops.convert_to_tensor(array) for key, array in codes.items()}
    best, lowest = dict(codes), np.full(len(targets), np.inf)
    mean = {name: np.zeros_like(codes[name]) for name in space.latents}
    square = {name: np.zeros_like(codes[name]) for name in space.latents}
    for step in range(steps + 1):
        found = {key: ops.convert_to_numpy(t) for key, t in slope(**tensors).items()}
        better = found["loss"] < lowest
        lowest = np.where(better, found["loss"], lowest)
        for name in space.latents:
            shape = (-1, *(1,) * (codes[name].ndim - 1))
            best[name] = np.where(better.reshape(shape), codes[name], best[name])
            gradient = found[name]
            mean[name] = 0.9 * mean[name] + 0.1 * gradient
            square[name] = 0.999 * square[name] + 0.001 * np.square(gradient)
            direction = mean[name] / (1 - 0.9 ** (step + 1))
            direction /= np.sqrt(square[name] / (1 - 0.999 ** (step + 1))) + 1e-8
            now = rate * (1 + np.cos(np.pi * step / steps)) / 2
            moved = _inside(codes[name] - now * direction, space.distribution(name))
            codes[name] = moved.astype("float32")
            tensors[name] = ops.convert_to_tensor(codes[name])
    return best, lowest


def _inside(latents, distribution):
    """The nearest latents that the prior can give."""
    if distribution == "U(-1, 1)":
        return np.clip(latents, -1, 1)
    kind, bound = family(distribution)
    return onto_sphere(latents) if kind == "sphere" else np.clip(latents, -bound, bound)
