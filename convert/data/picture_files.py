"""Picture files as pixels: the assistant's own reader, with the errors of a data set."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.vision.cameras.picture_file import PictureError, read_picture
from convert.data.fer2013_labels import DatasetError


def grey(file: Path) -> NDArray[np.uint8]:
    """The picture uint8 [H, W] in a file. Raises DatasetError, with the file's name."""
    return _read(file, colour=False)


def colour(file: Path) -> NDArray[np.uint8]:
    """The picture uint8 [H, W, 3] in a file, BGR. Raises DatasetError, with the file's name."""
    return _read(file, colour=True)


def _read(file: Path, *, colour: bool) -> NDArray[np.uint8]:
    try:
        return read_picture(file, colour=colour)
    except PictureError as err:
        raise DatasetError(str(err)) from err
