"""What is in front: what is said of two looks, and of the things that did not fit."""

import pytest

from assistant.errors import SkillError
from assistant.skills.session import SkillName
from assistant.skills.things.looking import LOOKS_APART_S
from assistant.skills.things.what import MORE_S, what, what_more
from tests.support.skill_session import Answer, FakeSession, look

TABLE = ["dining_table", 0.9, 100, 200, 400, 200]
CUP = ["cup", 0.9, 20, 200, 60, 80]
CHAIR = ["chair", 0.8, 480, 100, 150, 190]
CLOCK = ["clock", 0.8, 300, 10, 50, 50]


def engine(*answers: list[object], detector: str = "yolox") -> Answer:
    """Answers with one list of things after the other, then with the last again."""
    left = list(answers)
    return lambda request, image: {"detector": detector, "things": left.pop(0) if len(left) > 1 else left[0]}


def session(*answers: list[object], at: tuple[float, ...] = (1.0, 1.5, 2.5), locale: str = "en") -> FakeSession:
    return FakeSession([look(each) for each in at], {SkillName.THINGS: engine(*answers)}, locale=locale)


def said(answer: object) -> str:
    return " ".join(utterance.text for utterance in answer)  # type: ignore[attr-defined]


def test_the_largest_first_with_their_directions() -> None:
    assert said(what(session([CUP, TABLE]))) == "Table, ahead. Cup, on the left."
    assert said(what(session([CUP, TABLE], locale="de"))) == "Tisch, vorne. Tasse, links."


def test_the_second_look_is_a_second_later() -> None:
    made = session([CUP], at=(1.0, 1.4, 1.9, 2.1))
    assert said(what(made)) == "Cup, on the left."
    assert made.now() == 2.1 > 1.0 + LOOKS_APART_S


def test_what_one_look_alone_has_seen_is_not_said() -> None:
    assert said(what(session([CUP, TABLE], [TABLE]))) == "Table, ahead."
    assert said(what(session([CUP], [CHAIR]))) == "Nothing I am sure of."


def test_what_is_not_sure_enough_or_of_no_use_is_not_said() -> None:
    assert said(what(session([["cup", 0.6, *CUP[2:]]]))) == "Nothing I am sure of."
    assert said(what(session([["airplane", 0.99, *CUP[2:]]]))) == "Nothing I am sure of."


def test_three_things_then_the_next_three() -> None:
    made = session([TABLE, CUP, CHAIR, CLOCK])
    assert said(what(made)) == "Table, ahead. Chair, on the right. Cup, on the left."
    assert said(what_more(made)) == "Clock, ahead."
    assert said(what_more(made)) == "Nothing more that I am sure of."


def test_after_a_minute_it_looks_again() -> None:
    made = session([TABLE, CUP, CHAIR, CLOCK], at=(1.0, 2.5, 2.6 + MORE_S, 4 + MORE_S))
    list(what(made))
    made.look(after=2.5)
    assert said(what_more(made)).startswith("Table, ahead.")


def test_several_of_a_kind_are_said_once_and_people_are_counted_at_least() -> None:
    other = ["chair", 0.8, 430, 100, 150, 190]
    assert said(what(session([CHAIR, other]))) == "Chair, on the right."
    one, two = ["person", 0.8, 250, 50, 60, 300], ["person", 0.8, 330, 50, 60, 300]
    assert said(what(session([one]))) == "Person, ahead."
    assert said(what(session([one, two]))) == "At least two people, ahead."
    crowd = [["person", 0.8, 230 + 30 * number, 50, 28, 300] for number in range(6)]
    assert said(what(session(crowd))) == "More than four people, ahead."


def test_what_is_wrong_with_the_engine_is_the_sessions_to_say() -> None:
    with pytest.raises(SkillError, match="no engine"):
        list(what(FakeSession([look(1.0)], {})))
    with pytest.raises(SkillError, match="that is none"):
        list(what(FakeSession([look(1.0)], {SkillName.THINGS: lambda request, image: {"things": [["cup"]]}})))
