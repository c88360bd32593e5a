"""Readings of faces that have not changed, used again: a still face is classified once from either side.

`FaceReader` classifies a face and its mirror image by turns. So a reading is cached for each of the two, with the cells
of its picture (`detectors.still_picture`), and used again for the frames of that turn while the face shows the same.
"""

import dataclasses
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.records import Frame, Reading, Track
from assistant.vision.detectors.still_picture import is_same_face
from assistant.vision.pace import READING_AGE_S
from assistant.vision.readings import ReadingSource

MIN_IOU = 0.8
"""Overlap of a face's box with that of its cached reading from which both are the same crop, but for the jitter of the
detector."""


class _Cached(NamedTuple):
    """A reading that was made, and what it was made of."""

    reading: Reading
    track: Track
    cells: NDArray[np.uint8]
    is_repeatable: bool
    """Whether the reading before it, from the same side, said the same: one that noise has made is not used again."""


class ReadingCache:
    """Stands between the pipeline and a source of readings."""

    def __init__(self, source: ReadingSource) -> None:
        self._source = source
        self._turn = False
        self._cached: dict[tuple[int, bool], _Cached] = {}

    def read(
        self,
        frame: Frame,
        grey: NDArray[np.uint8],
        tracks: Sequence[Track],
        cells: NDArray[np.uint8],
        settled: Collection[int],
    ) -> tuple[tuple[Reading, ...], int]:
        """One reading for each track of a frame, in their order, and how many of them are new.

        grey: the frame as uint8 [H, W]; cells: its cells. settled: the tracks whose state would not change if they went
        on to look like that; only their readings are used again.
        """
        self._turn = not self._turn
        width, again = grey.shape[1], dict[int, Reading]()
        for track in tracks:
            if track.track_id in settled and (held := self._reading(track, frame.at, cells, width)) is not None:
                again[track.track_id] = held
        wanted = [each for each in tracks if each.track_id not in again]
        made = self._source.read(frame, grey, wanted)
        kept = {(each.track_id, turn) for each in tracks for turn in (True, False)}
        self._cached = {key: held for key, held in self._cached.items() if key in kept}
        for track, reading in zip(wanted, made, strict=True):
            self._store(track, reading, cells)
        new = iter(made)
        readings = tuple(again[each.track_id] if each.track_id in again else next(new) for each in tracks)
        return readings, len(wanted)

    def _reading(self, track: Track, at: float, cells: NDArray[np.uint8], width: int) -> Reading | None:
        """The cached reading with the time `at`; None where the face has to be read. width: of the frame, pixels."""
        held = self._cached.get((track.track_id, self._turn))
        if held is None or not held.is_repeatable or not 0 <= at - held.reading.at < READING_AGE_S:
            return None
        box, before = track.face.box, held.track.face.box
        if box.iou(before) < MIN_IOU or not is_same_face(held.cells, cells, before, width):
            return None
        return dataclasses.replace(held.reading, at=at)

    def _store(self, track: Track, reading: Reading, cells: NDArray[np.uint8]) -> None:
        key = track.track_id, self._turn
        before = self._cached.get(key)
        is_same = before is not None and _verdict(before.reading) == _verdict(reading)
        self._cached[key] = _Cached(reading, track, cells, is_same and reading.reason != "unclear")


def _verdict(reading: Reading) -> tuple[int, str]:
    """The first choice of a reading, or -1, and the reason why there is none."""
    if reading.probabilities is None:
        return -1, reading.reason
    return max(range(len(reading.probabilities)), key=reading.probabilities.__getitem__), ""
