"""Runs the guide where no assistant runs: with the configured voice, the box's own keys and a terminal's keyboard."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.errors import VoiceError
from assistant.ipc.commands import Command, Reply
from assistant.voice import controls
from assistant.voice.asking.host import enabled_questions
from assistant.voice.controls.button_map import MAIN_BUTTON, GestureCommands
from assistant.voice.guide import keyboard
from assistant.voice.guide.host import GuideHost
from assistant.voice.guide.machine import Outcome
from assistant.voice.guide.script import GuidePhrases
from assistant.voice.persistent_settings import PersistentSettings, state_file
from assistant.voice.speech.fallback_voice import FallbackVoice
from assistant.voice.speech.speaker import Speaker

log = logging.getLogger(__name__)

POLL_S = 0.1
"""How often the guide looks at the clock."""
CLOSE_TIMEOUT_S = 1.0
"""Seconds for the voices to stop at the end."""


def guide_alone(
    settings: Settings,
    phrases: GuidePhrases,
    voice: FallbackVoice,
    command: Command,
    stop: threading.Event,
    *,
    has_typing: bool | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Run the guide (GUIDE) or the explanation of the keys (GUIDE_KEYS) to its end; False: `stop` was set before.

    voice: is closed at the end. has_typing: whether the keyboard of a terminal is used; None: where there is one.
    Raises VoiceError where nothing can be heard.
    """
    typing = keyboard.is_there() if has_typing is None else has_typing
    errors: list[str] = []
    opened: list[controls.Control] = []

    def keys() -> dict[str, GestureCommands]:
        found = {name: row for control in opened for name, row in control.keys.items()}
        return {**found, keyboard.NAME: MAIN_BUTTON} if typing else found

    with contextlib.ExitStack() as stack:
        speaker = Speaker(
            voice, on_fate=lambda utterance, fate, at: host.ended(utterance, fate), on_error=errors.append, clock=clock
        )
        stack.callback(speaker.close, CLOSE_TIMEOUT_S)
        persistent = PersistentSettings(
            settings.voice.rate_wpm, settings.voice.volume, state_file(), _log_not_saved,
            verbosity=settings.announcements.verbosity,
        )  # fmt: skip
        host = GuideHost(
            phrases, speaker, persistent, keys, clock,
            verbosity=settings.announcements.verbosity, offers=False, has_typing=typing,
            has_skills=bool(enabled_questions(settings)), names_friends=settings.friends.enabled,
        )  # fmt: skip

        def run_command(command: Command) -> Reply:
            host.before(command)  # there is nobody else to carry it out
            return Reply(False)

        opened += controls.make(settings.controls, run_command, None, take_press=host.take_press)[0]
        for control in opened:
            stack.callback(control.close)
        if typing:
            stack.enter_context(keyboard.typed_presses(host.take_press, host.leave))
        host.start(command)
        while host.is_running and not stop.wait(POLL_S):
            host.poll()
        if host.outcome is Outcome.UNHEARD:
            raise VoiceError(errors[-1] if errors else "no voice can speak")
    return not stop.is_set()


def _log_not_saved(error: str) -> None:
    if error:
        log.warning("%s", error)
