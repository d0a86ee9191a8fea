"""WaveNet learns to play six instruments, note by note and sample by sample.

Notes of two octaves, 8,000 samples a second, a quarter of a second each. `kgen sample <run>
--label 5` writes WAV files of one instrument (bell); `--length 16000` goes on for two seconds.

Command: kgen train wavenet_tones
Data:    built in (tones)
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "tones",
    data_dir: str | None = None,
    length: int = 2048,
    sample_rate: int | None = None,
    batch_size: int = 16,
    epochs: int = 6,
    seed: int = 0,
    limit: int | None = None,
    stacks: int = 2,
    layers: int = 9,
    width: int = 24,
    skip_width: int = 64,
    scalar_input: bool = False,
    rate: float = 2e-3,
    features: str | None = None,
    hop: int = 64,
    mel_bins: int = 40,
) -> Run:
    """The run.

    Args:
        data: A built-in set of sounds, a folder of WAV files with a sub-folder for each class, or
            a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        length: Samples of a sound.
        sample_rate: Samples a second to bring the sounds to; None for their own.
        batch_size: Sounds in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many sounds in each split.
        stacks: How often the dilations begin anew.
        layers: Residual layers in a stack; the last has the dilation 2^(layers - 1).
        width: Channels of the residual layers.
        skip_width: Channels of the skips.
        scalar_input: Whether samples enter as one number each, and not one-hot.
        rate: The learning rate of Adam.
        features: `mel` conditions the model on the sounds' mel spectrograms as well.
        hop: Samples to a frame of these.
        mel_bins: Channels of a frame.
    """
    import keras

    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        length=length,
        sample_rate=sample_rate,
        batch_size=batch_size,
        layout="labelled",
        seed=seed,
        limit=limit,
        **({"features": features, "hop": hop, "mel_bins": mel_bins} if features else {}),
    )
    model = kgen.models.WaveNet.build_default(
        length,
        stacks=stacks,
        layers=layers,
        width=width,
        skip_width=skip_width,
        scalar_input=scalar_input,
        classes=splits.num_classes,
        features=mel_bins if features else None,
        hop=hop if features else None,
        sample_rate=splits.sample_rate or 8000,
    )
    model.compile(optimizer=keras.optimizers.Adam(rate))
    return Run(model=model, data=splits, epochs=epochs, validate=True, best="val_loss")


SMOKE = dict(
    data="tones",
    length=64,
    batch_size=8,
    epochs=1,
    limit=16,
    stacks=1,
    layers=3,
    width=4,
    skip_width=8,
)
