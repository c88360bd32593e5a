"""CPU time of face detectors beside Haar's, picture by picture, with warm and with cold caches, and their size.

One figure would be true of one picture on one machine: Haar needs three times as long for a picture full of edges as
for a plain one, and a network's weights lie in the processor's caches only where the same network has just run, which
on the device it seldom has. So the ratio is told as a median and a range.
"""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces.preprocess import to_grey
from convert.face_detector.detector_under_test import DetectorUnderTest

TIMED_FRAME = (320, 240)
"""Width and height in pixels of the frames on which times are measured."""
PICTURES = 31
"""Number of pictures on which times are measured, if there are so many, evenly spread over all."""
ROUNDS = 5
"""Number of times that each detector is timed on a picture, with warm and with cold caches; the medians count."""
CACHES = ("warm", "cold")
"""warm: the detector has just run on the same picture. cold: other data has displaced all of it since."""
TIME_RATIO = "ms_to_haar"
"""Key of the ratio of a detector's time to that of Haar on the same picture: for each of CACHES the median, the lowest
and the highest of all pictures."""
MIN_DISPLACED_BYTES = 64 << 20
"""Least memory that is written to displace what the caches hold."""


def measure_cost(
    tested: Sequence[DetectorUnderTest], images: Sequence[NDArray[np.uint8]], rounds: int = ROUNDS
) -> dict[str, dict[str, Any]]:
    """By detector: milliseconds of CPU time for a frame of 320x240 on one thread, beside those of Haar, and the size of
    its model. images: BGR pictures uint8 [H, W, 3], of which PICTURES are timed.

    The detectors are timed in turn. CPU time is measured, not wall time, since on a busy machine slow detectors are
    interrupted more often than fast ones.
    """
    frames = [_frame(images[index]) for index in _spread(len(images))]
    threads, ballast = cv2.getNumThreads(), np.zeros(displaced_bytes(), np.uint8)
    cv2.setNumThreads(1)
    try:
        times = [_times(tested, frame, ballast, rounds) for frame in frames]
    finally:
        cv2.setNumThreads(threads)
    return {
        each.name: {
            "ms": {cache: round(statistics.median(of[each.name][cache] for of in times), 3) for cache in CACHES},
            TIME_RATIO: ratios(times, each.name) if "haar" in times[0] else None,
            "timed_pictures": len(frames),
            "mmac": round(each.macs / 1e6, 2) if each.macs else None,
            "kib": round(each.bytes / 1024, 1),
        }
        for each in tested
    }


def ratios(times: Sequence[dict[str, dict[str, float]]], name: str) -> dict[str, list[float]]:
    """Median, lowest and highest ratio of a detector's time to Haar's, for each of CACHES. times: for each picture the
    milliseconds, by detector and by cache."""
    found = {}
    for cache in CACHES:
        each = [of[name][cache] / of["haar"][cache] for of in times]
        found[cache] = [round(value, 4) for value in (statistics.median(each), min(each), max(each))]
    return found


def times_haar(figures: dict[str, Any], cache: str) -> str:
    """A detector's time to Haar's in words: "0.080 (0.055 to 0.204)". cache: one of CACHES."""
    if (ratio := figures[TIME_RATIO]) is None:
        return "-"
    median, lowest, highest = ratio[cache]
    return f"{median:.3f}" if lowest == highest else f"{median:.3f} ({lowest:.3f} to {highest:.3f})"


def displaced_bytes(caches: Path = Path("/sys/devices/system/cpu/cpu0/cache")) -> int:
    """Bytes to write so that nothing stays in the caches: twice the largest, and MIN_DISPLACED_BYTES at least."""
    sizes = [file.read_text("ascii").strip() for file in caches.glob("index*/size")]
    kib = [int(size.removesuffix("K")) for size in sizes if size.removesuffix("K").isdigit()]
    return max(MIN_DISPLACED_BYTES, 2 * 1024 * max(kib, default=0))


def _spread(number: int) -> list[int]:
    """The indices of PICTURES out of so many, evenly spread; all where there are no more."""
    return sorted({round(each) for each in np.linspace(0, number - 1, min(number, PICTURES))})


def _frame(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a picture at the shape of TIMED_FRAME, shrunk or enlarged to it."""
    (height, width), (wide, high) = image.shape[:2], TIMED_FRAME
    scale = min(width / wide, height / high)
    kept_x, kept_y = max(1, int(wide * scale)), max(1, int(high * scale))
    left, top = (width - kept_x) // 2, (height - kept_y) // 2
    middle = image[top : top + kept_y, left : left + kept_x]
    return np.asarray(cv2.resize(middle, TIMED_FRAME, interpolation=cv2.INTER_AREA), np.uint8)


def _times(
    tested: Sequence[DetectorUnderTest], frame: NDArray[np.uint8], ballast: NDArray[np.uint8], rounds: int
) -> dict[str, dict[str, float]]:
    """Milliseconds of each detector on one frame, by cache: medians of all rounds."""
    grey = to_grey(frame)
    times: dict[str, dict[str, list[float]]] = {each.name: {cache: [] for cache in CACHES} for each in tested}
    for _ in range(rounds):
        for each in tested:
            each.deployed.find(frame, grey)  # not timed: it warms the caches
            times[each.name]["warm"].append(_timed(each, frame, grey))
            np.add(ballast, 1, out=ballast)
            times[each.name]["cold"].append(_timed(each, frame, grey))
    return {name: {cache: statistics.median(of[cache]) for cache in CACHES} for name, of in times.items()}


def _timed(tested: DetectorUnderTest, frame: NDArray[np.uint8], grey: NDArray[np.uint8]) -> float:
    begun = time.process_time_ns()
    tested.deployed.find(frame, grey)
    return (time.process_time_ns() - begun) / 1e6
