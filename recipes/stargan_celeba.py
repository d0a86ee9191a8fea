"""StarGAN changes hair, sex and age of faces: the five attributes and all settings of its paper.

The middle 178 x 178 pixels of CelebA's faces at 128 pixels, mirrored at random; 200,000 steps of 16
images, of which the generator takes every fifth. `kgen translate <run> FACES OUT --domain
0,1,0,0,1` makes blond women of the faces of a folder, and young ones: the attributes in the order
below.

Command: kgen train stargan_celeba
Data:    celeb_a of TensorFlow Datasets (downloaded, or found by --data-dir); or a folder of images
         with a table of attributes, such as CelebA's own, by --data FOLDER
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

from kgen.recipe import variation

recipe, SMOKE = variation(
    "stargan_glyphs",
    data="celeb_a",
    attributes=("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"),
    image_size=128,
    batch_size=16,
    epochs=200,
    steps_per_epoch=1000,
    flip=True,
    width=64,
    blocks=6,
    downsamplings=6,
)
