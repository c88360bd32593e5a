"""The microphone, by ALSA's `arecord`: frames of sound, each forgotten when the next one comes."""

import contextlib
import os
import select
import shutil
import subprocess
import threading
from collections.abc import Iterator

from assistant.errors import ListenError
from assistant.system.child_process import english_environment
from assistant.voice.audio.sound_cards import AUTO, device_of, find_microphones, has_sound_server
from assistant.voice.listening.gaps import FRAME_BYTES, FRAME_MS, RATE

CARD_BUFFER_MS, PIPE_BYTES = 500, 4096
"""How much sound waits for the detector at most: in the sound card's buffer, and in the pipe from arecord (128 ms).
With the frame that is examined this is less than a second. No other sound is kept anywhere; what comes beyond is
lost."""
FIRST_FRAME_S, FRAME_LIMIT_S = 3.0, 1.0
"""Seconds until the first frame has come, and from one frame to the next; a microphone that takes longer hangs."""


def microphone_device(setting: str, cancel: threading.Event) -> str:
    """The device, as arecord takes it, that a setting of `listen.device` stands for: with AUTO the microphone of a USB
    headset or a HAT, else the system's own (empty)."""
    if setting and setting != AUTO:
        return device_of(setting, find_microphones(cancel))
    if not setting or has_sound_server():
        return ""
    return next((card.device for card in find_microphones(cancel) if card.kind.is_worn), "")


def record_command(device: str) -> list[str]:
    """arecord's command line for frames of a device; empty: the system's default."""
    where = ["-D", device if ":" in device else f"plughw:CARD={device}"] if device else []
    return [
        "arecord", "-q", *where, "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE),
        f"--buffer-time={CARD_BUFFER_MS * 1000}", f"--period-time={FRAME_MS * 1000}",
    ]  # fmt: skip


@contextlib.contextmanager
def frames(device: str) -> Iterator[Iterator[bytes]]:
    """The frames of a device from now on, each FRAME_BYTES long, as they come.

    Raises ListenError, also from the iterator, if there are none: no such device, unplugged, in use, or silent for
    FRAME_LIMIT_S.
    """
    if shutil.which("arecord") is None:
        raise ListenError("arecord is not there; install the package alsa-utils")
    try:
        child = subprocess.Popen(
            record_command(device),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=english_environment(), bufsize=0,  # in the listener's process group, with which it is killed
        )  # fmt: skip
    except OSError as err:
        raise ListenError(f"arecord could not be started: {err.strerror}") from err
    assert child.stdout
    assert child.stderr
    try:
        with contextlib.suppress(ImportError, AttributeError, OSError):  # Linux has it
            import fcntl

            fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        yield _frames(child)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


def _frames(child: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    assert child.stdout
    limit_s, frame = FIRST_FRAME_S, b""
    while True:
        if not select.select([child.stdout], [], [], limit_s)[0]:
            raise ListenError(f"the microphone gave no sound for {limit_s:g} s")
        content = os.read(child.stdout.fileno(), FRAME_BYTES - len(frame))
        if not content:
            raise ListenError(_why_ended(child))
        frame += content
        if len(frame) == FRAME_BYTES:
            yield frame
            limit_s, frame = FRAME_LIMIT_S, b""


def _why_ended(child: "subprocess.Popen[bytes]") -> str:
    """The last line that arecord wrote; it writes little."""
    assert child.stderr
    written = os.read(child.stderr.fileno(), 4096) if select.select([child.stderr], [], [], 1.0)[0] else b""
    lines = written.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "arecord has ended"
