"""Data sets by their name in TensorFlow Datasets."""

import difflib
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import tensorflow as tf
from PIL import Image

from kgen.datasets import attributes, pairs, pictures, strands
from kgen.datasets.assembly import Request, assemble, chosen_layout, larger
from kgen.datasets.pipeline import WORKERS
from kgen.datasets.splits import SPLITS, Splits
from kgen.errors import DataError

# Long enough for a slow host, short against the minutes that TensorFlow Datasets retries.
_PROBE_SECONDS = 10


def load(name: str, request: Request) -> Splits:
    """Loads a set by its name."""
    pictures.check_resize(request.resize)
    described = find(name, request.data_dir)  # before anything is downloaded
    images, label = _features(described, name)
    traits = None
    if request.layout == "attributes":
        traits = _traits(described, request.attributes, name)
    builder = prepared(name, request.data_dir)
    first = builder.info.features[images[0]]
    size = request.size
    if size is None:
        size = first.shape[:2]
        if None in size:
            raise DataError(f"the images of {name} differ in size: pass image_size.")
    if isinstance(request.channels, tuple) or request.options.pairs == pairs.HALVES:
        raise DataError(f"{name}: channels of two sides and pairs='halves' are for folders.")
    channels = request.channels or (1 if first.shape[2] == 1 else 3)

    two_sided = "trainA" in builder.info.splits
    stored = "attributes" if traits else "labelled" if label else "images"
    if two_sided:
        stored, label = "unpaired", None
    elif len(images) == 2:
        stored = "paired"
    layout = chosen_layout(request.layout, stored, name)
    class_names = class_names_of(builder.info.features[label]) if label else None
    class_names = [trait for _, trait in traits] if traits else class_names

    shares = request.validation, request.test, request.limit
    slices = slices_of(builder, name, "AB" if two_sided else "", *shares)
    sides = [[key] for key in images] if layout == "unpaired" and not two_sided else [images]
    told = _teller(label if layout in ("labelled", "domains") else None, traits)
    total = sum(last - first for parts in slices.values() for _, first, last in parts)
    in_memory = total * len(images) * int(np.prod((*size, channels))) <= strands.IN_MEMORY

    def strand(split, first, last, keys, jitter):
        if first == last:  # TensorFlow Datasets refuses empty slices
            return strands.Memory([np.zeros((0, *size, channels), np.uint8)])
        drawn = larger(size, jitter)
        examples = _examples(
            builder, split, first, last, keys, told, drawn, channels, request.resize
        )
        return _held(examples, len(keys)) if in_memory else strands.Stream(examples, last - first)

    parts = {
        split: [
            strand(*part, keys, request.options.jitter if split == "train" else 0)
            for part in slices[split]
            for keys in sides
        ]
        for split in SPLITS
    }
    return assemble(name, layout, parts, (*size, channels), class_names, request.options)


def prepared(name: str, data_dir: str | None = None):
    """The TensorFlow Datasets builder of a set, with its files on disk.

    Files are looked for before the network is asked: prepared ones in `data_dir`, then in the own
    folder of TensorFlow Datasets; then the original downloads in `data_dir` (or in its sub-folder
    of the set's name), which are prepared into that own folder.

    Args:
        name: Name of the set, with its config or version if need be.
        data_dir: A folder with prepared sets, or with the original downloads of this one, or one to
            prepare into; `None` is TensorFlow Datasets' own folder.

    Raises:
        DataError: There is no such set, or no way to its files.
    """
    builder = find(name, data_dir)
    if builder.is_prepared():
        return builder
    import tensorflow_datasets as tfds

    originals = None
    files = _originals(builder)
    missing = files
    if data_dir is not None:
        elsewhere = find(name, None)
        if elsewhere.is_prepared():
            return elsewhere
        for folder in (Path(data_dir).expanduser(), Path(data_dir).expanduser() / builder.name):
            there = {url for url, file in files.items() if (folder / file).is_file()}
            if there or (builder.MANUAL_DOWNLOAD_INSTRUCTIONS and folder.is_dir()):
                originals, builder = folder, elsewhere
                missing = {url: file for url, file in files.items() if url not in there}
                break
    unreachable = _unreachable(missing)
    if unreachable:
        listed = ", ".join(list(missing.values())[:4]) + (", ..." if len(missing) > 4 else "")
        raise DataError(
            f"{name} is not prepared on this machine and {unreachable} cannot be reached: "
            f"put {listed} into a folder and pass it as data_dir."
        )
    config = tfds.download.DownloadConfig(
        manual_dir=originals, extract_dir=_extracted(builder), try_download_gcs=False
    )
    try:
        builder.download_and_prepare(download_config=config)
    except Exception as error:  # of many kinds: checksums, disk, missing packages, parsers
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(f"TensorFlow Datasets cannot prepare {name}: {reason}") from error
    return builder


def find(name: str, data_dir: str | None = None):
    """The TensorFlow Datasets builder of a set, whether or not its files are there.

    Raises:
        DataError: There is no such set.
    """
    import tensorflow_datasets as tfds

    folder = None if data_dir is None else Path(data_dir).expanduser()
    try:
        return tfds.builder(name, data_dir=folder, try_gcs=False)
    except tfds.core.DatasetNotFoundError:
        known = [*tfds.list_builders(with_community_datasets=False), "glyphs"]
        near = difflib.get_close_matches(name.split("/")[0].split(":")[0].lower(), known)
        hint = f"did you mean {' or '.join(near)}?" if near else "see tfds.list_builders()."
        raise DataError(
            f"no data set {name!r}, neither a folder nor a name of TensorFlow Datasets: {hint}"
        ) from None
    except (ValueError, AssertionError) as error:
        base = name.split("/")[0].split(":")[0]
        configs = list(tfds.builder_cls(base).builder_configs)
        wanted = name.partition("/")[2]
        near = [f"{base}/{config}" for config in difflib.get_close_matches(wanted, configs)]
        hint = f"did you mean {' or '.join(near)}?" if near else str(error).splitlines()[0]
        raise DataError(f"no data set {name!r}: {hint}") from None


def _extracted(builder) -> Path:
    """Where the archives of this set are unpacked, and those of no other.

    TensorFlow Datasets unpacks all sets into one folder by file names alone and never twice. MNIST
    and Fashion-MNIST have files of the same names: who prepared one got it again as the other.
    """
    depth = builder.info.full_name.count("/")
    root = Path(builder.data_path).parents[depth]
    return root / "downloads" / "extracted" / builder.info.full_name


def _originals(builder) -> dict[str, str]:
    """The URLs of the original files and their names, of this config where names tell."""
    files = {url: info.filename for url, info in (builder.url_infos or {}).items()}
    config = builder.builder_config.name if builder.builder_config else None
    own = {url: file for url, file in files.items() if config and config in file}
    return own or files


def _unreachable(urls) -> str | None:
    """The host of the first URL, if nothing answers there."""
    for url in urls:
        host = urlsplit(url).netloc
        request = urllib.request.Request(url, method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=_PROBE_SECONDS).close()
        except urllib.error.HTTPError:
            pass  # an answer, if not a kind one: TensorFlow Datasets knows better how to ask
        except (OSError, ValueError):
            return host
        break
    return None


def _features(builder, name: str) -> tuple[list[str], str | None]:
    """The keys of the images (two for paired sets) and of the label."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    items = dict(features.items()) if isinstance(features, tfds.features.FeaturesDict) else {}
    images = [key for key, feature in items.items() if type(feature) is tfds.features.Image]
    if {"source", "target"} <= set(images):
        images = ["source", "target"]
    elif "image" in images or len(images) == 1:
        images = ["image"] if "image" in images else images
    else:
        found = f"its images are {', '.join(images)}" if images else "it has none"
        raise DataError(f"{name} cannot be read as a set of single images: {found}.")
    if any(items[key].np_dtype not in (np.uint8, np.uint16) for key in images):
        raise DataError(f"the images of {name} are not stored in whole grey levels.")
    return images, label_of(items)


def _traits(builder, wanted: Sequence[str] | None, name: str) -> list[tuple[str, str]]:
    """The wanted attributes, as the key of the dictionary they are in and their own name in it.

    Raises:
        DataError: If its examples have no one dictionary of yes and no, or not these.
    """
    import tensorflow_datasets as tfds

    features = builder.info.features
    items = dict(features.items()) if isinstance(features, tfds.features.FeaturesDict) else {}
    found = [
        key
        for key, feature in items.items()
        if isinstance(feature, tfds.features.FeaturesDict)
        and all(each.np_dtype == np.bool_ and each.shape == () for each in feature.values())
    ]
    if len(found) != 1:
        raise DataError(
            f"{name} cannot be loaded with layout='attributes': its examples have no dictionary of "
            "yes and no, as celeb_a's have."
        )
    names = list(items[found[0]])
    return [(found[0], names[place]) for place in attributes.chosen(names, wanted, name)]


def _teller(label: str | None, traits: Sequence[tuple[str, str]] | None):
    """A function of an example to what stands beside its images, or `None` for nothing."""
    if traits:
        return lambda row: tf.stack([tf.cast(row[key][name], tf.float32) for key, name in traits])
    return None if label is None else lambda row: tf.cast(row[label], tf.int32)


def label_of(items: dict) -> str | None:
    """The key of the label among the features of an example: `"label"`, or the only one."""
    import tensorflow_datasets as tfds

    labels = [key for key, feature in items.items() if type(feature) is tfds.features.ClassLabel]
    if "label" in labels:
        return "label"
    return labels[0] if len(labels) == 1 else None


def class_names_of(label) -> list[str]:
    """The names of a label's classes, or their numbers."""
    return label.names or [str(number) for number in range(label.num_classes)]


def slices_of(
    builder, name: str, sides: str, validation: float, test: float, limit: int | None
) -> dict[str, list[tuple[str, int, int]]]:
    """For each split and side, the stored split and the range of its rows.

    What the set has no split for is cut from the end of its training split.
    """
    sizes = {split: info.num_examples for split, info in builder.info.splits.items()}
    slices = {split: [] for split in SPLITS}
    for side in sides or ("",):
        if f"train{side}" not in sizes:
            raise DataError(f"{name} has no split train{side}, only {', '.join(sizes)}.")
        end = sizes[f"train{side}"]
        for split, share in (("test", test), ("validation", validation)):
            stored = f"{split}{side}"
            if stored in sizes:
                slices[split].append((stored, 0, sizes[stored]))
            else:
                start = end - round(share * sizes[f"train{side}"])
                slices[split].append((f"train{side}", start, end))
                end = start
        slices["train"].append((f"train{side}", 0, end))
    if limit is not None:
        for split, parts in slices.items():
            slices[split] = [(s, first, min(last, first + limit)) for s, first, last in parts]
    return slices


def _examples(builder, split, first, last, keys, told, size, channels, resize) -> tf.data.Dataset:
    """Single examples `(image, ..., label)`, resized, in the order they are stored."""
    import tensorflow_datasets as tfds

    config = tfds.ReadConfig(try_autocache=False, add_tfds_id=False)
    dataset = builder.as_dataset(
        split=f"{split}[{first}:{last}]", shuffle_files=False, read_config=config
    )
    shape = (*size, channels)

    def fit(array):
        image = pictures.flattened(
            Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)
        )
        image = image.convert("L" if channels == 1 else "RGB")
        return pictures.as_array(pictures.fitted(image, size, resize))

    def example(row):
        images = []
        for key in keys:
            image = row[key]
            if image.shape != shape or image.dtype != tf.uint8:
                image = tf.numpy_function(fit, [image], tf.uint8, stateful=False)
            images.append(tf.ensure_shape(image, shape))
        return (*images, told(row)) if told else tuple(images)

    return dataset.map(example, num_parallel_calls=WORKERS, deterministic=True)


def _held(examples: tf.data.Dataset, sides: int) -> strands.Memory:
    """A stream of so many images an example, read into memory."""
    batches = examples.batch(512).as_numpy_iterator()
    columns = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
    labels = columns.pop() if len(columns) > sides else None
    return strands.Memory(columns, labels)
