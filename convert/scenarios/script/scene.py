"""A scripted scene: its actors with their paths and appearances, camera effects and questions. Pure records."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assistant.ipc.commands import Command
from convert.scenarios.script.motion import HeadPose, MotionTrack

WIDTH, HEIGHT = 640, 480
"""Size of a frame in pixels. Positions in a scene are in these pixels, also where its frames are smaller."""
FACE_ASPECT = 1.2
"""Height of a face's box divided by its width: the median over the stills."""

Intervals = tuple[tuple[float, float], ...]
"""(start, end) in seconds, in order of time."""

StillNames = dict[str, dict[str, tuple[str, ...]]]
"""Names of stills by person and expression."""


@dataclass(frozen=True)
class AssetIndex:
    """Names of the pictures from which scenes can be made."""

    near: StillNames
    """Stills with enough detail for near faces, from muxspace."""
    far: StillNames
    """Small pictures for far faces, from FER-2013."""
    rooms: tuple[str, ...]
    """Names of backgrounds."""
    motion: tuple[MotionTrack, ...] = ()
    """Motion of heads and mouths, measured in clips."""
    portraits: tuple[str, ...] = ()
    """People of whom there are enough other pictures to learn them as friends."""


class PositionKeyframe(NamedTuple):
    """Position and size of a face's box at one time."""

    at: float
    """Seconds."""
    x: float
    """x of the box's centre, in pixels."""
    y: float
    """y of the box's centre, in pixels."""
    width: float
    """Width of the box, in pixels."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the face's box in pixels."""
        return self.x - self.width / 2, self.y - FACE_ASPECT * self.width / 2, self.width, FACE_ASPECT * self.width


class Appearance(NamedTuple):
    """The still that a person shows from a time on."""

    at: float
    """Seconds: the middle of the cross-fade from the previous still."""
    still: str
    """Name of the still."""
    expression: str
    fade_s: float = 0.3
    """Length of the cross-fade in seconds."""


@dataclass(frozen=True)
class Actor:
    """A person of a scene, in the picture from the first to the last keyframe of the path."""

    name: str
    path: tuple[PositionKeyframe, ...]
    appearances: tuple[Appearance, ...]
    yaw_keyframes: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    """(seconds, yaw in degrees to the picture's right)."""
    talking_stills: tuple[str, ...] = ()
    """Stills between which a talking face alternates; empty if the person does not talk."""
    talking_hz: float = 0.0
    """Number of talking stills per second."""
    speech: Intervals = ()
    """When a person with talking stills talks; empty: all the time."""
    laughter: Intervals = ()
    """When the mouth opens and closes as in laughter."""
    morphs: bool = False
    """Whether the face moves from one appearance to the next, by its landmarks; else they are only cross-faded."""
    occlusion: str = ""
    """One of occlusions.KINDS or degradations.PATCH; empty if the face is not occluded."""
    occlusion_strength: int = 0
    """One of occlusions.STRENGTHS; 0 if the face is not occluded."""
    occluded: Intervals = ()
    """When the occlusion is there; empty: all the time."""
    head: MotionTrack | None = None
    """How the head moves beside its path, None: not at all."""
    mouth: MotionTrack | None = None
    """How the mouth moves while the person talks, None: as drawn by `talking_hz`."""

    def is_present(self, at: float) -> bool:
        """Whether a time is within the path."""
        return self.path[0].at <= at < self.path[-1].at

    def position_at(self, at: float) -> PositionKeyframe:
        """Position of the face at a time, interpolated between keyframes (`interpolate`)."""
        after = bisect_right(self.path, at, key=lambda keyframe: keyframe.at)
        around = self.path[max(0, after - 1) : after + 1]
        made = PositionKeyframe(at, *interpolate([(keyframe.at, keyframe[1:]) for keyframe in around], at))
        if self.head is None:
            return made
        pose = self.head.pose_at(at)
        return made._replace(x=made.x + pose.x * made.width, y=made.y + pose.y * made.width)

    def is_talking(self, at: float) -> bool:
        """Whether the person talks at a time."""
        talks = bool(self.talking_stills) or self.mouth is not None
        return talks and (not self.speech or is_within(self.speech, at))

    def is_occluded(self, at: float) -> bool:
        """Whether the actor's occlusion is there at a time."""
        return bool(self.occlusion) and (not self.occluded or is_within(self.occluded, at))

    def yaw_deg_at(self, at: float) -> float:
        """Yaw of the face at a time."""
        after = bisect_right(self.yaw_keyframes, at, key=lambda keyframe: keyframe[0])
        around = self.yaw_keyframes[max(0, after - 1) : after + 1]
        turned = interpolate([(moment, (degrees,)) for moment, degrees in around], at)[0]
        return turned + self.pose_at(at).yaw_deg

    def pose_at(self, at: float) -> HeadPose:
        """How the head is held at a time, beside its path and its turns."""
        return HeadPose() if self.head is None else self.head.pose_at(at)

    def appearance_at(self, at: float) -> Appearance:
        """The appearance at a time; in a cross-fade it changes in the middle."""
        return self.appearances[max(0, bisect_right(self.appearances, at, key=lambda each: each.at) - 1)]


@dataclass(frozen=True)
class CameraEffects:
    """Effects of light and camera on all frames of a scene."""

    gamma_keyframes: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    """(seconds, exponent on grey levels in [0, 1]); above 1 is darker."""
    gain: float = 1.0
    """Factor on grey levels."""
    flicker: float = 0.0
    """Largest relative change of the gain from frame to frame."""
    shake_px: float = 0.0
    """Largest offset of a frame by camera shake, in pixels."""
    blur_px: float = 0.0
    """Standard deviation of the defocus blur, in pixels."""
    motion_blur_px: float = 0.0
    """Length of the motion blur, in pixels."""
    noise: float = 2.5
    """Standard deviation of the noise, in grey levels."""
    pan_px_s: float = 8.0
    """Speed of the background, in pixels per second."""

    def gamma_at(self, at: float) -> float:
        """The exponent on grey levels at a time."""
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
    """Seed of the random numbers in rendering."""
    room: str
    """Name of the background."""
    actors: tuple[Actor, ...] = ()
    effects: CameraEffects = CameraEffects()
    reason: str = ""
    """Why no expression can be read in this scene (one of ground_truth.REASONS); empty if they can."""
    questions: tuple[tuple[float, Command], ...] = ()
    """(seconds, question of the wearer)."""
    friends: tuple[str, ...] = ()
    """Names of the people who are known to the assistant in this scene."""
    shrink: int = 1
    """How many times smaller than WIDTH and HEIGHT the frames are: 2 is a frame of 320 x 240."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame, pixels."""
        return WIDTH // self.shrink, HEIGHT // self.shrink

    @property
    def frames(self) -> int:
        """Number of frames."""
        return round(self.seconds * self.fps)


def is_within(intervals: Intervals, at: float) -> bool:
    """Whether a time is in one of the intervals."""
    return any(start <= at < end for start, end in intervals)


def interpolate(points: Sequence[tuple[float, Sequence[float]]], at: float) -> tuple[float, ...]:
    """The values at a time, interpolated by smoothstep between points of (seconds, values), constant before the first
    and after the last point."""
    after = next((index for index, point in enumerate(points) if point[0] > at), len(points))
    if after in (0, len(points)):
        return tuple(points[min(after, len(points) - 1)][1])
    (start, first), (end, last) = points[after - 1], points[after]
    share = (at - start) / (end - start)
    share = share * share * (3 - 2 * share)
    return tuple(a + share * (b - a) for a, b in zip(first, last, strict=True))
