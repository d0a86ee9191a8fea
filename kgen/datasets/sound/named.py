"""Sounds by their name in TensorFlow Datasets, such as `spoken_digit`."""

import numpy as np

from kgen.datasets import checks, named, strands
from kgen.datasets.assembly import Request, assemble, chosen_layout
from kgen.datasets.sound import sounds
from kgen.datasets.splits import SPLITS, Splits
from kgen.errors import DataError


def is_sound(builder) -> bool:
    """Whether a set holds sounds and no images."""
    import tensorflow_datasets as tfds

    kinds = {type(feature) for feature in _items(builder).values()}
    return tfds.features.Audio in kinds and tfds.features.Image not in kinds


def load(name: str, request: Request) -> Splits:
    """Loads a set of sounds by its name."""
    import tensorflow_datasets as tfds

    checks.refuse_image_settings(name, "sound", request)
    builder = named.find(name, request.data_dir)
    items = _items(builder)
    audio = [key for key, feature in items.items() if type(feature) is tfds.features.Audio]
    if len(audio) > 1 and "audio" not in audio:
        raise DataError(f"{name} has several sounds in an example: {', '.join(audio)}.")
    key = "audio" if "audio" in audio else audio[0]
    label = named.label_of(items)
    stored = "labelled" if label else "waves"
    layout = chosen_layout(request.layout, stored, name, plain="waves")
    label = label if layout in ("labelled", "domains") else None
    class_names = named.class_names_of(items[label]) if label else None

    rate = items[key].sample_rate
    if rate is None and request.sample_rate is not None:
        raise DataError(f"{name} does not say its sample rate: leave sample_rate out.")
    wanted = request.sample_rate or rate
    builder = named.prepared(name, request.data_dir)
    slices = named.slices_of(builder, name, "", request.validation, request.test, request.limit)

    def examples(split: str) -> list[tuple[np.ndarray, int]]:
        ((stored, first, last),) = slices[split]
        if first == last:  # TensorFlow Datasets refuses empty slices
            return []
        config = tfds.ReadConfig(try_autocache=False, add_tfds_id=False)
        dataset = builder.as_dataset(
            split=f"{stored}[{first}:{last}]", shuffle_files=False, read_config=config
        )
        read = []
        for row in dataset.map(lambda row: [row[key], *([row[label]] if label else [])]):
            wave = _mono(row[0].numpy())
            wave = sounds.resampled(wave, rate, wanted) if wanted != rate else wave
            wave = np.clip(wave, -1, 1).astype(np.float32)
            read.append((wave, int(row[1]) if label else 0))
        return read

    found = {split: examples(split) for split in SPLITS}
    lengths = [len(wave) for part in found.values() for wave, _ in part]
    length = request.length or sounds.common(name, "length", lengths, "length")
    if sum(sounds.pieces(samples, length) for samples in lengths) * length * 4 > strands.IN_MEMORY:
        raise DataError(f"the sounds of {name} do not fit into memory: pass a limit.")

    def strand(part):
        cut = [sounds.cut(wave, length) for wave, _ in part]
        labels = [np.full(len(c), mark, np.int32) for c, (_, mark) in zip(cut, part, strict=True)]
        waves = np.concatenate([np.zeros((0, length, 1), np.float32), *cut])[: request.limit]
        labels = np.concatenate([np.zeros(0, np.int32), *labels])[: request.limit]
        return strands.Memory([waves], labels if label else None)

    return assemble(
        name,
        layout,
        {split: [strand(part)] for split, part in found.items()},
        (length, 1),
        class_names,
        request.options,
        sample_rate=wanted,
        features=sounds.features_of(request, length, wanted),
    )


def _items(builder) -> dict:
    import tensorflow_datasets as tfds

    features = builder.info.features
    return dict(features.items()) if isinstance(features, tfds.features.FeaturesDict) else {}


def _mono(samples: np.ndarray) -> np.ndarray:
    """float64 (samples,), of whole numbers of 16 bits (or of 32, where they are larger)."""
    wave = samples.astype(np.float64)
    if np.issubdtype(samples.dtype, np.integer):
        wave /= 2.0**15 if np.abs(wave).max(initial=0) <= 2**15 else 2.0**31
    return wave.mean(axis=1) if wave.ndim == 2 else wave
