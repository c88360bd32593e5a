"""Image health: faults of the pictures (black, blank, blurred, too few) that are announced to the wearer. Pure; time
comes with the frames.

Each fault has a dwell time for which it must last before it counts, and another for which it must be absent before it
ends. None of them stops the pipeline, which just finds no faces in such pictures.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.records import FaultName
from assistant.vision.faces import preprocess, quality
from assistant.vision.faces.downscale import Downscale, Downscaler, downscale

BLACK_MEAN = 8.0
"""Mean grey level below which a picture shows nothing but the sensor's noise."""
BLANK_STD = 3.0
"""Standard deviation of the downscaled greys below which a picture is of a single colour."""
MIN_NEIGHBOUR_CORRELATION = 0.3
"""Correlation of neighbouring pixels, after downscaling to WIDTH, below which a picture is noise: it is 0 for noise and
above 0.9 for rooms, however grainy."""
WIDTH, HEIGHT = 160, 120
"""Pixels to which a picture is downscaled first."""
MIN_SHARPNESS = 0.6 * quality.MIN_SHARPNESS
"""`quality.sharpness` of a whole picture below which it is blurred: a room that is out of focus, not one past which the
camera sweeps."""
MIN_FPS = 0.9
"""Frames a second below which they are too few; the lowest setting of `camera.fps` is 1."""
FPS_WINDOW_S = 3.5
"""Seconds over which frames are counted."""
INTERVAL_S = 0.25
"""Seconds from one picture that is checked to the next: the faults last for a second or more before they count."""


@dataclass
class _DebouncedFault:
    """A fault that becomes active after `begin_dwell_s` and ends after `end_dwell_s`."""

    begin_dwell_s: float
    end_dwell_s: float
    is_active: bool = False
    changing_since: float | None = None
    """Seconds, since when what the pictures show differs from `is_active`."""

    def update(self, is_present: bool, at: float) -> None:
        if is_present == self.is_active:
            self.changing_since = None
        elif self.changing_since is None:
            self.changing_since = at
        dwell_s = self.end_dwell_s if self.is_active else self.begin_dwell_s
        if self.changing_since is not None and at - self.changing_since >= dwell_s:
            self.is_active, self.changing_since = is_present, None


class ImageHealth:
    """The faults of the pictures so far."""

    def __init__(self) -> None:
        self._faults = {
            FaultName.BLACK: _DebouncedFault(5.0, 1.0),
            FaultName.BLANK: _DebouncedFault(5.0, 1.0),
            FaultName.BLURRED: _DebouncedFault(12.0, 2.0),
            FaultName.SLOW: _DebouncedFault(0.0, 1.0),
        }
        self._times: list[float] = []
        self._first_at: float | None = None
        self._looked_at = -math.inf
        self._seen: dict[FaultName, bool] = {}
        self._downscale = Downscaler()

    def update(self, image: NDArray[np.uint8] | None, at: float) -> dict[FaultName, bool]:
        """Take in a picture uint8 [H, W] or [H, W, 3] taken at `at` (seconds): whether each fault is active now, by its
        name. Every INTERVAL_S one is checked; between two of them the pictures count as the last one did, and so does
        one that shows what the last one showed (None)."""
        if image is not None and not 0 <= at - self._looked_at < INTERVAL_S:
            self._seen, self._looked_at = assess_image(preprocess.to_grey(image), self._downscale), at
        for name, is_present in {**self._seen, FaultName.SLOW: self._is_slow(at)}.items():
            self._faults[name].update(is_present, at)
        return {name: fault.is_active for name, fault in self._faults.items()}

    def pause(self) -> None:
        """Restart all dwell times, for the lens is covered on purpose, or no picture came for a while."""
        for fault in self._faults.values():
            fault.changing_since = None
        self._times, self._first_at, self._looked_at = [], None, -math.inf

    def _is_slow(self, at: float) -> bool:
        self._first_at = at if self._first_at is None else self._first_at
        self._times = [each for each in self._times if at - each < FPS_WINDOW_S] + [at]
        if at - self._first_at < FPS_WINDOW_S:
            return False
        return len(self._times) == 1 or len(self._times) - 1 < MIN_FPS * (at - self._times[0])


def assess_image(grey: NDArray[np.uint8], downscale: Downscale = downscale) -> dict[FaultName, bool]:
    """Whether a single picture uint8 [H, W] has each fault; at most one of them. downscale: a Downscaler, which uses
    its memory again."""
    small = downscale(grey, (WIDTH, HEIGHT))
    mean, std = (each.item() for each in cv2.meanStdDev(small))
    is_black, is_blank = mean < BLACK_MEAN, _is_blank(small, std)
    return {
        FaultName.BLACK: is_black,
        FaultName.BLANK: is_blank and not is_black,
        FaultName.BLURRED: not is_black and not is_blank and quality.sharpness(small) < MIN_SHARPNESS,
    }


def _is_blank(small: NDArray[np.uint8], std: float) -> bool:
    """Whether a picture of that standard deviation is of a single colour, or its pixels are unrelated to their
    neighbours (noise)."""
    if std < 2 * BLANK_STD:
        coarse = cv2.resize(small.astype(np.float32), (16, 12), interpolation=cv2.INTER_AREA)
        if coarse.std() < BLANK_STD:
            return True
    left, right = small[:, :-1], small[:, 1:]
    mean, pixels = cv2.mean(small)[0], left.size
    products = (_squares(left) + _squares(right) - cv2.norm(left, right, cv2.NORM_L2SQR)) / 2
    sums = pixels * (cv2.mean(left)[0] + cv2.mean(right)[0])
    covariance = (products - mean * sums) / pixels + mean * mean
    return std > 0 and covariance < MIN_NEIGHBOUR_CORRELATION * std * std


def _squares(part: NDArray[np.uint8]) -> float:
    """Sum of the squares."""
    return cv2.norm(part, cv2.NORM_L2SQR)
