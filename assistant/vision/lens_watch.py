"""Tells by the brightness of the frames whether the lens is covered, and what is said of it."""

import numpy as np
from numpy.typing import NDArray

from assistant.faults import RepeatSchedule
from assistant.phrases import Phrases
from assistant.records import Utterance
from assistant.vision import utterances
from assistant.vision.cameras.lens_cover import LensCover, LensEvent
from assistant.vision.faces import quality
from assistant.vision.faces.downscale import Downscaler

LENS_STATUS_LIMIT = 2
"""How often a covered lens is announced at most in a minute; with the announcement of its end that makes four sentences
a minute."""
LENS_STATUS_REPEAT_S = 900.0
"""Seconds after which a lens that stays covered is announced again: a scarf over the lens is forgotten."""


class LensWatch:
    """Follows the lens from frame to frame."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases, self._cover, self._downscale = phrases, LensCover(), Downscaler()
        self._schedule = RepeatSchedule((LENS_STATUS_REPEAT_S,), max_announcements=LENS_STATUS_LIMIT)
        self._brightness: quality.Brightness | None = None

    @property
    def is_covered(self) -> bool:
        """Whether the assistant pauses."""
        return self._cover.is_covered

    @property
    def is_in_question(self) -> bool:
        """Whether the lens seems covered, but not yet for long enough."""
        return self._cover.is_in_question

    @property
    def is_settled(self) -> bool:
        """Whether no pause is about to begin or to end."""
        return self._cover.is_settled

    def update(self, grey: NDArray[np.uint8], at: float) -> bool:
        """Take in a frame uint8 [H, W], or its cells, taken at `at` seconds; returns whether the lens has just been
        uncovered, after a pause."""
        self._brightness = quality.frame_brightness(grey, self._downscale)
        return self._take(self._brightness, at) == LensEvent.UNCOVERED

    def repeat(self, at: float) -> None:
        """A frame taken at `at` seconds shows what the last one did, and the lens is settled."""
        if self._brightness is not None:
            self._take(self._brightness, at)

    def status(self, at: float) -> tuple[Utterance, ...]:
        """The announcement of the pause or of its end, where one is due; the end is announced only where the pause
        was."""
        is_covered = self._cover.is_covered
        is_due = self._schedule.begin(at) if is_covered else self._schedule.end()
        return (utterances.of_lens(self._phrases, is_covered=is_covered),) if is_due else ()

    def _take(self, brightness: quality.Brightness, at: float) -> LensEvent | None:
        return self._cover.update(brightness.is_flat, brightness.mean, at, brightness.std)
