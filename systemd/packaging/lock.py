"""Write systemd/locks: for each architecture every wheel that the device installs, with its hash, for all its Pythons.

python3 systemd/packaging/lock.py              asks the package index; `make lock`
python3 systemd/packaging/lock.py --wheels DIR also downloads them to DIR
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

LOCKS = Path(__file__).parents[1] / "locks"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""The name in wheel tags of each of Debian's architectures."""
GLIBC = (17, 24, 26, 27, 28, 31, 34, 35, 36)
"""Minor versions of glibc whose wheels run on bookworm (2.36)."""
RUNTIME = "ai-edge-litert==2.3.0"
"""The TFLite runtime."""
VARIANTS = {
    # Debian's Pythons: bookworm has 3.11, trixie 3.13.
    "": (("3.11", "3.13"), ("numpy==2.4.6", "opencv-python-headless==4.14.0.94", RUNTIME)),
    # For bookworm's own packages, built on NumPy 1: its last version, and the last OpenCV that takes it.
    "-numpy1": (("3.11",), ("numpy==1.26.4", "opencv-python-headless==4.11.0.86", RUNTIME)),
}
"""The Pythons and the pinned packages of each variant, by the suffix of its lock files."""
EXTRAS = {
    "listen": ("webrtcvad-wheels==2.0.14.post1",),
    "nanodet": ("ncnn==1.0.20261020",),
    "piper": ("piper-tts==1.3.0", "onnxruntime==1.32.0"),
    "pyttsx3": ("pyttsx3==2.99",),
    "read": ("rapidocr==3.10.0", "onnxruntime==1.32.0"),
}
"""The pinned packages of each extra that `install.sh --extra` adds, by its name. Its lock file leaves out what the
environment has already, which may have other versions of it."""
NEVER = ("opencv-python", "ml-dtypes", "protobuf")
"""Packages that no lock file names: the first would overwrite the `cv2` of opencv-python-headless; the others, 12 MB,
are loaded by LiteRT's converter and by tools of onnxruntime alone."""
BUILD = "setuptools==80.9.0"
"""Builds the assistant's own wheel on the device."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Lock the wheels that the device installs.")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="also download them to DIR/amd64 and DIR/arm64")
    options = parser.parse_args()
    LOCKS.mkdir(exist_ok=True)
    _write(LOCKS / "build.txt", {"3.11": resolve("amd64", "3.11", (BUILD,))})
    there: dict[str, dict[str, str]] = {}
    for arch in MACHINES:
        for variant, (pythons, pins) in VARIANTS.items():
            found = {python: without(resolve(arch, python, pins)) for python in pythons}
            if not variant:
                there = found
            _write(LOCKS / f"{arch}{variant}.txt", found)
            if options.wheels:
                for python in pythons:
                    download(arch, python, LOCKS / f"{arch}{variant}.txt", options.wheels / arch)
        for name, pins in EXTRAS.items():
            added = {python: without(resolve(arch, python, (*pins, *held)), held) for python, held in there.items()}
            _write(LOCKS / f"{arch}-{name}.txt", added)
            if options.wheels:
                for python in there:
                    download(arch, python, LOCKS / f"{arch}-{name}.txt", options.wheels / arch)
        if options.wheels:
            download(arch, "3.11", LOCKS / "build.txt", options.wheels / arch)
    return 0


def pip_target(arch: str, python: str) -> list[str]:
    """pip's options for wheels of another machine and Python."""
    machine = MACHINES[arch]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC] + [f"manylinux2014_{machine}"]
    return [
        "--only-binary=:all:", "--implementation=cp", f"--python-version={python}",
        *(f"--platform={platform}" for platform in platforms)
    ]  # fmt: skip


def resolve(arch: str, python: str, pins: tuple[str, ...]) -> dict[str, str]:
    """name==version of the pins and all that they need, each with the wheel's SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        _pip("install", "--quiet", "--dry-run", "--ignore-installed", "--target", folder, "--report", str(report),
             *pip_target(arch, python), *pins)  # fmt: skip
        items = json.loads(report.read_text("utf-8"))["install"]
    return {
        f"{item['metadata']['name'].lower().replace('_', '-')}=={item['metadata']['version']}": item["download_info"][
            "archive_info"
        ]["hashes"]["sha256"]
        for item in items
    }


def without(wheels: dict[str, str], there: Iterable[str] = ()) -> dict[str, str]:
    """The wheels whose packages are not there in any version, nor among NEVER."""
    names = {name.partition("==")[0] for name in there} | set(NEVER)
    return {name: digest for name, digest in wheels.items() if name.partition("==")[0] not in names}


def download(arch: str, python: str, lock: Path, folder: Path) -> None:
    """Put the wheels of a lock file into a folder; pip checks each hash."""
    _pip("download", "--quiet", "--no-deps", "--require-hashes", "--dest", str(folder), *pip_target(arch, python),
         "-r", str(lock))  # fmt: skip


def _write(lock: Path, found: dict[str, dict[str, str]]) -> None:
    lines = ["# Made by `make lock`; do not edit. Every wheel must have one of the hashes after its name.",
             f"# Python {', '.join(found)}"]  # fmt: skip
    for name in sorted({name for wheels in found.values() for name in wheels}):
        hashes = sorted({wheels[name] for wheels in found.values() if name in wheels})
        lines.append(" \\\n    ".join([name, *(f"--hash=sha256:{digest}" for digest in hashes)]))
    lock.write_text("\n".join(lines) + "\n", "utf-8")


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"lock: pip {arguments[0]} failed; its lines above say why")


if __name__ == "__main__":
    sys.exit(main())
