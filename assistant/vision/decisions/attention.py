"""Who turns to the wearer, and who turns away. Pure; time comes with the frames.

A head counts as turned away, or as facing the wearer, by its landmarks (`quality.head_pose`), smoothed over some
frames, with a gap between the two in which nothing is decided, and only once it has stayed so for a while: a glance
aside is not announced. The way in which a person faces when they come into view is not a turn.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from assistant.dataclass import dataclass
from assistant.records import CANNOT_TELL, Change, Face, Track
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import Announcement
from assistant.vision.faces import quality

FACING_TURN, AWAY_TURN = 0.12, 0.22
"""Smoothed turn (`HeadPose.turn`, either way) below which a head faces the wearer, and from which it is turned away."""
FACING_WIDTH, AWAY_WIDTH = 1.7, 1.6
"""Smoothed `HeadPose.width` from which a head may face the wearer, and below which it is turned away. It separates
the two best: of heads drawn within 12 degrees 99 % have 1.70 or more, of those turned by more than 30 degrees 90 % less
than 1.63. In 24 tuning scenes these thresholds tell 86 % of the turns, and 0.05 less or more 80 to 82 %."""
FACING_DWELL_S, AWAY_DWELL_S = 0.5, 1.0
"""Seconds for which a head must face the wearer, or be turned away, to be announced. Glances last about a second."""
SMOOTHING_S = 0.15
"""Time constant of the smoothing."""
MAX_GAP_S = 0.6
"""For a head that was not found for so many seconds, smoothing and dwell time start anew."""
FORGET_S = 5.0
"""A head that was not found for so many seconds is forgotten; its track ended before that."""
MIN_WIDTH_SHARE = 46.0 / 640
"""Width of a face, as a share of the frame's longer side, from which its landmarks tell which way it is turned."""


class Turned(NamedTuple):
    """A person has turned to the wearer, or away."""

    track_id: int
    is_facing: bool
    """Whether they face the wearer now."""

    def cue(self, at: float, state: Change | None, where: str) -> Announcement:
        """The announcement of it at `at` seconds. state: the change to the person's present state; where: the place to
        name, a key of [where]; empty: none."""
        present = state.new if state else CANNOT_TELL
        sentence = Sentence.FACING_YOU if self.is_facing else Sentence.TURNED_AWAY
        return Announcement(Change(at, self.track_id, present, present), sentence, where=where)


@dataclass
class _Head:
    """One track: its smoothed pose, and what was told of it."""

    seen_at: float
    turn: float
    width: float
    is_facing: bool | None = None
    """Whether the head faced the wearer when that was last decided; None: not yet decided."""
    since: float = 0.0
    """Since when `candidate` has been the same, seconds."""
    candidate: bool | None = None
    """Whether the head faces the wearer at present; None: between facing and turned away."""
    is_person: bool = False
    """Whether the track was ever surely a face: a head that is turned away looks less like one."""


class Attention:
    """Follows which way each head is turned; with `is_on` False it follows none, and reports no turn."""

    def __init__(self, *, is_on: bool = True) -> None:
        self._is_on = is_on
        self._heads: dict[int, _Head] = {}

    def update(
        self,
        tracks: Sequence[Track],
        shape: tuple[int, int],
        at: float,
        is_certain: Callable[[int], bool] = lambda track_id: True,
    ) -> tuple[Turned, ...]:
        """Take in the tracks of a frame of the shape (height, width) taken at `at` (seconds); returns who has turned,
        in the order of the tracks. is_certain(track_id): whether a track is surely a person; others are not reported.
        """
        self._heads = {each: head for each, head in self._heads.items() if at - head.seen_at <= FORGET_S}
        near = [each for each in tracks if self._is_on and each.face.box.width >= MIN_WIDTH_SHARE * max(shape)]
        turned = [each.track_id for each in near if self._follow(each, at, is_certain)]
        return tuple(Turned(each, bool(self._heads[each].is_facing)) for each in turned)

    def forget(self) -> None:
        """Forget every head."""
        self._heads.clear()

    def told(self, track_id: int) -> None:
        """An answer has said which way a person is turned: a turn that is under way is no longer news."""
        head = self._heads.get(track_id)
        if head is not None and head.candidate is not None:
            head.is_facing = head.candidate

    def wait(self, seconds: float) -> None:
        """Leave a pause of so many seconds out of account."""
        for head in self._heads.values():
            head.seen_at += seconds
            head.since += seconds

    def _follow(self, track: Track, at: float, is_certain: Callable[[int], bool]) -> bool:
        """Take in one face; returns whether that completes a person's turn."""
        pose = _pose(track.face)
        if pose is None:
            return False
        turn, width = pose
        head = self._heads.get(track.track_id)
        if head is None:
            head = self._heads[track.track_id] = _Head(at, turn, width, since=at)
        elif at - head.seen_at > MAX_GAP_S:
            head.turn, head.width, head.candidate = turn, width, None
        weight = 1 - math.exp(-max(0.0, at - head.seen_at) / SMOOTHING_S)
        head.turn += weight * (turn - head.turn)
        head.width += weight * (width - head.width)
        head.seen_at = at
        head.is_person |= is_certain(track.track_id)
        present = _is_facing(head)
        if present is None or present != head.candidate:
            head.candidate, head.since = present, at
        dwell_s = FACING_DWELL_S if present else AWAY_DWELL_S
        if present is None or present == head.is_facing or at - head.since < dwell_s:
            return False
        was_known, head.is_facing = head.is_facing is not None, present
        return was_known and head.is_person


def _pose(face: Face) -> tuple[float, float] | None:
    """Turn and width of a head; None where there are no usable landmarks."""
    if face.landmarks is None:
        return None
    pose = quality.head_pose(face.landmarks)
    return (pose.turn, pose.width) if math.isfinite(pose.turn) and math.isfinite(pose.width) else None


def _is_facing(head: _Head) -> bool | None:
    """Whether a head faces the wearer (True) or is turned away (False); None: between the two."""
    if abs(head.turn) >= AWAY_TURN or head.width < AWAY_WIDTH:
        return False
    return True if abs(head.turn) < FACING_TURN and head.width >= FACING_WIDTH else None
