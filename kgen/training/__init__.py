"""How a model trains itself on any Keras backend: the seam, its noise, its optimizers."""

from kgen.training.noise import Noise, RecordedNoise, ReplicaSeedGenerator, draw_latents
from kgen.training.optimizers import (
    ConstantThenExponential,
    LinearDecay,
    PlayerOptimizers,
    begin_anew,
)
from kgen.training.scheduled_adam import ScheduledAdam
from kgen.training.textbook_adam import TextbookAdam

__all__ = [
    "ConstantThenExponential",
    "LinearDecay",
    "Noise",
    "PlayerOptimizers",
    "RecordedNoise",
    "ReplicaSeedGenerator",
    "ScheduledAdam",
    "TextbookAdam",
    "begin_anew",
    "draw_latents",
]
