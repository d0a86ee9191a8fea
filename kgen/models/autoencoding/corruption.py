"""How images are corrupted before a denoising autoencoder sees them (Vincent et al. 2010)."""

from keras import ops

CORRUPTIONS = ("gaussian", "masking", "salt_and_pepper")


def check_corruption(corruption: str, level: float) -> None:
    """Raises `ValueError` for an unknown corruption, or a level that it cannot have."""
    if corruption not in CORRUPTIONS:
        raise ValueError(f"corruption must be one of {CORRUPTIONS}, got {corruption!r}.")
    if level < 0 or (corruption != "gaussian" and level > 1):
        what = "a deviation" if corruption == "gaussian" else "a share from 0 to 1"
        raise ValueError(f"the level of {corruption} is {what}, got {level}.")


def corrupt(images, corruption: str, level: float, noise):
    """Corrupted images, and where they were changed.

    Args:
        images: (n, height, width, channels) in [-1, 1].
        corruption: `"gaussian"` adds N(0, level^2); `"masking"` makes the share `level` of the
            numbers black, -1; `"salt_and_pepper"` makes half of that share -1 and half 1.
        level: On the scale of [-1, 1] for Gaussian noise, twice that of pixels in [0, 1].
        noise: A `kgen.training.Noise`.

    Returns:
        Two tensors of the images' shape; the second is 1 where a number was chosen, else 0.
    """
    if corruption == "gaussian":
        return images + level * noise.normal(ops.shape(images)), ops.ones_like(images)
    uniforms = noise.uniform(ops.shape(images))
    chosen = uniforms < level
    extreme = -ops.ones_like(images)
    if corruption == "salt_and_pepper":
        extreme = ops.where(uniforms < level / 2, extreme, -extreme)
    return ops.where(chosen, extreme, images), ops.cast(chosen, "float32")
