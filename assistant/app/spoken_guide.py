"""The command `guide`: starts the guide in the running assistant; where none runs, runs the guide by itself."""

import threading
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.errors import IPCError
from assistant.ipc import control_client
from assistant.ipc.commands import Command
from assistant.phrases import load as load_locale
from assistant.voice.audio.sound_cards import preferred_player
from assistant.voice.guide.alone import guide_alone
from assistant.voice.voices import make_voice


def spoken_guide(
    command: Command,
    load_settings: Callable[[], Settings],
    stop: threading.Event,
    on_setting: Callable[[str, str], None],
) -> bool:
    """Start the guide (GUIDE) or the explanation of the keys (GUIDE_KEYS); False: `stop` was set before its end.

    load_settings: called where no assistant runs. on_setting: see `make_voice`. Raises IPCError where the running
    assistant refuses or does not answer, ConfigError, LocaleError and VoiceError where none runs.
    """
    try:
        reply = control_client.send_command(command)
    except control_client.NotRunningError:
        settings = load_settings()
        phrases = load_locale(settings.announcements.locale, settings.announcements.wording)
        voice = make_voice(settings.voice, phrases.voice, preferred_player(settings.voice.device), on_setting)
        return guide_alone(settings, phrases, voice, command, stop)
    if not reply.ok:
        raise IPCError(reply.text)
    print(reply.text)
    return True
