"""Whether the pictures show anything: black, blank, blurred or too few is a fault that the wearer must hear. Pure.

What is wrong for a moment is nothing: each trouble has a time for which it must last, and another for which it must be
gone. No trouble keeps the pipeline from looking; in such pictures it finds nobody.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces import quality

BLACK_MEAN = 8.0
"""Mean grey of a picture that shows nothing but the sensor's noise."""
BLANK_STD = 3.0
"""Spread of the coarse greys of a picture of one colour."""
MIN_NEIGHBOUR_CORRELATION = 0.3
"""Correlation of neighbouring pixels below which a picture is garbage: 0 for noise, above 0.9 for rooms, however
grainy, once it is shrunk to WIDTH."""
WIDTH, HEIGHT = 160, 120
MIN_SHARPNESS = 0.6 * quality.MIN_SHARPNESS
"""Of a whole picture: a room out of focus for good, not one that is swept past."""
MIN_FPS, FPS_WINDOW_S = 0.9, 3.5
"""Fewer pictures a second than this, counted over so many seconds, are too few; of `camera.fps` the least is 1."""


@dataclass
class _Condition:
    """Stands after `lasts_s`, ends after `gone_s`."""

    lasts_s: float
    gone_s: float
    stands: bool = False
    since: float | None = None

    def update(self, is_so: bool, at: float) -> None:
        if is_so == self.stands:
            self.since = None
        elif self.since is None:
            self.since = at
        if self.since is not None and at - self.since >= (self.gone_s if self.stands else self.lasts_s):
            self.stands, self.since = is_so, None


class ImageHealth:
    """The troubles of the pictures so far."""

    def __init__(self) -> None:
        self._troubles = {
            "black": _Condition(5.0, 1.0),
            "blank": _Condition(5.0, 1.0),
            "blurred": _Condition(12.0, 2.0),
            "slow": _Condition(0.0, 1.0),
        }
        self._times: list[float] = []
        self._first: float | None = None

    def update(self, grey: NDArray[np.uint8], at: float) -> dict[str, bool]:
        """Take in a picture uint8 [H, W] of `at` (seconds): for each trouble whether it stands now."""
        for name, is_so in {**assess_image(grey), "slow": self._is_slow(at)}.items():
            self._troubles[name].update(is_so, at)
        return {name: trouble.stands for name, trouble in self._troubles.items()}

    def pause(self) -> None:
        """The lens is covered on purpose, or no picture came: what was seen before says nothing of what comes."""
        for trouble in self._troubles.values():
            trouble.since = None
        self._times, self._first = [], None

    def _is_slow(self, at: float) -> bool:
        self._first = at if self._first is None else self._first
        self._times = [each for each in self._times if at - each < FPS_WINDOW_S] + [at]
        if at - self._first < FPS_WINDOW_S:
            return False
        return len(self._times) == 1 or len(self._times) - 1 < MIN_FPS * (at - self._times[0])


def assess_image(grey: NDArray[np.uint8]) -> dict[str, bool]:
    """For each trouble of a single picture uint8 [H, W] whether it has it: one of them at the most."""
    small = np.asarray(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    is_black, is_blank = float(small.mean()) < BLACK_MEAN, _is_blank(small)
    return {
        "black": is_black,
        "blank": is_blank and not is_black,
        "blurred": not is_black and not is_blank and quality.sharpness(small) < MIN_SHARPNESS,
    }


def _is_blank(small: NDArray[np.uint8]) -> bool:
    """One colour, or values that have nothing to do with each other."""
    values = small.astype(np.float32)
    if cv2.resize(values, (16, 12), interpolation=cv2.INTER_AREA).std() < BLANK_STD and values.std() < 2 * BLANK_STD:
        return True
    off = values - values.mean()
    spread = float((off**2).mean())
    return spread > 0 and float((off[:, 1:] * off[:, :-1]).mean()) < MIN_NEIGHBOUR_CORRELATION * spread
