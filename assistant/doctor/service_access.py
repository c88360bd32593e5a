"""Which files the service's user may read: root reads every file, the service nothing under /home.

As root, all that the doctor starts runs as the service's user, where there is that user. The folders that the units
hide, and files that others may not read, are found by their paths and modes, so that this also works before the
service is set up.
"""

import os
import threading
from collections.abc import Iterable
from pathlib import Path

from assistant.config.settings import OWN_FOLDER, Settings
from assistant.doctor.finding import Finding, bad
from assistant.system.account import USER, Account, children_as
from assistant.system.child_process import python_command, run_child_unchecked

UNIT_FILES = tuple(
    Path(folder) / "emotion-assistant.service"
    for folder in ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
)
"""Where the unit of the vision process is, once it is installed."""
HIDDEN_FOLDERS = ("/home", "/root", "/run/user")
"""What ProtectHome=yes of the units hides."""
COPY_HINT = f"copy it, with the file beside it, to {OWN_FOLDER}, which the service can read; see docs/train-your-own.md"
"""What to do about a file of the user's own that the service cannot read."""
START_LIMIT_S = 20.0
"""Time limit to find out whether the service's user can run this Python."""


def service_account() -> Account | None:
    """The service's user, if this process may start children as that user and that user can run this program."""
    account = Account.find(USER) if _is_root() else None
    if account is None:
        return None
    with children_as(account):
        try:
            command = python_command("-c", "import assistant.doctor.isolated_check")
            done = run_child_unchecked(command, b"", START_LIMIT_S, threading.Event())
        except OSError:
            return None
    return account if done.code == 0 else None


def closed_model(settings: Settings) -> Finding | None:
    """A model file or card that the service cannot read; None: there is none."""
    return _closed(_with_card(settings.model.file))


def closed_detector(settings: Settings) -> Finding | None:
    """A detector's file or card that the service cannot read; None: there is none."""
    return _closed(_with_card(settings.detector.model))


def closed_voice(settings: Settings) -> Finding | None:
    """A piper voice that the service cannot read; None: there is none, or another engine speaks."""
    named = settings.voice.model if settings.voice.engine == "piper" else ""
    return _closed([Path(named), Path(f"{named}.json")] if named else [])


def closed_source(settings: Settings) -> Finding | None:
    """A clip or folder as the camera that the service cannot read; None: there is none.

    Of devices the check of the camera tells more. Modes count only once the service is set up: a recording is also
    played without it.
    """
    named, account = settings.camera.source, Account.find(USER)
    if os.sep not in named or named.startswith("/dev/") or not is_judged():
        return None
    closed = why_closed(Path(named), account) if account else _hidden(Path(named))
    return bad("closed", "own_files", detail=f"{closed}; {COPY_HINT}") if closed else None


def closed_settings(files: Iterable[Path]) -> Finding | None:
    """A settings file that the service cannot read; None: there is none."""
    reason = _first_reason(files)
    return bad("closed", "settings", detail=f"{reason}; sudo chmod 644 it") if reason else None


def is_judged() -> bool:
    """Whether the service's rights matter: this process is root's, or the service is installed."""
    return _is_root() or any(map(Path.is_file, UNIT_FILES))


def why_closed(file: Path, account: Account | None) -> str:
    """Why the service cannot read a file; empty if it can, or there is no such file.

    account: of the service; None: it does not exist yet, and will own nothing.
    """
    if hidden := _hidden(file):
        return hidden
    real = file.resolve()
    try:
        for folder in reversed(real.parents):
            if not _allows(folder.stat(), 1, account):
                return f"{file}: the service may not enter the folder {folder}"
        status = real.stat()
    except OSError:
        return ""
    return (
        "" if _allows(status, 4, account) else f"{file}: the service may not read it (mode {status.st_mode & 0o777:o})"
    )


def _closed(files: Iterable[Path]) -> Finding | None:
    """The finding about the first of these files that the service cannot read; None: it can read all."""
    reason = _first_reason(files)
    return bad("closed", "own_files", detail=f"{reason}; {COPY_HINT}") if reason else None


def _first_reason(files: Iterable[Path]) -> str:
    """Why the service cannot read the first of these files that it cannot; empty if it can read all."""
    if not is_judged():
        return ""
    account = Account.find(USER)
    return next(filter(None, (why_closed(file, account) for file in files)), "")


def _with_card(name: str) -> list[Path]:
    """A model file that is named by its path, and its card; nothing for the name of a shipped one."""
    if os.sep not in name and Path(name).suffix not in (".tflite", ".onnx"):
        return []
    return [Path(name), Path(name).with_suffix(".json")]


def _hidden(file: Path) -> str:
    for path in (file.absolute(), file.resolve()):
        for folder in HIDDEN_FOLDERS:
            if path.is_relative_to(folder):
                return f"{file}: the service sees nothing of {folder}"
    return ""


def _allows(status: os.stat_result, bit: int, account: Account | None) -> bool:
    """Whether the mode of a file or folder gives the account that right: 4 to read, 1 to enter."""
    if account is not None and status.st_uid == account.uid:
        bit <<= 6
    elif account is not None and status.st_gid in (account.gid, *account.groups):
        bit <<= 3
    return bool(status.st_mode & bit)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
