"""The keys while they ask the skills, for any presses."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ipc.commands import SKILL_QUESTIONS, Command
from assistant.voice.asking.skill_keys import IDLE_S, Act, Item, Meaning, SkillKeys
from assistant.voice.controls.button_map import BUTTONS, MEDIA_KEYS, Press
from assistant.voice.controls.gestures import Gesture

ROWS = {**MEDIA_KEYS, **{f"button {at}": row for at, row in enumerate(BUTTONS[4], 1)}}
PRESSES = [Press(key, gesture, command) for key, row in ROWS.items() for gesture, command in row.items()]
ALL = (Command.WHAT, Command.WHAT_MORE, Command.DESCRIBE, Command.READ, Command.TEACH_FRIEND, Command.FIND)
THINGS = ("cup", "chair")
AT = 100.0
SHORT, DOUBLE, LONG, _ = Gesture


def press(key: str, gesture: Gesture = SHORT) -> Press:
    return Press(key, gesture, ROWS[key][gesture])


def entered(enabled: Iterable[Command] = ALL) -> SkillKeys:
    keys = SkillKeys(tuple(enabled), THINGS)
    keys.enter(AT)
    return keys


@given(st.sets(st.sampled_from(SKILL_QUESTIONS)), st.lists(st.sampled_from(PRESSES), max_size=30))
def test_only_what_is_on_is_named_and_asked_and_the_wrong_press_is_never_taken(
    enabled: set[Command], presses: list[Press]
) -> None:
    keys = entered(each for each in ALL if each in enabled)
    assert keys.is_on == bool(enabled - {Command.WHAT_MORE})
    for each in presses:
        was_on = keys.is_on
        meaning = keys.press(each, AT)
        if meaning is None:
            continue
        assert was_on
        assert each.command not in (Command.WRONG, Command.SHUTDOWN, Command.MUTE, Command.FASTER, Command.SLOWER)
        if meaning.item is not None and meaning.item.command is not Command.WHAT_MORE:
            assert meaning.item in keys.items
        assert keys.is_on == (meaning.act is not Act.LEAVE)


@given(st.lists(st.sampled_from(PRESSES), min_size=1, max_size=10), st.floats(0.0, IDLE_S - 0.01))
def test_the_keys_are_the_usual_ones_after_idle_seconds_and_not_before(presses: list[Press], wait: float) -> None:
    keys, at = entered(), AT
    for each in presses:
        at += wait
        is_on = keys.is_on
        assert not keys.poll(at)
        keys.press(each, at)
        if not is_on:
            return
    assert keys.poll(at + IDLE_S) == keys.is_on or not keys.is_on
    assert not keys.is_on
    assert keys.press(presses[0], at + IDLE_S) is None


@pytest.mark.parametrize("key", ["button 4", "next"])
def test_one_key_steps_through_everything_and_begins_anew(key: str) -> None:
    keys = entered()
    named = [keys.press(press(key), AT) for _ in range(len(keys.items) + 1)]
    assert named == [Meaning(Act.NAME, item) for item in (*keys.items, keys.items[0])]
    assert [item.argument or item.command for item in keys.items] == [
        "what", "describe", "read", "teach_friend", "cup", "chair",
    ]  # fmt: skip


def test_previous_steps_back_to_the_favourites_at_once() -> None:
    keys = entered()
    assert keys.press(press("previous"), AT) == Meaning(Act.NAME, Item(Command.FIND, "chair"))


def test_the_main_key_asks_the_first_one_until_another_is_named() -> None:
    keys = entered()
    assert keys.press(press("play"), AT) == Meaning(Act.ASK, Item(Command.WHAT))
    assert keys.press(press("play", DOUBLE), AT) == Meaning(Act.ASK, Item(Command.WHAT_MORE))
    keys.press(press("next"), AT)
    keys.press(press("next", DOUBLE), AT)
    assert keys.press(press("button 1"), AT) == Meaning(Act.ASK, Item(Command.READ))
    assert keys.press(press("button 1", DOUBLE), AT) == Meaning(Act.NOTHING)


def test_the_second_button_has_the_favourites_and_the_third_reads() -> None:
    keys = entered()
    named = [keys.press(press("button 2", gesture), AT) for gesture in (SHORT, DOUBLE, SHORT)]
    assert named == [Meaning(Act.NAME, Item(Command.FIND, name)) for name in ("cup", "chair", "cup")]
    assert keys.press(press("button 3"), AT) == Meaning(Act.ASK, Item(Command.READ))
    only_reading = entered([Command.READ])
    assert only_reading.press(press("button 2"), AT) is None
    assert entered([Command.WHAT]).press(press("button 3"), AT) is None


def test_a_long_press_of_the_main_key_leaves() -> None:
    keys = entered()
    assert keys.press(press("play", LONG), AT) == Meaning(Act.LEAVE)
    assert keys.press(press("play", LONG), AT) is None
