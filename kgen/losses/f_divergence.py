"""Variational bounds of f-divergences (Nowozin, Cseke & Tomioka 2016, tables 1, 2 and 6).

`D_f(P || Q) = E_Q f(p / q) >= E_P T(x) - E_Q f*(T(x))`, with equality at `T = f'(p / q)`. The
network gives `v` of any size, and an output activation `g_f` takes it into the domain of the
conjugate f*.

Two conventions of sign for v exist for the reverse KL and the squared Hellinger; here a larger v
always means 'rather real', so that `g_f` rises for every divergence.
"""

import math

from keras import ops


def _kl(v):
    return v, ops.exp(v - 1)


def _reverse_kl(v):
    return -ops.exp(-v), v - 1


def _pearson(v):
    return v, ops.square(v) / 4 + v


def _neyman(v):
    return 1 - ops.exp(-v), 2 - 2 * ops.exp(-v / 2)


def _squared_hellinger(v):
    return 1 - ops.exp(-v), ops.exp(v) - 1


def _jensen_shannon(v):
    return math.log(2) - ops.softplus(-v), ops.softplus(v) - math.log(2)


def _gan(v):
    return -ops.softplus(-v), ops.softplus(v)


# Each gives g_f(v) and f*(g_f(v)), the second in closed form: composing the two would take
# logarithms of rounded exponentials.
_FORMS = {
    "kl": _kl,
    "reverse_kl": _reverse_kl,
    "pearson": _pearson,
    "neyman": _neyman,
    "squared_hellinger": _squared_hellinger,
    "jensen_shannon": _jensen_shannon,
    "gan": _gan,
}

_CONJUGATES = {
    "kl": lambda t: ops.exp(t - 1),
    "reverse_kl": lambda t: -1 - ops.log(-t),
    "pearson": lambda t: ops.square(t) / 4 + t,
    "neyman": lambda t: 2 - 2 * ops.sqrt(1 - t),
    "squared_hellinger": lambda t: t / (1 - t),
    "jensen_shannon": lambda t: -ops.log(2 - ops.exp(t)),
    "gan": lambda t: -ops.log(1 - ops.exp(t)),
}

#: The names of the divergences. `"jensen_shannon"` is the paper's, twice the usual one;
#: `"gan"` is that minus log 4.
F_DIVERGENCES = tuple(_FORMS)


def _form(divergence: str):
    if divergence not in _FORMS:
        raise ValueError(f"the divergence must be one of {', '.join(_FORMS)}, got {divergence!r}.")
    return _FORMS[divergence]


def f_activation(v, divergence: str):
    """`g_f(v)`: the network's output taken into the domain of f*.

    Raises:
        ValueError: For an unknown divergence.

    Example:

        >>> round(float(f_activation(0.0, "gan")), 4)
        -0.6931
    """
    return _form(divergence)(ops.cast(v, "float32"))[0]


def f_conjugate(t, divergence: str):
    """`f*(t) = sup_u (u t - f(u))`, for t in its domain.

    Raises:
        ValueError: For an unknown divergence.

    Example:

        >>> float(f_conjugate(2.0, "pearson"))
        3.0
    """
    _form(divergence)
    return _CONJUGATES[divergence](ops.cast(t, "float32"))


def f_discriminator(real_logits, fake_logits, divergence: str):
    """`-(E g_f(v(x)) - E f*(g_f(v(G(z)))))`: minus the bound, their eq. 6.

    Example:

        >>> round(float(f_discriminator(ops.zeros(4), ops.zeros(4), "gan")), 4)
        1.3863
    """
    return ops.mean(_conjugate_term(fake_logits, divergence)) - ops.mean(
        f_activation(real_logits, divergence)
    )


def f_generator(fake_logits, divergence: str, saturating: bool = False):
    """`-E g_f(v(G(z)))`: section 3.2, the counterpart of the non-saturating GAN.

    Args:
        fake_logits: v of generated images.
        divergence: Its name.
        saturating: Minimise the bound itself instead, `-E f*(g_f(v(G(z))))`.
    """
    if saturating:
        return -ops.mean(_conjugate_term(fake_logits, divergence))
    return -ops.mean(f_activation(fake_logits, divergence))


def _conjugate_term(logits, divergence):
    return _form(divergence)(ops.cast(logits, "float32"))[1]
