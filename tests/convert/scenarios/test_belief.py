"""Seconds in which the wearer believes what is not true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import CANNOT_TELL
from assistant.sentences import Sentence
from convert.scenarios.score import belief
from convert.scenarios.score.belief import ENDED, GONE, NEVER_TOLD
from convert.scenarios.score.figures import figures
from convert.scenarios.score.transcript import SceneTranscript, TranscriptAnswer, TranscriptLine
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval
from tests.support.scene_timelines import LEFT, RIGHT, box_of, one_person, person

ANNOUNCED = ("happy", "neutral", "surprise")
EMPTY_ROOM = GroundTruth("room", "empty", 30.0)


def line(
    started_at: float | None, sentence: Sentence, expression: str = "", face: BoxKeyframe = LEFT, track_id: int = 1
) -> TranscriptLine:
    return TranscriptLine(started_at or 0.0, started_at, sentence, expression, sentence, box_of(face), track_id)


def wrong(scene: GroundTruth, *lines: TranscriptLine, answers: tuple[TranscriptAnswer, ...] = ()) -> dict[str, float]:
    """Seconds by kind, to a tenth, without the kinds that have none."""
    seconds = belief.wrong_seconds(SceneTranscript(scene, lines, (), answers), ANNOUNCED)
    return {kind: round(each, 1) for kind, each in seconds.items() if each}


SMILE_OF_TEN_SECONDS = one_person((0, 10, "happy"), (10, 30, "neutral"))
TWO_PEOPLE = GroundTruth("s", "pair", 30, (person("a", LEFT, (0, 10, "neutral")), person("b", RIGHT, (0, 30, "happy"))))
ARRIVED, LOOKS, ONE = Sentence.ARRIVED, Sentence.LOOKS, Sentence.ONE_PERSON


@pytest.mark.parametrize(
    ("scene", "lines", "expected"),
    [
        (EMPTY_ROOM, (), {}),
        (SMILE_OF_TEN_SECONDS, (), {NEVER_TOLD: 28.5}),
        (SMILE_OF_TEN_SECONDS, (line(1, ARRIVED, "happy"), line(11, Sentence.NO_LONGER, "happy")), {}),
        (SMILE_OF_TEN_SECONDS, (line(1, ARRIVED, "happy"), line(11, LOOKS, "neutral")), {}),
        (SMILE_OF_TEN_SECONDS, (line(1, ARRIVED, "happy"),), {ENDED: 18.5}),
        (SMILE_OF_TEN_SECONDS, (line(1, ARRIVED, "happy"), line(None, LOOKS, "neutral")), {ENDED: 18.5}),
        (SMILE_OF_TEN_SECONDS, (line(1, ONE), line(4, LOOKS, "happy"), line(11, LOOKS, "neutral")), {NEVER_TOLD: 2.5}),
        (SMILE_OF_TEN_SECONDS, (line(1, ONE),), {NEVER_TOLD: 8.5}),
        (one_person((0, 5, "happy")), (line(1, ARRIVED, "happy"),), {GONE: 23.5}),
        (one_person((0, 5, "happy")), (line(1, ARRIVED, "happy"), line(6, Sentence.NOBODY_IN_VIEW)), {}),
        (one_person((0, 30, "neutral")), (line(1, ONE),), {}),
        (one_person((0, 30, "neutral")), (line(1, ONE), line(10, Sentence.NOBODY_IN_VIEW)), {NEVER_TOLD: 18.5}),
        (one_person((0, 30, "neutral")), (line(1, ARRIVED, "surprise"),), {ENDED: 28.5}),
        (one_person((0, 30, "fear")), (line(1, ONE),), {}),
        (EMPTY_ROOM, (line(10, ONE), line(20, Sentence.NOBODY_IN_VIEW)), {GONE: 8.5}),
        (TWO_PEOPLE, (line(1, ARRIVED, "happy", RIGHT), line(1, Sentence.ONE_MORE_PERSON, track_id=2)), {GONE: 18.5}),
    ],
)
def test_what_was_said_last_is_believed(
    scene: GroundTruth, lines: tuple[TranscriptLine, ...], expected: dict[str, float]
) -> None:
    assert wrong(scene, *lines) == pytest.approx(expected, abs=0.1)


def test_a_person_who_has_left_is_known_by_the_track() -> None:
    told = (line(1, ARRIVED, "happy", RIGHT, 2), line(1, Sentence.ONE_MORE_PERSON, "", LEFT, 1))
    left = TranscriptLine(12.0, 12.5, Sentence.PERSON_LEFT, "", "", box_of(LEFT), 1)
    assert wrong(TWO_PEOPLE, *told, left) == pytest.approx({GONE: 1.0}, abs=0.1)


@pytest.mark.parametrize(("people", "expected"), [(1, {}), (2, {GONE: 8.5}), (3, {GONE: 17.0})])
def test_a_number_is_believed_of_those_who_are_in_view(people: int, expected: dict[str, float]) -> None:
    told = (line(1, ARRIVED, "happy", RIGHT, 2), line(1, Sentence.ONE_MORE_PERSON, "", LEFT, 1))
    left = TranscriptLine(11.0, 11.5, Sentence.PEOPLE, "", "", box_of(LEFT), 1, people=people)
    back = TranscriptLine(20.0, 21.5, Sentence.PEOPLE, "", "", box_of(LEFT), 1, people=1)
    assert wrong(TWO_PEOPLE, *told, left, back) == pytest.approx(expected, abs=0.1)


def test_what_cannot_be_seen_is_not_wrong() -> None:
    away = person("a", LEFT, (0, 10, "happy"), (10, 30, "neutral"), unreadable=(Interval(10, 30, "side_on"),))
    scene = GroundTruth("s", "turn", 30, (away,))
    assert wrong(scene, line(1, ARRIVED, "happy")) == {}


def test_an_answer_is_believed_too() -> None:
    told = TranscriptAnswer(11.0, "neutral", "", box_of(LEFT))
    unsure = TranscriptAnswer(11.0, CANNOT_TELL, "unclear", box_of(LEFT))
    nobody = TranscriptAnswer(6.0, CANNOT_TELL, "")
    assert wrong(SMILE_OF_TEN_SECONDS, line(1, ARRIVED, "happy"), answers=(told,)) == {}
    assert wrong(SMILE_OF_TEN_SECONDS, line(1, ARRIVED, "happy"), answers=(unsure,)) == {}
    assert wrong(one_person((0, 5, "happy")), line(1, ARRIVED, "happy"), answers=(nobody,)) == {}


@given(st.floats(0, 29), st.sampled_from(ANNOUNCED))
def test_silence_wins_nothing(at: float, expression: str) -> None:
    """A true word never makes it worse than no word."""
    scene = one_person((0, 30, expression))
    assert sum(wrong(scene, line(at, ARRIVED, expression)).values()) <= sum(wrong(scene).values())


def test_the_figure_is_in_seconds_of_ten_minutes() -> None:
    scene = SceneTranscript(SMILE_OF_TEN_SECONDS, (line(1, ARRIVED, "happy"),), ())
    found = figures([scene], ANNOUNCED, ANNOUNCED)
    assert found["wrong_belief_s_per_10min"] == pytest.approx(18.5 * 20, abs=3)
    assert found["wrong_belief_kinds"][ENDED] == found["wrong_belief_s_per_10min"]
