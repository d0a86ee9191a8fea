"""Feature networks: what distances between sets of images are measured in.

`find(spec, image_shape)` returns an object that turns images into feature vectors and says which
network it is, with which weights, and how it resizes. Scores in different features do not compare.

Example:

    features = find("classifier", (32, 32, 1))  # trained once, about a minute, then kept
    vectors = features(images)  # (n, 128)
    features.probabilities(images)  # (n, 62)
    print(features.name, features.checksum)

Networks and statistics are kept under `KGEN_CACHE`, or `~/.cache/kgen`.
"""

from kgen.metrics.features.finding import find
from kgen.metrics.features.network import Features

__all__ = ["Features", "find"]
