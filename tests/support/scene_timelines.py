"""Small ground truths and transcript lines for the tests of the event benchmark."""

from assistant.phrases import Sentence
from assistant.records import Box
from convert.scenarios.score.transcript import TranscriptLine
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval, PersonTimeline

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
