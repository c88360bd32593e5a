"""Verdicts on announcements of presence, in figures and plots."""

import dataclasses
from pathlib import Path

import cv2
import pytest

from assistant.sentences import Sentence
from convert.scenarios.score import plot, presence
from convert.scenarios.score.figures import figures
from convert.scenarios.score.transcript import ObservedFace, SceneTranscript, TranscriptLine
from convert.scenarios.script.ground_truth import REASONS, BoxKeyframe, GroundTruth, Interval, PersonTimeline
from tests.support.scene_timelines import LEFT, RIGHT, box_of, one_person, person

EMPTY_ROOM = GroundTruth("room", "empty", 30.0)


def line(
    started_at: float | None, sentence: Sentence, expression: str = "", face: BoxKeyframe = LEFT
) -> TranscriptLine:
    return TranscriptLine(started_at or 0.0, started_at, sentence, expression, sentence, box_of(face))


def kinds(scene: GroundTruth, *lines: TranscriptLine) -> list[str]:
    return [verdict.kind for verdict in presence.verdicts(scene, lines)]


def two_people(*, until: float) -> GroundTruth:
    return GroundTruth(
        "s", "pair", 30, (person("a", LEFT, (0, until, "neutral")), person("b", RIGHT, (5, 30, "neutral")))
    )


def is_anything_red(path: Path) -> bool:
    red = tuple(bytes.fromhex(plot.FALSE_COLOUR[1:]))
    return bool((cv2.imread(str(path))[..., ::-1] == red).all(axis=2).any())


@pytest.mark.parametrize(
    ("scene", "announced", "kind"),
    [
        (EMPTY_ROOM, line(5, Sentence.ONE_PERSON), "false"),
        (one_person((0, 5, "happy")), line(4.9, Sentence.ONE_PERSON), "correct"),
        (one_person((0, 5, "happy")), line(6.4, Sentence.ONE_PERSON), "correct"),
        (one_person((0, 5, "happy")), line(6.6, Sentence.ONE_PERSON), "false"),
        (one_person((5, 9, "happy")), line(4.9, Sentence.ONE_PERSON), "false"),
        (one_person((0, 30, "happy")), line(9, Sentence.ONE_MORE_PERSON), "false"),
        (two_people(until=20), line(4.9, Sentence.ONE_MORE_PERSON), "false"),
        (two_people(until=20), line(5.1, Sentence.ONE_MORE_PERSON), "correct"),
        (two_people(until=20), line(21.4, Sentence.ONE_MORE_PERSON), "correct"),
        (two_people(until=20), line(21.6, Sentence.ONE_MORE_PERSON), "false"),
        (two_people(until=5), line(5.2, Sentence.ONE_MORE_PERSON), "false"),
        (one_person((0, 30, "happy")), line(9, Sentence.ONE_PERSON, face=RIGHT), "false"),
        (two_people(until=20), line(9, Sentence.ONE_MORE_PERSON, face=BoxKeyframe(0, 250, 400, 60, 60)), "false"),
        (EMPTY_ROOM, line(5, Sentence.NOBODY_IN_VIEW), "correct"),
        (one_person((0, 5, "happy")), line(4.9, Sentence.NOBODY_IN_VIEW), "false"),
        (one_person((0, 5, "happy")), line(5.1, Sentence.NOBODY_IN_VIEW), "correct"),
        (one_person((0, 2, "happy"), (6, 30, "happy")), line(7.4, Sentence.NOBODY_IN_VIEW), "correct"),
        (one_person((0, 2, "happy"), (6, 30, "happy")), line(7.6, Sentence.NOBODY_IN_VIEW), "false"),
        (two_people(until=5), line(5.5, Sentence.NOBODY_IN_VIEW), "false"),
        (two_people(until=20), line(19, Sentence.PERSON_LEFT), "false"),
        (two_people(until=20), line(20.1, Sentence.PERSON_LEFT), "correct"),
        (two_people(until=20), line(25.9, Sentence.PERSON_LEFT), "correct"),
        (two_people(until=20), line(27.6, Sentence.PERSON_LEFT), "false"),
        (two_people(until=20), line(19, Sentence.PEOPLE)._replace(people=2), "correct"),
        (two_people(until=20), line(19, Sentence.PEOPLE)._replace(people=1), "false"),
        (two_people(until=20), line(20.1, Sentence.PEOPLE)._replace(people=1), "correct"),
        (two_people(until=20), line(21.6, Sentence.PEOPLE)._replace(people=2), "false"),
        (EMPTY_ROOM, line(5, Sentence.PERSON_LEFT), "false"),
        (one_person((0, 5, "happy"), (7, 30, "happy")), line(8.4, Sentence.PERSON_LEFT), "correct"),
        (one_person((0, 5, "happy"), (7, 30, "happy")), line(8.6, Sentence.PERSON_LEFT), "false"),
        (one_person((0, 30, "happy")), line(9, Sentence.NO_LONGER, "happy"), "false"),
        (one_person((0, 30, "happy")), line(9, Sentence.NO_LONGER, "sad"), "correct"),
        (one_person((0, 5, "happy"), (5, 30, "sad")), line(4.9, Sentence.NO_LONGER, "happy"), "false"),
        (one_person((0, 5, "happy"), (5, 30, "sad")), line(5.1, Sentence.NO_LONGER, "happy"), "correct"),
        (
            one_person((0, 5, "happy"), (5, 6, "sad"), (6, 30, "happy")),
            line(7.4, Sentence.NO_LONGER, "happy"),
            "correct",
        ),
        (one_person((0, 5, "happy"), (5, 6, "sad"), (6, 30, "happy")), line(7.6, Sentence.NO_LONGER, "happy"), "false"),
        (one_person((0, 30, "happy")), line(9, Sentence.NO_LONGER, "happy", RIGHT), "correct"),
    ],
)
def test_an_announcement_is_false_if_it_was_true_at_no_time_in_the_last_1_5_seconds(
    scene: GroundTruth, announced: TranscriptLine, kind: str
) -> None:
    assert kinds(scene, announced) == [kind]


@pytest.mark.parametrize("reason", REASONS)
def test_a_side_on_or_occluded_person_is_in_view_and_an_invisible_one_may_be_missed(reason: str) -> None:
    scene = one_person((0, 30, "happy"), unreadable=(Interval(5, 25, reason),))
    is_in_view = reason in ("side_on", "occluded")
    assert kinds(scene, line(10, Sentence.NOBODY_IN_VIEW)) == ["false" if is_in_view else "correct"]
    assert kinds(scene, line(10, Sentence.PERSON_LEFT)) == ["false" if is_in_view else "correct"]
    assert kinds(scene, line(10, Sentence.ONE_PERSON)) == ["correct"]
    assert kinds(scene, line(10, Sentence.NO_LONGER, "happy")) == ["false"]


def test_a_delayed_announcement_may_be_about_a_later_position_of_the_person() -> None:
    walks = PersonTimeline(
        "a", (BoxKeyframe(0, 100, 100, 60, 72), BoxKeyframe(10, 500, 100, 60, 72)), (Interval(0, 30, "happy"),)
    )
    approaching = GroundTruth("s", "near", 30, (walks,))
    delayed = line(9.5, Sentence.ONE_PERSON, face=BoxKeyframe(0, 460, 100, 60, 72))._replace(noticed_at=1.0)
    assert kinds(approaching, delayed) == ["correct"]
    assert kinds(approaching, delayed._replace(box=box_of(BoxKeyframe(0, 140, 100, 60, 72)))) == ["correct"]
    assert kinds(approaching, delayed._replace(box=box_of(BoxKeyframe(0, 300, 400, 60, 72)))) == ["false"]
    assert kinds(approaching, delayed._replace(box=None)) == ["correct"]


def test_nobody_in_view_is_false_while_one_person_replaces_another() -> None:
    replaced = GroundTruth("s", "enter", 30, (person("a", LEFT, (0, 9, "sad")), person("b", RIGHT, (9, 30, "sad"))))
    assert kinds(replaced, line(9.7, Sentence.NOBODY_IN_VIEW)) == ["false"]


def test_only_spoken_announcements_of_presence_have_a_verdict() -> None:
    lines = [
        line(3, Sentence.LOOKS, "happy"),
        line(4, Sentence.ARRIVED, "happy"),
        line(None, Sentence.ONE_PERSON),
        line(5, Sentence.CANNOT_TELL),
    ]
    assert kinds(EMPTY_ROOM, *lines) == []


def test_one_person_in_an_empty_room_is_counted_and_plotted_as_false(tmp_path: Path) -> None:
    lines = [line(2, Sentence.ONE_PERSON), line(9, Sentence.NOBODY_IN_VIEW), line(None, Sentence.ONE_PERSON)]
    false_presence = SceneTranscript(EMPTY_ROOM, lines, lines)
    made = figures([false_presence], ("happy",), ("happy",))
    assert made["presence"] == {"announced": 2, "false": 1, "late": 0}
    assert (made["late"], made["false"]) == (0, 0)
    assert is_anything_red(plot.draw(false_presence, tmp_path / "ghost"))
    assert not is_anything_red(plot.draw(SceneTranscript(EMPTY_ROOM, lines[1:], lines[1:]), tmp_path / "true"))


@pytest.mark.parametrize(
    ("scene", "announced", "is_late"),
    [
        (one_person((0, 5, "happy")), line(9.0, Sentence.ONE_PERSON)._replace(noticed_at=4.0), True),
        (one_person((0, 5, "happy")), line(9.0, Sentence.ONE_PERSON)._replace(noticed_at=8.0), False),
        (one_person((0, 30, "happy")), line(9.0, Sentence.ONE_PERSON, face=RIGHT)._replace(noticed_at=8.0), False),
        (one_person((2, 30, "happy")), line(7.0, Sentence.NOBODY_IN_VIEW)._replace(noticed_at=1.0), True),
        (one_person((2, 30, "happy")), line(7.0, Sentence.NOBODY_IN_VIEW)._replace(noticed_at=6.0), False),
        (one_person((0, 30, "happy")), line(9.0, Sentence.NOBODY_IN_VIEW), False),
    ],
)
def test_a_false_announcement_that_was_true_when_it_was_noticed_is_late(
    scene: GroundTruth, announced: TranscriptLine, is_late: bool
) -> None:
    made = figures([SceneTranscript(scene, [announced], [announced])], ("happy",), ("happy",))
    assert made["presence"] == {"announced": 1, "false": 1, "late": int(is_late)}
    assert made["late"] == int(is_late)


def test_all_utterances_while_a_person_talks_are_counted() -> None:
    lines = [line(2, Sentence.ARRIVED, "happy"), line(9, Sentence.LOOKS, "sad"), line(None, Sentence.ONE_PERSON)]
    talks = SceneTranscript(dataclasses.replace(one_person((0, 30, "happy")), kind="talk"), lines, lines)
    made = figures([talks, talks], ("happy",), ("happy",))
    assert made["talking"] == {"scenes": 2, "minutes": 1.0, "utterances": 4}


def test_announcements_of_presence_have_verdicts_in_degraded_scenes_too() -> None:
    hidden = person("a", LEFT, (0, 10, "happy"), unreadable=(Interval(0, 10, "occluded"),))
    lines = [line(5, Sentence.NOBODY_IN_VIEW)]
    made = figures([SceneTranscript(GroundTruth("d", "degraded", 10, (hidden,)), lines, lines)], ("happy",), ("happy",))
    assert made["presence"] == {"announced": 1, "false": 1, "late": 0}


def test_a_reason_is_false_for_a_face_that_can_be_read() -> None:
    half = person("a", LEFT, (0, 10, "happy"), unreadable=(Interval(5, 7, "side_on"), Interval(7, 10, "")))
    faces = (
        ObservedFace(1, box_of(LEFT), ""),
        ObservedFace(2, box_of(LEFT), "occluded"),
        ObservedFace(3, box_of(LEFT), "dark"),
        ObservedFace(4, box_of(LEFT), "occluded"),
        ObservedFace(6, box_of(LEFT), "side_on"),
        ObservedFace(6, box_of(LEFT), ""),
        ObservedFace(8, box_of(LEFT), "side_on"),
        ObservedFace(2, box_of(RIGHT), "far"),
        ObservedFace(11, box_of(LEFT), "blurred"),
    )
    made = figures([SceneTranscript(GroundTruth("s", "turn", 12, (half,)), (), (), (), faces)], ("happy",), ("happy",))
    assert made["false_reasons"] == {"readings": 4, "share": 0.75, "reasons": {"occluded": 2, "dark": 1}}
    assert figures([], ("happy",), ("happy",))["false_reasons"] == {"readings": 0, "share": None, "reasons": {}}
