"""The ladder: the voices from the best to the last, climbed down until one has told an utterance."""

import logging
import re
import threading
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol, overload

from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance

log = logging.getLogger(__name__)

BETTER_VOICE_RETRY_S = 5.0
"""So long a lower rung is kept before the better ones are tried again, with whatever is said next; but the last one,
which may be without words, is not kept at all."""


class Voice(Protocol):
    """A way to tell a text. `name` is for the log."""

    name: str

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        """Tell it; True: to the end, False: cut off within 100 ms of `cancel`. Raises VoiceError if it was not told.

        priority: for voices that share the loudspeaker with other programs; all others take no notice of it.
        """
        ...

    def close(self) -> None:
        """Give back what the voice holds, at once; a voice that is used again takes it anew."""
        ...


class Sounds(Protocol):
    """A way to tell an utterance by its sound."""

    def tell(self, utterance: Utterance, cancel: threading.Event) -> bool | None:
        """True: told by its sound alone, False: cut off, None: its words remain to be said. Raises VoiceError."""
        ...

    def play(self, name: str, cancel: threading.Event) -> bool:
        """The sound of that name; answers like a voice's `say`. Raises VoiceError."""
        ...


class PreemptedError(VoiceError):
    """Another program said something that goes before this; no other voice may talk into it."""


class UnknownTextError(VoiceError):
    """A voice that is well cannot tell this text; it may tell the next one."""


class PlaybackError(VoiceError):
    """A voice has found its words, and they could not be played."""


class _Outcome(Enum):
    """What came of one voice's try: told, cut off, and three ways not to tell it."""

    TOLD, CUT, UNKNOWN, UNPLAYED, FAILED = range(5)


class FallbackVoice(Sequence[Voice]):
    """The voices, the best first, and the sounds that are asked before them. One thread uses it."""

    def __init__(self, voices: Sequence[Voice], sounds: Sounds | None = None) -> None:
        self.sounds = sounds
        self._voices = tuple(voices)
        self._first, self._retry_at = 0, 0.0  # the rung that spoke last, and how long it goes first
        self._told: set[tuple[int, str]] = set()

    @staticmethod
    def of(voices: "Sequence[Voice]") -> "FallbackVoice":
        """A ladder as it is; other voices as a ladder without sounds."""
        return voices if isinstance(voices, FallbackVoice) else FallbackVoice(voices)

    @overload
    def __getitem__(self, index: int) -> Voice: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Voice]: ...
    def __getitem__(self, index: int | slice) -> Voice | Sequence[Voice]:
        return self._voices[index]

    def __len__(self) -> int:
        return len(self._voices)

    def tell(
        self,
        utterance: Utterance,
        cancel: threading.Event,
        clock: Callable[[], float],
        on_trouble: Callable[[str], None],
    ) -> Fate:
        """Tell it by its sound or by the first voice that can. on_trouble(message): something failed; called once for
        each kind of trouble until that voice speaks again."""
        if (by_sound := self._sounded(utterance, cancel, on_trouble)) is not None:
            return by_sound
        if clock() >= self._retry_at:
            self._first = 0
        rungs, well = range(len(self._voices)), len(self._voices)
        unplayed: list[int] = []
        for rung in sorted(rungs, key=lambda rung: (rung != self._first, rung)):
            match self._say(rung, utterance, cancel, on_trouble):
                case _Outcome.TOLD:
                    self._spoke(min(rung, well), clock)
                    if rung == rungs[-1] and unplayed:  # the sound has come back in between: now words can be heard
                        return self._again(unplayed[0], utterance, cancel, on_trouble)
                    return Fate.SPOKEN
                case _Outcome.CUT:  # where a sound could not be played nothing was heard that could be cut off
                    return Fate.FAILED if unplayed else Fate.INTERRUPTED
                case _Outcome.UNKNOWN:
                    well = min(well, rung)
                case _Outcome.UNPLAYED:
                    unplayed.append(rung)
        self._first = 0
        return Fate.FAILED

    def _say(
        self, rung: int, utterance: Utterance, cancel: threading.Event, on_trouble: Callable[[str], None]
    ) -> "_Outcome":
        """What came of one voice's try."""
        voice, outcome = self._voices[rung], _Outcome.FAILED
        try:
            if voice.say(utterance.text, cancel, priority=utterance.priority):
                return _Outcome.TOLD
            trouble = "ended before it had spoken"
        except PreemptedError as err:
            log.info("voice %s: %s", voice.name, err)
            return _Outcome.CUT
        except UnknownTextError as err:
            log.info("voice %s: %s", voice.name, err)
            return _Outcome.UNKNOWN
        except PlaybackError as err:
            trouble, outcome = str(err), _Outcome.UNPLAYED
        except Exception as err:  # whatever a voice does, the next one speaks
            trouble = _line(err)
            log.debug("voice %s", voice.name, exc_info=True)
        if cancel.is_set() and outcome is not _Outcome.UNPLAYED:
            return _Outcome.CUT
        self._tell(rung, f"{voice.name}: {trouble}", on_trouble)
        return outcome

    def _again(
        self, rung: int, utterance: Utterance, cancel: threading.Event, on_trouble: Callable[[str], None]
    ) -> Fate:
        """Words after the beeps that were heard in their place; told it is, in any case."""
        is_cut = self._say(rung, utterance, cancel, on_trouble) is _Outcome.CUT
        return Fate.INTERRUPTED if is_cut else Fate.SPOKEN

    def close(self) -> None:
        """Close every voice."""
        for voice in self._voices:
            try:
                voice.close()
            except Exception:  # nobody is left to be told
                log.warning("voice %s: could not be closed", voice.name, exc_info=True)

    def _sounded(self, utterance: Utterance, cancel: threading.Event, on_trouble: Callable[[str], None]) -> Fate | None:
        """The fate of what its sound alone tells; None: the words remain, also where the sound could not be played."""
        if self.sounds is None or not utterance.earcon:
            return None
        try:
            is_told = self.sounds.tell(utterance, cancel)
        except Exception as err:  # whatever the sounds do, the words are said
            log.debug("sounds", exc_info=True)
            self._tell(-1, f"sounds: {_line(err)}", on_trouble)
            is_told = None
        if cancel.is_set() and not is_told:
            return Fate.INTERRUPTED
        return Fate.SPOKEN if is_told else None

    def _spoke(self, rung: int, clock: Callable[[], float]) -> None:
        self._told = {told for told in self._told if told[0] != rung}
        if rung == len(self._voices) - 1:
            self._first = 0
        elif rung != self._first:
            self._first, self._retry_at = rung, clock() + BETTER_VOICE_RETRY_S

    def _tell(self, rung: int, message: str, on_trouble: Callable[[str], None]) -> None:
        kind = (rung, re.sub(r"\d+", "#", message))  # "after 0.01 s" and "after 0.02 s" are one trouble
        if kind not in self._told:
            self._told.add(kind)
            on_trouble(message)


def _line(err: Exception) -> str:
    return str(err) or type(err).__name__
