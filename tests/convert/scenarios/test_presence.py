"""What is said of who is there: which sentence is untrue, and where the figures and the plot tell."""

import dataclasses
from pathlib import Path

import cv2
import pytest

from assistant.phrases import Sentence
from convert.scenarios.score import plot, presence
from convert.scenarios.score.announcements import Said
from convert.scenarios.score.figures import Heard, Looked, figures
from convert.scenarios.script.truth import REASONS, Person, Span, Spot, Truth
from tests.convert.scenarios.test_scenarios import LEFT, RIGHT, box, one, person

NOBODY = Truth("room", "empty", 30.0)


def line(started_at: float | None, sentence: Sentence, expression: str = "", spot: Spot = LEFT) -> Said:
    return Said(started_at or 0.0, started_at, sentence, expression, sentence, box(spot))


def kinds(scene: Truth, *said: Said) -> list[str]:
    return [verdict.kind for verdict in presence.judge(scene, said)]


def two(*, until: float) -> Truth:
    return Truth("s", "pair", 30, (person("a", LEFT, (0, until, "neutral")), person("b", RIGHT, (5, 30, "neutral"))))


def is_anything_red(path: Path) -> bool:
    red = tuple(bytes.fromhex(plot.WRONG[1:]))
    return bool((cv2.imread(str(path))[..., ::-1] == red).all(axis=2).any())


@pytest.mark.parametrize(
    ("scene", "said", "kind"),
    [
        (NOBODY, line(5, Sentence.ONE_PERSON), "untrue"),
        (one((0, 5, "happy")), line(4.9, Sentence.ONE_PERSON), "right"),
        (one((0, 5, "happy")), line(6.4, Sentence.ONE_PERSON), "right"),
        (one((0, 5, "happy")), line(6.6, Sentence.ONE_PERSON), "untrue"),
        (one((5, 9, "happy")), line(4.9, Sentence.ONE_PERSON), "untrue"),
        (one((0, 30, "happy")), line(9, Sentence.ONE_MORE_PERSON), "untrue"),
        (two(until=20), line(4.9, Sentence.ONE_MORE_PERSON), "untrue"),
        (two(until=20), line(5.1, Sentence.ONE_MORE_PERSON), "right"),
        (two(until=20), line(21.4, Sentence.ONE_MORE_PERSON), "right"),
        (two(until=20), line(21.6, Sentence.ONE_MORE_PERSON), "untrue"),
        (two(until=5), line(5.2, Sentence.ONE_MORE_PERSON), "untrue"),
        (one((0, 30, "happy")), line(9, Sentence.ONE_PERSON, spot=RIGHT), "untrue"),
        (two(until=20), line(9, Sentence.ONE_MORE_PERSON, spot=Spot(0, 250, 400, 60, 60)), "untrue"),
        (NOBODY, line(5, Sentence.NOBODY_IN_VIEW), "right"),
        (one((0, 5, "happy")), line(4.9, Sentence.NOBODY_IN_VIEW), "untrue"),
        (one((0, 5, "happy")), line(5.1, Sentence.NOBODY_IN_VIEW), "right"),
        (one((0, 2, "happy"), (6, 30, "happy")), line(7.4, Sentence.NOBODY_IN_VIEW), "right"),
        (one((0, 2, "happy"), (6, 30, "happy")), line(7.6, Sentence.NOBODY_IN_VIEW), "untrue"),
        (two(until=5), line(5.5, Sentence.NOBODY_IN_VIEW), "untrue"),
        (two(until=20), line(19, Sentence.PERSON_LEFT), "untrue"),
        (two(until=20), line(20.1, Sentence.PERSON_LEFT), "right"),
        (two(until=20), line(25.9, Sentence.PERSON_LEFT), "right"),
        (two(until=20), line(27.6, Sentence.PERSON_LEFT), "untrue"),
        (NOBODY, line(5, Sentence.PERSON_LEFT), "untrue"),
        (one((0, 5, "happy"), (7, 30, "happy")), line(8.4, Sentence.PERSON_LEFT), "right"),
        (one((0, 5, "happy"), (7, 30, "happy")), line(8.6, Sentence.PERSON_LEFT), "untrue"),
        (one((0, 30, "happy")), line(9, Sentence.NO_LONGER, "happy"), "untrue"),
        (one((0, 30, "happy")), line(9, Sentence.NO_LONGER, "sad"), "right"),
        (one((0, 5, "happy"), (5, 30, "sad")), line(4.9, Sentence.NO_LONGER, "happy"), "untrue"),
        (one((0, 5, "happy"), (5, 30, "sad")), line(5.1, Sentence.NO_LONGER, "happy"), "right"),
        (one((0, 5, "happy"), (5, 6, "sad"), (6, 30, "happy")), line(7.4, Sentence.NO_LONGER, "happy"), "right"),
        (one((0, 5, "happy"), (5, 6, "sad"), (6, 30, "happy")), line(7.6, Sentence.NO_LONGER, "happy"), "untrue"),
        (one((0, 30, "happy")), line(9, Sentence.NO_LONGER, "happy", RIGHT), "right"),
    ],
)
def test_a_sentence_is_untrue_that_was_so_at_no_moment_of_the_last_second_and_a_half(
    scene: Truth, said: Said, kind: str
) -> None:
    assert kinds(scene, said) == [kind]


@pytest.mark.parametrize("reason", REASONS)
def test_who_turns_away_or_is_covered_is_in_view_and_whom_no_eye_can_find_may_be_missed(reason: str) -> None:
    scene = one((0, 30, "happy"), hidden=(Span(5, 25, reason),))
    is_seen = reason in ("side_on", "occluded")
    assert kinds(scene, line(10, Sentence.NOBODY_IN_VIEW)) == ["untrue" if is_seen else "right"]
    assert kinds(scene, line(10, Sentence.PERSON_LEFT)) == ["untrue" if is_seen else "right"]
    assert kinds(scene, line(10, Sentence.ONE_PERSON)) == ["right"]
    assert kinds(scene, line(10, Sentence.NO_LONGER, "happy")) == ["untrue"]


def test_somebody_of_whom_is_spoken_late_was_noticed_where_they_were_meanwhile() -> None:
    walks = Person("a", (Spot(0, 100, 100, 60, 72), Spot(10, 500, 100, 60, 72)), (Span(0, 30, "happy"),))
    comes = Truth("s", "near", 30, (walks,))
    held_back = line(9.5, Sentence.ONE_PERSON, spot=Spot(0, 460, 100, 60, 72))._replace(at=1.0)
    assert kinds(comes, held_back) == ["right"]
    assert kinds(comes, held_back._replace(box=box(Spot(0, 140, 100, 60, 72)))) == ["right"]
    assert kinds(comes, held_back._replace(box=box(Spot(0, 300, 400, 60, 72)))) == ["untrue"]
    assert kinds(comes, held_back._replace(box=None)) == ["right"]


def test_nobody_is_untrue_while_one_person_takes_the_place_of_another() -> None:
    shift = Truth("s", "enter", 30, (person("a", LEFT, (0, 9, "sad")), person("b", RIGHT, (9, 30, "sad"))))
    assert kinds(shift, line(9.7, Sentence.NOBODY_IN_VIEW)) == ["untrue"]


def test_only_what_was_spoken_and_names_no_expression_is_judged_here() -> None:
    said = [
        line(3, Sentence.LOOKS, "happy"),
        line(4, Sentence.ARRIVED, "happy"),
        line(None, Sentence.ONE_PERSON),
        line(5, Sentence.CANNOT_TELL),
    ]
    assert kinds(NOBODY, *said) == []


def test_one_person_in_an_empty_room_is_counted_and_drawn_as_untrue(tmp_path: Path) -> None:
    said = [line(2, Sentence.ONE_PERSON), line(9, Sentence.NOBODY_IN_VIEW), line(None, Sentence.ONE_PERSON)]
    ghost = Heard(NOBODY, said, said)
    made = figures([ghost], ("happy",), ("happy",))
    assert made["presence"] == {"said": 2, "untrue": 1, "late": 0}
    assert (made["stale"], made["false"]) == (0, 0)
    assert is_anything_red(plot.draw(ghost, tmp_path / "ghost"))
    assert not is_anything_red(plot.draw(Heard(NOBODY, said[1:], said[1:]), tmp_path / "true"))


@pytest.mark.parametrize(
    ("scene", "said", "is_late"),
    [
        (one((0, 5, "happy")), line(9.0, Sentence.ONE_PERSON)._replace(at=4.0), True),
        (one((0, 5, "happy")), line(9.0, Sentence.ONE_PERSON)._replace(at=8.0), False),
        (one((0, 30, "happy")), line(9.0, Sentence.ONE_PERSON, spot=RIGHT)._replace(at=8.0), False),
        (one((2, 30, "happy")), line(7.0, Sentence.NOBODY_IN_VIEW)._replace(at=1.0), True),
        (one((2, 30, "happy")), line(7.0, Sentence.NOBODY_IN_VIEW)._replace(at=6.0), False),
        (one((0, 30, "happy")), line(9.0, Sentence.NOBODY_IN_VIEW), False),
    ],
)
def test_what_was_true_when_it_was_noticed_came_too_late(scene: Truth, said: Said, is_late: bool) -> None:
    made = figures([Heard(scene, [said], [said])], ("happy",), ("happy",))
    assert made["presence"] == {"said": 1, "untrue": 1, "late": int(is_late)}
    assert made["stale"] == int(is_late)


def test_all_that_is_said_of_who_talks_is_counted() -> None:
    said = [line(2, Sentence.ARRIVED, "happy"), line(9, Sentence.LOOKS, "sad"), line(None, Sentence.ONE_PERSON)]
    talks = Heard(dataclasses.replace(one((0, 30, "happy")), kind="talk"), said, said)
    made = figures([talks, talks], ("happy",), ("happy",))
    assert made["talking"] == {"scenes": 2, "minutes": 1.0, "said": 4}


def test_sentences_of_presence_are_judged_where_nobody_can_be_told_as_well() -> None:
    hidden = person("a", LEFT, (0, 10, "happy"), hidden=(Span(0, 10, "occluded"),))
    said = [line(5, Sentence.NOBODY_IN_VIEW)]
    made = figures([Heard(Truth("d", "degraded", 10, (hidden,)), said, said)], ("happy",), ("happy",))
    assert made["presence"] == {"said": 1, "untrue": 1, "late": 0}


def test_a_reason_is_wrong_for_a_face_that_can_be_told() -> None:
    half = person("a", LEFT, (0, 10, "happy"), hidden=(Span(5, 7, "side_on"), Span(7, 10, "")))
    looked = (
        Looked(1, box(LEFT), ""),
        Looked(2, box(LEFT), "occluded"),
        Looked(3, box(LEFT), "dark"),
        Looked(4, box(LEFT), "occluded"),
        Looked(6, box(LEFT), "side_on"),
        Looked(6, box(LEFT), ""),
        Looked(8, box(LEFT), "side_on"),
        Looked(2, box(RIGHT), "far"),
        Looked(11, box(LEFT), "blurred"),
    )
    made = figures([Heard(Truth("s", "turn", 12, (half,)), (), (), (), looked)], ("happy",), ("happy",))
    assert made["reasons_given_wrongly"] == {"readings": 4, "share": 0.75, "reasons": {"occluded": 2, "dark": 1}}
    assert figures([], ("happy",), ("happy",))["reasons_given_wrongly"] == {"readings": 0, "share": None, "reasons": {}}
