"""GAN-QP: a quadratic potential in place of a Lipschitz constraint (Su 2018)."""

from keras import ops

#: The distances `d(x_r, x_f)` of GAN-QP, by name.
QP_DISTANCES = ("l1", "l2")


def qp_distance(real, fake, kind: str = "l1"):
    """How far apart the images of each pair are.

    Args:
        real: Images (n, ...).
        fake: As many.
        kind: `"l1"` for the mean of `|x_r - x_f|` over all their numbers, or `"l2"` for the root
            of their mean square.

    Returns:
        Shape (n,).

    Raises:
        ValueError: For an unknown kind.

    Example:

        >>> [float(v) for v in qp_distance(ops.zeros((1, 2)), ops.array([[1.0, 7.0]]), "l2")]
        [5.0]
    """
    if kind not in QP_DISTANCES:
        raise ValueError(f"the distance must be one of {', '.join(QP_DISTANCES)}, got {kind!r}.")
    difference = ops.cast(real, "float32") - ops.cast(fake, "float32")
    axes = tuple(range(1, len(difference.shape)))
    if kind == "l1":
        return ops.mean(ops.abs(difference), axis=axes)
    return ops.sqrt(ops.mean(ops.square(difference), axis=axes))


def qp_discriminator(real_scores, fake_scores, distance, weight: float = 10.0):
    """`E [-D + D^2 / (2 weight d)]` with `D = T(x_r) - T(x_f)`, over the pairs of a batch.

    For a pair at distance d the minimum is `-weight d / 2`, at `D = weight d`, so `weight` only
    sets the scale of T.

    Args:
        real_scores: T of real images, (n, 1) or (n,).
        fake_scores: T of generated ones.
        distance: `qp_distance` of the pairs, (n,).
        weight: The paper's lambda.

    Example:

        >>> float(qp_discriminator(ops.array([5.0]), ops.array([0.0]), ops.array([0.5])))
        -2.5
    """
    gap = _gap(real_scores, fake_scores)
    # Two equal images say nothing about T: their own D is 0, and 0 / 0 must stay 0.
    distance = ops.maximum(ops.cast(distance, "float32"), 1e-6)
    potential = ops.square(gap) / (2 * weight * distance)
    return ops.mean(potential - gap)


def qp_generator(fake_scores, real_scores):
    """`E D`, without the quadratic term."""
    return ops.mean(_gap(real_scores, fake_scores))


def _gap(real_scores, fake_scores):
    real, fake = (ops.cast(scores, "float32") for scores in (real_scores, fake_scores))
    return ops.reshape(real, (-1,)) - ops.reshape(fake, (-1,))
