"""Where a thing is: what is heard while the wearer turns, and the words at the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ipc.messages import AimPosition
from assistant.records import Box
from assistant.skills.session import SkillName
from assistant.skills.things import sizes
from assistant.skills.things.find import SEARCH_S, find
from tests.skills.things.test_what import engine
from tests.support.skill_session import FakeSession, look


def cup(x: float, score: float = 0.9, side: float = 100) -> list[object]:
    return ["cup", score, x - side / 2, 200, side, side]


def search(*answers: list[object], argument: str = "cup", locale: str = "en") -> tuple[list[str], list[AimPosition]]:
    """What is said, and the positions."""
    session = FakeSession([look(1.0)], {SkillName.THINGS: engine(*answers)}, argument=argument, locale=locale)
    heard = list(find(session))
    positions = [each for each in heard if isinstance(each, AimPosition)]
    return [each.text for each in heard if not isinstance(each, AimPosition)], positions


def test_the_ticks_lead_to_the_middle_and_then_it_is_named() -> None:
    said, positions = search([], [cup(550)], [cup(490)], [cup(420)], [cup(350)], [cup(330)])
    assert [each.x for each in positions] == [None, 0.719, 0.531, 0.312, 0.094, 0.031]
    assert said == ["Cup, ahead, close."]


def test_who_does_not_turn_is_told_the_hour() -> None:
    said, positions = search([cup(600)])
    assert said == ["Cup, at one o'clock, close."]
    assert len(positions) == 3
    assert search([cup(600, side=40)], locale="de")[0] == ["Tasse, auf ein Uhr."]


def test_one_look_does_not_name_it() -> None:
    said, _ = search([cup(320)], [])
    assert all(text.startswith("No cup seen.") for text in said)


def test_what_is_not_seen_is_not_called_absent_and_the_search_ends() -> None:
    said, positions = search([])
    assert said[0] == "No cup seen. Turn slowly."
    assert said[-1] == "No cup seen. I stop looking."
    assert 3 <= len(said) <= SEARCH_S / 5
    assert {each.x for each in positions} == {None}
    assert len(positions) == SEARCH_S * 2


def test_what_is_never_sure_is_told_as_maybe() -> None:
    said, positions = search([cup(600, score=0.6)])
    assert said == ["Maybe cup, at one o'clock, close."]
    assert positions[0].x == 0.875


def test_it_stays_with_the_thing_that_it_follows() -> None:
    other = ["cup", 0.99, 20, 200, 100, 100]
    said, positions = search([cup(500)], [cup(470), other], [cup(440), other], [cup(330), other], [cup(320), other])
    assert [each.x for each in positions[:4]] == [0.562, 0.469, 0.375, 0.031]
    assert said == ["Cup, ahead, close."]


@pytest.mark.parametrize(
    ("argument", "answer"),
    [
        ("", "Say which thing I should find."),
        ("cupp", "I do not know that. Maybe: cup?"),
        ("qqqq", "I do not know that thing."),
    ],
)
def test_a_name_that_is_none(argument: str, answer: str) -> None:
    assert search([], argument=argument) == ([answer], [])


def test_a_person_counts_as_a_thing() -> None:
    said, _ = search([["person", 0.9, 300, 100, 60, 300]], argument="Person")
    assert said == ["Person, ahead."]


@given(st.sampled_from(sorted(sizes.LONGEST_M)), st.floats(1, 640), st.floats(1, 480), st.floats(30, 150))
def test_close_holds_for_the_largest_of_its_kind(label: str, width: float, height: float, fov: float) -> None:
    box = Box(0, 0, width, height)
    larger = Box(0, 0, width * 1.5, height * 1.5)
    assert sizes.is_close(label, larger, 640, 480, fov) >= sizes.is_close(label, box, 640, 480, fov)
    assert not sizes.is_close("couch", box, 640, 480, fov)


def test_a_cup_is_close_from_so_many_pixels_on() -> None:
    assert not sizes.is_close("cup", Box(0, 0, 60, 79), 640, 480, 62)  # 0.15 m at 1 m: 80 pixels
    assert sizes.is_close("cup", Box(0, 0, 60, 81), 640, 480, 62)
