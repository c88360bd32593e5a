"""Shutdown of the box, and the detection of an unclean shutdown at the next start."""

import contextlib
import logging
import os
import shlex
import subprocess
import threading
import time
from pathlib import Path

log = logging.getLogger(__name__)

AUTO = "auto"
"""The shutdown command that chooses by itself: the installed unit's request file, else DESKTOP_COMMAND."""
DESKTOP_COMMAND = "systemctl poweroff"
"""The shutdown command of a desktop, whose user may run it."""
POWEROFF_TIMEOUT_S, POWEROFF_POLL_S = 15.0, 0.05
"""Longest time that a command may take, or that the request file may stay; and how often the file is checked.
Seconds."""
MARKER = "running"
"""Name of the files that exist while the voice process runs."""


def power_off(command: str) -> str:
    """Switch the box off by a command line, or AUTO. Returns why that failed, in one line; empty: it goes down."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if command == AUTO and folder:
        return _request(Path(folder) / "poweroff")
    try:
        arguments = shlex.split(DESKTOP_COMMAND if command == AUTO else command)
        if not arguments:
            return "controls.shutdown_command names no command"
        done = subprocess.run(arguments, capture_output=True, timeout=POWEROFF_TIMEOUT_S, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as err:
        return str(err)
    errors = done.stderr.decode("utf-8", "replace").strip()
    return (errors or f"exit code {done.returncode}") if done.returncode else ""


def _request(file: Path) -> str:
    """Make the file that emotion-assistant-poweroff.path watches, and wait until it is taken away."""
    try:
        file.touch()
        until, never = time.monotonic() + POWEROFF_TIMEOUT_S, threading.Event()
        while time.monotonic() < until:
            if not file.exists():
                return ""
            never.wait(POWEROFF_POLL_S)
        file.unlink(missing_ok=True)
    except OSError as err:
        return str(err)
    return f"{file} was not taken: is emotion-assistant-poweroff.path running?"


class UncleanShutdownDetector:
    """Finds out how the last run ended, by two marker files: one on the disk, one in the memory of this boot.

    Both are made at the start and removed at an orderly end. The one in memory (the unit's runtime folder) survives a
    restart of the voice process, not of the box: if only the one on the disk (the unit's state folder) is found, the
    power was cut; if both are, the voice process alone has died. Without these folders, on a desktop, nothing is known.
    """

    def __init__(self) -> None:
        """Look for the markers, and make them."""
        folders = (os.environ.get("STATE_DIRECTORY"), os.environ.get("RUNTIME_DIRECTORY"))
        self._markers = [Path(folder.split(":")[0]) / MARKER for folder in folders if folder]
        found = [marker.exists() for marker in self._markers]
        self.was_power_cut = found == [True, False]
        """The box lost its power while the voice process ran."""
        self.did_voice_crash = found == [True, True]
        """The voice process ended without an orderly end, and was started again."""
        for marker in self._markers:
            try:
                marker.touch()
            except OSError as err:
                log.warning("%s: cannot be made: %s", marker, err.strerror)

    def close(self) -> None:
        """An orderly end: remove the markers."""
        for marker in self._markers:
            with contextlib.suppress(OSError):
                marker.unlink(missing_ok=True)
