"""Detectors: functions from a picture to the boxes of the faces in it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from kgen.errors import DataError

#: Takes a picture, uint8 (height, width, 3), and gives a row `left, top, width, height` in pixels
#: for each face, (n, 4).
Detector = Callable[[np.ndarray], np.ndarray]


class Cascade:
    """A cascade of OpenCV (Viola & Jones 2001, Liao et al. 2007), from a file.

    The file is the user's: `lbpcascade_animeface.xml` for drawn faces, or one of those that come
    with OpenCV (`cv2.data.haarcascades`) for photographs.

    Args:
        path: The XML file.
        smallest: Pixels of the smallest face looked for.
        scale: From one size looked for to the next.
        neighbours: How many overlapping finds make a face; more are surer and fewer.

    Raises:
        DataError: If OpenCV is missing, or the file is none of its cascades.
    """

    def __init__(
        self, path: str | os.PathLike, smallest: int = 24, scale: float = 1.1, neighbours: int = 5
    ):
        try:
            import cv2
        except ImportError:
            raise DataError(
                "cascades need OpenCV: pip install 'kgen-keras[collect]', or give a detector of "
                "your own"
            ) from None
        if not hasattr(cv2, "CascadeClassifier"):
            raise DataError(
                f"OpenCV {cv2.__version__} has no cascades: pip install 'opencv-python-headless<5'"
            )
        if not Path(path).is_file():
            raise DataError(f"there is no cascade file {path}")
        self._cv2, self._settings = cv2, (scale, neighbours)
        self._smallest = (smallest, smallest)
        try:
            self._cascade = cv2.CascadeClassifier(str(path))
        except (cv2.error, SystemError):
            self._cascade = None
        if self._cascade is None or self._cascade.empty():
            raise DataError(f"{path} is no cascade that OpenCV can read")

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """The boxes of the faces in a picture."""
        grey = self._cv2.equalizeHist(self._cv2.cvtColor(picture, self._cv2.COLOR_RGB2GRAY))
        scale, neighbours = self._settings
        found = self._cascade.detectMultiScale(grey, scale, neighbours, minSize=self._smallest)
        return np.asarray(found).reshape(-1, 4)


def find(text: str) -> Detector:
    """A detector of the user's own.

    Args:
        text: `module:function`, the module in the current folder or installed, or
            `file.py:function`.

    Raises:
        DataError: If there is no such module or function.
    """
    module, colon, name = text.rpartition(":")
    if not (module and colon and name.isidentifier()):
        raise DataError(f"{text!r} names no detector: give module:function or file.py:function")
    try:
        function = getattr(_imported(module), name, None)
    except Exception as error:
        raise DataError(f"the detector's {module} cannot be imported: {error}") from error
    if not callable(function):
        raise DataError(f"{module} has no function {name}")
    return function


def boxes_of(detector: Detector, picture: np.ndarray) -> np.ndarray:
    """A detector's boxes as floats (n, 4), after a look at them.

    Raises:
        DataError: If they are no boxes.
    """
    boxes = np.asarray(detector(picture), np.float64)
    boxes = boxes.reshape(0, 4) if not boxes.size else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise DataError(
            f"the detector gave an array of shape {boxes.shape}: it takes (n, 4), a row left, "
            "top, width, height for each face"
        )
    if not np.isfinite(boxes).all() or (boxes[:, 2:] <= 0).any():
        raise DataError("the detector gave a box without width or height, or no numbers")
    return boxes


def _imported(module: str):
    if not module.endswith(".py"):
        if "" not in sys.path and os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())  # the command does not put it there
        return importlib.import_module(module)
    spec = importlib.util.spec_from_file_location("kgen_detector", module)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
