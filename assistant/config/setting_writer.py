"""Changes one setting in a settings file and keeps everything else as it is written: comments, order, line ends."""

import re
import tomllib
from pathlib import Path

from assistant.config.schema import as_toml
from assistant.config.settings_file import BOOT_FILE, MAX_BYTES, SYSTEM_FILE, TABLE, TOKEN
from assistant.errors import ConfigError
from assistant.system.atomic_files import write_atomically
from assistant.system.regular_file import read_bytes


def file_to_change(section: str, key: str, path: Path | None = None) -> Path:
    """The file in which a setting has to be changed to have an effect: `path`, else the one of BOOT_FILE and
    SYSTEM_FILE from which it comes, else BOOT_FILE if that alone exists, else SYSTEM_FILE."""
    if path is not None:
        return path
    if BOOT_FILE.is_file() and (not SYSTEM_FILE.is_file() or key in _table(_read(BOOT_FILE)).get(section, {})):
        return BOOT_FILE
    return SYSTEM_FILE


def write_setting(path: Path, section: str, key: str, value: str) -> None:
    """Set one setting in a file, which is made if it is missing; the file is replaced whole or not at all.

    Raises ConfigError where the file is not valid TOML or has a form in which the setting cannot be changed, and
    OSError.
    """
    try:
        content = with_setting(_read(path), section, key, value)
    except ConfigError as err:
        raise ConfigError(f"{path}: {err}") from err
    write_atomically({path.resolve(): content.encode("utf-8", "surrogateescape")})


def with_setting(text: str, section: str, key: str, value: str) -> str:
    """A TOML text with one setting changed or added. Raises ConfigError, see `write_setting`."""
    wanted = _table(text)
    held = wanted.setdefault(section, {})
    by_hand = f"set {section}.{key} = {as_toml(value)} by hand"
    if not isinstance(held, dict):
        raise ConfigError(f"{section} is no table; {by_hand}")
    held[key] = value
    changed = _changed(text, section, key, value)
    try:
        is_right = _table(changed) == wanted
    except ConfigError:
        is_right = False
    if not is_right:
        raise ConfigError(f"{section}.{key} stands in a form that cannot be changed here; {by_hand}")
    return changed


def _changed(text: str, section: str, key: str, value: str) -> str:
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    setting = re.compile(rf"(\s*[\"']?{re.escape(key)}[\"']?\s*=\s*)(.*)", re.DOTALL)
    example = re.compile(rf"\s*#\s*{re.escape(key)}\s*=")
    place, table = None, ""
    for number, line in enumerate(lines):
        if begins := TABLE.match(line):
            table = begins[1]
            place = number if table == section and place is None else place
        elif table == section and (found := setting.match(line)):
            lines[number] = found[1] + as_toml(value) + _after_value(found[2])
            return "\n".join(lines)
        elif table == section and example.match(line):
            place = number
    added = f"{key} = {as_toml(value)}{end}"
    if place is not None:
        lines.insert(place + 1, added)
        return "\n".join(lines) + ("" if place + 2 < len(lines) else "\n")
    before = [*lines[: -1 if lines[-1] in ("", end) else None], end] if text.strip() else []
    return "\n".join([*before, f"[{section}]{end}", added, ""])


def _after_value(rest: str) -> str:
    """What stands behind a value: the blanks and the comment, and the line's end."""
    comments = (found.start() for found in TOKEN.finditer(rest) if found[0].startswith("#"))
    value = rest[: next(comments, len(rest))]
    return rest[len(value.rstrip()) :]


def _read(path: Path) -> str:
    """The text of a file, bytes that are not UTF-8 kept; empty where there is no file. Raises OSError."""
    try:
        return read_bytes(path, MAX_BYTES).decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def _table(text: str) -> dict[str, dict[str, object]]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as err:
        raise ConfigError(f"not valid TOML: {err}") from err
