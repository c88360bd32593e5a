"""A scripted scene: its actors with their paths and appearances, camera effects and questions. Pure records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assistant.ipc.commands import Command

WIDTH, HEIGHT = 640, 480
"""Of every frame, in pixels."""
FACE_ASPECT = 1.2
"""Height of a face's box in widths: the median over the stills."""

StillNames = dict[str, dict[str, tuple[str, ...]]]
"""Person → expression → names of stills."""


@dataclass(frozen=True)
class AssetIndex:
    """The pictures that scenes can be made of, by name alone."""

    near: StillNames
    """Stills fine enough for near faces: muxspace."""
    far: StillNames
    """Small pictures for far faces: FER-2013."""
    rooms: tuple[str, ...]
    """Backgrounds."""


class PositionKeyframe(NamedTuple):
    """Position and size of a face's box at one moment."""

    at: float
    """Seconds."""
    x: float
    """Of the box's centre, in pixels."""
    y: float
    """Of the box's centre, in pixels."""
    width: float
    """Of the box, in pixels."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the face's box in pixels."""
        return self.x - self.width / 2, self.y - FACE_ASPECT * self.width / 2, self.width, FACE_ASPECT * self.width


class Appearance(NamedTuple):
    """How a person looks from a moment on."""

    at: float
    """Seconds: the middle of the cross-fade from the still before."""
    still: str
    """Name of the still."""
    expression: str
    fade_s: float = 0.3
    """Length of the cross-fade."""


@dataclass(frozen=True)
class Actor:
    """A person of a scene, in the picture from the first to the last keyframe of the path."""

    name: str
    path: tuple[PositionKeyframe, ...]
    appearances: tuple[Appearance, ...]
    yaw_keyframes: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    """Seconds, and degrees by which the face is turned to the picture's right."""
    talking_stills: tuple[str, ...] = ()
    """Stills between which a talking face alternates; empty: the person does not talk."""
    talking_hz: float = 0.0
    """How many of the talking stills are shown in a second."""
    occlusion: str = ""
    """One of occlusions.KINDS or degradations.PATCH; empty: the face is not occluded."""
    occlusion_strength: int = 0

    def is_present(self, at: float) -> bool:
        """Whether the path covers a moment."""
        return self.path[0].at <= at < self.path[-1].at

    def position_at(self, at: float) -> PositionKeyframe:
        """Where the face is at a moment: from keyframe to keyframe with a soft start and end."""
        return PositionKeyframe(at, *interpolate([(keyframe.at, keyframe[1:]) for keyframe in self.path], at))

    def yaw_deg_at(self, at: float) -> float:
        """By how many degrees the face is turned at a moment."""
        return interpolate([(moment, (degrees,)) for moment, degrees in self.yaw_keyframes], at)[0]

    def appearance_at(self, at: float) -> Appearance:
        """What counts as shown at a moment: the later of two stills from the middle of their cross-fade on."""
        return next((each for each in reversed(self.appearances) if each.at <= at), self.appearances[0])


@dataclass(frozen=True)
class CameraEffects:
    """What light and camera do to all frames of a scene."""

    gamma_keyframes: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    """Seconds, and the exponent on grey levels in [0, 1]; above 1 is darker."""
    gain: float = 1.0
    """Factor on grey levels."""
    flicker: float = 0.0
    """Largest relative change of the gain from frame to frame."""
    shake_px: float = 0.0
    """Largest offset of a frame by a shaking hand."""
    blur_px: float = 0.0
    """Standard deviation of the defocus blur."""
    motion_blur_px: float = 0.0
    """Length of the motion blur."""
    noise: float = 2.5
    """Standard deviation of the noise, in grey levels."""
    pan_px_s: float = 8.0
    """Speed at which the background moves."""

    def gamma_at(self, at: float) -> float:
        """The exponent at a moment."""
        return interpolate([(moment, (value,)) for moment, value in self.gamma_keyframes], at)[0]


@dataclass(frozen=True)
class Scene:
    """A scene before it is rendered."""

    name: str
    kind: str
    """One of generate.KINDS."""
    fps: float
    seconds: float
    seed: int
    """Of everything that is drawn at random while it is rendered."""
    room: str
    """Name of the background."""
    actors: tuple[Actor, ...] = ()
    effects: CameraEffects = CameraEffects()
    reason: str = ""
    """Why nobody's expression in it can be read (one of ground_truth.REASONS); empty where they can."""
    questions: tuple[tuple[float, Command], ...] = ()
    """Seconds and what the wearer asks."""

    @property
    def frames(self) -> int:
        """Number of frames."""
        return round(self.seconds * self.fps)


def interpolate(points: Sequence[tuple[float, Sequence[float]]], at: float) -> tuple[float, ...]:
    """The values at a moment between points of (seconds, values), with a soft start and end (smoothstep); before the
    first and after the last point their values hold."""
    after = next((index for index, point in enumerate(points) if point[0] > at), len(points))
    if after in (0, len(points)):
        return tuple(points[min(after, len(points) - 1)][1])
    (start, first), (end, last) = points[after - 1], points[after]
    share = (at - start) / (end - start)
    share = share * share * (3 - 2 * share)
    return tuple(a + share * (b - a) for a, b in zip(first, last, strict=True))
