"""Describing, with the engines that a session gives it."""

import dataclasses

import numpy as np
import pytest

from assistant.config.settings import DescribeSettings, Settings, ThingsSettings
from assistant.errors import SkillCancelledError, SkillError
from assistant.people import PersonView
from assistant.records import Box
from assistant.skills.description.describe import describe, light_of
from assistant.skills.session import SkillName
from tests.skills.things.test_what import engine
from tests.support.skill_session import FakeSession, look

ANNA = PersonView(7, Box(300, 100, 80, 80), "happy", "happy", 0.9, facing="you")
CUP = ["cup", 0.9, 20, 200, 60, 80]


def settings(*, things: bool = True, command: str = "") -> Settings:
    describing = DescribeSettings(enabled=True, command=command)
    return dataclasses.replace(Settings(), things=ThingsSettings(enabled=things), describe=describing)


def said(session: FakeSession) -> list[str]:
    return [utterance.text for utterance in describe(session)]


def test_people_and_things() -> None:
    looks = [look(1.0, people=[ANNA]), look(2.5, people=[ANNA])]
    made = FakeSession(looks, {SkillName.THINGS: engine([CUP])}, settings=settings())
    assert said(made) == ["One person, ahead, looks happy, facing you. Cup on the left."]


def test_without_the_skill_of_things_one_look_is_enough() -> None:
    made = FakeSession([look(1.0, people=[ANNA])], {}, settings=settings(things=False))
    assert said(made) == ["One person, ahead, looks happy, facing you."]
    assert made.asked == []


def test_where_the_things_fail_people_are_told_all_the_same() -> None:
    made = FakeSession([look(1.0, people=[ANNA])], {}, settings=settings())
    (answer,) = describe(made)
    assert answer.text == "One person, ahead, looks happy, facing you."
    assert "no engine" in answer.log_note
    with pytest.raises(SkillError, match="no engine"):
        said(FakeSession([look(1.0)], {}, settings=settings()))


def test_a_question_that_was_cancelled_ends() -> None:
    def cancelled(request: object, image: object) -> dict[str, object]:
        raise SkillCancelledError("cancelled")

    made = FakeSession([look(1.0, people=[ANNA])], {SkillName.THINGS: cancelled}, settings=settings())
    with pytest.raises(SkillCancelledError):
        said(made)


def test_what_another_program_says_is_announced_as_a_guess() -> None:
    engines = {SkillName.DESCRIBE: lambda request, image: {"text": "a red cup on a desk"}}
    made = FakeSession([look(1.0)], engines, settings=settings(things=False, command="see"))
    assert said(made) == ["Nothing I am sure of.", "A guess: a red cup on a desk"]
    assert made.asked == [(SkillName.DESCRIBE, {"op": "caption"})]


@pytest.mark.parametrize(("level", "light"), [(4, "dark"), (36, "dim"), (110, "")])
def test_the_light(level: int, light: str) -> None:
    random = np.random.default_rng(1)
    squares = np.kron(random.integers(-30, 30, (12, 16)), np.ones((40, 40)))[:, :, np.newaxis]
    picture = np.clip(level * (1 + squares / 60), 0, 255).astype(np.uint8)
    assert light_of(np.repeat(picture, 3, axis=2)) == light
