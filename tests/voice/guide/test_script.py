"""The words of the guide follow the keys that the box has."""

import pytest

from assistant import phrases
from assistant.voice.controls.button_map import BUTTONS, MEDIA_KEYS, GestureCommands
from assistant.voice.guide import script
from assistant.voice.guide.machine import Step

EN = phrases.load("en")
MINUTE_WORDS = 150
"""Words a minute at the configured 175, with the pauses between sentences."""


def buttons(count: int) -> dict[str, GestureCommands]:
    return {f"button {number}": row for number, row in enumerate(BUTTONS[count], 1)}


def requests(keys: dict[str, GestureCommands]) -> dict[str, str]:
    return {step.name: step.practice.prompt.text for step in script.guide(EN, keys) if step.practice}


def texts(steps: tuple[Step, ...]) -> str:
    return " ".join(line.text for step in steps for line in step.lines)


def test_a_box_with_one_button_hears_no_name_of_it() -> None:
    assert requests(buttons(1)) == {
        "ask": "Press short now.",
        "repeat": "Press twice now.",
        "smiles": "For smiles only, press short now.",
        "mute": "Press long now, about one second.",
    }
    said = texts(script.guide(EN, buttons(1)))
    assert "You can end this at any time. Long press." in said
    assert "A second button would add" in said


def test_a_box_with_two_buttons_hears_which() -> None:
    found = requests(buttons(2))
    assert found["why"] == "Second button, press short now."
    assert found["wrong"] == "Second button, press long now, about one second."
    assert found["aim"] == "Second button, press twice now."
    assert "A second button would add" not in texts(script.guide(EN, buttons(2)))


def test_a_headset_hears_its_keys() -> None:
    found = requests({"play": MEDIA_KEYS["play"], "next": MEDIA_KEYS["next"]})
    assert found["ask"] == "Play key, press short now."
    assert found["why"] == "Next key, press short now."
    assert "wrong" not in found


def test_the_buttons_of_the_box_come_before_those_of_a_headset_and_both_are_right() -> None:
    keys = {**buttons(1), "play": MEDIA_KEYS["play"]}
    (ask,) = (step for step in script.guide(EN, keys) if step.name == "ask")
    assert ask.practice
    assert ask.practice.prompt.text == "First button, press short now."
    assert {key for key, _ in ask.practice.presses} == {"button 1", "play"}


def test_without_keys_nothing_is_practised_and_no_press_is_named() -> None:
    steps = script.guide(EN, {})
    assert not any(step.practice or step.key_help for step in steps)
    assert "No button and no headset key is connected." in texts(steps)
    assert "{" not in texts(steps)
    assert "ress" not in texts(steps).replace("expression", "")


def test_whoever_hears_smiles_only_is_offered_the_rest() -> None:
    names = [step.name for step in script.guide(EN, buttons(2), is_smiles=True)]
    assert "usual" in names
    assert "smiles" not in names


def test_what_is_told_is_what_the_assistant_says() -> None:
    said = texts(script.guide(EN, buttons(2)))
    assert "For example: One person looks happy." in said
    assert "For example: Camera lost. I keep looking." in said
    movement = script.guide(phrases.load("en", "movement"), buttons(2))
    assert "For example: One person, smiling." in texts(movement)


def test_every_sound_is_named_and_then_played() -> None:
    (sounds,) = (step for step in script.guide(EN, buttons(1)) if step.name == "sounds")
    played = [line.earcon for line in sounds.lines if line.earcon]
    of_faces = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    assert played == [*of_faces, "facing_you", "turned_away", "centred", "came", "over", "still_here", "alarm"]
    for before, line in zip(sounds.lines, sounds.lines[1:], strict=False):
        assert not line.earcon or before.text == line.text


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_it_takes_a_few_minutes(locale: str) -> None:
    steps = script.guide(phrases.load(locale), buttons(2))
    lines = [*(line for step in steps for line in step.lines)]
    for step in steps:
        if step.practice:
            lines += [step.practice.prompt, *step.practice.done]
    words = sum(len(line.text.split()) for line in lines if not line.earcon)
    assert 1.5 < words / MINUTE_WORDS < 5, words


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_that_nobody_is_recognized_is_said_only_where_it_is_true(locale: str) -> None:
    words = phrases.load(locale)
    nobody, friends = words.text("guide", "nobody_known"), words.text("guide", "friends_known")
    assert nobody in texts(script.guide(words, buttons(1)))
    said = texts(script.guide(words, buttons(1), names_friends=True))
    assert friends in said
    assert nobody not in said
