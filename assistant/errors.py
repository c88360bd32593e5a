"""The errors whose message is meant for the user; all derive from AssistantError."""

from collections.abc import Sequence
from pathlib import Path


def printable(text: str) -> str:
    """A text in one line without control characters, which a terminal would obey: these are escaped, as in
    `two\\nlines`, and so are bytes that are not UTF-8 (surrogate escapes), as in `caf\\xe9.png`."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    byte = ord(char) - 0xDC00
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else char.encode("unicode_escape").decode("ascii")


def shown(path: Path | str) -> str:
    """A file's name in a form that can be printed, see `printable`."""
    return printable(str(path))


class AssistantError(Exception):
    """Base of all errors whose message is shown to the user: one line: what happened, where, what to do."""


class ConfigError(AssistantError):
    """Settings that cannot be used. The message has one mistake a line."""

    def __init__(self, message: str, lines: Sequence[int] = (), usable: object = None) -> None:
        super().__init__(message)
        self.lines = tuple(lines)
        """The lines of the file that hold the mistakes, as far as they are known."""
        self.usable = usable
        """The settings with defaults in place of the wrong values, for a service that must run all the same; None where
        nothing could be read."""


class CameraError(AssistantError):
    """A camera that is missing, busy or has stopped. Opening it again may succeed."""


class CameraBusyError(CameraError):
    """Another program holds the camera."""


class CameraExhaustedError(CameraError):
    """A resource of the camera's driver is used up in this process: only a new process can open the camera again."""


class SourceError(CameraError):
    """A file or folder that will never deliver a picture; trying again does not help."""


class DetectorError(AssistantError):
    """A face detector that cannot be loaded."""


class ModelError(AssistantError):
    """A model file or model card that must not be used."""


class VoiceError(AssistantError):
    """A voice that could not speak, or a player that did not play."""


class SoundCardBusyError(VoiceError):
    """Another program holds the sound card exclusively; it may be free a moment later."""


class ListenError(AssistantError):
    """A microphone that gives no sound, or a detector of talk that is not there."""


class ControlError(AssistantError):
    """Buttons or keys that cannot be used."""


class SkillError(AssistantError):
    """A skill that cannot answer. The message is for the log; `reason` chooses the words."""

    def __init__(self, message: str, reason: str = "failed") -> None:
        super().__init__(message)
        self.reason = reason
        """A key of [skill_failures]: "missing" (a library or weights are not there, or are wrong), "failed" (the engine
        ended, or refused), "late" (no answer in time), "memory" (too little memory), "no_picture", or "off" (the
        settings have turned the skill off)."""


class SkillCancelledError(SkillError):
    """Nobody wants the answer any more."""


class IPCError(AssistantError):
    """The other process cannot be reached, or it sent something that is not a valid message."""


class NotAllowedError(IPCError):
    """The user may not use the running assistant."""
