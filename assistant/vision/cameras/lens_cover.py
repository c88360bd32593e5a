"""A covered lens pauses the assistant: the wearer's hand, or a bystander's wish. Pure; time comes with the frames.

A hand on the lens is told from a dark room by how it comes. Laid on, it makes dark and without shapes from one moment
to the next what was light. Slid on, it takes longer, but it takes part after part, and what it has not reached yet is
as light as ever: where a lamp is switched off or the day ends, all of the picture becomes dark alike.
"""

import statistics
from collections import deque
from typing import NamedTuple

COVER_DWELL_S = 2.0
"""So long covered is meant."""
CLEAR_DWELL_S = 0.5
"""So long clear ends the pause."""
LAID_ON_S = 1.0
"""Within this time light becomes dark where a hand is laid on the lens."""
LAID_ON_LIGHT_LEFT = 0.5
"""What is left of the light then, at most."""
SLID_ON_S, SLID_ON_LIGHT_LEFT = 2.5, 0.3
"""Within this time light becomes dark where a hand slides on, and what is left of it then, at most. Of an ordinary
room's light a hand leaves less than a tenth."""
MEMORY_S, USUAL_LIGHT_SHARE = 8.0, 0.8
"""Before a hand slid on it was so light, as a share of what was usual in this time: who walks into the dark, or sits in
the dusk, has lost more by then."""
PARTLY_COVERED_S, PARTLY_COVERED_CONTRAST = 0.5, 0.8
"""So shortly before all shapes are gone, what was still uncovered made the greys spread by so many times their mean: by
once and more where a hand leaves a tenth of the light. In clips and photographs of people it is 0.3 to 0.5, however
little light there is."""
FULL_LIGHT_S = 0.32
"""So shortly before, all of the picture may still have been light: of a hand that comes within .22 s two frames of ten
a second are seen, one half covered and one nearly, and neither need spread the greys enough. Of 4,000 drawn hands and
rooms 8 were missed at .22 and at .27, none at .32."""


class _LitFrame(NamedTuple):
    """A frame with shapes."""

    at: float
    mean: float
    contrast: float


class LensCover:
    """`is_covered`: the assistant pauses. `is_in_question`: it may be about to, for it has just become dark."""

    def __init__(self) -> None:
        self.is_covered = False
        self._light: deque[_LitFrame] = deque()
        self._flat_since: float | None = None
        self._clear_since: float | None = None

    @property
    def is_in_question(self) -> bool:
        """Whether it is dark as under a hand, but not long enough for one that is meant."""
        return self._flat_since is not None and not self.is_covered

    def update(self, is_flat: bool, mean: float, at: float, spread: float = 0.0) -> str:
        """Take in a frame of `at` (seconds): whether it is dark and without shapes, the mean and the spread of its
        greys. "covered" or "uncovered" where the pause begins or ends with it, else empty."""
        while self._light and at - self._light[0].at > MEMORY_S:
            self._light.popleft()
        if not is_flat:
            self._light.append(_LitFrame(at, mean, spread / max(mean, 1.0)))
            self._flat_since = None
            if self._clear_since is None:
                self._clear_since = at
            if self.is_covered and at - self._clear_since >= CLEAR_DWELL_S:
                self.is_covered = False
                return "uncovered"
            return ""
        self._clear_since = None
        if self._flat_since is None and (self._is_laid_on(mean, at) or self._is_slid_on(mean, at)):
            self._flat_since = at
        if not self.is_covered and self._flat_since is not None and at - self._flat_since >= COVER_DWELL_S:
            self.is_covered = True
            return "covered"
        return ""

    def _is_laid_on(self, mean: float, at: float) -> bool:
        """The last frame with shapes was much lighter."""
        if not self._light:
            return False
        last = self._light[-1]
        return at - last.at <= LAID_ON_S and mean <= LAID_ON_LIGHT_LEFT * last.mean

    def _is_slid_on(self, mean: float, at: float) -> bool:
        """The light went part after part, and all of it within SLIDE_S."""
        before = max((each.mean for each in self._light if at - each.at <= SLID_ON_S), default=0.0)
        if not before or mean > SLID_ON_LIGHT_LEFT * before:
            return False
        usual = USUAL_LIGHT_SHARE * statistics.median(each.mean for each in self._light)
        was_partly = any(
            each.contrast >= PARTLY_COVERED_CONTRAST for each in self._light if at - each.at <= PARTLY_COVERED_S
        )
        was_light = any(each.mean >= usual for each in self._light if at - each.at <= FULL_LIGHT_S)
        return before >= usual and (was_partly or was_light)
