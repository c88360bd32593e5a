"""The voice tags of friends: recordings of their names, played in the place of the name in a sentence."""

import re
from pathlib import Path
from typing import NamedTuple

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Utterance
from assistant.system.regular_file import read_bytes
from assistant.voice.audio.loudness import at_volume
from assistant.voice.audio.player import Pcm, from_wav, with_lead_in

MAX_BYTES = 1 << 20
FILE_NAME = re.compile(r"[0-9a-f]{8}\.wav")
"""File names of tags; nothing else in the folder is opened."""
EDGES = " .,:;!?،؛؟।"
"""What is left beside a name and is no word."""


class Parts(NamedTuple):
    """A sentence around a name."""

    before: str
    """The words before the name; empty where there are none."""
    tag: Pcm
    after: str
    """The words after it; empty where there are none."""


class NameTags:
    """Finds the tag of an utterance."""

    def __init__(self, settings: VoiceSettings, folder: Path) -> None:
        self._settings, self._folder = settings, folder

    def parts(self, utterance: Utterance) -> Parts | None:
        """The utterance around its name; None where there is no tag that can be played: all of it is words."""
        if not utterance.name_sound or not FILE_NAME.fullmatch(utterance.name_sound):
            return None
        before, name, after = utterance.text.partition(utterance.spoken_name)
        if not name:
            return None
        try:
            tag = from_wav(read_bytes(self._folder / utterance.name_sound, MAX_BYTES))
        except (OSError, VoiceError):
            return None
        loud = with_lead_in(at_volume(tag, self._settings.volume), self._settings.lead_in_ms)
        return Parts(before.strip(EDGES), loud, after.strip(EDGES))
