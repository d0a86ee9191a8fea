"""What a layer must offer so that a network can be run one pixel at a time."""

import keras
from keras import ops


class CausalLayer(keras.layers.Layer):
    """A layer on images whose output at a pixel depends on that pixel and those before it.

    "Before" is raster order: the rows above, and in the same row what is to the left. Beside
    `call`, on whole images, such a layer has an incremental form that gives the same numbers while
    the image is still being drawn. It works on rows (n, 1, width, channels) and on single pixels
    (n, 1, 1, channels), and what it needs of the past it keeps in two places:

    - `memory` is of the rows above, and changes once a row;
    - `carry` is of the pixels to the left, and changes once a pixel.

    Both are nested tuples of tensors. For each row, `begin_row` makes all that the memory
    contributes to it at once, the *context*, so that only the rest is left to do for each pixel;
    `end_row` then takes the row into the memory. `row` and `column` count the output's pixels.

    A layer on sequences (n, length, channels) has no rows above: it needs no more than
    `weights_to_step`, `first_carry` and `step`, on single samples (n, 1, channels), with an empty
    context and row 0.

    Layers that read only rows above (`strictly_above`) know their whole output row before its first
    pixel is drawn: for them `begin_row` gives that row, and `step` is never called. A layer whose
    input is known a row at a time takes it by `whole_row`, if it can.
    """

    #: Whether the output depends on rows above alone.
    strictly_above = False
    #: Whether the output at a pixel does not depend on the last colour of that pixel of the input.
    hides_last_colour = False
    #: Whether `whole_row` can be called.
    takes_rows = False

    def weights_to_step(self, kernel=None):
        """What `begin_row`, `step` and `whole_row` need of the weights, made once for all pixels.

        Args:
            kernel: Stands in for the layer's own, for a wrapper that normalises it.
        """
        raise NotImplementedError

    def first_memory(self, n, width: int):
        """The memory before the first row, for `n` images with inputs of this width."""
        raise NotImplementedError

    def begin_row(self, weights, memory, row):
        """The context: a nested tuple of tensors (n, 1, width, ...), to be cut into columns."""
        raise NotImplementedError

    def first_carry(self, n):
        """The carry before the first column: a tuple of tensors."""
        raise NotImplementedError

    def step(self, weights, context, carry, x, row, column):
        """One pixel: `(output, carry)`, from its part of the context and the input's pixel."""
        raise NotImplementedError

    def end_row(self, weights, memory, carries):
        """The memory for the next row.

        Args:
            weights: Of `weights_to_step`.
            memory: Of this row.
            carries: The carries after each pixel, stacked along a new first axis of columns. A
                layer that never steps is given its inputs, `(x,)`, stacked in the same way.
        """
        raise NotImplementedError

    def whole_row(self, weights, memory, x, row):
        """`(output row, memory for the next)`, from the input's whole row."""
        raise NotImplementedError


def as_row(columns):
    """Pixels (width, n, 1, 1, channels), stacked by column, as one row (n, 1, width, channels)."""
    return ops.transpose(columns[:, :, :, 0], (1, 2, 0, 3))
