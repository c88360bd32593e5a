"""Download the locked wheels of one architecture into a folder: what `install.sh --offline` and the packages carry.

python3 systemd/packaging/wheels.py arm64 DIR      the same for another machine than this one
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from lock import LOCKS, MACHINES, download

LARGE = ("nanodet", "piper", "read")
"""Extras whose wheels are 25 to 60 MB: only a network brings them."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("arch", choices=tuple(MACHINES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--product", action="store_true", help="also the assistant's own wheel, made of this tree")
    options = parser.parse_args()
    fetch(options.arch, options.folder)
    if options.product:
        build(options.folder)
    return 0


def fetch(arch: str, folder: Path) -> None:
    """The wheels of the lock files of an architecture, each for the Pythons that the file names; not those of LARGE."""
    for lock in (*sorted(LOCKS.glob(f"{arch}*.txt")), LOCKS / "build.txt"):
        if lock.stem.partition("-")[2] in LARGE:
            continue
        pythons = next(line for line in lock.read_text("utf-8").splitlines() if line.startswith("# Python "))
        for python in pythons.removeprefix("# Python ").split(", "):
            download(arch, python, lock, folder)


def build(folder: Path) -> Path:
    """The assistant's own wheel, made of a copy of this tree."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(__file__).parents[2]
        subprocess.run(["cp", "-R", *(tree / part for part in PARTS), place], check=True)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--wheel-dir", folder, place], check=True)
    return next(folder.glob("emotion_assistant-*.whl"))


PARTS = (
    "emotion_assistant.py", "assistant", "convert", "models", "share", "setup.cfg", "pyproject.toml", "README.md",
    "LICENSE",
)  # fmt: skip
"""The parts of this tree that the wheel is built from."""


if __name__ == "__main__":
    sys.exit(main())
