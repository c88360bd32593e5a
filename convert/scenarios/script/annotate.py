"""The ground truth of a scripted scene, sampled from its script. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval, PersonTimeline
from convert.scenarios.script.scene import HEIGHT, WIDTH, Actor, PositionKeyframe, Scene

SAMPLE_S = 0.05
"""Interval at which the script is sampled."""
SAMPLES_PER_BOX = 4
"""Number of samples per box keyframe."""
FAR_PX, NEAR_PX = 40.0, 56.0
"""Width of a face below which it is too far to be read, and from which it is in conversation distance: 2 m and 1.4 m
with the camera's 62 degrees. Between these widths an announcement can be correct, but none is expected."""
SIDE_ON_DEG, FRONTAL_DEG = 30.0, 12.0
"""Yaw above which a face cannot be read, and below which it can."""
OCCLUDED_SHARE, UNOCCLUDED_SHARE = 0.2, 0.03
"""Share of a face's box behind another's above which it is occluded, and up to which it is not."""

HAND_MOVES_S = 0.3
"""Seconds before and after an occlusion in which it is undefined whether the face can be read."""
DUSK_GAMMA = 2.0
"""Exponent on grey levels above which it is undefined whether the face is too dark."""


def annotate(scene: Scene) -> GroundTruth:
    """The ground truth of a scene.

    An expression starts in the middle of its cross-fade; a person is in the picture while the centre of the face is.
    """
    moments = [index * SAMPLE_S for index in range(round(scene.seconds / SAMPLE_S))]
    everybody = [_samples(actor, moments) for actor in scene.actors]
    people = []
    for actor, samples in zip(scene.actors, everybody, strict=True):
        others = [each for each in everybody if each is not samples]
        expressions = _intervals(moments, [each.expression if each else None for each in samples])
        reasons = [
            _reason(scene, actor, samples[index], [other[index] for other in others]) for index in range(len(moments))
        ]
        present = [each for each in samples[::SAMPLES_PER_BOX] if each]
        boxes = tuple(BoxKeyframe(each.position.at, *_in_the_frame(scene, each.position)) for each in present)
        if expressions and boxes:
            unreadable = _intervals(moments, reasons)
            turned = _intervals(moments, [_turned(each) for each in samples])
            people.append(PersonTimeline(actor.name, boxes, expressions, unreadable, turned))
    return GroundTruth(scene.name, scene.kind, scene.seconds, tuple(people), scene.questions)


class _Sample(NamedTuple):
    """An actor who is present at one time."""

    position: PositionKeyframe
    expression: str | None
    """None while the centre of the face is outside of the picture."""
    yaw_deg: float
    """How far the head is turned, to either side."""


def _samples(actor: Actor, moments: Sequence[float]) -> list[_Sample | None]:
    """An actor at each time, None while not present."""
    return [_sample(actor, at) if actor.is_present(at) else None for at in moments]


def _sample(actor: Actor, at: float) -> _Sample:
    position = actor.position_at(at)
    is_inside = 0 <= position.x < WIDTH and 0 <= position.y < HEIGHT
    return _Sample(position, actor.appearance_at(at).expression if is_inside else None, abs(actor.yaw_deg_at(at)))


def _in_the_frame(scene: Scene, position: PositionKeyframe) -> tuple[float, ...]:
    """Left, top, width and height of a face's box in pixels of the frame."""
    return tuple(value / scene.shrink for value in position.box)


def _reason(scene: Scene, actor: Actor, sample: _Sample | None, others: Sequence[_Sample | None]) -> str | None:
    """Why a person's expression cannot be read at a time; "" if it is undefined whether it can; None if it can."""
    if sample is None or sample.expression is None:
        return None
    position = sample.position
    left, top, width, height = position.box
    if left < 0 or top < 0 or left + width > WIDTH or top + height > HEIGHT:
        return ""
    yaw = sample.yaw_deg
    nearer = (other.position for other in others if other and other.position.width > position.width)
    occluded = max((_occluded_share(position, other) for other in nearer), default=0.0)
    reasons = (
        (bool(scene.reason), scene.reason),
        (position.width < FAR_PX, "far"),
        (yaw > SIDE_ON_DEG, "side_on"),
        (occluded > OCCLUDED_SHARE, "occluded"),
        (actor.is_occluded(position.at), "occluded"),
        (_is_undefined(scene, actor, position.at), ""),
        (position.width < NEAR_PX or yaw > FRONTAL_DEG or occluded > UNOCCLUDED_SHARE, ""),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _turned(sample: _Sample | None) -> str | None:
    """Whether a person faces the wearer ("you") or is turned away ("away") at a time; None between the two, and while
    the centre of the face is outside of the picture."""
    if sample is None or sample.expression is None:
        return None
    return "away" if sample.yaw_deg > SIDE_ON_DEG else "you" if sample.yaw_deg <= FRONTAL_DEG else None


def _is_undefined(scene: Scene, actor: Actor, at: float) -> bool:
    """Whether it is undefined if the face can be read: a hand is moving, or the face may be too dark."""
    is_hand_moving = any(abs(at - end) < HAND_MOVES_S for interval in actor.occluded for end in interval)
    return is_hand_moving or scene.effects.gamma_at(at) > DUSK_GAMMA


def _occluded_share(face: PositionKeyframe, nearer: PositionKeyframe) -> float:
    """Share of a face's box that is behind the box of a nearer face."""
    left, top, width, height = face.box
    near_left, near_top, near_width, near_height = nearer.box
    wide = min(left + width, near_left + near_width) - max(left, near_left)
    tall = min(top + height, near_top + near_height) - max(top, near_top)
    return max(0.0, wide) * max(0.0, tall) / (width * height)


def _intervals(moments: Sequence[float], values: Sequence[str | None]) -> tuple[Interval, ...]:
    """Intervals of consecutive sample times with the same value; None is no value."""
    intervals: list[Interval] = []
    for at, value in zip(moments, values, strict=True):
        if value is None:
            continue
        if intervals and intervals[-1].value == value and at - intervals[-1].end < SAMPLE_S / 2:
            intervals[-1] = intervals[-1]._replace(end=at + SAMPLE_S)
        else:
            intervals.append(Interval(at, at + SAMPLE_S, value))
    return tuple(intervals)
