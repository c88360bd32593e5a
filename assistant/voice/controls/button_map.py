"""The one map: which press of which button or key asks for what."""

from collections.abc import Mapping

from assistant.voice.controls.gestures import Gesture

Row = Mapping[Gesture, str]
"""The commands of one button."""
SHORT, DOUBLE, LONG, VERY_LONG = Gesture

FIRST: Row = {SHORT: "describe", DOUBLE: "repeat_instead", LONG: "toggle_mute", VERY_LONG: "shutdown"}
SECOND: Row = {SHORT: "why", DOUBLE: "aim", LONG: "wrong"}

BUTTONS: Mapping[int, tuple[Row, ...]] = {
    1: (FIRST,),
    2: (FIRST, SECOND),
    # In a noisy street the third is tapped until it is loud enough: there each tap counts, none of them is "double".
    # The rate is set once: five seconds of the third for faster, of the second for slower.
    3: (FIRST, {**SECOND, VERY_LONG: "slower"}, {SHORT: "louder", LONG: "quieter", VERY_LONG: "faster"}),
}
"""By how many buttons there are."""

KEYS: Mapping[str, Row] = {
    "play": FIRST,
    "next": {SHORT: "why"},
    "previous": {SHORT: "repeat"},
    "mute": {SHORT: "toggle_mute"},
    "forward": {SHORT: "faster"},
    "rewind": {SHORT: "slower"},
}
"""The media keys of headsets and keyboards. Their volume keys are the system's."""

CODES: Mapping[int, str] = {
    # Headsets send play and pause by turns, as they believe the music to be: both are the same button.
    164: "play", 200: "play", 201: "play", 207: "play", 226: "play",  # PLAYPAUSE PLAYCD PAUSECD PLAY MEDIA
    163: "next", 165: "previous",  # NEXTSONG PREVIOUSSONG
    113: "mute", 128: "mute", 166: "mute",  # MUTE STOP STOPCD
    208: "forward", 168: "rewind",  # FASTFORWARD REWIND
}  # fmt: skip
"""Linux key codes (input-event-codes.h), each with its key of KEYS."""
