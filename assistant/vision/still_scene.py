"""Work that need not be done again: a frame that shows what the last one did is skipped, a picture in which nothing
moved is not searched for faces, a face that has not changed is not read.

`Pace` says how often a step is due; this class compares the pictures, and keeps the results of the last one.
"""

import dataclasses
import math
from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.records import Change, Face, Frame, Reading, Track
from assistant.vision.detectors.still_picture import cells_of, is_same_picture
from assistant.vision.faces.downscale import Downscaler
from assistant.vision.pace import DETECTION_INTERVAL_S, Pace
from assistant.vision.reading_cache import ReadingCache
from assistant.vision.readings import ReadingSource

Decide = Callable[[float, Sequence[Reading]], tuple[Change, ...]]
"""Called with the time of a frame and its readings; returns the changes."""
TIME_TOLERANCE_S = 0.01
"""Frame times are sums of fractions; two that mean the same second differ by less."""


class StillScene:
    """The last picture, and what was found in it."""

    cells: NDArray[np.uint8]
    """The cells of the newest picture, uint8 [rows, columns]."""

    def __init__(self, pace: Pace | None, readings: ReadingSource) -> None:
        """pace: None: every frame is processed, searched and read."""
        self._pace, self._readings = pace, readings
        self.cells = np.empty((0, 0), np.uint8)
        self._cache, self._downscale = ReadingCache(readings), Downscaler()
        self._is_settled = False
        self._searched_cells: NDArray[np.uint8] | None = None
        self._searched_at, self._faces = -math.inf, list[Face]()
        self._skipped_at, self._last_readings = list[float](), tuple[Reading, ...]()

    @property
    def has_pace(self) -> bool:
        """Whether any frame may be skipped."""
        return self._pace is not None

    def wake(self, at: float) -> None:
        """Somebody has asked at `at` seconds: see Pace.wake. From any thread."""
        if self._pace is not None:
            self._pace.wake(at)

    def set_least_interval(self, seconds: float) -> None:
        """See Pace.least_interval_s."""
        if self._pace is not None:
            self._pace.least_interval_s = seconds

    def shrunk(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The smallest version of the newest picture that was made, to be shrunk further: its cells uint8 [rows,
        columns], or the picture uint8 [H, W] itself where there is no pace."""
        return grey if self._pace is None else self.cells

    def is_due(self, grey: NDArray[np.uint8], at: float, *, is_wanted: bool) -> tuple[bool, bool]:
        """Whether a frame uint8 [H, W] taken at `at` (seconds) is to be processed; and whether it repeats the last one
        that was searched, with nothing pending, so that all results of that one hold for it as well. is_wanted:
        somebody waits for what it shows."""
        if self._pace is None:
            return True, False
        self.cells = cells_of(grey, self._downscale)
        is_same = is_same_picture(self._searched_cells, self.cells)
        is_due = self._pace.is_due(at, is_changed=not is_same, is_wanted=is_wanted)
        is_repeat = is_same and self._is_settled
        if is_repeat and not is_due:
            self._skipped_at.append(at)
        return is_due, is_repeat

    def has_current_faces(self, at: float) -> bool:
        """Whether the faces that were found last are those of the newest frame, taken at `at` seconds, so that it need
        not be searched."""
        is_recent = 0 <= at - self._searched_at < DETECTION_INTERVAL_S - TIME_TOLERANCE_S
        return self._pace is not None and is_recent and self._is_settled and self._pace.is_resting(at)

    def find(self, search: Callable[[], list[Face]], at: float) -> tuple[list[Face], bool]:
        """The faces of the newest picture, and whether they were searched for. search: searches it. While the
        pace rests nothing has moved: the faces are where they were, and are searched for every DETECTION_INTERVAL_S."""
        if self.has_current_faces(at):
            return self._faces, False
        self._faces = search()
        self._searched_at, self._searched_cells = at, self.cells
        return self._faces, True

    def read(
        self, frame: Frame, grey: NDArray[np.uint8], tracks: Sequence[Track], settled: Collection[int]
    ) -> tuple[tuple[Reading, ...], int]:
        """One reading for each track of a frame, in their order, and how many of them are new. grey: the frame as
        uint8 [H, W]. settled: as for ReadingCache."""
        if self._pace is None:
            return self._readings.read(frame, grey, tracks), len(tracks)
        return self._cache.read(frame, grey, tracks, self.cells, settled)

    def decide(self, update: Decide, at: float, readings: tuple[Reading, ...]) -> tuple[Change, ...]:
        """The changes of a frame taken at `at` seconds. update: takes in the readings of one frame after the other. The
        frames that were skipped since the last one showed what that one did, and count like it: else the readings of a
        still face would be fewer in the window of decisions than those of what it does next."""
        made: list[Change] = []
        skipped, self._skipped_at = self._skipped_at, []  # once only, also where this step fails
        for skipped_at in skipped:
            made += update(skipped_at, [dataclasses.replace(each, at=skipped_at) for each in self._last_readings])
        self._last_readings = readings
        return (*made, *update(at, readings))

    def lens_covered(self) -> None:
        """The lens is covered: the next picture is compared with this one, which is not searched."""
        self._searched_at, self._searched_cells = -math.inf, self.cells

    def processed(self, at: float, *, has_faces: bool, is_settled: bool, is_next_due: bool) -> None:
        """A frame taken at `at` seconds was processed; see Pace.processed."""
        self._is_settled = is_settled
        self._skipped_at.clear()
        if self._pace is not None:
            self._pace.processed(at, has_faces=has_faces, is_settled=is_settled, is_next_due=is_next_due)
