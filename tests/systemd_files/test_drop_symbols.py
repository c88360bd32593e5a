"""Symbol tables leave the disk, and libraries go on working."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).parents[2] / "systemd/steps/drop_symbols.py"


def drop(folder: Path) -> str:
    """What the program prints about a folder."""
    command = [sys.executable, "-I", PROGRAM, folder]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of NumPy's OpenBLAS, as its wheel brings it, with the libraries that it needs beside it."""
    found = sorted(Path(np.__file__).parents[1].glob("numpy.libs/*openblas*.so"))
    if not found:
        pytest.skip("this NumPy brings no OpenBLAS")
    folder = Path(shutil.copytree(found[0].parent, tmp_path / "libraries"))
    return folder / found[0].name


def test_a_library_takes_less_room_and_is_loaded_as_before(library: Path) -> None:
    before = library.stat()
    assert drop(library.parent).endswith(" MB of symbol tables\n")
    after = library.stat()
    assert after.st_size == before.st_size
    assert after.st_mode == before.st_mode
    assert after.st_blocks < before.st_blocks - 1000
    load = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", load, library], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert drop(library.parent) == "0 MB of symbol tables\n", "a second time there is nothing left"


@pytest.mark.parametrize("length", [0, 6, 64, 200_000])
def test_what_is_no_whole_library_is_left_alone(library: Path, length: int) -> None:
    folder = library.parent / "cut"
    folder.mkdir()
    (folder / "cut.so").write_bytes(library.read_bytes()[:length])
    (folder / "text.so").write_text("no library")
    assert drop(folder) == "0 MB of symbol tables\n"
    assert (folder / "cut.so").read_bytes() == library.read_bytes()[:length]
    assert sorted(file.name for file in folder.iterdir()) == ["cut.so", "text.so"]
