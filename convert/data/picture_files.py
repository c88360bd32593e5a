"""Picture files as NumPy arrays: the assistant's reader, with DatasetError for its errors."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.vision.cameras.picture_file import PictureError, read_picture
from convert.data.fer2013_labels import DatasetError


def grey(file: Path) -> NDArray[np.uint8]:
    """The picture in a file as grey uint8 [H, W]. Raises DatasetError, which names the file."""
    return _read(file, colour=False)


def colour(file: Path) -> NDArray[np.uint8]:
    """The picture in a file as BGR uint8 [H, W, 3]. Raises DatasetError, which names the file."""
    return _read(file, colour=True)


def _read(file: Path, *, colour: bool) -> NDArray[np.uint8]:
    try:
        return read_picture(file, colour=colour)
    except PictureError as err:
        raise DatasetError(str(err)) from err
