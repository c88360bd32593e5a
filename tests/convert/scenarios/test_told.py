"""Who was announced in time, and what was said twice."""

import pytest

from assistant.records import Box
from assistant.sentences import Sentence
from convert.scenarios.score import told
from convert.scenarios.score.transcript import SceneTranscript, TranscriptLine
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval, PersonTimeline

LEFT, RIGHT = BoxKeyframe(0, 100, 100, 80, 80), BoxKeyframe(0, 400, 100, 80, 80)
STAYS = PersonTimeline("a", (LEFT,), (Interval(1, 20, "happy"),))
PASSES = PersonTimeline("b", (RIGHT,), (Interval(5, 7.5, "happy"),))
TURNED = PersonTimeline("c", (RIGHT,), (Interval(1, 20, "happy"),), (Interval(0, 10, "side_on"),))
BACK = PersonTimeline("d", (LEFT,), (Interval(1, 8, "happy"), Interval(12, 20, "happy")))
BLINKS = PersonTimeline("e", (LEFT,), (Interval(1, 8, "happy"), Interval(9, 20, "happy")))


def line(at: float, box: BoxKeyframe = LEFT, text: str = "", **more: object) -> TranscriptLine:
    face = Box(*box[1:])
    return TranscriptLine(at, at, Sentence.LOOKS, "happy", text or f"at {at}", face, int(box is RIGHT), **more)  # type: ignore[arg-type]


def scene(people: tuple[PersonTimeline, ...], *lines: TranscriptLine) -> SceneTranscript:
    return SceneTranscript(GroundTruth("s", "kind", 20, people), lines, ())


@pytest.mark.parametrize(
    ("people", "lines", "expected"),
    [
        ((STAYS,), (line(3.4),), (1, 1)),
        ((STAYS,), (line(3.6),), (1, 0)),
        ((STAYS,), (line(3.4, RIGHT),), (1, 0)),
        ((STAYS,), (line(3.4, RIGHT, people=2),), (1, 1)),
        ((STAYS, PASSES), (line(2),), (1, 1)),
        ((TURNED,), (line(12, RIGHT),), (1, 1)),
        ((TURNED,), (line(13, RIGHT),), (1, 0)),
        ((BACK,), (line(2),), (2, 1)),
        ((BACK,), (line(2), line(14)), (2, 2)),
        ((BLINKS,), (line(2),), (1, 1)),
        ((), (), (0, 0)),
    ],
)
def test_who_stays_is_to_be_announced_soon_after_the_face_can_be_read(
    people: tuple[PersonTimeline, ...], lines: tuple[TranscriptLine, ...], expected: tuple[int, int]
) -> None:
    assert told.people(scene(people, *lines)) == expected


def test_a_sentence_is_doubled_if_nothing_else_was_said_of_the_person_in_between() -> None:
    one, other = line(2, text="Looks happy."), line(4, text="Looks sad.")
    assert told.doubled(scene((STAYS,), one, one._replace(started_at=5))) == 1
    assert told.doubled(scene((STAYS,), one, other, one._replace(started_at=5))) == 0
    assert told.doubled(scene((STAYS,), one, line(3, RIGHT, "Looks happy."))) == 0
    assert told.doubled(scene((STAYS,), one, one._replace(started_at=None))) == 0
