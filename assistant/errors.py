"""The errors whose message is meant for the user; all derive from AssistantError."""

from collections.abc import Sequence
from pathlib import Path


def shown(path: Path | str) -> str:
    """A file's name as it can be printed in one line and spoken of: bytes that are not UTF-8, line breaks and other
    control characters are escaped, as in `caf\\xe9.png`."""
    text = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


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


class ControlError(AssistantError):
    """Buttons or keys that cannot be used."""


class IPCError(AssistantError):
    """The other process cannot be reached, or it sent something that is not a valid message."""


class NotAllowedError(IPCError):
    """The user may not use the running assistant."""
