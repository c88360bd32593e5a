"""Pictures by row: an array in memory, or pictures that are made when they are asked for, so that a set of any size
takes the memory of one batch."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces.input_format import InputFormat

CHUNK = 1024
"""Pictures that are in memory at once where all of a set are looked at in turn: 150 MB of the largest ones."""

Reader = Callable[[NDArray[np.int64]], NDArray[np.uint8]]
"""Function from row numbers int64 [n], n > 0, to their pictures uint8 [n, *crop_shape]."""


class Pictures(Protocol):
    """Pictures of one size: a NumPy array uint8 [N, *crop_shape], or a `PicturesByRow`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """[N, *crop_shape]: (N, side, side), or (N, side, side, 3)."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any:
        """The picture uint8 [*crop_shape] of one row; of a slice, row numbers or a mask: pictures uint8 [n, …]."""

    def __iter__(self) -> Iterator[Any]: ...


class PicturesByRow:
    """Pictures that are read, or made of others, each time a row is asked for. Each is a new array."""

    def __init__(
        self, read: Reader, rows: NDArray[np.int64], crop_shape: tuple[int, ...], original: Pictures | None = None
    ) -> None:
        """rows: the rows of the source that these pictures are. original: the pictures that these were fitted from,
        by the row numbers of the source."""
        self._read, self.rows, self.crop_shape, self.original = read, rows, tuple(crop_shape), original

    @property
    def shape(self) -> tuple[int, ...]:
        """[N, *crop_shape]."""
        return (len(self.rows), *self.crop_shape)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any, /) -> NDArray[np.uint8]:
        wanted = self.rows[rows]
        if np.ndim(wanted) == 0:
            return self._read(np.array([wanted], np.int64))[0]
        return self._read(wanted) if len(wanted) else np.zeros((0, *self.crop_shape), np.uint8)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for chunk in chunks(self):
            yield from chunk

    def where(self, keep: NDArray[np.bool_]) -> "PicturesByRow":
        """The pictures at which the mask bool [N] is true; none is read."""
        return PicturesByRow(self._read, self.rows[keep], self.crop_shape, self.original)


def where(pictures: Pictures, keep: NDArray[np.bool_]) -> Pictures:
    """The pictures at which the mask bool [N] is true: a copy of those in memory; others are not read."""
    return pictures.where(keep) if isinstance(pictures, PicturesByRow) else pictures[keep]


def fitted(pictures: NDArray[np.uint8], input_format: InputFormat) -> Pictures:
    """Pictures uint8 [N, H, W] of faces as the crops of a format: themselves where they are that already."""
    if pictures.shape[1:] == input_format.crop_shape:
        return pictures

    def read(rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.stack([input_format.fit(pictures[row]) for row in rows])

    return PicturesByRow(read, np.arange(len(pictures)), input_format.crop_shape, pictures)


def original(pictures: Pictures) -> Pictures:
    """The pictures from which these were made for another format: what identifies them, whatever a model takes."""
    if not isinstance(pictures, PicturesByRow) or pictures.original is None:
        return pictures
    source = pictures.original
    return PicturesByRow(lambda rows: source[rows], pictures.rows, source.shape[1:])


def chunks(pictures: Pictures, size: int = CHUNK) -> Iterator[NDArray[np.uint8]]:
    """All pictures in turn, so many at a time."""
    for start in range(0, len(pictures), size):
        yield pictures[start : start + size]
