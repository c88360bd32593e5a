"""Answers about friends and strangers, and what happens where they cannot be recognized."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.ipc.commands import Command
from assistant.people import KnownName, PersonView
from assistant.records import Box, FaultName, Track
from assistant.vision.names import Names
from assistant.vision.pipeline import Pipeline
from assistant.vision.queries.answers import Answers
from assistant.vision.queries.snapshot import SceneSnapshot
from tests.support.scripted_pipeline import EN, run_loop, shots
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face

ANSWERS = Answers(EN, ("happy", "neutral", "sad"))
ANNA, TAGGED = KnownName("Anna", friend_id="1"), KnownName("Friend 3", friend_id="3", sound="0123abcd.wav")
PERSON = PersonView(1, Box(280, 200, 80, 80), "happy", "happy", 0.9, where="ahead", distance="near", facing="you")


def asked(*known: KnownName | None, what: Command = Command.ASK) -> str:
    people = tuple(
        dataclasses.replace(PERSON, track_id=number, known=each, where=("ahead", "left")[number - 1])
        for number, each in enumerate(known, 1)
    )
    return ANSWERS.answer(what, SceneSnapshot(5.0, people), 5.0).utterance.text


def test_a_friend_is_named_in_the_answer() -> None:
    assert asked(ANNA) == "Anna looks happy. Ahead, close, facing you."
    assert asked(dataclasses.replace(ANNA, is_certain=False)) == "Maybe Anna. Looks happy. Ahead, close, facing you."


def test_a_stranger_is_told_only_when_asked() -> None:
    stranger = KnownName(is_stranger=True)
    assert asked(stranger) == "Someone I don't know. Looks happy. Ahead, close, facing you."
    assert "know" not in asked(stranger, ANNA, what=Command.MORE)


def test_of_everybody_those_who_are_known_are_named() -> None:
    assert asked(ANNA, None, what=Command.MORE) == "Two people. Ahead: Anna looks happy. On the left: Looks happy."


def test_an_expression_that_is_not_sure_follows_the_name() -> None:
    unsure = dataclasses.replace(PERSON, probability=0.5, known=ANNA)
    text = ANSWERS.answer(Command.ASK, SceneSnapshot(5.0, (unsure,)), 5.0).utterance.text
    assert text.startswith("Anna. Maybe looks happy.")


def test_a_voice_tag_is_played_where_one_name_is_said() -> None:
    answer = ANSWERS.answer(Command.ASK, SceneSnapshot(5.0, (dataclasses.replace(PERSON, known=TAGGED),)), 5.0)
    assert (answer.utterance.spoken_name, answer.utterance.name_sound) == ("Friend 3", "0123abcd.wav")
    assert dict(answer.names) == {1: TAGGED}
    assert ANSWERS.not_named(TAGGED).name_sound == "0123abcd.wav"


class ScriptedNames:
    """Knows everybody as Anna, or fails."""

    def __init__(self, error: str = "") -> None:
        self.error = error
        self.rejected: list[tuple[int, str]] = []

    def update(self, grey: NDArray[np.uint8], tracks: Sequence[Track], at: float) -> Names:
        return Names({} if self.error else {each.track_id: ANNA for each in tracks})

    def reject(self, track_id: int, friend_id: str) -> None:
        self.rejected.append((track_id, friend_id))


def pipeline(names: ScriptedNames | None) -> Pipeline:
    return Pipeline(ScriptedDetector(lambda frame: [face(280)]), ScriptedClassifier(), Settings(), EN, names=names)


def test_a_recognizer_that_fails_is_one_fault_and_people_stay_one_person() -> None:
    heard = run_loop(shots("happy", 40), pipeline(ScriptedNames("no weights")))
    assert heard.count(EN.fault(FaultName.FRIENDS)) == 1
    assert "One person looks happy." in heard


def test_with_names_the_same_person_is_anna() -> None:
    assert "Anna looks happy." in run_loop(shots("happy", 40), pipeline(ScriptedNames()))


def test_wrong_after_a_name_is_not_anna_and_raises_her_bar() -> None:
    names = ScriptedNames()
    line = pipeline(names)
    for frame in shots("happy", 30):
        line.step(frame)
    assert line.reject_name(3.0).text == "Not Anna."
    assert names.rejected == [(1, "1")]
    assert line.reject_name(3.1).text == EN.status("nothing_to_reject")
    line.step(shots("happy", 1, 31)[0])
    assert line.answer(Command.ASK, 3.1).utterance.text.startswith("Looks happy.")
