"""Buttons, media keys and the control socket, through which the wearer gives commands; `make` opens those that are set
up."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from assistant.config.settings import ControlSettings
from assistant.errors import AssistantError
from assistant.ipc.commands import Command, Reply
from assistant.records import FaultName
from assistant.voice.controls.button_map import GestureCommands, TakePress, take_none

log = logging.getLogger(__name__)

RunCommand = Callable[..., Reply]
"""Carries out a command, which the control socket and the keys of the skills may give with an argument, a text: what to
find. Called from the threads of the controls; returns within a second or so."""


class Control(Protocol):
    """An open source of commands."""

    @property
    def keys(self) -> Mapping[str, GestureCommands]:
        """The keys that there are now, by name, with what they do."""
        ...

    def close(self) -> None:
        """Take no more commands."""
        ...


def make(
    settings: ControlSettings,
    run_command: RunCommand,
    socket: Path | None,
    on_keys: Callable[[str], None] = lambda reason: None,
    take_press: TakePress = take_none,
) -> tuple[tuple[Control, ...], dict[FaultName, str]]:
    """The controls that are set up and could be opened, and the faults of the others, each with one line for the log.

    With keys = "auto" it is no fault if the media keys cannot be read; that is only logged. on_keys: see `MediaKeys`.
    socket: of the control socket; None: there is to be none. take_press: of buttons and media keys.
    """
    from assistant.voice.controls.control_socket import ControlSocket

    opened: list[Control] = []
    faults: dict[FaultName, str] = {}

    def attempt(name: FaultName, open_control: Callable[[], Control], *, is_required: bool = True) -> None:
        try:
            opened.append(open_control())
        except AssistantError as err:
            log.log(logging.WARNING if is_required else logging.INFO, "%s: %s", name, err)
            if is_required:
                faults[name] = str(err)

    if socket is not None:
        attempt(FaultName.CONTROL_SOCKET, partial(ControlSocket, socket, run_command))
    if settings.buttons:
        from assistant.voice.controls.gpio import Buttons

        def open_buttons() -> Buttons:
            buttons = Buttons(settings.buttons, run_command, take_press=take_press)
            if buttons.refused:
                log.warning("%s: %s", FaultName.BUTTON, buttons.refused)
                faults[FaultName.BUTTON] = buttons.refused
            return buttons

        attempt(FaultName.BUTTONS, open_buttons)
    if settings.keys != "off":
        from assistant.voice.controls.keys import MediaKeys

        device = "" if settings.keys == "auto" else settings.keys
        attempt(
            FaultName.MEDIA_KEYS,
            lambda: MediaKeys(run_command, only=device, on_missing=on_keys, take_press=take_press),
            is_required=bool(device),
        )
    return tuple(opened), faults


def run_safely(run_command: RunCommand, command: Command, argument: str = "") -> Reply:
    """Carry out a command. An error becomes the reply, so that the thread of a control survives it."""
    try:
        return run_command(command, argument) if argument else run_command(command)
    except AssistantError as err:
        log.warning("%s: %s", command, err)
        return Reply(False, str(err))
    except Exception as err:  # a command that fails must not end the thread that reads the buttons
        log.exception("%s failed", command)
        return Reply(False, f"{command} failed: unexpected {type(err).__name__}; the log of the voice says more")
