"""DCGAN draws faces: a folder of your own, cropped at 96 and trained at 48 x 48.

docs/collecting.md tells how `kgen data` makes the folder. The networks start from maps of 6 x 6 and
have a quarter of the paper's width; `--set width=128` is the paper's, for a GPU.

Command: kgen train dcgan_faces --data faces
Data:    a folder of face crops, such as `kgen data faces` writes
Time:    not yet measured
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "dcgan_glyphs",
    data="./faces",
    image_size=48,
    batch_size=64,
    epochs=50,
    evaluate_every=5,
)
