"""Monte-Carlo search: what becomes of the beginnings of sequences (Yu et al. 2017, section 3.2)."""

from keras import ops, tree

from kgen.losses import draw_category


def completions(layer, tokens, states, uniforms):
    """Every beginning of sequences, completed once by the layer, without gradient.

    At each position the prefix that ends there joins those that are being completed, with the state
    that the sequence itself had there. So no token before the end of a prefix is read again.

    Args:
        layer: A layer with `begin` and `step`, see `kgen.layers.TokenLSTM`.
        tokens: The sequences, int32 (n, length), at least two tokens long.
        states: That each token was drawn from, as `draw_tokens` gives them.
        uniforms: In [0, 1), (length - 1, (length - 1) n): of the t-th row the first t n are used.

    Returns:
        int32 ((length - 1) n, length): first all sequences from their first token on, then all from
        their first two, and so on.
    """
    n, length = ops.shape(tokens)[0], tokens.shape[1]
    drawn, carried = tokens[:0, 0], tree.map_structure(lambda s: s[0, :0], states)
    columns = [ops.tile(tokens[:, 0], (length - 1,))]
    for t in range(1, length):
        before = ops.concatenate([drawn, tokens[:, t - 1]])
        here = tree.map_structure(lambda s, t=t: s[t - 1], states)
        state = tree.map_structure(lambda *parts: ops.concatenate(parts), carried, here)
        logits, state = layer.step(before, state)
        logits, carried = tree.map_structure(ops.stop_gradient, (logits, state))
        drawn = draw_category(logits, uniforms[t - 1, : t * n])
        kept = ops.tile(tokens[:, t], (length - 1 - t,))
        columns.append(ops.concatenate([drawn, kept]))
    return ops.stack(columns, axis=1)
