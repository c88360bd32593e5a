"""The fallback below espeak-ng: recordings of its sentences, made while it worked by `emotion-assistant record`.

A folder holds a WAV file for each sentence about the assistant itself, named by the table and the key of the locale
file, and index.json, which maps each text to its file. Sentences about people are not among them.
"""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.system.atomic_files import write_atomically
from assistant.voice.audio.loudness import at_volume
from assistant.voice.audio.player import Player, check_audible, from_wav, to_wav
from assistant.voice.speech.earcons import three_beeps
from assistant.voice.speech.fallback_voice import UnknownTextError
from assistant.voice.voices import min_duration_s, play_speech, sanitize_text
from assistant.voice.voices.espeak import Synthesizer

INDEX, ALARM = "index.json", "alarm.wav"
INSTALLED_FOLDER = Path("/opt/emotion-assistant/recorded")
"""Where the installer makes the recordings."""
TABLES = ("status", "faults", "faults_over", "doctor", "advice")
"""Tables of the locale file whose sentences are recorded."""
MAX_BYTES = 1024 * 1024
"""No more of a recording is read."""


def recordings_folder() -> Path:
    """Where the recordings are: $EMOTION_ASSISTANT_RECORDED, else INSTALLED_FOLDER, else in the user's data folder."""
    if named := os.environ.get("EMOTION_ASSISTANT_RECORDED"):
        return Path(named)
    data = Path(os.environ.get("XDG_DATA_HOME") or Path(os.environ.get("HOME", "/nonexistent")) / ".local/share")
    return INSTALLED_FOLDER if INSTALLED_FOLDER.is_dir() else data / "emotion-assistant" / "recorded"


class RecordedVoice:
    """Plays the recording of a text."""

    name = "recorded"

    def __init__(self, settings: VoiceSettings, player: Player, folder: Path) -> None:
        self._settings, self._player, self._folder = settings, player, folder

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        try:
            with open(self._folder / INDEX, encoding="utf-8") as source:
                index = json.load(source)
            with open(self._folder / Path(index[text]).name, "rb") as source:
                content = source.read(MAX_BYTES)
        except OSError as err:
            raise VoiceError(f"{self._folder}: no recordings ({err.strerror}); emotion-assistant record") from err
        except (ValueError, KeyError, TypeError, RecursionError) as err:
            raise UnknownTextError(f"{self._folder}: no recording of this text; emotion-assistant record") from err
        return play_speech(from_wav(content), text, self._settings, self._player, cancel)

    def close(self) -> None:
        pass


def record_sentences(
    tables: Mapping[str, Mapping[str, str]], synthesizers: Sequence[Synthesizer], rate_wpm: int, folder: Path
) -> int:
    """Record the sentences of TABLES, and the alarm, in `folder`, all or none; returns how many files there are.

    tables: of the locale file. synthesizers: the first that can speaks each sentence. Raises VoiceError where none can,
    OSError where nothing can be written.
    """
    files, index, never = {folder / ALARM: to_wav(three_beeps())}, {}, threading.Event()
    for table in TABLES:
        for key, text in tables[table].items():
            if "{" in text:  # a placeholder, whose value is another one each time
                continue
            name = f"{table}.{key}.wav"
            files[folder / name] = _synthesize(sanitize_text(text), synthesizers, rate_wpm, never)
            index[text] = name
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(files)
    write_atomically({folder / INDEX: json.dumps(index, ensure_ascii=False, indent=0).encode()})
    return len(files)


def _synthesize(text: str, synthesizers: Sequence[Synthesizer], rate_wpm: int, never: threading.Event) -> bytes:
    error = VoiceError("there is no espeak-ng to record; install the package espeak-ng")
    for synthesize in synthesizers:
        try:
            if speech := synthesize(text, never):
                return to_wav(at_volume(check_audible(speech, min_duration_s(text, rate_wpm)), 100))
        except VoiceError as err:
            error = err
    raise error
