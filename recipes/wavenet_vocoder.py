"""WaveNet makes sounds again from their mel spectrograms: a vocoder, told the instrument as well.

As the decoder of a system that speaks, which predicts such spectrograms. Frames of 64 samples, 40
mel bands; with a folder of WAV files, `--data FOLDER --set length=8192 hop=256 mel_bins=80`, its
sub-folders being the speakers. The pictures of the run are drawn from the spectrograms of held-out
sounds.

Command: kgen train wavenet_vocoder
Data:    built in (tones), or such a folder
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation("wavenet_tones", features="mel")
SMOKE |= {"hop": 8, "mel_bins": 6}
