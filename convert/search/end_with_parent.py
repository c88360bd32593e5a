"""Runs a module as `python -m` does, and ends this process with the one that has started it, as soon as stdin is
closed: `python -m convert.search.end_with_parent MODULE ARGUMENT…`.

A search that is killed cannot end its trainings, but the system closes its pipes. Without this a training would go on
alone, and the search that is resumed would find its run folder locked.
"""

import os
import runpy
import sys
import threading

EXIT_PARENT_ENDED = 75
"""Exit code of a process whose stdin was closed (EX_TEMPFAIL)."""


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os._exit(EXIT_PARENT_ENDED)


def main() -> None:
    """Run the module that the first argument names."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
