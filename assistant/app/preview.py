"""Starts the window of `run --preview` beside the assistant, and ends it. Nothing of vision is imported here."""

import importlib.util
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from assistant.errors import AssistantError
from assistant.system.child_process import kill_process_group, python_command

log = logging.getLogger(__name__)

NEEDED = {"pygame": "pygame", "PIL": "Pillow"}
"""The modules that the window needs, and what they are called."""


def check_available() -> None:
    """Raises AssistantError, in one line, where there can be no window: a helper who asked for one is to know why."""
    for module, name in NEEDED.items():
        if importlib.util.find_spec(module) is None:
            raise AssistantError(f"{name} is not installed; pip install 'emotion-assistant[preview]'")
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise AssistantError("no display here for --preview: neither DISPLAY nor WAYLAND_DISPLAY is set; leave it out")


class PreviewProcess:
    """The process of the window. That it ends is told in the log, and changes nothing."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """arguments: of emotion-assistant's command line."""
        self._child = subprocess.Popen(
            python_command("-m", "assistant", *arguments),
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,  # held open, never written: its end tells the process that this one is gone
            start_new_session=True,
        )
        self._is_told = False

    def tell_end(self) -> None:
        """Tell once, where the window has ended, that the assistant goes on."""
        if not self._is_told and (code := self._child.poll()) is not None:
            self._is_told = True
            how = "was closed" if code == 0 else f"has ended with exit code {code}"
            log.warning("the preview's window %s; the assistant goes on without it", how)

    def close(self) -> None:
        """End it at once; it holds nothing."""
        kill_process_group(self._child)
        self._child.wait()
        assert self._child.stdin
        self._child.stdin.close()
