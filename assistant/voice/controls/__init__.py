"""The controls: buttons, keys and a socket through which the wearer asks; `make` opens those that are set up."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assistant.config.settings import ControlSettings
from assistant.errors import AssistantError
from assistant.records import FaultName

log = logging.getLogger(__name__)

COMMANDS = (
    "describe", "more", "repeat", "repeat_instead", "mute", "unmute", "toggle_mute", "louder", "quieter", "faster",
    "slower", "why", "wrong", "aim", "status", "facts", "shutdown", "cancel",
)  # fmt: skip
"""What a wearer can ask for, by whatever control."""


Facts = Mapping[str, str | int | float | bool | list[str]]


@dataclass(frozen=True)
class Reply:
    """What became of a command. text: for a person, one line. facts: for a program, e.g. {"muted": True}."""

    ok: bool
    text: str = ""
    facts: Facts = field(default_factory=dict)


Do = Callable[[str], Reply]
"""Does a command, one of COMMANDS; called from the threads of the controls, and back within a second or so."""


class Control(Protocol):
    """An open source of commands."""

    def close(self) -> None:
        """Take no more commands."""
        ...


def make(settings: ControlSettings, do: Do, socket: Path) -> tuple[tuple[Control, ...], dict[FaultName, str]]:
    """The controls that are set up and could be opened, and the faults of the others, each with one line for the log.

    Keys that nobody asked for (keys = "auto") and that cannot be watched are no trouble; the log tells.
    """
    from assistant.voice.controls.control_socket import Door

    opened: list[Control] = []
    troubles: dict[FaultName, str] = {}

    def attempt(name: FaultName, open_it: Callable[[], Control], *, is_asked_for: bool = True) -> None:
        try:
            opened.append(open_it())
        except AssistantError as err:
            log.log(logging.WARNING if is_asked_for else logging.INFO, "%s: %s", name, err)
            if is_asked_for:
                troubles[name] = str(err)

    attempt(FaultName.CONTROL_SOCKET, lambda: Door(socket, do))
    if settings.buttons:
        from assistant.voice.controls.gpio import Buttons

        attempt(FaultName.BUTTONS, lambda: Buttons(settings.buttons, do))
    if settings.keys != "off":
        from assistant.voice.controls.keys import MediaKeys

        name = "" if settings.keys == "auto" else settings.keys
        attempt(FaultName.MEDIA_KEYS, lambda: MediaKeys(do, only=name), is_asked_for=bool(name))
    return tuple(opened), troubles


def ask(do: Do, command: str) -> Reply:
    """Have a command done; whatever goes wrong in that, the controls go on."""
    try:
        return do(command)
    except AssistantError as err:
        log.warning("%s: %s", command, err)
        return Reply(False, str(err))
    except Exception as err:  # a command that fails must not take the button with it
        log.exception("%s failed", command)
        return Reply(False, f"{command} failed: unexpected {type(err).__name__}; the log of the voice says more")
