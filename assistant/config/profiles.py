"""Profiles: the settings that decide how much work the box does, chosen together for one kind of board.

A profile is what the settings file falls back on: a value that the file names comes before that of the profile. Only
the settings here depend on it.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from assistant.config.settings import ModelSettings, Settings

Values = Mapping[str, Any]
"""Values by the name of the setting, e.g. {"camera.fps": 5.0}."""

SMALL = "emotion-small-int8"
"""A third of the multiplications of the default model, for .4 points of accuracy: see models/README.md."""
DEFAULT = "pi4"
"""The profile whose values are the defaults of the settings; every figure of the documentation is measured with it."""


def _values(fps: float, model: str, model_threads: int) -> Values:
    return MappingProxyType({"camera.fps": fps, "model.file": model, "model.threads": model_threads})


PROFILES: Mapping[str, Values] = MappingProxyType(
    {
        # One core of an A53 at 1 GHz classifies a face with the default model in some 30 ms; five frames a second are
        # the fewest of which the window of decisions (0.95 s) holds enough.
        "zero2w": _values(5.0, SMALL, 1),
        "pi3": _values(8.0, SMALL, 1),
        DEFAULT: _values(10.0, ModelSettings().file, ModelSettings().threads),
        "pi5": _values(15.0, ModelSettings().file, 1),
        "desktop": _values(15.0, ModelSettings().file, 1),
    }
)
"""The values of each profile."""

BOARDS: Mapping[str, str] = MappingProxyType(
    {
        "Raspberry Pi Zero 2": "zero2w",
        "Raspberry Pi 3": "pi3",
        "Raspberry Pi Compute Module 3": "pi3",
        "Raspberry Pi 4": "pi4",
        "Raspberry Pi 400": "pi4",
        "Raspberry Pi Compute Module 4": "pi4",
        "Raspberry Pi 5": "pi5",
        "Raspberry Pi 500": "pi5",
        "Raspberry Pi Compute Module 5": "pi5",
    }
)
"""The profile of each board, by the beginning of its name as the kernel gives it (/proc/device-tree/model)."""


def profile_of(board: str) -> str:
    """The profile for a board of that name; of names that fit the longest one counts ("Raspberry Pi 400"). Empty for
    a board that is not known."""
    fitting = [name for name in BOARDS if board.startswith(name)]
    return BOARDS[max(fitting, key=len)] if fitting else ""


def with_profile(settings: Settings, name: str) -> Settings:
    """The settings with all values of a profile. Raises KeyError for a name that is not in PROFILES."""
    changed: dict[str, dict[str, Any]] = {"power": {"profile": name}}
    for setting, value in PROFILES[name].items():
        section, _, key = setting.partition(".")
        changed.setdefault(section, {})[key] = value
    sections = {name: dataclasses.replace(getattr(settings, name), **values) for name, values in changed.items()}
    return dataclasses.replace(settings, **sections)


def differences(settings: Settings) -> Iterator[str]:
    """The settings that are not as the profile has them, e.g. "camera.fps is 10.0, 5.0 in zero2w"."""
    for setting, value in PROFILES[settings.power.profile].items():
        section, _, key = setting.partition(".")
        if (own := getattr(getattr(settings, section), key)) != value:
            yield f"{setting} is {own}, {value} in {settings.power.profile}"
