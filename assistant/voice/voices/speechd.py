"""The speechd voice: speech-dispatcher, which desktops share with their screen reader and which plays for itself.

Each text carries a priority, so that it gets out of the way of the screen reader; it counts as spoken only when the
daemon reports its end, not sooner than the text can be said.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.system.child_process import run_child
from assistant.voice.audio.loudness import volume_factor
from assistant.voice.speech.fallback_voice import PreemptedError, RefusedSettings
from assistant.voice.voices import min_duration_s, sanitize_text
from assistant.voice.voices.ssip import CancelledError, RefusedCommandError, SsipConnection, default_path

PRIORITIES = {
    Priority.FAULT: "important",
    Priority.ANSWER: "message",
    Priority.PAUSE: "message",
    Priority.CHANGE: "notification",
    Priority.STATUS: "notification",
}
"""The priority of SSIP for each of ours. `important` is never interrupted, `message` waits its turn, a `notification`
is spoken only where all else is silent. Not `progress` for a status: its last one is kept until it can be spoken, when
it may no longer be true."""
BEGAN, ENDED, CANCELLED = 701, 702, 703
"""Codes of SSIP's events."""
SLOWEST_WPM, NORMAL_WPM, FASTEST_WPM = 80, 170, 449
"""What -100, 0 and 100 mean to the espeak-ng module; other modules may take them otherwise."""
SPAWN_LIMIT_S = 10.0
"""Time limit to start the user's daemon."""
TURN_LIMIT_S = 15.0
"""How long other programs may speak before it is our turn."""
SPEECH_LIMIT_FACTOR, SPEECH_LIMIT_EXTRA_S = 3.0, 5.0
"""A text hangs if it takes longer than the factor times its estimated duration, plus the extra seconds."""
CANCEL_LIMIT_S, STOP_LIMIT_S = 0.05, 1.0
"""Time limits for the daemon to take a cancellation, and to be silent after it."""
LIST_LIMIT_S, MAX_VOICES = 10.0, 50_000
"""Time limit and most lines of a list of voices: the espeak-ng module of speech-dispatcher 0.11 has 13,362, which come
in 0.3 s on a desktop."""
INSTALL_HINT = "install the package speech-dispatcher with one of its modules, or choose voice.engine espeak"


class SpeechDispatcherVoice:
    """Speaks by speech-dispatcher, over one connection that is opened with the first words and after any failure."""

    name = "speechd"

    def __init__(
        self,
        settings: VoiceSettings,
        language: str,
        on_setting: Callable[[str, str], None] = lambda setting, reason: None,
    ) -> None:
        """language: spoken where voice.name is no language and no voice of the daemon. on_setting: see `make_voice`."""
        self._settings, self._language, self._refused = settings, language, RefusedSettings(on_setting)
        self._connection: SsipConnection | None = None
        self._cancelled_message = ""  # the last one, until its end was reported

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        text = sanitize_text(text)
        if cancel.is_set():
            return False
        try:
            connection = self._connection = self._connection or self._open(cancel)
            self._await_silence(connection, cancel)
            connection.command(f"SET SELF PRIORITY {PRIORITIES[priority]}", cancel)
            message = connection.speak(self._ssml(text), cancel)
        except CancelledError:
            self.close()  # in the middle of a command, where no other one can be sent
            return False
        except VoiceError:
            self.close()
            raise
        try:
            return self._wait_until_spoken(connection, message, text, cancel, priority)
        except CancelledError:
            self._cancel(connection, message)
            return False
        except PreemptedError:
            raise
        except VoiceError:
            self.close()
            raise

    def close(self) -> None:
        connection, self._connection, self._cancelled_message = self._connection, None, ""
        if connection is not None:
            connection.close()

    def _wait_until_spoken(
        self, connection: SsipConnection, message: str, text: str, cancel: threading.Event, priority: Priority
    ) -> bool:
        words_s, min_s = len(text.split()) * 60 / self._settings.rate_wpm, min_duration_s(text, self._settings.rate_wpm)
        began = time.monotonic()
        event = connection.event(message, began + TURN_LIMIT_S, cancel, {BEGAN, ENDED, CANCELLED})
        if event == BEGAN:
            began = time.monotonic()
            until = began + self._settings.lead_in_ms / 1000 + SPEECH_LIMIT_FACTOR * words_s + SPEECH_LIMIT_EXTRA_S
            event = connection.event(message, until, cancel, {ENDED, CANCELLED})
        if event == CANCELLED and priority <= Priority.CHANGE:
            raise PreemptedError("something else was being said")
        if event == CANCELLED:
            raise VoiceError("speech-dispatcher cut it off")
        seconds = time.monotonic() - began
        if seconds < min_s:
            raise VoiceError(
                f"speech-dispatcher was done after {seconds:.2f} s with what takes {min_s:.2f} s; it was not heard"
            )
        return True

    def _await_silence(self, connection: SsipConnection, cancel: threading.Event) -> None:
        """Wait for the end of a cancelled message: while the daemon still stops it, it would drop a notification."""
        if self._cancelled_message:
            connection.event(self._cancelled_message, time.monotonic() + STOP_LIMIT_S, cancel, {ENDED, CANCELLED})
            self._cancelled_message = ""

    def _cancel(self, connection: SsipConnection, message: str) -> None:
        """Stop the message; a daemon that does not confirm at once is disconnected."""
        try:
            connection.command("CANCEL SELF", limit_s=CANCEL_LIMIT_S)
            self._cancelled_message = message
        except VoiceError:
            self.close()

    def _open(self, cancel: threading.Event) -> SsipConnection:
        """Connect and set the connection up. Raises VoiceError, CancelledError."""
        try:
            connection = self._connect_and_set_up(cancel)
        except VoiceError as err:
            self._refused.refuse("voice.engine", str(err))
            raise
        self._refused.accept("voice.engine")
        return connection

    def _connect_and_set_up(self, cancel: threading.Event) -> SsipConnection:
        path = default_path()
        try:
            connection = SsipConnection(path)
        except OSError as err:
            connection = self._spawn_and_connect(path, err, cancel)
        try:
            for line in self._setup_commands():
                connection.command(line, cancel)
            for line in self._voice_commands(connection, cancel):
                connection.command(line, cancel)
            if "dummy" in connection.command("GET OUTPUT_MODULE", cancel).data:
                raise VoiceError(f"speech-dispatcher has no synthesizer that works; {INSTALL_HINT}")
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _spawn_and_connect(path: Path, why: OSError, cancel: threading.Event) -> SsipConnection:
        """Start the user's daemon, as its own clients do, unless $SPEECHD_ADDRESS names one; then connect."""
        if not os.environ.get("SPEECHD_ADDRESS"):
            with contextlib.suppress(VoiceError):
                if run_child(["speech-dispatcher", "--spawn"], b"", SPAWN_LIMIT_S, cancel) is None:
                    raise CancelledError
                with contextlib.suppress(OSError):
                    return SsipConnection(path)
        raise VoiceError(f"no speech-dispatcher at {path} ({why.strerror or why}); {INSTALL_HINT}") from why

    def _setup_commands(self) -> list[str]:
        settings = self._settings
        return [
            "SET SELF CLIENT_NAME wearer:emotion_assistant:voice",
            *(f"SET SELF NOTIFICATION {event} on" for event in ("BEGIN", "END", "CANCEL")),
            "SET SELF SSML_MODE on",
            f"SET SELF RATE {ssip_rate(settings.rate_wpm)}",
            f"SET SELF VOLUME {round(200 * volume_factor(settings.volume)) - 100}",  # -100 is silence, 100 all, linear
        ]

    def _voice_commands(self, connection: SsipConnection, cancel: threading.Event) -> list[str]:
        """The commands that choose the voice of voice.name: a language, or one of the daemon's voices.

        The daemon accepts every name, and speaks an unknown language by any voice: so the name is looked up first.
        """
        name = " ".join(sanitize_text(self._settings.name).split()) if self._settings.name else ""
        if not name:
            return [f"SET SELF LANGUAGE {self._language}"]
        wanted = name.casefold()
        try:
            listed = connection.command("LIST SYNTHESIS_VOICES", cancel, LIST_LIMIT_S, max_lines=MAX_VOICES).data
        except RefusedCommandError:
            listed = ()  # a module that cannot list its voices
        voices = [line.split("\t") for line in listed]
        languages = {voice[1].casefold() for voice in voices if len(voice) > 1}
        if not languages or any(known == wanted or known.startswith(f"{wanted}-") for known in languages):
            self._refused.accept("voice.name")
            return [f"SET SELF LANGUAGE {name.replace(' ', '')}"]
        for voice in voices:
            if len(voice) > 1 and voice[0].casefold() == wanted:
                self._refused.accept("voice.name")
                return [f"SET SELF LANGUAGE {voice[1]}", f"SET SELF SYNTHESIS_VOICE {voice[0]}"]
        self._refused.refuse("voice.name", f"{name!r} is no language and no voice of speech-dispatcher")
        return [f"SET SELF LANGUAGE {self._language}"]

    def _ssml(self, text: str) -> str:
        # espeak-ng drops a break that stands before everything else; a mark counts as something
        lead_in = f'<mark name="a"/><break time="{self._settings.lead_in_ms}ms"/>' if self._settings.lead_in_ms else ""
        return f"<speak>{lead_in}{escape(text)}</speak>"


def ssip_rate(rate_wpm: int) -> int:
    """Words a minute as SSIP's rate of -100 to 100: linear from SLOWEST_WPM to NORMAL_WPM, and on to FASTEST_WPM."""
    span = NORMAL_WPM - SLOWEST_WPM if rate_wpm < NORMAL_WPM else FASTEST_WPM - NORMAL_WPM
    return max(-100, min(100, round(100 * (rate_wpm - NORMAL_WPM) / span)))
