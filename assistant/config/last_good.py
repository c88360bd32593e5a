"""The last settings that were right, kept by a service for the day on which the user's are not.

They lie in the unit's state folder and are written whole or not at all. Without such a folder nothing is kept.
"""

import logging
import os
from pathlib import Path

from assistant.config.settings import MAX_BYTES, Settings, parse_settings, to_toml
from assistant.errors import ConfigError
from assistant.system.atomic_files import write_atomically

log = logging.getLogger(__name__)

END = "# end of the settings\n"
"""The last line: a file without it was cut."""


def keep(settings: Settings) -> None:
    """Keep settings that are right; where they cannot be, the next start will have to do without."""
    place = _place()
    if place is None or recall() == settings:
        return
    try:
        write_atomically({place: (to_toml(settings) + END).encode()})
    except OSError as err:
        log.warning("%s: the settings cannot be kept: %s", place, err.strerror)


def recall() -> Settings | None:
    """The settings that were kept; None where there are none that can be used."""
    place = _place()
    if place is None:
        return None
    try:
        text = place.read_bytes()[: 2 * MAX_BYTES].decode("utf-8")
        return parse_settings(text, str(place)) if text.endswith(END) else None
    except (OSError, UnicodeDecodeError, ConfigError):
        return None


def _place() -> Path | None:
    folder = os.environ.get("STATE_DIRECTORY")
    return Path(folder.split(":")[0]) / "settings.toml" if folder else None
