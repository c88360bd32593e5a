"""The voices in order of preference: each utterance is spoken by the first one that can."""

import dataclasses
import logging
import re
import threading
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol, overload

from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance
from assistant.voice.audio.player import Pcm

log = logging.getLogger(__name__)

BETTER_VOICE_RETRY_S = 5.0
"""Seconds after a fallback for which the lower voice is tried first, before the better ones are tried again. The last
voice, which may have no words, is never tried first."""


class Voice(Protocol):
    """A way to speak a text. One that takes its time to make speech may have `prepare(text, cancel)`, too, which makes
    the speech of a text and keeps it until the next `say`."""

    name: str
    """For the log."""

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        """Speak it; True: to the end, False: cut off within 100 ms of `cancel`. Raises VoiceError if it was not spoken.

        priority: for voices that share the loudspeaker with other programs; all others ignore it.
        """
        ...

    def close(self) -> None:
        """Release at once what the voice holds; a voice that is used again acquires it anew."""
        ...


class Earcons(Protocol):
    """A way to present an utterance by a short sound."""

    def present(self, utterance: Utterance, cancel: threading.Event) -> bool | None:
        """Play the utterance's earcon. Raises VoiceError.

        True: it was enough, False: cut off, None: the words remain to be spoken.
        """
        ...

    def play(self, name: str, cancel: threading.Event) -> bool:
        """Play the sound of that name; returns like a voice's `say`. Raises VoiceError."""
        ...


class NameParts(Protocol):
    """A sentence around a recorded name."""

    @property
    def before(self) -> str: ...
    @property
    def tag(self) -> Pcm: ...
    @property
    def after(self) -> str: ...


class NameSounds(Protocol):
    """Finds the recorded name of an utterance."""

    def parts(self, utterance: Utterance) -> NameParts | None:
        """The utterance around its name; None where there is no recording of it."""
        ...


class RefusedSettings:
    """The settings that a voice was given and cannot use: an unknown voice name, a file that is no voice.

    Each is reported once when it is refused, and once when it is accepted again.
    """

    def __init__(self, report: Callable[[str, str], None] = lambda setting, reason: None) -> None:
        """report(setting, reason): a setting, such as "voice.name", was refused; an empty reason: it no longer is."""
        self._report = report
        self._refused: set[str] = set()

    def refuse(self, setting: str, reason: str) -> None:
        """The setting cannot be used."""
        if setting not in self._refused:
            self._refused.add(setting)
            self._report(setting, reason)

    def accept(self, *settings: str) -> None:
        """The settings were used."""
        for setting in self._refused.intersection(settings):
            self._refused.discard(setting)
            self._report(setting, "")


class PreemptedError(VoiceError):
    """Another program's speech goes before this; no other voice may talk over it."""


class UnknownTextError(VoiceError):
    """The voice works but cannot speak this text; it may speak the next one."""


class PlaybackError(VoiceError):
    """The voice has made the speech, and it could not be played."""


class _Outcome(Enum):
    """What came of one voice's attempt; the last three mean that it was not spoken."""

    SPOKEN, CUT_OFF, UNKNOWN_TEXT, NOT_PLAYED, FAILED = range(5)


class FallbackVoice(Sequence[Voice]):
    """The voices, the best first, and the earcons that are tried before them. Used from one thread."""

    def __init__(
        self,
        voices: Sequence[Voice],
        earcons: Earcons | None = None,
        names: NameSounds | None = None,
        play: Callable[[Pcm, threading.Event], bool] | None = None,
    ) -> None:
        """names: recorded names, played by `play` in the place of those in a text."""
        self.earcons, self._names, self._play = earcons, names, play
        self._voices = tuple(voices)
        self._first, self._retry_at = 0, 0.0  # the voice that spoke last, and how long it goes first
        self._reported: set[tuple[int, str]] = set()

    @staticmethod
    def of(voices: "Sequence[Voice]") -> "FallbackVoice":
        """A FallbackVoice as it is; other voices as a FallbackVoice without earcons."""
        return voices if isinstance(voices, FallbackVoice) else FallbackVoice(voices)

    @overload
    def __getitem__(self, index: int) -> Voice: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Voice]: ...
    def __getitem__(self, index: int | slice) -> Voice | Sequence[Voice]:
        return self._voices[index]

    def __len__(self) -> int:
        return len(self._voices)

    def speak(
        self,
        utterance: Utterance,
        cancel: threading.Event,
        clock: Callable[[], float],
        on_error: Callable[[str], None],
    ) -> Fate:
        """Present it by its earcon, or speak it by the first voice that can; SPOKEN, INTERRUPTED or FAILED.

        on_error(message): a voice failed; called once for each kind of error until that voice speaks again.
        """
        if (fate := self._present_earcon(utterance, cancel, on_error)) is not None:
            return fate
        parts = self._names.parts(utterance) if self._names is not None and utterance.name_sound else None
        if parts is None or self._play is None:
            return self._speak_words(utterance, cancel, clock, on_error)
        for piece in (parts.before, parts.tag, parts.after):
            if isinstance(piece, Pcm):
                fate = self._play_name(piece, utterance, cancel, clock, on_error)
            elif piece:
                fate = self._speak_words(dataclasses.replace(utterance, text=f"{piece}."), cancel, clock, on_error)
            if fate in (Fate.INTERRUPTED, Fate.FAILED):
                return fate
        return Fate.SPOKEN

    def _play_name(
        self,
        tag: Pcm,
        utterance: Utterance,
        cancel: threading.Event,
        clock: Callable[[], float],
        on_error: Callable[[str], None],
    ) -> Fate:
        """Play a name; where that fails it is spoken."""
        assert self._play is not None
        try:
            return Fate.SPOKEN if self._play(tag, cancel) else Fate.INTERRUPTED
        except Exception as err:  # any error of a recording: the words are spoken
            log.info("a recorded name: %s", _line(err))
        named = dataclasses.replace(utterance, text=f"{utterance.spoken_name}.")
        return self._speak_words(named, cancel, clock, on_error)

    def _speak_words(
        self,
        utterance: Utterance,
        cancel: threading.Event,
        clock: Callable[[], float],
        on_error: Callable[[str], None],
    ) -> Fate:
        if clock() >= self._retry_at:
            self._first = 0
        indices, best_working = range(len(self._voices)), len(self._voices)
        not_played: list[int] = []
        for index in sorted(indices, key=lambda index: (index != self._first, index)):
            match self._try(index, utterance, cancel, on_error):
                case _Outcome.SPOKEN:
                    self._on_spoken(min(index, best_working), clock)
                    if index == indices[-1] and not_played:  # sound has come back in between: words can be heard again
                        return self._speak_after_tone(not_played[0], utterance, cancel, on_error)
                    return Fate.SPOKEN
                case _Outcome.CUT_OFF:  # where nothing could be played, nothing was heard that could be cut off
                    return Fate.FAILED if not_played else Fate.INTERRUPTED
                case _Outcome.UNKNOWN_TEXT:
                    best_working = min(best_working, index)
                case _Outcome.NOT_PLAYED:
                    not_played.append(index)
        self._first = 0
        return Fate.FAILED

    def _try(
        self, index: int, utterance: Utterance, cancel: threading.Event, on_error: Callable[[str], None]
    ) -> "_Outcome":
        """One voice's attempt."""
        voice, outcome = self._voices[index], _Outcome.FAILED
        try:
            if voice.say(utterance.text, cancel, priority=utterance.priority):
                return _Outcome.SPOKEN
            error = "ended before it had spoken"
        except PreemptedError as err:
            log.info("voice %s: %s", voice.name, err)
            return _Outcome.CUT_OFF
        except UnknownTextError as err:
            log.info("voice %s: %s", voice.name, err)
            return _Outcome.UNKNOWN_TEXT
        except PlaybackError as err:
            error, outcome = str(err), _Outcome.NOT_PLAYED
        except Exception as err:  # any error of a voice: the next one speaks
            error = _line(err)
            log.debug("voice %s", voice.name, exc_info=True)
        if cancel.is_set() and outcome is not _Outcome.NOT_PLAYED:
            return _Outcome.CUT_OFF
        self._report(index, f"{voice.name}: {error}", on_error)
        return outcome

    def _speak_after_tone(
        self, index: int, utterance: Utterance, cancel: threading.Event, on_error: Callable[[str], None]
    ) -> Fate:
        """The words, after the last voice's beeps were heard in their place; it counts as spoken in any case."""
        is_cut_off = self._try(index, utterance, cancel, on_error) is _Outcome.CUT_OFF
        return Fate.INTERRUPTED if is_cut_off else Fate.SPOKEN

    def prepare(self, utterance: Utterance, cancel: threading.Event) -> None:
        """Have the speech of an utterance made before its moment has come, by the voice that is tried first, if that
        can: a gap in talk is short. What fails here is reported when it is spoken."""
        prepare = getattr(self._voices[self._first], "prepare", None)
        if prepare is None or utterance.name_sound or (self.earcons is not None and utterance.earcon):
            return
        try:
            prepare(utterance.text, cancel)
        except Exception:  # any error of a voice: it comes again with the words
            log.debug("voice %s", self._voices[self._first].name, exc_info=True)

    def close(self) -> None:
        """Close every voice."""
        for voice in self._voices:
            try:
                voice.close()
            except Exception:  # there is no other voice to fall back to
                log.warning("voice %s: could not be closed", voice.name, exc_info=True)

    def _present_earcon(
        self, utterance: Utterance, cancel: threading.Event, on_error: Callable[[str], None]
    ) -> Fate | None:
        """The fate of an utterance whose earcon is enough; None: its words remain, also where it was not played."""
        if self.earcons is None or not utterance.earcon:
            return None
        try:
            is_enough = self.earcons.present(utterance, cancel)
        except Exception as err:  # any error of an earcon: the words are spoken
            log.debug("sounds", exc_info=True)
            self._report(-1, f"sounds: {_line(err)}", on_error)
            is_enough = None
        if cancel.is_set() and not is_enough:
            return Fate.INTERRUPTED
        return Fate.SPOKEN if is_enough else None

    def _on_spoken(self, index: int, clock: Callable[[], float]) -> None:
        self._reported = {reported for reported in self._reported if reported[0] != index}
        if index == len(self._voices) - 1:
            self._first = 0
        elif index != self._first:
            self._first, self._retry_at = index, clock() + BETTER_VOICE_RETRY_S

    def _report(self, index: int, message: str, on_error: Callable[[str], None]) -> None:
        kind = (index, re.sub(r"\d+", "#", message))  # "after 0.01 s" and "after 0.02 s" are one kind
        if kind not in self._reported:
            self._reported.add(kind)
            on_error(message)


def _line(err: Exception) -> str:
    return str(err) or type(err).__name__
