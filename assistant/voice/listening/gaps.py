"""The rule that says from frame to frame whether somebody talks or there is a gap. Pure: sound comes with the calls.

How long talk must have paused was chosen by `python -m tests.listening.trade`; see tests/README.md. A shorter pause is
often only the closed lips of a "p"; with a longer one somebody talks again before the first word is heard.
"""

import array
import math
import sys
from collections.abc import Callable

RATE, FRAME_MS = 16000, 20
"""Samples a second, and the length of a frame; the detector takes 10, 20 or 30 ms."""
FRAME_BYTES = 2 * RATE * FRAME_MS // 1000
"""Signed 16-bit little-endian samples."""
GAP_MS = 80
"""There is a gap once so many milliseconds were without speech. The detector itself holds on for some 60 ms more."""
FULL_SCALE = 32768.0
SILENCE_DB = -100.0
"""The level of frames that are all zero."""


class GapRule:
    """Whether somebody talks: until GAP_MS have been without speech, from the beginning on."""

    def __init__(self, is_speech: Callable[[bytes], bool], gap_ms: int = GAP_MS) -> None:
        """is_speech(frame): whether the detector takes a frame of FRAME_BYTES for speech."""
        self._is_speech, self._gap_ms = is_speech, gap_ms
        self._quiet_ms = 0

    @property
    def is_talk(self) -> bool:
        """Whether somebody talks, or did a moment ago."""
        return self._quiet_ms < self._gap_ms

    def hear(self, frame: bytes) -> bool:
        """The next frame; returns whether `is_talk` is another now."""
        was_talk = self.is_talk
        self._quiet_ms = 0 if self._is_speech(frame) else self._quiet_ms + FRAME_MS
        return self.is_talk != was_talk


def level_db(frame: bytes) -> float:
    """The level of a frame: root mean square in decibels relative to full scale (dBFS), 0 at most."""
    values = array.array("h", frame)
    if sys.byteorder == "big":
        values.byteswap()
    mean_square = sum(value * value for value in values) / max(1, len(values))
    return max(SILENCE_DB, 10 * math.log10(mean_square / FULL_SCALE**2)) if mean_square else SILENCE_DB
