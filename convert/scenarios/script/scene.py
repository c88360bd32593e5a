"""A scripted scene: who moves where, shows what and when, in which light; and what is true of it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from assistant.ipc.commands import Command
from convert.scenarios.script.truth import Person, Span, Spot, Truth

WIDTH, HEIGHT = 640, 480
"""Of every frame, in pixels."""
TALL = 1.2
"""Height of a face's box in widths: medians over the stills."""
SAMPLE_S = 0.05
"""The truth is looked up so often."""
BOX_EVERY = 4
"""Of these samples one in so many becomes a box of the timeline."""
FAR_PX, NEAR_PX = 40.0, 56.0
"""Width of a face below which it is too far to be told, and from which it is in conversation distance: 2 m and 1.4 m
with the camera's 62 degrees. Between the two a telling is welcome, but none is asked for."""
TURNED_DEG, SLIGHT_DEG = 30.0, 12.0
"""Turned farther than the first a face cannot be told, less than the second it can."""
COVERED, TOUCHED = 0.2, 0.03
"""Share of a face's box behind somebody else's from which it is covered, and up to which it is not."""


class Way(NamedTuple):
    """Where the middle of a face's box is at one moment, and how wide: seconds, pixels."""

    at: float
    x: float
    y: float
    width: float


class Look(NamedTuple):
    """From `at` on (the middle of a fade of fade_s seconds) a person looks like this still."""

    at: float
    still: str
    expression: str
    fade_s: float = 0.3


@dataclass(frozen=True)
class Actor:
    """Somebody who is there from the first to the last point of the way. turns: seconds and degrees to the picture's
    right; talk: stills between which the face goes to and fro talk_hz times a second; cover: one of covers.KINDS or
    "patch", with its strength."""

    name: str
    way: tuple[Way, ...]
    looks: tuple[Look, ...]
    turns: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    talk: tuple[str, ...] = ()
    talk_hz: float = 0.0
    cover: str = ""
    strength: int = 0

    def is_there(self, at: float) -> bool:
        """Whether the way covers this moment."""
        return self.way[0].at <= at < self.way[-1].at

    def place(self, at: float) -> Way:
        """Where the face is: from point to point with a soft start and end."""
        return Way(at, *between([(way.at, way[1:]) for way in self.way], at))

    def yaw_deg(self, at: float) -> float:
        """How far the face is turned, in degrees."""
        return between([(moment, (degrees,)) for moment, degrees in self.turns], at)[0]

    def look(self, at: float) -> Look:
        """What counts as shown: the later of two stills from the middle of their fade on."""
        return next((look for look in reversed(self.looks) if look.at <= at), self.looks[0])


@dataclass(frozen=True)
class Effects:
    """What light and camera do to all of a scene. gammas: seconds and exponent on grey levels in [0, 1] (above 1 is
    darker); gain multiplies them, flicker is the share by which they tremble; shake_px: largest jolt of the hand;
    blur_px: standard deviation of a blur, streak_px: length of a blur by motion; noise: standard deviation in grey
    levels; pan_px_s: how fast the background moves."""

    gammas: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    gain: float = 1.0
    flicker: float = 0.0
    shake_px: float = 0.0
    blur_px: float = 0.0
    streak_px: float = 0.0
    noise: float = 2.5
    pan_px_s: float = 8.0

    def gamma(self, at: float) -> float:
        """The exponent at a moment."""
        return between([(moment, (value,)) for moment, value in self.gammas], at)[0]


@dataclass(frozen=True)
class Scene:
    """A scene before it is rendered. reason: why nobody in it can be told, empty where they can; asks: seconds and what
    the wearer asks."""

    name: str
    kind: str
    fps: float
    seconds: float
    seed: int
    room: str
    actors: tuple[Actor, ...] = ()
    effects: Effects = Effects()
    reason: str = ""
    asks: tuple[tuple[float, Command], ...] = ()

    @property
    def frames(self) -> int:
        """How many there are."""
        return round(self.seconds * self.fps)


def between(points: Sequence[tuple[float, Sequence[float]]], at: float) -> tuple[float, ...]:
    """The values at a moment between points of (seconds, values), with a soft start and end; the ends go on."""
    after = next((index for index, point in enumerate(points) if point[0] > at), len(points))
    if after in (0, len(points)):
        return tuple(points[min(after, len(points) - 1)][1])
    (start, first), (end, last) = points[after - 1], points[after]
    share = (at - start) / (end - start)
    share = share * share * (3 - 2 * share)
    return tuple(a + share * (b - a) for a, b in zip(first, last, strict=True))


def truth_of(scene: Scene) -> Truth:
    """The timelines of a scene's people. An expression begins in the middle of its fade; somebody is in the picture
    while the middle of the face is."""
    moments = [index * SAMPLE_S for index in range(round(scene.seconds / SAMPLE_S))]
    people = []
    for actor in scene.actors:
        shows = _spans(moments, lambda at, actor=actor: _shown(actor, at))  # type: ignore[misc]
        hidden = _spans(moments, lambda at, actor=actor: _hidden(scene, actor, at))  # type: ignore[misc]
        there = [at for at in moments[::BOX_EVERY] if actor.is_there(at)]
        spots = tuple(Spot(at, *box_of(actor.place(at))) for at in there)
        if shows and spots:
            people.append(Person(actor.name, spots, shows, hidden))
    return Truth(scene.name, scene.kind, scene.seconds, tuple(people), scene.asks)


def box_of(way: Way) -> tuple[float, float, float, float]:
    """Left, top, width and height of a face's box in pixels."""
    return way.x - way.width / 2, way.y - TALL * way.width / 2, way.width, TALL * way.width


def _shown(actor: Actor, at: float) -> str | None:
    if not actor.is_there(at):
        return None
    way = actor.place(at)
    is_inside = 0 <= way.x < WIDTH and 0 <= way.y < HEIGHT
    return actor.look(at).expression if is_inside else None


def _hidden(scene: Scene, actor: Actor, at: float) -> str | None:
    """Why a person cannot be told at a moment; "" where nobody could say whether they can; None where they can."""
    if _shown(actor, at) is None:
        return None
    way, yaw = actor.place(at), abs(actor.yaw_deg(at))
    left, top, width, height = box_of(way)
    if left < 0 or top < 0 or left + width > WIDTH or top + height > HEIGHT:
        return ""
    behind = max(
        (_share_behind(way, other.place(at)) for other in scene.actors if _is_before(other, way, at)), default=0.0
    )
    reasons = (
        (bool(scene.reason), scene.reason),
        (way.width < FAR_PX, "far"),
        (yaw > TURNED_DEG, "side_on"),
        (behind > COVERED, "occluded"),
        (way.width < NEAR_PX or yaw > SLIGHT_DEG or behind > TOUCHED, ""),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _is_before(other: Actor, way: Way, at: float) -> bool:
    return other.is_there(at) and other.place(at).width > way.width


def _share_behind(way: Way, other: Way) -> float:
    """Share of a face's box that another's covers."""
    left, top, width, height = box_of(way)
    near_left, near_top, near_width, near_height = box_of(other)
    wide = min(left + width, near_left + near_width) - max(left, near_left)
    tall = min(top + height, near_top + near_height) - max(top, near_top)
    return max(0.0, wide) * max(0.0, tall) / (width * height)


def _spans(moments: Sequence[float], what: Callable[[float], Any]) -> tuple[Span, ...]:
    """Neighbouring moments of which the same is said, joined; None says nothing."""
    spans: list[Span] = []
    for at in moments:
        said = what(at)
        if said is None:
            continue
        if spans and spans[-1].what == said and at - spans[-1].end < SAMPLE_S / 2:
            spans[-1] = spans[-1]._replace(end=at + SAMPLE_S)
        else:
            spans.append(Span(at, at + SAMPLE_S, said))
    return tuple(spans)
