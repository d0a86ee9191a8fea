"""Which image sizes a network of strided convolutions can make."""


def doublings(
    image_shape: tuple[int, int, int], roots: tuple[int, ...] = (4, 7)
) -> tuple[int, int]:
    """How a square image arises by doubling: `size = root * 2 ** doublings`.

    Args:
        image_shape: (height, width, channels).
        roots: The sides to start from.

    Returns:
        `(root, doublings)`.

    Raises:
        ValueError: If the image is not square, or its side not of this form.

    Example:

        >>> doublings((28, 28, 1)), doublings((64, 64, 3))
        ((7, 2), (4, 4))
    """
    if len(image_shape) != 3:
        raise ValueError(f"image_shape must be (height, width, channels), got {image_shape}.")
    height, width, _ = image_shape
    for root in roots:
        times = (height // root).bit_length() - 1
        if height == width and times >= 1 and root * 2**times == height:
            return root, times
    sizes = sorted(root * 2**k for root in roots for k in range(1, 7))
    raise ValueError(
        f"this network makes square images of side {', '.join(map(str, sizes))}, not "
        f"{height} x {width}: choose the nearest as image_size."
    )
