"""The built-in glyphs as a TensorFlow Datasets builder.

Importing this module registers it:

    import kgen.datasets.glyphs_builder
    import tensorflow_datasets as tfds

    train = tfds.load("glyphs/letters", split="train", data_dir="data")

Each variant of `kgen.datasets.glyphs` is a config, drawn at 32 pixels, with the same images and
splits as `kgen.datasets.load("glyphs/...")`. Other sizes, and colour, are configs of one's own:

    config = GlyphsConfig(variant="letters", image_size=64, channels=3)
    tfds.load("glyphs", builder_kwargs={"config": config}, data_dir="data")

Paired rows have the features `source` and `target`. Unpaired ones have the splits `trainA`,
`trainB`, ..., as the data sets of CycleGAN have them. All others have `image`, and `label` where
the variant has classes or domains.
"""

import dataclasses

import tensorflow_datasets as tfds

from kgen.datasets import glyphs
from kgen.datasets.splits import SPLITS
from kgen.datasets.strands import painted


@dataclasses.dataclass(kw_only=True, eq=False)
class GlyphsConfig(tfds.core.BuilderConfig):
    """A variant of the glyphs at a size.

    Attributes:
        variant: A key of `kgen.datasets.glyphs.VARIANTS`.
        image_size: Side of the images in pixels.
        channels: 1 for grey, 3 for colour.
        limit: At most so many rows in each split, or `None` for all.
    """

    variant: str
    image_size: int = 32
    channels: int = 1
    limit: int | None = None
    name: str = ""

    def __post_init__(self):
        if not self.name:
            colour = "_colour" if self.channels == 3 else ""
            limit = f"_limit{self.limit}" if self.limit else ""
            self.name = f"{self.variant}_{self.image_size}{colour}{limit}"
        self.description = glyphs.VARIANTS[self.variant].about


class Glyphs(tfds.core.GeneratorBasedBuilder):
    """Characters in the twelve DejaVu faces that matplotlib ships, drawn on this machine."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [GlyphsConfig(variant=variant, name=variant) for variant in glyphs.VARIANTS]

    def _info(self) -> tfds.core.DatasetInfo:
        config, variant = self.builder_config, self._variant
        image = tfds.features.Image(shape=(config.image_size, config.image_size, config.channels))
        if variant.layout == "paired":
            features = {"source": image, "target": image}
        else:
            features = {"image": image}
        if variant.class_names:
            features["label"] = tfds.features.ClassLabel(names=list(variant.class_names))
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            features=tfds.features.FeaturesDict(features),
            homepage="https://dejavu-fonts.github.io",
        )

    def _split_generators(self, dl_manager):
        if self._variant.layout == "unpaired":
            return {
                f"{split}{side}": self._generate_examples(split, number)
                for split in SPLITS
                for number, side in enumerate("AB")
            }
        return {split: self._generate_examples(split) for split in SPLITS}

    def _generate_examples(self, split: str, side: int = 0):
        config = self.builder_config
        rows = glyphs.rows(config.variant, split, config.limit)
        sides = rows.draw(config.image_size)
        for row in range(len(rows)):
            images = [images[row] for images in sides]
            if config.channels == 3:
                palette = rows.palette[row][None]
                images = [painted(image[None], palette)[0].numpy() for image in images]
            if self._variant.layout == "paired":
                example = {"source": images[0], "target": images[1]}
            else:
                example = {"image": images[side]}
            if rows.labels is not None:
                example["label"] = int(rows.labels[row])
            yield row, example

    @property
    def _variant(self) -> glyphs.Variant:
        return glyphs.VARIANTS[self.builder_config.variant]
