"""Tells on the terminal which settings a voice cannot use."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from assistant.errors import VoiceError, printable

WHAT_TO_DO = "`emotion-assistant doctor` finds out why, and `--voice printed` prints what would be said"
"""About a voice or a sound card that fails."""


@contextlib.contextmanager
def refused_settings_told() -> Iterator[Callable[[str, str], None]]:
    """Yields a function that notes a setting that a voice cannot use, and why. The notes are printed at the end, except
    one whose reason stands in the error with which the command fails; that error says what to do, too."""
    refused: dict[str, str] = {}
    try:
        yield refused.__setitem__
    except VoiceError as err:
        refused = {setting: reason for setting, reason in refused.items() if reason not in str(err)}
        raise VoiceError(f"{err}; {WHAT_TO_DO}") from err
    finally:
        for setting, reason in refused.items():
            if reason:
                print(f"emotion-assistant: {printable(f'{setting}: {reason}')}", file=sys.stderr)
