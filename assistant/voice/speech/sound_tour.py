"""The spoken tour of the sounds: what each one means, then the sound."""

import threading
from collections.abc import Sequence
from typing import Protocol

from assistant.records import EXPRESSIONS
from assistant.voice.speech import earcons
from assistant.voice.speech.fallback_voice import Sounds, Voice


class Words(Protocol):
    """The words of a language, as far as the tour needs them."""

    def said(self, table: str, name: str) -> str: ...

    def expression(self, name: str) -> str: ...

    def facts(self, parts: Sequence[str]) -> str: ...


def tour(words: Words, voice: Voice, sounds: Sounds, cancel: threading.Event) -> bool:
    """Tell of every sound; False if it was cut off. Raises VoiceError where nothing is heard."""
    stops = [(words.said("sounds", "tour"), "")]
    stops += [(words.facts([words.expression(name)]), name) for name in EXPRESSIONS if name in earcons.MELODIES]
    stops += [(words.said("sounds", name), name) for name in ("still_here", "alarm")]
    return all(voice.say(text, cancel) and (not name or sounds.play(name, cancel)) for text, name in stops)
