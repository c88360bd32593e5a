"""Aiming: a position for each frame, then "Centred.", or after ten seconds what is true."""

import pytest

from assistant import phrases
from assistant.earcon_names import CENTRED
from assistant.ipc.messages import AimPosition
from assistant.people import PersonView
from assistant.records import Box, Utterance
from assistant.vision.queries.aiming import AIM_S, CENTRED_S, Aiming
from assistant.vision.queries.snapshot import SceneSnapshot

EN = phrases.load("en")


def person(x: float, y: float = 240.0, number: int = 1, size: float = 100.0) -> PersonView:
    return PersonView(number, Box(x - size / 2, y - size / 2, size, size), "neutral")


def aim(*people: PersonView, aiming: Aiming | None = None, start: float = 0.0) -> tuple[list[object], float]:
    """What an aiming tells until it ends, ten frames a second, and for how long it takes."""
    aiming, told, step = aiming or Aiming(EN, start), list[object](), 0
    while not told or isinstance(told[-1], AimPosition):
        at = start + step / 10
        told.append(aiming.update(SceneSnapshot(at, people), at))
        step += 1
    return told, (step - 1) / 10


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ([person(100)], "One person, on the left."),
        ([person(560)], "One person, on the right."),
        ([person(320, 60)], "Tilt a little up."),
        ([person(250)], "The face is straight ahead."),
        ([], "Nobody in view."),
    ],
)
def test_after_ten_seconds_the_words_say_what_is_true(people: list[PersonView], words: str) -> None:
    told, seconds = aim(*people)
    assert isinstance(told[-1], Utterance)
    assert (told[-1].text, told[-1].earcon, seconds) == (words, "", AIM_S)
    assert len(told) - 1 >= 8 * AIM_S, "at least eight positions a second"


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (SceneSnapshot(AIM_S, is_lens_covered=True), EN.status("lens_covered")),
        (SceneSnapshot(AIM_S, problem="dark"), EN.text("reasons", "dark")),
        (SceneSnapshot(AIM_S, (person(100),), seen_at=AIM_S - 0.2), "One person, on the left."),
        (SceneSnapshot(AIM_S, (person(100),), seen_at=AIM_S - 2), "Nobody in view."),
    ],
)
def test_nobody_in_view_is_said_only_where_that_could_be_seen(snapshot: SceneSnapshot, words: str) -> None:
    told = Aiming(EN, 0.0).update(snapshot, AIM_S)
    assert isinstance(told, Utterance)
    assert words.rstrip(".").casefold() in told.text.casefold()


def test_a_face_that_stays_in_the_middle_ends_it() -> None:
    told, seconds = aim(person(330))
    assert isinstance(told[-1], Utterance)
    assert (told[-1].text, told[-1].earcon) == ("Centred.", CENTRED)
    assert seconds == pytest.approx(CENTRED_S, abs=0.11)
    assert told[0] == AimPosition(0.031, 0.0)


def test_a_face_that_passes_through_the_middle_does_not_end_it() -> None:
    aiming = Aiming(EN, 0.0)
    for step in range(40):
        x = 320 if step % 4 else 100
        told = aiming.update(SceneSnapshot(step / 10, (person(x),)), step / 10)
        assert isinstance(told, AimPosition)


def test_the_person_aimed_at_stays_the_same_while_in_view() -> None:
    aiming, near, far = Aiming(EN, 0.0), person(100, number=1, size=120), person(560, number=2, size=90)
    first = aiming.update(SceneSnapshot(0.0, (far,)), 0.0)
    assert aiming.update(SceneSnapshot(0.1, (near, far)), 0.1) == first
    assert aiming.update(SceneSnapshot(0.2, (near,)), 0.2) == AimPosition(-0.688, 0.0)
    assert aiming.update(SceneSnapshot(0.3, (near,), seen_at=0.2), 0.3) == AimPosition(None, None)
