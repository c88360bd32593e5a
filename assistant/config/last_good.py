"""Wrong settings do not stop a service: it goes on with the last good ones, and announces the mistake.

The last good settings lie in the unit's state folder and are written whole or not at all. Without a state folder there
are none.
"""

import logging
import os
from pathlib import Path
from typing import NamedTuple

from assistant.config.settings import Settings
from assistant.config.settings_file import MAX_BYTES, parse_settings, to_toml
from assistant.errors import ConfigError
from assistant.phrases import Phrases
from assistant.records import FaultName, Priority, Utterance, UtteranceKind
from assistant.system.atomic_files import write_atomically

log = logging.getLogger(__name__)

END = "# end of the settings\n"
"""The last line: a file without it was cut."""
MAX_ANNOUNCED_LINES = 3
"""So many wrong lines are announced; once they are corrected, the next start announces the next ones."""


class SettingsProblem(NamedTuple):
    """Why the settings in use are not those that the user wrote."""

    fault: FaultName
    """The fault to announce."""
    detail: str
    """The message of the ConfigError, for the log."""
    lines: tuple[int, ...] = ()
    """The wrong lines of the settings file."""


def save_last_good(settings: Settings) -> None:
    """Write settings that are right to the state folder; where that fails, there is only a line in the log."""
    path = _path()
    if path is None or load_last_good() == settings:
        return
    try:
        write_atomically({path: (to_toml(settings) + END).encode()})
    except OSError as err:
        log.warning("%s: the settings cannot be kept: %s", path, err.strerror)


def load_last_good() -> Settings | None:
    """The settings that `save_last_good` wrote last; None where there are none that can be used."""
    path = _path()
    if path is None:
        return None
    try:
        text = path.read_bytes()[: 2 * MAX_BYTES].decode("utf-8")
        return parse_settings(text, str(path)) if text.endswith(END) else None
    except (OSError, UnicodeDecodeError, ConfigError):
        return None


def wrong_line_utterances(problem: SettingsProblem, phrases: Phrases) -> tuple[Utterance, ...]:
    """One sentence for each of the first wrong lines of the settings file, in their order."""
    return tuple(
        Utterance(
            phrases.wrong_line(line),
            Priority.FAULT,
            f"settings line {line}",
            None,
            problem.detail,
            kind=UtteranceKind.FAULT,
        )
        for line in problem.lines[:MAX_ANNOUNCED_LINES]
    )


def _path() -> Path | None:
    folder = os.environ.get("STATE_DIRECTORY")
    return Path(folder.split(":")[0]) / "settings.toml" if folder else None
