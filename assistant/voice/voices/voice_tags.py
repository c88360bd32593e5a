"""The voice tags of friends: recordings of their names, played in the place of the name in a sentence."""

from pathlib import Path
from typing import NamedTuple

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Utterance
from assistant.system.friends_folder import MAX_TAG_BYTES, VOICE_TAG
from assistant.system.regular_file import read_bytes
from assistant.voice.audio.loudness import at_volume
from assistant.voice.audio.player import Pcm, from_wav, with_lead_in

EDGES = " .,:;!?،؛؟।"
"""What is left beside a name and is no word."""


class Parts(NamedTuple):
    """A sentence around a name."""

    before: str
    """The words before the name; empty where there are none."""
    tag: Pcm
    after: str
    """The words after it; empty where there are none."""


class VoiceTags:
    """Finds the tag of an utterance."""

    def __init__(self, settings: VoiceSettings, folder: Path) -> None:
        self._settings, self._folder = settings, folder

    def parts(self, utterance: Utterance) -> Parts | None:
        """The utterance around its name; None where there is no tag that can be played: all of it is words."""
        if not utterance.name_sound or not VOICE_TAG.fullmatch(utterance.name_sound):
            return None
        before, name, after = utterance.text.partition(utterance.spoken_name)
        if not name:
            return None
        try:
            tag = from_wav(read_bytes(self._folder / utterance.name_sound, MAX_TAG_BYTES))
        except (OSError, VoiceError):
            return None
        loud = with_lead_in(at_volume(tag, self._settings.volume), self._settings.lead_in_ms)
        return Parts(before.strip(EDGES), loud, after.strip(EDGES))
