"""Tells on the terminal which settings a voice cannot use."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from assistant.errors import VoiceError, printable


@contextlib.contextmanager
def refused_settings_told() -> Iterator[Callable[[str, str], None]]:
    """A function of a setting that a voice cannot use, and why. At the end it is printed, unless the command fails for
    that very reason, which is told then."""
    refused: dict[str, str] = {}
    try:
        yield refused.__setitem__
    except VoiceError as err:
        refused = {setting: reason for setting, reason in refused.items() if reason not in str(err)}
        raise
    finally:
        for setting, reason in refused.items():
            if reason:
                print(f"emotion-assistant: {printable(f'{setting}: {reason}')}", file=sys.stderr)
