"""What one does with a trained model in its latent space, and with what its units respond to.

Everything here knows a model by its capabilities and signatures alone, so it works for every model
that has them: one that decodes latents, samples from latents that are an input, or completes
images.

    space = kgen.latent.LatentSpace(model)
    codes = space.encode(images)            # or space.draw(n), or invert(space, images).codes
    table = kgen.latent.interpolate(space, codes, space.draw(len(images), seed=1))
    table.images                            # (rows, columns, height, width, channels)
    table.picture().save("between.png")

- `space`: `LatentSpace`, codes and images; `rows_of`, some rows of codes; `priors`: their draws.
- `paths`: `lerp`, `slerp`; `interpolation`: `path`, `interpolate`.
- `arithmetic`: `direction`, `attribute_direction`, `moved`.
- `neighbours`: `vectors`, `NeighbourIndex`, `nearest_images`, `fingerprint`.
- `sweeps`: `traverse`, `by_effect`, `truncation`, `classes`.
- `completion`: `completions`, what a model puts where pixels are missing; `mask_without`.
- `walks`: `chains`, what the chains of a `kgen.models.PPGN` go through.
- `inversion`: `invert`, the latents of images by gradient descent.
- `responses`: `unit_responses`, `filters`, of networks that look at images.

docs/latent.md walks through all of it.
"""

import importlib

_HOMES = {
    "Codes": "space",
    "LatentSpace": "space",
    "rows_of": "space",
    "Table": "table",
    "path": "interpolation",
    "interpolate": "interpolation",
    "attribute_direction": "arithmetic",
    "direction": "arithmetic",
    "moved": "arithmetic",
    "NeighbourIndex": "neighbours",
    "check_encoder": "neighbours",
    "fingerprint": "neighbours",
    "nearest_images": "neighbours",
    "vectors": "neighbours",
    "by_effect": "sweeps",
    "classes": "sweeps",
    "traverse": "sweeps",
    "truncation": "sweeps",
    "completed_shape": "completion",
    "completions": "completion",
    "mask_without": "completion",
    "chains": "walks",
    "Inversion": "inversion",
    "invert": "inversion",
    "Responses": "responses",
    "filters": "responses",
    "image_networks": "responses",
    "image_shape": "responses",
    "unit_responses": "responses",
    "lerp": "paths",
    "slerp": "paths",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"kgen.latent.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOMES])
