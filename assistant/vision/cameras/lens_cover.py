"""Lens cover detection: a hand on the lens, at the wearer's or a bystander's wish, pauses the assistant. Pure; time
comes with the frames.

How the darkness comes distinguishes a hand from a dark room. A hand that is laid on makes a light picture dark and
without shapes from one moment to the next. A hand that slides on takes longer, but takes part after part of the
picture, and the parts that it has not reached stay as light as before: where a lamp is switched off or dusk falls, all
parts darken alike.
"""

from collections import deque
from enum import StrEnum
from typing import NamedTuple

import numpy as np

COVER_DWELL_S = 2.0
"""Seconds for which the lens must be covered before the pause begins."""
CLEAR_DWELL_S = 0.5
"""Seconds for which it must be clear before the pause ends."""
LAID_ON_S = 1.0
"""Longest time from the last picture with shapes to a dark one where a hand is laid on."""
LAID_ON_LIGHT_LEFT = 0.5
"""Largest share of that picture's mean grey that is left then."""
SLID_ON_S = 2.5
"""Longest time in which the picture becomes dark where a hand slides on."""
SLID_ON_LIGHT_LEFT = 0.3
"""Largest share of the highest mean grey in that time that is left then. Of an ordinary room's light a hand leaves less
than a tenth."""
MEMORY_S = 8.0
"""Seconds over whose pictures with shapes the usual mean grey is the median."""
USUAL_LIGHT_SHARE = 0.8
"""Before a hand slides on the mean grey is at least this share of the usual: walking into the dark, or sitting in the
dusk, has taken more by then."""
PARTLY_COVERED_S = 0.5
"""Seconds before all shapes are gone in which a picture was partly covered where a hand slides on."""
PARTLY_COVERED_CONTRAST = 0.8
"""Contrast (standard deviation of the greys over their mean) of a partly covered picture: 1 and more where a hand
leaves a tenth of the light. In clips and photographs of people it is 0.3 to 0.5, however little light there is."""
FULL_LIGHT_S = 0.32
"""A picture of usual brightness this shortly before also counts as the sign of a hand: of a hand that comes within .22
s ten frames a second show two, one half covered and one nearly, and neither need have the contrast. Of 4,000 drawn
hands and rooms 8 were missed at .22 and at .27, none at .32."""


class _LitFrame(NamedTuple):
    """Brightness of a frame with shapes."""

    at: float
    mean: float
    contrast: float


class LensEvent(StrEnum):
    """A change of `LensCover.is_covered`."""

    COVERED = "covered"
    UNCOVERED = "uncovered"


class LensCover:
    """Whether the lens is covered, by the brightness of the frames so far."""

    is_covered: bool
    """The assistant pauses."""

    def __init__(self) -> None:
        self.is_covered = False
        self._lit_frames: deque[_LitFrame] = deque()
        self._dark_since: float | None = None
        self._clear_since: float | None = None

    @property
    def is_in_question(self) -> bool:
        """Whether the lens seems covered, but not yet for COVER_DWELL_S."""
        return self._dark_since is not None and not self.is_covered

    @property
    def is_settled(self) -> bool:
        """Whether frames like the last one would change nothing: no pause is about to begin or to end."""
        return self._clear_since is None if self.is_covered else self._dark_since is None

    def update(self, is_flat: bool, mean: float, at: float, std: float = 0.0) -> LensEvent | None:
        """Take in a frame taken at `at` (seconds).

        is_flat: it is dark and without shapes (`quality.Brightness.is_flat`); mean, std: of its greys. Returns the
        event where a pause begins or ends with this frame, else None.
        """
        while self._lit_frames and at - self._lit_frames[0].at > MEMORY_S:
            self._lit_frames.popleft()
        if not is_flat:
            self._lit_frames.append(_LitFrame(at, mean, std / max(mean, 1.0)))
            self._dark_since = None
            if self._clear_since is None:
                self._clear_since = at
            if self.is_covered and at - self._clear_since >= CLEAR_DWELL_S:
                self.is_covered = False
                return LensEvent.UNCOVERED
            return None
        self._clear_since = None
        if self._dark_since is None and (self._is_laid_on(mean, at) or self._is_slid_on(mean, at)):
            self._dark_since = at
        if not self.is_covered and self._dark_since is not None and at - self._dark_since >= COVER_DWELL_S:
            self.is_covered = True
            return LensEvent.COVERED
        return None

    def _is_laid_on(self, mean: float, at: float) -> bool:
        """Whether the last frame with shapes, a moment ago, was much lighter."""
        if not self._lit_frames:
            return False
        last = self._lit_frames[-1]
        return at - last.at <= LAID_ON_S and mean <= LAID_ON_LIGHT_LEFT * last.mean

    def _is_slid_on(self, mean: float, at: float) -> bool:
        """Whether the light went part after part of the picture, all of it within SLID_ON_S."""
        before = max((each.mean for each in self._lit_frames if at - each.at <= SLID_ON_S), default=0.0)
        if not before or mean > SLID_ON_LIGHT_LEFT * before:
            return False
        usual = USUAL_LIGHT_SHARE * float(np.median([each.mean for each in self._lit_frames]))
        was_partly = any(
            each.contrast >= PARTLY_COVERED_CONTRAST for each in self._lit_frames if at - each.at <= PARTLY_COVERED_S
        )
        was_light = any(each.mean >= usual for each in self._lit_frames if at - each.at <= FULL_LIGHT_S)
        return before >= usual and (was_partly or was_light)
