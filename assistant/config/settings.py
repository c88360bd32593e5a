"""Settings: a TOML file read into frozen dataclasses, every mistake reported at once, and printed back with comments.

The dataclasses below are the whole truth about what can be set: name, type, default, what is allowed and the sentence
that `emotion-assistant config` prints beside it.
"""

import dataclasses
import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.config import toml_limits
from assistant.config import toml_lines as lines
from assistant.config.schema import LONGEST, as_toml, limits, mistake, setting, shown
from assistant.errors import ConfigError
from assistant.records import EXPRESSIONS

SYSTEM_FILE = Path("/etc/emotion-assistant/config.toml")
BOOT_FILE = Path("/boot/firmware/emotion-assistant.toml")
"""On the part of a Pi's card that every computer can read: what it sets comes before SYSTEM_FILE."""
Mistakes = list[tuple[str, str]]
"""The setting, and what is wrong with it."""
MAX_BYTES = 64 * 1024
MOST_MISTAKES = 20
"""So many are told of; each unknown name is compared with all known ones, which takes its time."""


@dataclass(frozen=True)
class CameraSettings:
    """Where pictures come from."""

    driver: str = setting("auto", "auto: picamera2 where it is installed, else opencv",
                       choices=("auto", "picamera2", "opencv", "folder", "demo"))  # fmt: skip
    source: str = setting("", "opencv: device number, /dev/video… or a clip; folder: its path; empty: the first camera")
    width: int = setting(640, "asked of the camera, pixels", low=160, high=1920)
    height: int = setting(480, "asked of the camera, pixels", low=120, high=1080)
    fps: float = setting(10.0, "frames a second; more costs power and finds nothing new", low=1, high=30)
    picture_s: float = setting(2.0, "folder: how long each picture is shown, seconds", low=0.03, high=60)
    fov_deg: float = setting(
        62.0, "what the camera sees along a picture's longer side, degrees; 66: Camera Module 3, 102: its wide one",
        low=30, high=150
    )  # fmt: skip
    rotate: int = setting(
        0, "turns the picture if the box is worn on its side, degrees: 0, 90, 180 or 270", low=0, high=270
    )
    led: tuple[int, ...] = setting((), "a light for bystanders, lit while the camera is open: the pin (BCM number) of "
                                "a LED with its resistor to ground", low=0, high=27, most=1)  # fmt: skip


@dataclass(frozen=True)
class DetectorSettings:
    """How faces are found."""

    driver: str = setting("tflite", "tflite: our network; haar: OpenCV's, upright faces; yunet: its file in `model`",
                       choices=("tflite", "haar", "yunet"))  # fmt: skip
    model: str = setting("", "path of the detector's model file; empty: the shipped one (tflite)")
    long_side: int = setting(320, "search at this size, pixels; more sees farther, 160 is fast; yunet: always 320",
                          low=160, high=1280)  # fmt: skip
    min_face_px: int = setting(20, "smallest face, pixels of the shrunk picture", low=16, high=240)
    score_threshold: float = setting(0.0, "smallest score of a face; 0: what suits the detector", low=0.0, high=0.99)
    threads: int = setting(1, "tflite: processor threads of the network", low=1, high=8)
    max_faces: int = setting(4, "that many faces are looked at, the nearest first", low=1, high=16)


@dataclass(frozen=True)
class ModelSettings:
    """What reads a face."""

    file: str = setting(
        "emotion-cnn-int8", "a shipped model's name, or the path of a .tflite file with its card beside it"
    )
    threads: int = setting(2, "processor threads of the model", low=1, high=8)


@dataclass(frozen=True)
class DecisionSettings:
    """When a face has changed enough to be worth a word."""

    window_s: float = setting(0.95, "readings of the last so many seconds are averaged", low=0.3, high=5)
    min_readings: int = setting(4, "no verdict from fewer readings", low=2, high=60)
    enter_threshold: float = setting(
        0.45, "mean probability from which a new expression counts; the model's card may ask more", low=0.3, high=0.99
    )
    exit_threshold: float = setting(0.4, "it holds until the mean falls below this", low=0.1, high=0.99)
    dwell_s: float = setting(
        1.5, "`cannot tell` and `nobody` must last so long before they count, seconds", low=0.2, high=30
    )
    max_gap_s: float = setting(
        1.0, "after so long without a reading what was seen before is forgotten", low=0.3, high=30
    )


@dataclass(frozen=True)
class AnnouncementSettings:
    """What is said."""

    locale: str = setting("en", "language of the sentences by its code, e.g. en or de: a file of assistant/locales")
    wording: str = setting("emotion", "emotion: \"looks happy\"; movement: \"smiling\", what a face does and no more",
                        choices=("emotion", "movement"))  # fmt: skip
    verbosity: str = setting("normal", "quiet: only answers and faults; brief: expressions; normal: also who comes and "
                          "goes; full: also where and why not",
                          choices=("quiet", "brief", "normal", "full"))  # fmt: skip
    expressions: tuple[str, ...] = setting(("happy", "surprise", "neutral", "angry", "sad"),
                                        "expressions that are said unasked; fear is too rare to be measured, and of "
                                        "disgust no shipped model is ever sure enough",
                                        choices=EXPRESSIONS[:7])  # fmt: skip
    still_here: bool = setting(True, "a soft sound after ten minutes of silence: silence means nothing to say")


@dataclass(frozen=True)
class VoiceSettings:
    """How it is said."""

    engine: str = setting("auto", "auto: espeak on Linux, pyttsx3 on macOS and Windows; piper: a voice in `model`; "
                       "speechd: the desktop's speech-dispatcher; printed: words on the terminal",
                       choices=("auto", "espeak", "pyttsx3", "piper", "speechd", "printed"))  # fmt: skip
    model: str = setting("", "piper: path of the voice's .onnx file, with its .onnx.json beside it")
    device: str = setting(
        "", "sound card by name (see `aplay -l`), not by number, which changes; empty: the system's own"
    )
    rate_wpm: int = setting(175, "words a minute", low=80, high=450)
    volume: int = setting(100, "percent", low=10, high=100)
    name: str = setting("", "espeak-ng voice, e.g. en-gb; empty: that of the language")
    lead_in_ms: int = setting(0, "silence before the first word, for headsets that swallow it", low=0, high=1000)
    changes: str = setting("words", "how a change of expression is told; `emotion-assistant sounds` explains them",
                        choices=("words", "sounds", "both"))  # fmt: skip


@dataclass(frozen=True)
class ControlSettings:
    """What the wearer presses; `emotion-assistant ask`, `mute` and so on always work."""

    buttons: tuple[int, ...] = setting((), "push buttons to ground: their pins by BCM number, the first one first",
                                    low=0, high=27, most=3)  # fmt: skip
    keys: str = setting("auto", "media keys; auto: of every headset and keyboard; off; or a device's name: of it "
                     "alone, and nobody else hears them")  # fmt: skip
    shutdown_command: str = setting(
        "auto",
        "run when the wearer shuts the box down; auto: as it is installed, else systemctl poweroff; empty: never",
    )


@dataclass(frozen=True)
class Settings:
    """All settings; one TOML table for each field."""

    camera: CameraSettings = field(default_factory=CameraSettings)
    detector: DetectorSettings = field(default_factory=DetectorSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    decisions: DecisionSettings = field(default_factory=DecisionSettings)
    announcements: AnnouncementSettings = field(default_factory=AnnouncementSettings)
    voice: VoiceSettings = field(default_factory=VoiceSettings)
    controls: ControlSettings = field(default_factory=ControlSettings)


def load_settings(path: Path | None = None) -> Settings:
    """Settings of `path`, else of SYSTEM_FILE with those of BOOT_FILE before them, else the defaults.

    Raises ConfigError with one mistake a line.
    """
    if path is not None:
        return parse_settings(_read(path), str(path))
    settings = Settings()
    for file in (SYSTEM_FILE, BOOT_FILE):
        if file.is_file():
            settings = parse_settings(_read(file), str(file), settings)
    return settings


def parse_settings(text: str, origin: str = "settings", base: Settings | None = None) -> Settings:
    """Settings of a TOML text; what it leaves out is as in `base`, else the default.

    Raises ConfigError with one mistake a line, each line starting with `origin` and the line of the text, if known.
    """
    if too_much := toml_limits.trouble(text):
        number, why = too_much
        raise ConfigError(f"{origin}: line {number}: {why}", [number])
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as err:
        at_line = lines.of_error(text, str(err))
        raise ConfigError(f"{origin}: line {at_line}: not valid TOML: {err}", [at_line]) from err
    mistakes: Mistakes = []
    base = base or Settings()
    sections = {
        section.name: _section(getattr(base, section.name), table.pop(section.name, {}), section.name, mistakes)
        for section in dataclasses.fields(Settings)
    }
    for name in table:
        _add_unknown(mistakes, name, [item.name for item in dataclasses.fields(Settings)])
    settings = Settings(**sections)
    decisions, camera = settings.decisions, settings.camera
    if decisions.exit_threshold > decisions.enter_threshold:
        mistakes.append(
            (
                "decisions.exit_threshold",
                f"decisions.exit_threshold is {decisions.exit_threshold}; it must not exceed decisions.enter_threshold",
            )
        )
    if decisions.max_gap_s * camera.fps < 2:
        least = f"at camera.fps {camera.fps:g} at least {2 / camera.fps:g}"
        mistakes.append(("decisions.max_gap_s", f"decisions.max_gap_s is {decisions.max_gap_s}; {least}"))
    if camera.rotate % 90:
        mistakes.append(("camera.rotate", f"camera.rotate is {camera.rotate}; allowed: 0, 90, 180, 270"))
    if taken := set(camera.led) & set(settings.controls.buttons):
        pin = taken.pop()
        mistakes.append(("camera.led", f"camera.led is {pin}; that is the pin of a button (controls.buttons)"))
    if len(mistakes) > MOST_MISTAKES:
        mistakes[MOST_MISTAKES:] = [("", f"and {len(mistakes) - MOST_MISTAKES} more mistakes")]
    if mistakes:
        at = lines.places(text)
        told = [f"{origin}: {f'line {at[key]}: ' if key in at else ''}{mistake}" for key, mistake in mistakes]
        raise ConfigError("\n".join(told), sorted({at[key] for key, _ in mistakes if key in at}), settings)
    return settings


def override_settings(settings: Settings, changes: Mapping[str, Mapping[str, Any]]) -> Settings:
    """The settings with some of them replaced, by section and name. Raises ConfigError for what a file may not say."""
    mistakes = []
    for section, values in changes.items():
        known = {item.name: item for item in dataclasses.fields(getattr(settings, section))}
        for key, value in values.items():
            if wrong := mistake(known[key], value):
                mistakes.append(f"{section}.{key} is {shown(value)}; {wrong}")
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return dataclasses.replace(
        settings, **{name: dataclasses.replace(getattr(settings, name), **values) for name, values in changes.items()}
    )


def _read(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO must not block the start
        with open(handle, "rb") as source:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ConfigError(f"{path}: not a regular file; name a TOML file with --config")
            content = source.read(MAX_BYTES + 1)
    except OSError as err:
        raise ConfigError(f"{path}: cannot read the settings: {err.strerror}") from err
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} KiB; no settings file needs that")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise ConfigError(f"{path}: not UTF-8 text (byte {err.start})") from err


def _section(base: Any, table: Any, name: str, mistakes: Mistakes) -> Any:
    if not isinstance(table, dict):
        mistakes.append((name, f"{name} is {shown(table)}; it must be a table: [{name}]"))
        return base
    known = {item.name: item for item in dataclasses.fields(base)}
    values = {}
    for key, value in table.items():
        if key not in known:
            _add_unknown(mistakes, f"{name}.{key}", [f"{name}.{each}" for each in known])
            continue
        wrong = mistake(known[key], value)
        if wrong:
            mistakes.append((f"{name}.{key}", f"{name}.{key} is {shown(value)}; {wrong}"))
        else:
            convert: Any = type(known[key].default)
            values[key] = convert(value)
    return dataclasses.replace(base, **values)


def _add_unknown(mistakes: Mistakes, name: str, known: list[str]) -> None:
    if len(mistakes) >= MOST_MISTAKES:
        mistakes.append((name, name))
        return
    key, name = name, name if name.isprintable() and len(name) < LONGEST else shown(name)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    mistakes.append((key, f"unknown setting {name}; {hint}"))


def to_toml(settings: Settings) -> str:
    """The settings as a TOML file with comments that `parse_settings` reads back to the same settings."""
    lines = ["# Settings of emotion-assistant. What is left out keeps its default."]
    for section in dataclasses.fields(settings):
        values = getattr(settings, section.name)
        lines += ["", f"# {type(values).__doc__}", f"[{section.name}]"]
        for item in dataclasses.fields(values):
            lines += [f"# {item.metadata['doc']}{limits(item)}", f"{item.name} = {as_toml(getattr(values, item.name))}"]
    return "\n".join(lines) + "\n"


def setting_choices(section: str, key: str) -> tuple[str, ...]:
    """What a setting may be, e.g. setting_choices("camera", "driver")."""
    (item,) = (item for item in dataclasses.fields(getattr(Settings(), section)) if item.name == key)
    return tuple(item.metadata["choices"])
