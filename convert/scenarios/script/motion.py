"""How real heads and mouths moved, measured in clips (`convert.scenarios.render.motion_tracks`), for the actors of
scenes. Pure.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from numpy.random import Generator

SPEEDS = (0.8, 1.25)
"""Slowest and fastest speed at which a track is played, relative to the clip's."""


class HeadPose(NamedTuple):
    """Where a head is at one time, relative to where it is on average."""

    x: float = 0.0
    """To the picture's right, in widths of the face."""
    y: float = 0.0
    """Down, in widths of the face."""
    roll_deg: float = 0.0
    """Clockwise in the picture."""
    yaw_deg: float = 0.0
    """To the picture's right."""


@dataclass(frozen=True)
class MotionTrack:
    """The motion of one person in a clip. It is played forwards and backwards in turn, so that it goes on for ever."""

    name: str
    """Name of the clip, and which person it is."""
    rate_hz: float
    """Samples a second."""
    head: tuple[HeadPose, ...]
    mouth: tuple[float, ...] = ()
    """How far the mouth is open, 0 to 1 of the person's own range; empty where it cannot be seen or does not move."""
    start_s: float = 0.0
    """Time in the track at the time 0 of a scene."""

    def pose_at(self, at: float) -> HeadPose:
        """The head at a time of the scene in seconds."""
        one, other, share = _around(len(self.head), self.rate_hz * (at + self.start_s))
        (x, y, roll, yaw), after = self.head[one], self.head[other]
        return HeadPose(
            x + share * (after.x - x),
            y + share * (after.y - y),
            roll + share * (after.roll_deg - roll),
            yaw + share * (after.yaw_deg - yaw),
        )

    def opening_at(self, at: float) -> float:
        """How far the mouth is open at a time of the scene in seconds, 0 to 1."""
        one, other, share = _around(len(self.mouth), self.rate_hz * (at + self.start_s))
        return self.mouth[one] + share * (self.mouth[other] - self.mouth[one])

    def drawn(self, random: Generator) -> "MotionTrack":
        """The track at another speed and from another time on."""
        speed, start = float(random.uniform(*SPEEDS)), float(random.uniform(0, 60))
        return replace(self, rate_hz=self.rate_hz * speed, start_s=start)


def _around(samples: int, place: float) -> tuple[int, int, float]:
    """The samples before and after a place in a track that is played forwards and backwards, and the share of the
    second."""
    number, share = int(place), place % 1
    return _folded(samples, number), _folded(samples, number + 1), share


def _folded(samples: int, number: int) -> int:
    last = max(1, samples - 1)
    within = number % (2 * last)
    return min(within, 2 * last - within, samples - 1)
