"""WaveNet learns to speak the ten digits, given the digit.

The Free Spoken Digit Dataset: six speakers, 8,000 samples a second, pieces of half a second. With a
folder of WAV files that has a sub-folder for each speaker, `--data FOLDER` learns the voices.

Command: kgen train wavenet_speech
Data:    spoken_digit of TensorFlow Datasets (downloaded, or found by --data-dir), or such a folder
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "wavenet_tones",
    data="spoken_digit",
    length=4096,
    epochs=20,
    stacks=3,
    layers=10,
    width=32,
    skip_width=128,
    rate=1e-3,
)
