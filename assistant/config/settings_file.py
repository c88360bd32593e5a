"""The settings file: TOML read into the dataclasses, every mistake reported at once, and printed back with comments."""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.config.profiles import PROFILES, with_profile
from assistant.config.schema import MAX_QUOTED, as_toml, limits, mistake, quoted
from assistant.config.settings import GPIO, Settings
from assistant.config.toml_lines import parse_lines
from assistant.errors import ConfigError
from assistant.phrases import known_locales
from assistant.system.regular_file import read_bytes

SYSTEM_FILE = Path("/etc/emotion-assistant/config.toml")
BOOT_FILE = Path("/boot/firmware/emotion-assistant.toml")
"""On the boot partition of a Pi's SD card, which every computer can read; what it sets comes before SYSTEM_FILE."""
MAX_BYTES = 64 * 1024
"""Largest settings file that is read."""
MAX_MISTAKES = 20
"""So many mistakes are reported one by one; each unknown name is compared with all known ones, which takes its time."""
MAX_DOTS = 8
"""Dots in a line, outside strings and comments. The standard parser's time for a dotted key grows with the square of
the dots, so a file with longer keys, or with strings of several lines, in which dots could hide, is refused unparsed;
no setting needs either."""

Mistakes = list[tuple[str, str]]
"""The setting, and what is wrong with it."""

TOKEN = re.compile(r"""(?P<lines>"{3}|'{3})|"(?:\\.?|[^"\\])*(?:"|$)|'[^']*(?:'|$)|\#.*""", re.VERBOSE)
"""A string, to its end or that of the line, or a comment. Takes time in proportion to the line, whatever is in it."""
TABLE = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]")
NAME = r"[\"']?[A-Za-z0-9_-]+[\"']?"
DOTTED = rf"({NAME}(?:[ \t]*\.[ \t]*{NAME})*)"
HEADER = re.compile(rf"\s*\[\[?[ \t]*{DOTTED}")
"""A table in any form; the writer of settings changes only those that TABLE matches."""
KEY = re.compile(rf"\s*{DOTTED}\s*=")

REPLACEMENT = "\ufffd"
"""What stands in the text for each byte that is not UTF-8: the line is told, the rest of the file is used."""


def load_settings(path: Path | None = None) -> Settings:
    """Settings of `path`; without one those of BOOT_FILE, then SYSTEM_FILE, then the defaults.

    Raises ConfigError with one mistake a line.
    """
    if path is not None:
        return parse_settings(_read(path), str(path))
    settings = Settings()
    problems: list[ConfigError] = []
    for file in (SYSTEM_FILE, BOOT_FILE):
        if not file.is_file():
            continue
        try:
            settings = parse_settings(_read(file), str(file), settings)
        except ConfigError as err:
            problems.append(err)
            settings = err.usable if isinstance(err.usable, Settings) else settings
    if problems:
        lines = [line for problem in problems for line in problem.lines]
        raise ConfigError("\n".join(map(str, problems)), lines, settings)
    return settings


def parse_settings(text: str, origin: str = "settings", base: Settings | None = None) -> Settings:
    """Settings of a TOML text; what it leaves out is as in `base`, else the default.

    Raises ConfigError with one mistake a line, each line starting with `origin` and the line of the text, if known.
    """
    if refused := _refused_line(text):
        number, why = refused
        raise ConfigError(f"{origin}: line {number}: {why}", [number])
    table, malformed = parse_lines(text)
    reports = [f"{origin}: line {number}: not valid TOML: {why}" for number, why in malformed]
    if table is None:
        raise ConfigError("\n".join(reports), [number for number, _ in malformed])
    mistakes: Mistakes = []
    base = _profiled(base or Settings(), table.get("power"))
    sections = {
        section.name: _section(getattr(base, section.name), table.pop(section.name, {}), section.name, mistakes)
        for section in dataclasses.fields(Settings)
    }
    for name in table:
        _add_unknown(mistakes, name, [item.name for item in dataclasses.fields(Settings)])
    settings = _consistent(Settings(**sections), base, mistakes)
    if len(mistakes) > MAX_MISTAKES:
        mistakes[MAX_MISTAKES:] = [("", f"and {len(mistakes) - MAX_MISTAKES} more mistakes")]
    foreign = [number for number, line in enumerate(text.split("\n"), 1) if REPLACEMENT in line]
    if reports or mistakes or foreign:
        at = _line_numbers(text)
        places = [f"line {line}: " if (line := _line_of(key, at)) else "" for key, _ in mistakes]
        reports += [f"{origin}: {place}{mistake}" for place, (_, mistake) in zip(places, mistakes, strict=True)]
        reports += [f"{origin}: line {number}: a byte that is not UTF-8; save the file as UTF-8" for number in foreign]
        lines = {_line_of(key, at) for key, _ in mistakes} - {0} | set(foreign) | {number for number, _ in malformed}
        raise ConfigError("\n".join(reports), sorted(lines), settings)
    return settings


def _profiled(base: Settings, power: Any) -> Settings:
    """`base` with the values of the profile that the table [power] names, where it names one that there is."""
    name = power.get("profile") if isinstance(power, dict) else None
    return with_profile(base, name) if isinstance(name, str) and name in PROFILES else base


def _consistent(settings: Settings, base: Settings, mistakes: Mistakes) -> Settings:
    """The settings with the values of `base` for those that do not go together; adds what is wrong to `mistakes`."""
    decisions, camera, announcements = settings.decisions, settings.camera, settings.announcements
    if decisions.exit_threshold > decisions.enter_threshold:
        said = f"decisions.exit_threshold is {decisions.exit_threshold}; it must not exceed decisions.enter_threshold"
        mistakes.append(("decisions.exit_threshold", said))
        enter, leave = base.decisions.enter_threshold, base.decisions.exit_threshold
        decisions = dataclasses.replace(decisions, enter_threshold=enter, exit_threshold=leave)
    if decisions.max_gap_s * camera.fps < 2:
        least_s = math.ceil(2000 / camera.fps) / 1000  # rounded up, so that it is allowed itself
        least = f"at camera.fps {camera.fps:g} at least {least_s:g}"
        mistakes.append(("decisions.max_gap_s", f"decisions.max_gap_s is {decisions.max_gap_s}; {least}"))
        decisions = dataclasses.replace(decisions, max_gap_s=max(base.decisions.max_gap_s, least_s))
    if camera.rotate % 90:
        mistakes.append(("camera.rotate", f"camera.rotate is {camera.rotate}; allowed: 0, 90, 180, 270"))
        camera = dataclasses.replace(camera, rotate=base.camera.rotate)
    if taken := set(camera.led) & set(settings.controls.buttons):
        pin = taken.pop()
        mistakes.append(("camera.led", f"camera.led is {pin}; that is the pin of a button (controls.buttons)"))
        camera = dataclasses.replace(camera, led=())
    haptics, known_pins = settings.haptics, range(28)
    if haptics.device.casefold().startswith(GPIO) and haptics.pin not in known_pins:
        wrong = f"haptics.device is {quoted(haptics.device)}; a pin is gpio:0 to gpio:27"
    elif haptics.pin is not None and haptics.pin in (*camera.led, *settings.controls.buttons):
        wrong = f"haptics.device is {haptics.device}; that is the pin of a button or of the camera LED"
    else:
        wrong = ""
    if wrong:
        mistakes.append(("haptics.device", wrong))
        haptics = dataclasses.replace(haptics, device="")
    if announcements.locale not in known_locales():
        language = re.split("[-_.@]", announcements.locale.lower())[0]
        near = _close(language, known_locales(), 0.6)
        hint = f"; did you mean {near[0]}?" if near else ""
        said = f"announcements.locale is {quoted(announcements.locale)}; allowed: {', '.join(known_locales())}{hint}"
        mistakes.append(("announcements.locale", said))
        announcements = dataclasses.replace(announcements, locale=base.announcements.locale)
    return dataclasses.replace(
        settings, decisions=decisions, camera=camera, announcements=announcements, haptics=haptics
    )


def override_settings(settings: Settings, changes: Mapping[str, Mapping[str, Any]]) -> Settings:
    """The settings with some of them replaced, by section and name. Raises ConfigError for what a file may not say."""
    mistakes = []
    for section, values in changes.items():
        known = {item.name: item for item in dataclasses.fields(getattr(settings, section))}
        for key, value in values.items():
            if wrong := mistake(known[key], value):
                mistakes.append(f"{section}.{key} is {quoted(value)}; {wrong}")
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return dataclasses.replace(
        settings, **{name: dataclasses.replace(getattr(settings, name), **values) for name, values in changes.items()}
    )


def _read(path: Path) -> str:
    try:
        return read_bytes(path, MAX_BYTES).decode("utf-8-sig", "replace")
    except OSError as err:
        raise ConfigError(f"{path}: cannot read the settings: {err.strerror}; name a TOML file with --config") from err


def _section(base: Any, table: Any, name: str, mistakes: Mistakes) -> Any:
    if not isinstance(table, dict):
        mistakes.append((name, f"{name} is {quoted(table)}; it must be a table: [{name}]"))
        return base
    known = {item.name: item for item in dataclasses.fields(base)}
    values = {}
    for key, value in table.items():
        if key not in known:
            _add_unknown(mistakes, f"{name}.{key}", [f"{name}.{each}" for each in known])
            continue
        wrong = mistake(known[key], value)
        if wrong:
            mistakes.append((f"{name}.{key}", f"{name}.{key} is {quoted(value)}; {wrong}"))
        elif not (isinstance(value, str) and REPLACEMENT in value):  # the line of that byte is told for the whole file
            convert: Any = type(known[key].default)
            values[key] = convert(value)
    return dataclasses.replace(base, **values)


def _add_unknown(mistakes: Mistakes, name: str, known: list[str]) -> None:
    if len(mistakes) >= MAX_MISTAKES:
        mistakes.append((name, name))
        return
    key, name = name, name if name.isprintable() and len(name) < MAX_QUOTED else quoted(name)
    leaf = name.rpartition(".")[2]
    settings = {section.name: dataclasses.fields(section.default_factory) for section in dataclasses.fields(Settings)}  # type: ignore[arg-type]
    homes = [f"{section}.{leaf}" for section, items in settings.items() if leaf in (item.name for item in items)]
    near = homes or _close(name, known, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    mistakes.append((key, f"unknown setting {name}; {hint}"))


def _close(name: str, known: Sequence[str], cutoff: float) -> list[str]:
    """The known name that is most like the given one; none where the likeness is below `cutoff`."""
    import difflib  # seldom needed: a mistake was made

    return difflib.get_close_matches(name, known, 1, cutoff)


def to_toml(settings: Settings) -> str:
    """The settings as a TOML file with comments that `parse_settings` reads back to the same settings. A value that
    comes from the profile stands there as a comment, so that another profile changes it."""
    lines = ["# Settings of emotion-assistant. What is left out keeps its default, or that of power.profile."]
    profile = PROFILES[settings.power.profile]
    for section in dataclasses.fields(settings):
        values = getattr(settings, section.name)
        lines += ["", f"# {type(values).__doc__}", f"[{section.name}]"]
        for item in dataclasses.fields(values):
            value = getattr(values, item.name)
            name = f"{section.name}.{item.name}"
            mark = "# " if name in profile and profile[name] == value else ""
            lines += [f"# {item.metadata['doc']}{limits(item)}", f"{mark}{item.name} = {as_toml(value)}"]
    return "\n".join(lines) + "\n"


def _refused_line(text: str) -> tuple[int, str] | None:
    """The first line for which a TOML text is refused before it is parsed, and why; None: it may be parsed."""
    for number, line in enumerate(text.split("\n"), 1):  # TOML knows no other end of a line
        if any(found["lines"] for found in TOKEN.finditer(line)):
            return number, "a text of several lines; no setting has one"
        if TOKEN.sub("", line).count(".") > MAX_DOTS:
            return number, "too many dots"
    return None


def _line_numbers(text: str) -> dict[str, int]:
    """The first line, from 1, of each table and of each key, e.g. {"voice": 3, "voice.volume": 4}."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if begins := HEADER.match(line):
            names = table = _without_blanks(begins[1])
        elif key := KEY.match(line):
            name = _without_blanks(key[1])
            names = f"{table}.{name}" if table else name
        else:
            continue
        while names not in found:
            found[names] = number
            names = names.rpartition(".")[0] or names
    return found


def _without_blanks(name: str) -> str:
    return re.sub(r"[\s\"']", "", name)


def _line_of(key: str, at: Mapping[str, int]) -> int:
    """The line of a setting, else that of its table, in which it may stand as `voice = {volume = 5}`; 0: not known."""
    return at.get(key) or at.get(key.partition(".")[0], 0)
