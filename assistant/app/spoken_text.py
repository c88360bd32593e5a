"""Speaks single texts of a command that also prints them: where no voice can speak, the command goes on."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from assistant.config.settings import Settings
from assistant.errors import VoiceError

if TYPE_CHECKING:
    from assistant.voice.speech.fallback_voice import Voice


@contextlib.contextmanager
def spoken(settings: Settings, language: str) -> Iterator[Callable[[str], None]]:
    """A function that speaks a text; where no voice can, it does nothing. The voice is opened by the first text.

    language: the espeak-ng voice of the language, e.g. "en".
    """
    with contextlib.ExitStack() as stack:
        opened: list[Voice | None] = []

        def say(text: str) -> None:
            if not opened:
                opened.append(_voice(settings, language, stack))
            if (voice := opened[0]) is not None:
                with contextlib.suppress(VoiceError):
                    voice.say(text, threading.Event())

        yield say


def _voice(settings: Settings, language: str, stack: contextlib.ExitStack) -> "Voice | None":
    from assistant.voice import voices
    from assistant.voice.audio import sound_cards

    with contextlib.suppress(VoiceError):
        player = sound_cards.preferred_player(settings.voice.device)
        return stack.enter_context(contextlib.closing(voices.make_voice(settings.voice, language, player)[0]))
    return None
