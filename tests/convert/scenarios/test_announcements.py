"""Verdicts on announcements of expressions, events and figures, by the ground truth."""

import json
from dataclasses import replace

import pytest

from assistant.records import CANNOT_TELL
from assistant.sentences import Sentence
from convert.data.fer2013_labels import LABELS
from convert.scenarios.score import announcements, figures
from convert.scenarios.score.shares import wilson
from convert.scenarios.score.transcript import SceneTranscript, TranscriptAnswer, TranscriptLine
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval
from tests.support.scene_timelines import LEFT, RIGHT, box_of, looks, one_person, person


def kinds(scene: GroundTruth, *lines: TranscriptLine) -> list[str]:
    return [verdict.kind for verdict in announcements.verdicts(scene, lines)]


@pytest.mark.parametrize(
    ("started_at", "kind"),
    [
        (4.0, "false"),
        (5.0, "correct"),
        (9.9, "correct"),
        (11.4, "correct"),
        (11.6, "late"),
        (15.9, "late"),
        (16.1, "false"),
    ],
)
def test_an_announcement_is_correct_until_1_5_seconds_after_the_expression_ended(started_at: float, kind: str) -> None:
    scene = one_person((0, 5, "neutral"), (5, 10, "happy"), (10, 30, "neutral"))
    assert kinds(scene, looks(5.0, "happy", started_at=started_at)) == [kind]


def test_an_announcement_that_is_true_of_another_person_is_wrong_person() -> None:
    scene = GroundTruth("s", "pair", 20, (person("a", LEFT, (0, 20, "neutral")), person("b", RIGHT, (0, 20, "happy"))))
    assert kinds(scene, looks(5, "happy"), looks(5, "happy", RIGHT), looks(5, "sad"), looks(5, "happy", None)) == [
        "wrong_person", "correct", "false", "false",
    ]  # fmt: skip
    assert kinds(scene, looks(5, "happy", BoxKeyframe(0, 250, 400, 60, 60))) == ["false"]


def test_only_spoken_lines_that_name_an_expression_are_announcements_of_expressions() -> None:
    lines = [
        looks(1, "happy"),
        looks(1, "happy", started_at=None),
        TranscriptLine(1, 1, Sentence.NO_LONGER, "happy", ""),
        TranscriptLine(1, 1, Sentence.ONE_PERSON, "", ""),
    ]
    assert announcements.announcements(lines) == lines[:1]


def test_expressions_shorter_than_a_second_are_not_counted() -> None:
    scene = one_person((0, 5, "neutral"), (5, 5.9, "happy"), (5.9, 20, "neutral"))
    assert kinds(scene, looks(5.5, "happy")) == ["brief"]
    assert [event.expression for event in announcements.events(scene, [])] == ["neutral", "neutral"]


def test_an_event_is_announced_with_its_delay() -> None:
    scene = one_person((0, 5, "neutral"), (5, 10, "happy"), (10, 30, "neutral"))
    events = announcements.events(scene, [looks(0.8, "neutral"), looks(5.7, "happy"), looks(12.0, "neutral")])
    assert [(e.expression, e.start, e.announced_at, e.is_counted) for e in events] == [
        ("neutral", 0, 0.8, True), ("happy", 5, 5.7, True), ("neutral", 10, 12.0, True),
    ]  # fmt: skip
    assert [round(e.delay_s or 0, 6) for e in events] == [0.8, 0.7, 2.0]


def test_an_event_is_not_counted_if_the_last_announcement_had_the_same_expression() -> None:
    scene = one_person((0, 5, "happy"), (5, 8, "neutral"), (8, 20, "happy"))
    events = announcements.events(scene, [looks(1, "happy")])
    assert [(e.expression, e.announced_at, e.is_counted) for e in events] == [
        ("happy", 1, True), ("neutral", None, True), ("happy", None, False),
    ]  # fmt: skip
    for between in (looks(6, "neutral"), TranscriptLine(6, 6, Sentence.NO_LONGER, "happy", "", box_of(LEFT))):
        assert announcements.events(scene, [looks(1, "happy"), between])[2].is_counted
    about_another = looks(6, "neutral", RIGHT)
    assert not announcements.events(scene, [looks(1, "happy"), about_another])[2].is_counted


def test_the_return_of_a_person_is_an_event() -> None:
    scene = one_person((0, 5, "happy"), (9, 20, "happy"))
    assert [e.is_counted for e in announcements.events(scene, [looks(1, "happy")])] == [True, True]


def test_a_short_unreadable_part_does_not_end_an_event_and_a_long_one_does() -> None:
    passing = (Interval(4, 5, "occluded"),)
    (event,) = announcements.events(one_person((0, 10, "happy"), unreadable=passing), [])
    assert (event.start, event.end) == (0, 10)
    away = (Interval(3, 8, "side_on"),)
    assert [(e.start, e.end) for e in announcements.events(one_person((0, 20, "happy"), unreadable=away), [])] == [
        (0, 3),
        (8, 20),
    ]
    assert announcements.events(one_person((0, 10, "happy"), unreadable=(Interval(0, 8.5, "dark"),)), []) == []


def test_an_announcement_before_an_unreadable_part_does_not_count_for_the_event_after_it() -> None:
    scene = one_person((0, 20, "happy"), unreadable=(Interval(5, 9, "side_on"),))
    before, after = looks(1, "happy"), looks(10, "happy")
    assert [(e.announced_at, e.is_counted) for e in announcements.events(scene, [before])] == [(1, True), (None, False)]
    assert [(e.announced_at, e.is_counted) for e in announcements.events(scene, [before, after])] == [
        (1, True),
        (10, True),
    ]
    assert [(e.announced_at, e.is_counted) for e in announcements.events(scene, [after])] == [(None, True), (10, True)]
    assert [e.delay_s for e in announcements.events(scene, [before, after])] == [1, 1]


def test_an_announcement_while_a_face_enters_the_frame_has_no_delay() -> None:
    scene = one_person((1, 10, "happy"), unreadable=(Interval(1, 2.5, ""),))
    (event,) = announcements.events(scene, [looks(2, "happy")])
    assert (event.start, event.announced_at, event.delay_s) == (2.5, 2, 0)


def test_figures_of_three_scenes() -> None:
    shows = one_person((0, 5, "neutral"), (5, 10, "happy"), (10, 20, "neutral"), seconds=60)
    lines = [looks(1, "neutral"), looks(6, "happy"), looks(12.5, "happy"), looks(14, "sad")]
    talk = replace(one_person((0, 600, "neutral"), seconds=600), kind="talk")
    chat = [
        TranscriptLine(1, 1, Sentence.ONE_PERSON, "", "One person.", box_of(LEFT)),
        looks(3, "neutral"),
        looks(50, "happy"),
    ]
    dark = GroundTruth(
        "d", "degraded", 10, (person("a", LEFT, (0, 10, "happy"), unreadable=(Interval(0, 10, "dark"),)),)
    )
    answers = (
        TranscriptAnswer(2, CANNOT_TELL, "dark"),
        TranscriptAnswer(3, "nobody", "dark"),
        TranscriptAnswer(4, "happy", ""),
        TranscriptAnswer(5, CANNOT_TELL, ""),
    )
    scenes = [
        SceneTranscript(shows, lines, lines),
        SceneTranscript(talk, chat, chat),
        SceneTranscript(dark, [looks(3, "happy")], (), answers),
    ]
    made = figures.figures(scenes, LABELS, ("happy", "neutral"))
    happy = made["expressions"]["happy"]
    assert {key: happy[key] for key in ("precision", "recall", "events", "announced", "late", "false")} == {
        "precision": 0.333, "recall": 1.0, "events": 1, "announced": 3, "late": 1, "false": 1,
    }  # fmt: skip
    assert made["expressions"]["neutral"]["recall"] == 0.667
    assert made["expressions"]["sad"]["precision"] == 0
    assert made["expressions"]["fear"]["precision"] is None
    assert made["words_on"] == ["happy"]
    assert (made["neutral_per_10min"], made["still_false_per_10min"], made["max_per_min"]) == (1.0, None, 4)
    assert (made["late"], made["wrong_person"], made["false"]) == (1, 0, 2)
    assert (made["delay_p50_s"], made["delay_p95_s"]) == (1, 3)
    assert (made["reason_correct"], made["announced_though_degraded"]) == (0.5, 1)
    assert made["reasons"]["dark"]["answers"] == {"dark": 2, "happy": 1, "none": 1}
    assert len(json.dumps(made)) < 100_000


def test_answers_about_readable_people_are_not_in_the_reasons() -> None:
    hidden = person("a", LEFT, (0, 10, "happy"), unreadable=(Interval(0, 10, "side_on"),))
    scene = GroundTruth("s", "change", 10, (hidden, person("b", RIGHT, (0, 10, "happy"))))
    answers = [
        TranscriptAnswer(2, "happy", "", box_of(RIGHT)),
        TranscriptAnswer(3, "happy", "", box_of(LEFT)),
        TranscriptAnswer(4, CANNOT_TELL, "side_on", box_of(LEFT)),
        TranscriptAnswer(5, CANNOT_TELL, ""),
    ]
    made = figures.figures([SceneTranscript(scene, (), (), answers)], LABELS, ("happy",))
    assert made["reasons"] == {
        "side_on": {"asked": 3, "correct": 0.333, "answers": {"happy": 1, "none": 1, "side_on": 1}}
    }


def test_an_expression_is_worth_announcing_with_40_events_and_a_precision_of_85_percent() -> None:
    known = (("happy", 0, None), ("sad", 39, 1.0), ("surprise", 40, 0.85), ("angry", 99, 0.84), ("fear", 99, None))
    rows = {expression: {"events": events, "precision": precision} for expression, events, precision in known}
    assert figures.worth_announcing(rows) == ["happy", "surprise"]


def test_wilson_is_the_textbook_interval() -> None:
    assert wilson(0, 0) is None
    assert wilson(9, 10) == [0.596, 0.982]
    assert wilson(0, 10) == [0.0, 0.278]
