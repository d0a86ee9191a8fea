"""What `PPGN` refuses."""

GRADIENTS = ("log_probability", "target_logit")
KEEPS = ("last", "best")
DISTRIBUTIONS = ("N(0, 1)", "U(-1, 1)", "sphere", None)


def check_settings(model) -> None:
    """Raises `ValueError` for settings out of range."""
    if model.iterations < 1 or min(*model.epsilons, *model.levels) < 0:
        raise ValueError(
            f"iterations must be at least 1, the four epsilons and the levels at least 0; got "
            f"{model.iterations}, {model.epsilons} and {model.levels}."
        )
    if model.normalize is not None and not model.normalize > 0:
        raise ValueError(f"normalize must be above 0 or None, got {model.normalize}.")
    if model.clip is not None and not model.clip[0] < model.clip[1]:
        raise ValueError(f"clip takes the least and the greatest value, got {model.clip}.")
    if model.distribution not in DISTRIBUTIONS:
        raise ValueError(
            f"distribution must be one of {DISTRIBUTIONS}, got {model.distribution!r}."
        )
    if model.distribution is None and "encoder" not in model.network_names:
        raise ValueError("codes of no known distribution are learned with an encoder: pass one.")
    if model.gradient not in GRADIENTS or model.keep not in KEEPS:
        raise ValueError(
            f"gradient must be one of {GRADIENTS} and keep one of {KEEPS}, got "
            f"{model.gradient!r} and {model.keep!r}."
        )


def check_networks(model) -> None:
    """Raises `ValueError` unless the networks fit each other."""
    image, code = model.image_shape, (model.code_dim,)
    wanted = {"classifier": (image, (model.classes,)), "encoder": (image, code)}
    if model.joint:
        wanted["prior"] = (image, code)
    elif (model.prior.image_shape, model.prior.distance) != (code, "squared"):
        raise ValueError(
            f"the prior must be a DenoisingAE of points {code} with distance='squared', this "
            f"one is of {model.prior.image_shape} with {model.prior.distance!r}."
        )
    for name in wanted.keys() & set(model.network_names):
        network = getattr(model, name)
        shapes = tuple(network.input_shape[1:]), tuple(network.output_shape[1:])
        if shapes != wanted[name]:
            raise ValueError(
                f"the {name} must take {wanted[name][0]} to {wanted[name][1]}, it takes "
                f"{shapes[0]} to {shapes[1]}."
            )
