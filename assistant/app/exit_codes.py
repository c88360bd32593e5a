"""The exit codes of emotion-assistant, and errors as one line on standard error."""

import os
import sys
from collections.abc import Callable

from assistant.errors import AssistantError, ConfigError, printable, shown

EXIT_ERROR, EXIT_USAGE, EXIT_CONFIG, EXIT_INTERRUPTED = 1, 2, 78, 130
"""Failed; wrong usage (argparse's own); wrong settings (EX_CONFIG of sysexits.h); Ctrl-C."""


def exit_code_of(command: Callable[[], int], *, is_debug: bool = False) -> int:
    """Run a command; returns its exit code. What it raises becomes one line on standard error and a code for that.

    is_debug: raise it instead.
    """
    try:
        return command()
    except AssistantError as err:
        if is_debug:
            raise
        is_config = isinstance(err, ConfigError)
        for line in str(err).splitlines() if is_config else [" ".join(str(err).splitlines())]:
            print(f"emotion-assistant: {printable(line)}", file=sys.stderr)
        return EXIT_CONFIG if is_config else EXIT_ERROR
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as err:
        if is_debug:
            raise
        print(f"emotion-assistant: {shown(err.filename or 'output')}: {err.strerror or err}", file=sys.stderr)
        return EXIT_ERROR
    except Exception as err:
        if is_debug:
            raise
        what = printable(f"unexpected {type(err).__name__}: {err}; --debug shows where")
        print(f"emotion-assistant: {what}", file=sys.stderr)
        return EXIT_ERROR
