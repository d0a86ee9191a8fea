"""Drawing images one pixel after another, in raster order.

`FullForward` runs the whole network for every pixel. `Incremental` computes only what is new, one
pixel in each layer, and keeps the rest: the same numbers for a small part of the work. (For
convolutional networks: Ramachandran et al., *Fast Generation for Convolutional Autoregressive
Models*, 2017.)

Both are loops that every backend can compile, and end in a graph that can be exported.
"""

import itertools
import math

import keras
from keras import ops

from kgen.layers.causal import as_row
from kgen.models.autoregressive.plan import Plan, Step, plan


class FullForward:
    """Draws with the whole network for every pixel and pass, whatever the network is.

    Args:
        network: Of images or sequences, or of `[images, ...]`.
    """

    def __init__(self, network: keras.Model):
        self.network = network

    def run(self, draw, passes: int, others: list, extras: dict, keep: bool = True):
        """Draws images.

        Args:
            draw: `(parameters, pixel, extras, number of the pass) -> pixel`, on (n, 1, 1, ...), or
                of sequences on (n, 1, ...).
            passes: How often the network runs for a pixel.
            others: The network's other inputs.
            extras: Tensors (n, height, width, ...) by name, of which `draw` gets its pixel's.
            keep: Whether to return the parameters, which take much memory where there are many.

        Returns:
            `(images, parameters)`: what was drawn, and what the network said of it in the last
            pass for each pixel (`None` without `keep`).
        """
        first = next(iter(extras.values()))
        shape, rank = ops.shape(first)[:-1], len(first.shape)
        pixels = math.prod(shape[1:])
        places = ops.reshape(ops.arange(pixels), (1, *shape[1:], 1))

        def body(i, images, said):
            here = places == i

            def pick(t):
                t = ops.take(ops.reshape(t, (-1, pixels, t.shape[-1])), i, axis=1)
                return ops.reshape(t, (-1, *[1] * (rank - 2), t.shape[-1]))

            for k in range(passes):
                inputs = [images, *others] if others else images
                found = self.network(inputs, training=False)
                known = {name: pick(t) for name, t in extras.items()}
                images = ops.where(here, draw(pick(found), pick(images), known, k), images)
                said = ops.where(here, found, said) if keep else said
            return i + 1, images, said

        channels = self.network.inputs[0].shape[-1]
        output = self.network.outputs[0]
        said = ops.zeros((*shape, output.shape[-1]) if keep else (), output.dtype)
        _, images, said = ops.while_loop(
            lambda i, *_: i < pixels, body, (0, ops.zeros((*shape, channels)), said)
        )
        return images, said if keep else None


class Incremental:
    """Draws with one incremental pass of every layer for each pixel and pass.

    Args:
        network: Of images, or of `[images, ...]`; see `kgen.models.autoregressive.plan`.

    Raises:
        NotIncrementalError: If the network has a layer that can only be run on whole images.
    """

    def __init__(self, network: keras.Model):
        self.plan: Plan = plan(network)
        self.output_channels = network.outputs[0].shape[-1]
        self.output_dtype = network.outputs[0].dtype
        steps = self.plan.steps
        self.by_row = [s for s in steps if s.by_row]
        # A layer that knows its output early but is fed by pixels still has to be told of them.
        self.by_pixel = [s for s in steps if not s.fed_by_row]
        self.causal = [s for s in steps if s.causal is not None]
        self.to_tell = [s for s in self.by_pixel if s.sees_pixel]
        needed = {i for s in self.by_pixel if not s.by_row for i in s.inputs}
        self.rows_for_pixels = [s for s in self.by_row if s.output in needed]

    def run(self, draw, passes: int, others: list, extras: dict, keep: bool = True):
        """As `FullForward.run`."""
        n = ops.shape(next(iter(extras.values())))[0]
        height, width = self.plan.size
        constants = dict(zip(self.plan.others, others, strict=True))
        for step in self.plan.constants:
            constants[step.output] = step.whole(constants)
        weights = {s.output: s.weights() for s in self.causal}
        memories = [s.causal.first_memory(n, s.width) for s in self.causal]
        rows = ops.arange(height)

        def body(row, memories, images, said):
            known = {s.output: memory for s, memory in zip(self.causal, memories, strict=True)}
            values, known = self._begin_row(row, known, dict(constants), weights)
            line = {name: ops.take(t, row, axis=1)[:, None] for name, t in extras.items()}
            carries, pixels, *parameters = self._draw_row(
                draw, passes, row, n, line, values, known, constants, weights, keep
            )
            memories = [self._end_row(s, row, known, carries, weights) for s in self.causal]
            here = (rows == row)[None, :, None, None]
            images = ops.where(here, as_row(pixels), images)
            said = [ops.where(here, as_row(new), said[0]) for new in parameters]
            return row + 1, memories, images, said

        _, _, images, said = ops.while_loop(
            lambda row, *_: row < height,
            body,
            (
                0,
                memories,
                ops.zeros((n, height, width, self.plan.channels)),
                [ops.zeros((n, height, width, self.output_channels), self.output_dtype)] * keep,
            ),
        )
        return images, said[0] if keep else None

    def _begin_row(self, row, memories, values, weights):
        """All that the rows above say of this one.

        Returns:
            The rows known by now, by tensor; and the memories, with those rows taken in.
        """
        memories = dict(memories)
        for step in self.by_row:
            memory, layer = memories.get(step.output), step.causal
            if layer is None:
                values[step.output] = step.whole(values)
                continue
            own_row = row // step.stride
            if layer.strictly_above:
                (values[step.output],) = layer.begin_row(weights[step.output], memory, own_row)
                if not step.fed_by_row:
                    continue
                x = (_columns(values[step.inputs[0]])[:, :, None],)
                new = layer.end_row(weights[step.output], memory, x)
            else:
                x = values[step.inputs[0]]
                y, new = layer.whole_row(weights[step.output], memory, x, own_row)
                values[step.output] = y
            memories[step.output] = _when(row, step.stride, new, memory)
        return values, memories

    def _draw_row(self, draw, passes, row, n, line, values, memories, constants, weights, keep):
        """Draws a row's pixels; returns the carries, pixels and parameters, stacked by column."""
        width = self.plan.size[1]
        stepping = [s for s in self.causal if not s.fed_by_row]
        contexts = {
            s.output: s.causal.begin_row(weights[s.output], memories[s.output], row // s.stride)
            for s in stepping
            if not s.by_row
        }
        strides = {s.output: s.stride for s in stepping}
        contexts = {
            key: keras.tree.map_structure(lambda t, k=strides[key]: _spread(t, k), context)
            for key, context in contexts.items()
        }
        above = {s.output: _spread(values[s.output], None, width) for s in self.rows_for_pixels}
        line = {name: _columns(t) for name, t in line.items()}
        carries = {s.output: _first_carry(s, n) for s in stepping}
        pixel = ops.zeros((n, 1, 1, self.plan.channels))
        said = [ops.zeros((n, 1, 1, self.output_channels), self.output_dtype)] * keep

        def body(state, here):
            carries, *_ = state
            column, contexts, above, line = here
            contexts = keras.tree.map_structure(lambda t: t[:, None], contexts)
            above = {key: t[:, None] for key, t in above.items()}
            line = {name: t[:, None] for name, t in line.items()}
            at = row, column, contexts, carries
            values = {**constants, **above}
            x = ops.zeros((n, 1, 1, self.plan.channels))
            for k in range(passes):
                found, new = self._pixel(self.by_pixel, x, *at, values, weights)
                x = draw(found[self.plan.output], x, line, k)
            # The layers that look at the image itself have not seen the last colour yet.
            _, told = self._pixel(self.to_tell, x, *at, found, weights)
            new |= {s.output: told[s.output] for s in self.to_tell if s.output in told}
            state = (new, x, *[found[self.plan.output]] * keep)
            return state, state

        columns = (ops.arange(width), contexts, above, line)
        return ops.scan(body, (carries, pixel, *said), columns)[1]

    def _pixel(self, steps, x, row, column, contexts, carries, values, weights):
        """Runs steps for one pixel: the values by tensor, and the carries after it."""
        values = {**values, self.plan.image: x}
        carries, n = dict(carries), ops.shape(x)[0]
        for stride, group in itertools.groupby(steps, lambda s: s.stride):
            group = list(group)

            def compute(group=group, stride=stride):
                found, new = dict(values), {}
                for step in group:
                    layer, key = step.causal, step.output
                    if step.by_row:
                        new[key] = (ops.cast(found[step.inputs[0]], layer.compute_dtype),)
                    elif layer is None:
                        found[key] = step.whole(found)
                    else:
                        found[key], new[key] = layer.step(
                            weights[key],
                            contexts[key],
                            carries[key],
                            found[step.inputs[0]],
                            row // stride,
                            column // stride,
                        )
                return {s.output: found[s.output] for s in group if not s.by_row}, new

            def skip(group=group):
                nothing = {
                    s.output: ops.zeros((n, 1, 1, s.channels), s.layer.compute_dtype)
                    for s in group
                    if not s.by_row
                }
                return nothing, {s.output: carries[s.output] for s in group if s.output in carries}

            if stride == 1:
                found, new = compute()
            else:
                due = ops.logical_and(row % stride == 0, column % stride == 0)
                found, new = ops.cond(due, compute, skip)
            values.update(found)
            carries.update(new)
        return values, carries

    def _end_row(self, step: Step, row, memories, carries, weights):
        """A layer's memory for the next row."""
        memory = memories[step.output]
        if step.fed_by_row:
            return memory
        stacked = keras.tree.map_structure(lambda t: t[:: step.stride], carries[step.output])
        new = step.causal.end_row(weights[step.output], memory, stacked)
        return _when(row, step.stride, new, memory)


def _first_carry(step: Step, n):
    if not step.by_row:
        return step.causal.first_carry(n)
    return (ops.zeros((n, 1, 1, step.input_channels), step.causal.compute_dtype),)


def _when(row, stride: int, new, old):
    """`new` in every `stride`-th row, else `old`."""
    if stride == 1:
        return new
    return keras.tree.map_structure(lambda a, b: ops.where(row % stride == 0, a, b), new, old)


def _columns(x):
    """A row (n, 1, width, channels) cut into columns (width, n, 1, channels)."""
    return ops.transpose(x, (2, 0, 1, 3))


def _spread(x, stride: int | None, width: int | None = None):
    """A row cut into the image's columns, where each of its own stands for `stride` of them."""
    stride = width // x.shape[2] if stride is None else stride
    columns = _columns(x)
    return columns if stride == 1 else ops.repeat(columns, stride, axis=0)
