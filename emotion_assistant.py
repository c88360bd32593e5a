"""The entry points of both programs. They make sure that `assistant` and `convert` are this program's own packages.

Other projects use these two names too. Another project's package may come first on the import path, or may have been
installed over ours; each program then names that file in one line, before anything is imported from it.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

HOME = Path(__file__).resolve().parent
"""The folder in which this module and both packages are installed; in a checkout, its top."""
PACKAGES = {"assistant": "emotion-assistant", "convert": "emotion-convert"}
"""Each package and the word with which its documentation begins."""
EXIT_ERROR, EXIT_INTERRUPTED = 1, 130


def assistant() -> int:
    """Run `emotion-assistant`; returns its exit code."""
    if message := foreign("assistant"):
        return _fail("emotion-assistant", message)
    try:
        from assistant.app.main import main

        return main()
    except KeyboardInterrupt:  # while the first modules are still being imported
        return EXIT_INTERRUPTED


def convert() -> int:
    """Run `emotion-convert`; returns its exit code."""
    if message := foreign("assistant", "convert"):
        return _fail("emotion-convert", message)
    try:
        from convert.cli import main

        return main()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def foreign(*names: str) -> str:
    """What is wrong with the first of these packages that is not ours, with its path; empty where all are ours."""
    for name in names:
        own, spec = HOME / name / "__init__.py", find_spec(name)
        places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
        found = Path(next((each for each in places if each), own))
        if not own.is_file():
            return f"{own}: missing; install emotion-assistant again"
        if found.resolve() != own:
            return (
                f"{found}: another project's package '{name}' is found in place of this program's; take its folder out "
                "of PYTHONPATH, or install emotion-assistant into a virtual environment of its own"
            )
        with own.open("rb") as file:
            if not file.readline().startswith(f'"""{PACKAGES[name]}: '.encode()):
                return (
                    f"{own}: another project's package '{name}' was installed over this program's; install "
                    "emotion-assistant into a virtual environment of its own"
                )
    return ""


def _fail(program: str, message: str) -> int:
    """Print an error; returns the exit code."""
    print(f"{program}: {message}", file=sys.stderr)
    return EXIT_ERROR


if __name__ == "__main__":
    sys.exit(assistant())
