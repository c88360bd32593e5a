"""The one table that maps gestures of buttons and keys to commands."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from assistant.ipc.commands import Command
from assistant.voice.controls.gestures import Gesture

GestureCommands = Mapping[Gesture, Command]
"""The commands of one button or key, by gesture."""
SHORT, DOUBLE, LONG, VERY_LONG = Gesture

MAIN_BUTTON: GestureCommands = {
    SHORT: Command.ASK,
    DOUBLE: Command.REPEAT_INSTEAD,
    LONG: Command.TOGGLE_MUTE,
    VERY_LONG: Command.SHUTDOWN,
}
SECOND_BUTTON: GestureCommands = {SHORT: Command.WHY, DOUBLE: Command.AIM, LONG: Command.WRONG}
# In a noisy street the third is tapped until it is loud enough: there each tap counts, none of them is "double".
# The rate is set once: five seconds of the third for faster, of the second for slower.
THREE_BUTTONS: tuple[GestureCommands, ...] = (
    MAIN_BUTTON,
    {**SECOND_BUTTON, VERY_LONG: Command.SLOWER},
    {SHORT: Command.LOUDER, LONG: Command.QUIETER, VERY_LONG: Command.FASTER},
)

BUTTONS: Mapping[int, tuple[GestureCommands, ...]] = {
    1: (MAIN_BUTTON,),
    2: (MAIN_BUTTON, SECOND_BUTTON),
    3: THREE_BUTTONS,
    4: (*THREE_BUTTONS, {SHORT: Command.SKILLS}),
}
"""The commands of each push button, by how many buttons there are. What they do while they ask the skills says
`asking.skill_keys`."""

MEDIA_KEYS: Mapping[str, GestureCommands] = {
    "play": MAIN_BUTTON,
    "next": {SHORT: Command.WHY, DOUBLE: Command.SKILLS},
    "previous": {SHORT: Command.REPEAT},
    "mute": {SHORT: Command.TOGGLE_MUTE},
    "forward": {SHORT: Command.FASTER},
    "rewind": {SHORT: Command.SLOWER},
}
"""The commands of each media key of headsets and keyboards. Their volume keys are the system's."""

KEY_CODES: Mapping[int, str] = {
    # Headsets send play and pause by turns, as they believe the music to be: both are the same button.
    164: "play", 200: "play", 201: "play", 207: "play", 226: "play",  # PLAYPAUSE PLAYCD PAUSECD PLAY MEDIA
    163: "next", 165: "previous",  # NEXTSONG PREVIOUSSONG
    113: "mute", 128: "mute", 166: "mute",  # MUTE STOP STOPCD
    208: "forward", 168: "rewind",  # FASTFORWARD REWIND
}  # fmt: skip
"""Linux key codes (input-event-codes.h), each with its key of MEDIA_KEYS."""


class Press(NamedTuple):
    """What a wearer did with a key, and what that does."""

    key: str
    """Name of the button or media key, e.g. "button 1" or "play"."""
    gesture: Gesture
    command: Command


TakePress = Callable[[Press], bool]
"""Takes a press in place of its command; False: the command is carried out. Called from the threads of the controls."""


def take_none(_: Press) -> bool:
    """A TakePress that lets every command be carried out."""
    return False
