"""The guide is told which keys there are, and its presses are taken before their commands are carried out."""

from pathlib import Path
from queue import SimpleQueue

import pytest

from assistant.ipc.commands import Command, Reply
from assistant.voice.controls.button_map import MAIN_BUTTON, MEDIA_KEYS, Press
from assistant.voice.controls.gestures import Gesture
from assistant.voice.controls.keys import MediaKeys
from assistant.voice.controls.presses import PressDispatcher
from tests.support.command_handler_standin import WAIT_S, ManualClock
from tests.voice.controls.test_keys import Headset

NEXT, PREVIOUS, VOLUME_UP = 163, 165, 115


def test_the_keys_of_a_headset_are_those_that_it_can_send(tmp_path: Path) -> None:
    (tmp_path / "event0").touch()
    headset = Headset(codes=(NEXT, PREVIOUS, VOLUME_UP))
    keys = MediaKeys(lambda command: Reply(True), folder=tmp_path, open_device=lambda path: headset)
    try:
        assert keys.keys == {"next": MEDIA_KEYS["next"], "previous": MEDIA_KEYS["previous"]}
    finally:
        keys.close()


@pytest.mark.parametrize("fails", [False, True])
def test_a_press_that_is_taken_carries_nothing_out_and_one_that_is_not_does(fails: bool) -> None:
    clock, carried_out, taken = ManualClock(), SimpleQueue[Command](), SimpleQueue[Press]()

    def run_command(command: Command) -> Reply:
        carried_out.put(command)
        return Reply(True)

    def take(press: Press) -> bool:
        taken.put(press)
        if fails:
            raise ZeroDivisionError
        return press.gesture is Gesture.SHORT

    presses = PressDispatcher({"button 1": MAIN_BUTTON}, run_command, debounce_s=0.0, take_press=take, clock=clock)
    try:
        for seconds in (0.1, 1.0):
            presses.put("button 1", is_down=True)
            clock.now += seconds
            presses.put("button 1", is_down=False)
            clock.now += 5.0
        for command in (Command.ASK, Command.TOGGLE_MUTE) if fails else (Command.TOGGLE_MUTE,):
            assert carried_out.get(timeout=WAIT_S) == command
        assert [taken.get(timeout=WAIT_S).gesture for _ in range(2)] == [Gesture.SHORT, Gesture.LONG]
        assert carried_out.empty()
    finally:
        presses.close()
