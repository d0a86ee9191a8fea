"""`tones`: notes of six made-up instruments, computed when they are asked for.

Each instrument has harmonics and an envelope of its own. It plays every semitone of two octaves,
each in several takes that differ in tuning, loudness, phase and attack. No recording is behind any
of it. The sounds depend neither on the seed of the training order nor on the machine.
"""

import dataclasses

import numpy as np

from kgen.datasets import checks
from kgen.datasets.assembly import Request, assemble, chosen_layout
from kgen.datasets.sound import sounds
from kgen.datasets.splits import SPLITS, Splits, place, split_of
from kgen.datasets.strands import Memory

LENGTH, SAMPLE_RATE = 2048, 8000  # by default
#: MIDI numbers of the notes: A3 (220 Hz) to A5 (880 Hz).
NOTES = range(57, 82)
TAKES = 16


@dataclasses.dataclass(frozen=True)
class Instrument:
    """How an instrument sounds.

    Attributes:
        harmonics: The amplitude of each partial, the first being the fundamental.
        ratios: The frequency of each partial over the fundamental's.
        attack: Seconds until it is loudest.
        decay: How fast the fundamental fades, 1 / seconds; 0 for a sound that lasts.
        damping: How much faster each further partial fades, in units of `decay`.
        vibrato: Depth of a trembling of the pitch at 6 Hz, as a share of the frequency.
    """

    harmonics: tuple[float, ...]
    ratios: tuple[float, ...]
    attack: float
    decay: float = 0.0
    damping: float = 0.0
    vibrato: float = 0.0


_WHOLE = tuple(range(1, 13))
INSTRUMENTS = {
    "flute": Instrument((1, 0.2, 0.08, 0.02), (1, 2, 3, 4), 0.05, vibrato=0.006),
    "clarinet": Instrument((1, 0.5, 0.35, 0.2, 0.1, 0.05), (1, 3, 5, 7, 9, 11), 0.03),
    "strings": Instrument(tuple(1 / k for k in _WHOLE), _WHOLE, 0.08, vibrato=0.004),
    "organ": Instrument((1, 0.8, 0.6, 0.5, 0.3), (1, 2, 4, 6, 8), 0.01),
    "guitar": Instrument(tuple(1 / k for k in _WHOLE), _WHOLE, 0.003, 5.0, 0.5),
    "bell": Instrument((1, 0.7, 0.5, 0.4, 0.25), (1, 2.0, 2.76, 5.4, 8.93), 0.002, 3.0, 0.8),
}


@dataclasses.dataclass(frozen=True)
class Note:
    """One sound: which instrument, which MIDI note, and which of its takes."""

    instrument: str
    pitch: int
    take: int

    @property
    def key(self) -> str:
        """What names it, for its split."""
        return f"tones/{self.instrument}/{self.pitch}/{self.take}"


def notes(split: str, limit: int | None = None) -> list[Note]:
    """The notes of a split; under a limit a hash chooses them."""
    every = [Note(i, p, t) for i in INSTRUMENTS for p in NOTES for t in range(TAKES)]
    chosen = [note for note in every if split_of(note.key) == split]
    if limit is not None:
        kept = set(sorted(chosen, key=lambda note: place(note.key))[:limit])
        chosen = [note for note in chosen if note in kept]
    return chosen


def draw(note: Note, length: int = LENGTH, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """The first `length` samples of a note, float32 `(length,)` in [-1, 1].

    Partials at or above half the sample rate are left out.

    Example:

        >>> draw(Note("flute", 69, 0), 100).shape
        (100,)
    """
    instrument = INSTRUMENTS[note.instrument]
    # Not from the clock nor from `hash`, which differs between processes.
    random = np.random.default_rng(int(place(note.key) * 2**53))
    cents, loudness, attack = random.uniform((-20, 0.3, 0.7), (20, 0.9, 1.5))
    frequency = 440 * 2 ** ((note.pitch - 69) / 12 + cents / 1200)
    seconds = np.arange(length) / sample_rate
    trembling = instrument.vibrato * np.sin(2 * np.pi * 6 * seconds) / (2 * np.pi * 6)
    phase = 2 * np.pi * frequency * (seconds + trembling)
    wave = np.zeros(length)
    partials = zip(instrument.harmonics, instrument.ratios, strict=True)
    for number, (amplitude, ratio) in enumerate(partials):
        start = random.uniform(0, 2 * np.pi)
        if frequency * ratio * (1 + instrument.vibrato) < sample_rate / 2:
            fading = np.exp(-instrument.decay * (1 + instrument.damping * number) * seconds)
            wave += amplitude * fading * np.sin(ratio * phase + start)
    wave *= 1 - np.exp(-3 * seconds / (attack * instrument.attack))
    return (loudness / sum(instrument.harmonics) * wave).astype(np.float32)


def load(request: Request) -> Splits:
    """The splits of `tones`."""
    checks.refuse_image_settings("tones", "sound", request)
    layout = chosen_layout(request.layout, "labelled", "tones", plain="waves")
    length, rate = request.length or LENGTH, request.sample_rate or SAMPLE_RATE
    names = tuple(INSTRUMENTS)

    def strand(split: str) -> list[Memory]:
        chosen = notes(split, request.limit)
        waves = np.stack([draw(note, length, rate) for note in chosen])[..., None]
        labels = np.array([names.index(note.instrument) for note in chosen], np.int32)
        return [Memory([waves], None if layout == "waves" else labels)]

    strands = {split: strand(split) for split in SPLITS}
    features = sounds.features_of(request, length, rate)
    return assemble(
        "tones",
        layout,
        strands,
        (length, 1),
        names,
        request.options,
        sample_rate=rate,
        features=features,
    )
