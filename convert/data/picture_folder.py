"""Reads listed picture files as crops of a format: each is opened once, to find what cannot be read; then their crops
are read by rows, from the cache, and a small set from memory."""

import hashlib
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import shown
from assistant.system.progress import track
from assistant.vision.cameras.picture_file import PictureError, decode_picture, read_content
from assistant.vision.faces.input_format import InputFormat
from assistant.vision.inference.runtime import quiet_stderr
from convert.data import picture_cache, picture_files
from convert.data.file_names import FileNames
from convert.data.picture_cache import Facts
from convert.data.pictures import Pictures, PicturesByRow

log = logging.getLogger(__name__)

MIN_BYTES = 8_000_000
"""A smaller set, by its files and by its crops, is read quickly: it is not cached, and its crops stay in memory."""
FORM = "1"
"""To be changed whenever crops are made otherwise of the same files."""


def read(names: FileNames, input_format: InputFormat) -> tuple[Pictures, Facts]:
    """The crops of picture files, a black one where a file cannot be read, and what was found in the files."""
    shape, count = input_format.crop_shape, len(names)
    key, file_bytes = _key(names, input_format)
    crops_bytes = count * int(np.prod(shape))
    if max(file_bytes, crops_bytes) < MIN_BYTES:
        crops = np.zeros((count, *shape), np.uint8)
        return crops, _read_all(names, input_format, crops)
    rows = np.arange(count)
    if held := picture_cache.load(key, count, shape):
        return PicturesByRow(held[0].read, rows, shape), held[1]
    with picture_cache.storing(key, count, shape) as store:
        facts = _read_all(names, input_format, store)
        kept = store.keep(facts) if store else None
    if kept is None:
        log.warning(
            "%s: no room for %d MB of crops in the cache; pictures are decoded each time that they are needed",
            shown(names.folder), crops_bytes // 1_000_000,
        )  # fmt: skip
    reader = kept.read if kept else _FileReader(names, input_format, facts).read
    return PicturesByRow(reader, rows, shape), facts


def _read_all(names: FileNames, input_format: InputFormat, to: picture_cache.Store | NDArray[np.uint8] | None) -> Facts:
    digests, faults = np.zeros(len(names), np.uint64), {}
    black = np.zeros(input_format.crop_shape, np.uint8)
    for row in track(range(len(names)), names.folder.name, "pictures"):
        crop, file = black, names.path(row)
        try:
            content = read_content(file)
            with quiet_stderr():  # libpng and OpenCV have words of their own for a damaged picture
                crop = input_format.fit(decode_picture(content, file, colour=True))
            digests[row] = int.from_bytes(hashlib.sha256(content).digest()[:8], "big")
        except PictureError as err:
            faults[row] = str(err).removeprefix(f"{shown(file)}: ")
        if isinstance(to, picture_cache.Store):
            to.add(crop)
        elif to is not None:
            to[row] = crop
    return Facts(digests, faults)


class _FileReader:
    """Crops decoded from their files each time."""

    def __init__(self, names: FileNames, input_format: InputFormat, facts: Facts) -> None:
        self._names, self._input_format, self._faults = names, input_format, facts.faults

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Crops of rows. Raises DatasetError where a file has gone meanwhile."""
        return np.stack([self._crop(row) for row in rows.tolist()])

    def _crop(self, row: int) -> NDArray[np.uint8]:
        if row in self._faults:
            return np.zeros(self._input_format.crop_shape, np.uint8)
        return self._input_format.fit(picture_files.colour(self._names.path(row)))


def _key(names: FileNames, input_format: InputFormat) -> tuple[str, int]:
    """What identifies these files and the crops made of them; and how many bytes the files have."""
    digest = hashlib.sha256(
        f"{FORM} {input_format.crop_shape} {names.folder.resolve()}".encode("utf-8", "surrogateescape")
    )
    total = 0
    for row in range(len(names)):
        name = names[row]
        try:
            about = Path(names.folder, name).stat()
            facts = f"{about.st_size} {about.st_mtime_ns} {about.st_ctime_ns}"
            total += about.st_size
        except OSError as err:
            facts = f"{err.errno}"
        digest.update(f"{name}\0{facts}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32], total
