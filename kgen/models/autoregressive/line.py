"""Drawing sequences one sample after another: `Incremental` for what has no rows."""

from keras import ops

from kgen.models.autoregressive.raster import Incremental


class IncrementalLine(Incremental):
    """Draws with one incremental pass of every layer for each sample.

    The same numbers as from the whole network, which would compute all samples anew for each one.
    The length is that of the `extras`.

    Args:
        network: Of sequences (n, length, channels), or of `[sequences, ...]`; see
            `kgen.models.autoregressive.plan`. The length may be `None`. Other inputs, and what
            depends on them alone, may be longer than the sequence: the rest is not used.

    Raises:
        NotIncrementalError: If the network has a layer that can only be run on whole sequences.
    """

    def run(self, draw, passes: int, others: list, extras: dict, keep: bool = True):
        """As `FullForward.run`, on (n, length, ...)."""
        n, length = ops.shape(next(iter(extras.values())))[:2]
        constants = dict(zip(self.plan.others, others, strict=True))
        for step in self.plan.constants:
            constants[step.output] = step.whole(constants)
        weights = {s.output: s.weights() for s in self.causal}
        contexts = {s.output: () for s in self.causal}

        def at(i, t):
            return ops.take(t, i, axis=1)[:, None]

        def body(i, carries, drawn, said):
            place = 0, i, contexts, carries
            values = {**constants, **{key: at(i, constants[key]) for key in self.plan.along}}
            here = {name: at(i, t) for name, t in extras.items()}
            x = ops.zeros((n, 1, self.plan.channels))
            for k in range(passes):
                found, new = self._pixel(self.by_pixel, x, *place, values, weights)
                x = draw(found[self.plan.output], x, here, k)
            # The layers that look at the sequence itself have not seen the sample yet.
            _, told = self._pixel(self.to_tell, x, *place, found, weights)
            new |= {s.output: told[s.output] for s in self.to_tell if s.output in told}
            said = [ops.slice_update(t, (0, i, 0), found[self.plan.output]) for t in said]
            return i + 1, new, ops.slice_update(drawn, (0, i, 0), x), said

        _, _, drawn, said = ops.while_loop(
            lambda i, *_: i < length,
            body,
            (
                0,
                {s.output: s.causal.first_carry(n) for s in self.causal},
                ops.zeros((n, length, self.plan.channels)),
                [ops.zeros((n, length, self.output_channels), self.output_dtype)] * keep,
            ),
        )
        return drawn, said[0] if keep else None
