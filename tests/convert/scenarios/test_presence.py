"""What is said of who is there: which sentence is untrue, and where the figures and the plot tell."""

import dataclasses
from pathlib import Path

import cv2
import pytest

from convert.scenarios.score import plot, presence
from convert.scenarios.score.announcements import Said
from convert.scenarios.score.figures import Heard, Looked, figures
from convert.scenarios.script.truth import REASONS, Person, Span, Spot, Truth
from tests.convert.scenarios.test_scenarios import LEFT, RIGHT, box, one, person

NOBODY = Truth("room", "empty", 30.0)


def line(started_at: float | None, sentence: str, expression: str = "", spot: Spot = LEFT) -> Said:
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
        (NOBODY, line(5, "somebody"), "untrue"),
        (one((0, 5, "happy")), line(4.9, "somebody"), "right"),
        (one((0, 5, "happy")), line(6.4, "somebody"), "right"),
        (one((0, 5, "happy")), line(6.6, "somebody"), "untrue"),
        (one((5, 9, "happy")), line(4.9, "somebody"), "untrue"),
        (one((0, 30, "happy")), line(9, "another"), "untrue"),
        (two(until=20), line(4.9, "another"), "untrue"),
        (two(until=20), line(5.1, "another"), "right"),
        (two(until=20), line(21.4, "another"), "right"),
        (two(until=20), line(21.6, "another"), "untrue"),
        (two(until=5), line(5.2, "another"), "untrue"),
        (one((0, 30, "happy")), line(9, "somebody", spot=RIGHT), "untrue"),
        (two(until=20), line(9, "another", spot=Spot(0, 250, 400, 60, 60)), "untrue"),
        (NOBODY, line(5, "nobody"), "right"),
        (one((0, 5, "happy")), line(4.9, "nobody"), "untrue"),
        (one((0, 5, "happy")), line(5.1, "nobody"), "right"),
        (one((0, 2, "happy"), (6, 30, "happy")), line(7.4, "nobody"), "right"),
        (one((0, 2, "happy"), (6, 30, "happy")), line(7.6, "nobody"), "untrue"),
        (two(until=5), line(5.5, "nobody"), "untrue"),
        (two(until=20), line(19, "somebody_left"), "untrue"),
        (two(until=20), line(20.1, "somebody_left"), "right"),
        (two(until=20), line(25.9, "somebody_left"), "right"),
        (two(until=20), line(27.6, "somebody_left"), "untrue"),
        (NOBODY, line(5, "somebody_left"), "untrue"),
        (one((0, 5, "happy"), (7, 30, "happy")), line(8.4, "somebody_left"), "right"),
        (one((0, 5, "happy"), (7, 30, "happy")), line(8.6, "somebody_left"), "untrue"),
        (one((0, 30, "happy")), line(9, "no_longer", "happy"), "untrue"),
        (one((0, 30, "happy")), line(9, "no_longer", "sad"), "right"),
        (one((0, 5, "happy"), (5, 30, "sad")), line(4.9, "no_longer", "happy"), "untrue"),
        (one((0, 5, "happy"), (5, 30, "sad")), line(5.1, "no_longer", "happy"), "right"),
        (one((0, 5, "happy"), (5, 6, "sad"), (6, 30, "happy")), line(7.4, "no_longer", "happy"), "right"),
        (one((0, 5, "happy"), (5, 6, "sad"), (6, 30, "happy")), line(7.6, "no_longer", "happy"), "untrue"),
        (one((0, 30, "happy")), line(9, "no_longer", "happy", RIGHT), "right"),
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
    assert kinds(scene, line(10, "nobody")) == ["untrue" if is_seen else "right"]
    assert kinds(scene, line(10, "somebody_left")) == ["untrue" if is_seen else "right"]
    assert kinds(scene, line(10, "somebody")) == ["right"]
    assert kinds(scene, line(10, "no_longer", "happy")) == ["untrue"]


def test_somebody_of_whom_is_spoken_late_was_noticed_where_they_were_meanwhile() -> None:
    walks = Person("a", (Spot(0, 100, 100, 60, 72), Spot(10, 500, 100, 60, 72)), (Span(0, 30, "happy"),))
    comes = Truth("s", "near", 30, (walks,))
    held_back = line(9.5, "somebody", spot=Spot(0, 460, 100, 60, 72))._replace(at=1.0)
    assert kinds(comes, held_back) == ["right"]
    assert kinds(comes, held_back._replace(box=box(Spot(0, 140, 100, 60, 72)))) == ["right"]
    assert kinds(comes, held_back._replace(box=box(Spot(0, 300, 400, 60, 72)))) == ["untrue"]
    assert kinds(comes, held_back._replace(box=None)) == ["right"]


def test_nobody_is_untrue_while_one_person_takes_the_place_of_another() -> None:
    shift = Truth("s", "enter", 30, (person("a", LEFT, (0, 9, "sad")), person("b", RIGHT, (9, 30, "sad"))))
    assert kinds(shift, line(9.7, "nobody")) == ["untrue"]


def test_only_what_was_spoken_and_names_no_expression_is_judged_here() -> None:
    said = [line(3, "looks", "happy"), line(4, "arrived", "happy"), line(None, "somebody"), line(5, "cannot_tell")]
    assert kinds(NOBODY, *said) == []


def test_one_person_in_an_empty_room_is_counted_and_drawn_as_untrue(tmp_path: Path) -> None:
    said = [line(2, "somebody"), line(9, "nobody"), line(None, "somebody")]
    ghost = Heard(NOBODY, said, said)
    made = figures([ghost], ("happy",), ("happy",))
    assert made["presence"] == {"said": 2, "untrue": 1, "late": 0}
    assert (made["stale"], made["false"]) == (0, 0)
    assert is_anything_red(plot.draw(ghost, tmp_path / "ghost"))
    assert not is_anything_red(plot.draw(Heard(NOBODY, said[1:], said[1:]), tmp_path / "true"))


@pytest.mark.parametrize(
    ("scene", "said", "is_late"),
    [
        (one((0, 5, "happy")), line(9.0, "somebody")._replace(at=4.0), True),
        (one((0, 5, "happy")), line(9.0, "somebody")._replace(at=8.0), False),
        (one((0, 30, "happy")), line(9.0, "somebody", spot=RIGHT)._replace(at=8.0), False),
        (one((2, 30, "happy")), line(7.0, "nobody")._replace(at=1.0), True),
        (one((2, 30, "happy")), line(7.0, "nobody")._replace(at=6.0), False),
        (one((0, 30, "happy")), line(9.0, "nobody"), False),
    ],
)
def test_what_was_true_when_it_was_noticed_came_too_late(scene: Truth, said: Said, is_late: bool) -> None:
    made = figures([Heard(scene, [said], [said])], ("happy",), ("happy",))
    assert made["presence"] == {"said": 1, "untrue": 1, "late": int(is_late)}
    assert made["stale"] == int(is_late)


def test_all_that_is_said_of_who_talks_is_counted() -> None:
    said = [line(2, "arrived", "happy"), line(9, "looks", "sad"), line(None, "somebody")]
    talks = Heard(dataclasses.replace(one((0, 30, "happy")), kind="talk"), said, said)
    made = figures([talks, talks], ("happy",), ("happy",))
    assert made["talking"] == {"scenes": 2, "minutes": 1.0, "said": 4}


def test_sentences_of_presence_are_judged_where_nobody_can_be_told_as_well() -> None:
    hidden = person("a", LEFT, (0, 10, "happy"), hidden=(Span(0, 10, "occluded"),))
    said = [line(5, "nobody")]
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
