"""Whom the wearer is talking to: the steady, near, facing person. Pure; time comes with the frames.

A passer-by never becomes the partner, and a partner who looks away for a moment does not cease to be one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records import Track
from assistant.vision.faces import geometry

STEADY_S = 2.0
"""Nobody is the partner before having been in view for so long."""
LOST_S = 1.5
"""A partner unseen for so long is one no longer."""
RIVAL, RIVAL_S = 1.5, 1.0
"""Somebody else must be worth so much more, for so long, to become the partner instead."""
GLANCE_S = 2.0
"""Who faced the wearer within this time counts as facing."""
SURE, SHARE = 0.62, 0.1
"""Running mean of the detector's scores from which it is sure that there is a face, and the weight of the newest. What
our detector took for a second person in twelve minutes of still scenes before rooms scored 0.44 to 0.60, the people
there 0.67 and more."""
AWAY = 0.4
"""What somebody is worth who looks elsewhere."""


@dataclass
class _Presence:
    first_at: float
    seen_at: float
    faced_at: float = -math.inf
    worth: float = 0.0
    score: float = 0.0


class Partner:
    """Follows who is there. `number` is the partner's, or None."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._present: dict[int, _Presence] = {}
        self._rival: tuple[int, float] | None = None

    def update(self, people: Sequence[Track], at: float, width: int) -> None:
        """Take in the people of a frame `width` pixels wide, taken at `at` (seconds)."""
        for person in people:
            presence = self._present.setdefault(person.track_id, _Presence(at, at, score=person.face.score))
            presence.seen_at = at
            presence.score += SHARE * (person.face.score - presence.score)
            box, facing = person.face.box, geometry.facing(person.face)
            if facing in ("you", ""):
                presence.faced_at = at
            off = abs(box.center[0] / width * 2 - 1)
            is_facing = at - presence.faced_at <= GLANCE_S
            presence.worth = box.width * (1 - 0.5 * min(off, 1.0)) * (1.0 if is_facing else AWAY)
        self._present = {n: each for n, each in self._present.items() if at - each.seen_at <= LOST_S}
        self._choose(at)

    def wait(self, seconds: float) -> None:
        """Nothing could be seen for so long: nobody was in view for longer by that, nor away."""
        for presence in self._present.values():
            presence.first_at += seconds
            presence.seen_at += seconds
            presence.faced_at += seconds
        if self._rival is not None:
            self._rival = self._rival[0], self._rival[1] + seconds

    def seen_s(self, number: int, at: float) -> float:
        """How long somebody has been in view, seconds."""
        presence = self._present.get(number)
        return at - presence.first_at if presence else 0.0

    def is_sure(self, number: int) -> bool:
        """Whether there is a face at all, not something in the room that resembles one."""
        presence = self._present.get(number)
        return presence is not None and presence.score >= SURE

    def _choose(self, at: float) -> None:
        steady = {n: each for n, each in self._present.items() if each.seen_at - each.first_at >= STEADY_S}
        best = max(steady, key=lambda n: (self.is_sure(n), steady[n].worth), default=None)
        if self.number not in steady:
            self.number, self._rival = best, None
            return
        if best is None or not self._is_rival(best, self.number):
            self._rival = None
        elif self._rival is None or self._rival[0] != best:
            self._rival = (best, at)
        elif at - self._rival[1] >= RIVAL_S:
            self.number, self._rival = best, None

    def _is_rival(self, number: int, held: int) -> bool:
        """Whether somebody is worth so much more than the partner, or is a face where that one hardly is."""
        if number == held:
            return False
        is_shadow = self.is_sure(number) and not self.is_sure(held)
        return is_shadow or self._present[number].worth >= RIVAL * self._present[held].worth
