"""Rows D: storage and settings."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.app import cli
from assistant.config import last_good
from assistant.config.settings import Settings
from assistant.config.settings_file import load_settings, parse_settings, to_toml
from assistant.errors import ConfigError
from tests.faults.box import ROOT, BoxUnderTest, Row, skip

STANDARD, LAST = "Settings are wrong. Using the standard ones.", "Settings are wrong. Using the last ones."
GOOD = '[announcements]\nverbosity = "brief"\n[voice]\nrate_wpm = 175\n'


def mount(row: Row, folder: Path, size: str) -> None:
    """A small file system in memory, at a folder; where that is not allowed the row is skipped."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        skip("mounting needs root", row)


def settings(box: BoxUnderTest, content: bytes) -> Path:
    file = box.folder / "my.toml"
    file.write_bytes(content)
    return file


def service(box: BoxUnderTest, file: Path) -> float:
    """Start it as a service with the settings of a file."""
    return box.start("--config", file, NOTIFY_SOCKET="@nobody", STATE_DIRECTORY=str(box.folder / "state"))


@pytest.mark.fault("D1", "the disk is full", announce_s=2)
def test_d1(box: BoxUnderTest, row: Row) -> None:
    state = box.folder / "state/emotion-assistant"
    mount(row, state, "128k")
    try:
        with contextlib.suppress(OSError), open(state / "full", "wb") as target:
            target.write(bytes(1 << 20))
        box.ready()
        since = time.monotonic()
        assert box.command("quieter").returncode == 0
        row.announced(box.capture.wait_for("I could not save that."), since)
        (state / "full").unlink()
        since = time.monotonic()
        box.command("louder")
        row.recovered(box.capture.wait_for("I can save again.", 10).at, since)
    finally:
        box.stop()
        subprocess.run(["umount", state], check=True)


@pytest.mark.fault("D2", "everything is read-only")
def test_d2(box: BoxUnderTest, row: Row) -> None:
    if not shutil.which("unshare") or os.getuid() or not Path("/dev/shm").is_dir():
        skip("a mount namespace of its own needs root", row)
    place = Path("/dev/shm") / box.folder.name
    place.mkdir(mode=0o700)
    try:
        script = 'mount -o remount,ro,bind / && exec "$@"'
        box.start(
            before=("unshare", "-m", "sh", "-c", script, "sh"), TMPDIR=str(place), XDG_RUNTIME_DIR=str(place)
        )  # fmt: skip
        sound = box.capture.wait_for("Ready.")
        row.texts.append(sound.text)
        assert box.capture.wait_for("One person")
    finally:
        box.stop()
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.fault("D3", "the settings are cut off, at every byte", announce_s=4)
def test_d3(box: BoxUnderTest, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody")
    monkeypatch.setenv("STATE_DIRECTORY", str(box.folder / "state"))
    whole = to_toml(parse_settings(GOOD, "good")).encode()[-1500:]
    whole = whole[whole.index(b"\n[") :]
    options = cli.make_parser().parse_args(["run", "--config", str(settings(box, whole))])
    assert load_settings(options.config)
    for size in range(len(whole)):
        settings(box, whole[:size])
        found, _ = cli._service_settings(options)
        assert isinstance(found, Settings)
    last_good.save_last_good(parse_settings(GOOD, "good"))
    since = service(box, settings(box, whole + b"[cut"))
    row.announced(box.capture.wait_for(LAST), since)


@pytest.mark.fault("D4", "the settings are gone", announce_s=4)
def test_d4(box: BoxUnderTest, row: Row) -> None:
    since = service(box, box.folder / "gone.toml")
    row.announced(box.capture.wait_for(STANDARD), since)


@pytest.mark.fault("D5", "mistakes in the settings", announce_s=4)
def test_d5(box: BoxUnderTest, row: Row) -> None:
    wrong = b'[camera]\nfsp = 3\nfps = nan\nwidth = "wide"\n[decisions]\nenter_threshold = inf\n'
    since = service(box, settings(box, wrong))
    row.announced(box.capture.wait_for(STANDARD), since)
    for key in ("camera.fsp", "camera.fps", "camera.width", "decisions.enter_threshold"):
        assert key in box.log()


@pytest.mark.fault("D6", "hostile settings", announce_s=5)
@pytest.mark.parametrize(
    "content",
    [b"a." * 19000 + b"b = 1\n", b"x = " + b"[" * 30000 + b"]" * 30000, b"x = " + b"9" * 5000, b"\xff\xfe\x00" * 99,
     b"a.b.c = 1\n" * 300000],
    ids=["dots", "depth", "digits", "bytes", "size"],
)  # fmt: skip
def test_d6(box: BoxUnderTest, row: Row, content: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigError):
        load_settings(settings(box, content))
    assert time.monotonic() - began < 1
    since = service(box, box.folder / "my.toml")
    row.announced(box.capture.wait_for(STANDARD), since)


SAVE = """
import os, sys
from pathlib import Path
from assistant.system.atomic_files import write_atomically
write_atomically({Path(sys.argv[1]): b"new" * 3000})
"""


@pytest.mark.fault("D7", "the power is cut in the middle of a save")
def test_d7(box: BoxUnderTest, row: Row) -> None:
    if not shutil.which("strace"):
        skip("strace is not installed", row)
    file = box.folder / "state/kept"
    outcomes = set()
    for call, most in (("openat", 400), ("write", 3), ("fsync", 3), ("rename,renameat,renameat2", 2), ("close", 400)):
        numbers = range(1, most) if most < 10 else _near(call, file)
        for number in numbers:
            file.write_bytes(b"old" * 3000)
            subprocess.run(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=SIGKILL:when={number}",
                 sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{SAVE}", file],
                capture_output=True, timeout=60, check=False,
            )  # fmt: skip
            outcomes.add(file.read_bytes()[:3])
            assert file.read_bytes() in (b"old" * 3000, b"new" * 3000), (call, number)
    assert outcomes == {b"old", b"new"}


def _near(call: str, file: Path) -> list[int]:
    """The last of such calls that a save makes: those before them belong to Python's own start."""
    file.write_bytes(b"old")
    trace = file.parent / "trace"
    subprocess.run(
        ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={call}",
         sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{SAVE}", file],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    count = len(trace.read_text().splitlines())
    trace.unlink()
    return list(range(max(1, count - 6), count + 1))


@pytest.mark.fault("D8", "the settings are a pipe, a device, a loop", announce_s=4)
@pytest.mark.parametrize("kind", ["pipe", "device", "loop", "folder"])
def test_d8(box: BoxUnderTest, row: Row, kind: str) -> None:
    file = box.folder / "my.toml"
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "device":
            file.symlink_to("/dev/zero")
        case "loop":
            file.symlink_to(file)
        case _:
            file.mkdir()
    since = service(box, file)
    row.announced(box.capture.wait_for(STANDARD), since)


@pytest.mark.fault("D9", "no home, no folder for temporary files")
def test_d9(box: BoxUnderTest, row: Row) -> None:
    del box.environment["HOME"], box.environment["XDG_STATE_HOME"]
    box.start(TMPDIR="/nonexistent")
    row.texts.append(box.capture.wait_for("Ready.").text)
    assert box.capture.wait_for("One person")


@pytest.mark.fault("D10", "damaged Python files", announce_s=3)
def test_d10(box: BoxUnderTest, row: Row) -> None:
    assert box.command("record").returncode == 0
    broken = box.folder / "broken"
    shutil.copytree(ROOT / "assistant", broken / "assistant", ignore=shutil.ignore_patterns("__pycache__"))
    (broken / "assistant/voice/process.py").write_bytes(b"def broken(:\n")
    python = box.folder / "python"
    python.write_text(f'#!/bin/sh\nshift\ncd {broken} && exec {sys.executable} -P "$@"\n')
    python.chmod(0o755)
    since = time.monotonic()
    environment = box.environment | {"EMOTION_ASSISTANT_PYTHON": str(python), "PYTHONPATH": str(broken)}
    subprocess.run([ROOT / "systemd/announce", "voice"], env=environment, timeout=60, check=True)
    row.announced(box.capture.wait_for("The program is damaged."), since)


FLOOD = """
import logging, sys, time
from assistant.app import cli
def flood(options):
    for _ in range(3000):
        logging.warning("the same again")
        time.sleep(0.001)
    return 0
cli.COMMANDS["config"] = flood
sys.exit(cli.main(["config"]))
"""


@pytest.mark.fault("D11", "a thousand lines a second in the log")
def test_d11(box: BoxUnderTest, row: Row) -> None:
    began = time.monotonic()
    command = [sys.executable, "-c", FLOOD]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    lines = done.stderr.splitlines()
    assert len(lines) <= 10 * (time.monotonic() - began + 1)
    counted = [int(number) for line in lines for number in re.findall(r"\((\d+) lines before", line)]
    assert sum(counted) + len(lines) >= 2000, "what is left out is counted"


ONE_WRONG_KEY = """\
# What is said
[announcements]
verbosity = "full"

# How it is said
[voice]
rate_wpm = 175

# Where pictures come from
[camera]
# frames a second
fps = "fast"
"""


@pytest.mark.fault("D12", "one wrong key, and no last good settings", announce_s=7)
def test_d12(box: BoxUnderTest, row: Row) -> None:
    assert ONE_WRONG_KEY.splitlines()[11].startswith("fps")
    box.steer("camera", "room")
    since = service(box, settings(box, ONE_WRONG_KEY.encode()))
    row.announced(box.capture.wait_for(STANDARD), since)
    row.announced(box.capture.wait_for("Line 12 of the settings is wrong."), since)
    box.capture.wait_for("Ready.")
    box.steer("camera")
    row.texts.append(box.capture.wait_for("One person ahead").text)  # "ahead": the other keys hold
    assert "line 12: camera.fps is 'fast'" in box.log()
