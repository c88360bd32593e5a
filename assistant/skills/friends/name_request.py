"""Asking for a friend's name, as it is said: a voice tag, which is played as the name.

The skill has no microphone; the voice process, which has it, records after it has said a line of the kind NAME_REQUEST,
and leaves the recording in the folder of the friends. Without a microphone the friend has a number for a name.
"""

import contextlib
from collections.abc import Generator
from pathlib import Path

from assistant.records import Utterance, UtteranceKind
from assistant.skills.friends.dialogue import Dialogue, spoken_s
from assistant.skills.session import Press
from assistant.system.friends_folder import MAX_TAG_BYTES, RECORDING
from assistant.system.regular_file import read_bytes

RECORD_LIMIT_S = 8.0
"""Seconds after the request within which the recording must be there: two of it are the name."""
POLL_S = 0.25


def record_voice_tag(dialogue: Dialogue, folder: Path) -> Generator[Utterance, None, bytes | None]:
    """Ask for the name; the generator's value is a WAV file's content, empty where there is no microphone or nothing
    was recorded, None where a double press stopped it."""
    session = dialogue.session
    if not session.settings.listen.enabled:
        return b""
    _take(folder)
    request = dialogue.say("teach", "say_name")
    yield Utterance(
        request.text, request.priority, request.topic, None, request.log_note, kind=UtteranceKind.NAME_REQUEST
    )
    for _ in range(round((spoken_s(request) + RECORD_LIMIT_S) / POLL_S)):
        if session.press(POLL_S) is Press.BACK:
            return None
        if recorded := _take(folder):
            return recorded
    return b""


def _take(folder: Path) -> bytes:
    """The recording, which is then deleted; empty where there is none."""
    with contextlib.suppress(OSError):
        content = read_bytes(folder / RECORDING, MAX_TAG_BYTES)
        (folder / RECORDING).unlink()
        return content
    return b""
