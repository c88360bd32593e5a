"""Small ground truths and transcript lines for the tests of the event benchmark."""

from assistant.records import Box
from assistant.sentences import Sentence
from convert.scenarios.score.transcript import TranscriptLine
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval, PersonTimeline
from convert.scenarios.script.motion import HeadPose, MotionTrack
from convert.scenarios.script.scene import AssetIndex

LEFT, RIGHT = BoxKeyframe(0.0, 100, 100, 100, 120), BoxKeyframe(0.0, 400, 100, 100, 120)
"""Two faces whose left edges are three widths apart."""


def box_of(keyframe: BoxKeyframe) -> Box:
    """The box of a keyframe."""
    return Box(*keyframe[1:])


def person(
    name: str, face: BoxKeyframe, *expressions: tuple[float, float, str], unreadable: tuple[Interval, ...] = ()
) -> PersonTimeline:
    """A person at one position. expressions: (start, end, expression)."""
    return PersonTimeline(name, (face,), tuple(Interval(*each) for each in expressions), unreadable)


def one_person(
    *expressions: tuple[float, float, str], unreadable: tuple[Interval, ...] = (), seconds: float = 30.0
) -> GroundTruth:
    """A scene of one person at LEFT."""
    return GroundTruth("scene", "change", seconds, (person("a", LEFT, *expressions, unreadable=unreadable),))


def looks(
    at: float, expression: str, face: BoxKeyframe | None = LEFT, started_at: float | None = -1.0
) -> TranscriptLine:
    """An announcement of an expression, noticed at `at`. started_at: start of its speech; default: `at`."""
    began = at if started_at == -1.0 else started_at
    return TranscriptLine(at, began, Sentence.LOOKS, expression, f"Looks {expression}.", box_of(face) if face else None)


def asset_index(people: int = 12) -> AssetIndex:
    """An index of people with neutral stills and one other expression each."""
    others = ("happy", "surprise", "sad", "angry")
    near = {f"p{n}": {"neutral": (f"{n}a", f"{n}b", f"{n}c"), others[n % 4]: (f"{n}x",)} for n in range(people)}
    words = ("happy", "surprise", "sad", "angry", "neutral", "fear")
    far = {f"f{n}": {words[n % 6]: (f"f{n}",)} for n in range(12)}
    return AssetIndex(near, far, ("hall", "kitchen"), (swaying_head(),), tuple(sorted(near)))


def swaying_head() -> MotionTrack:
    """A head that sways to both sides, with a mouth that opens."""
    return MotionTrack("clip-0", 10.0, (HeadPose(x=-0.1, yaw_deg=-5.0), HeadPose(x=0.1, yaw_deg=5.0)), (0.0, 1.0))
