"""Sound that is made while it plays: pieces go to a player's standard input shortly before they are heard."""

import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from assistant.errors import VoiceError
from assistant.system.account import popen_options
from assistant.system.child_process import english_environment, kill_process_group

LEAD_S = 0.12
"""So much sound is on its way: less is heard as gaps, more comes late."""
END_TIMEOUT_S = 1.0
"""After the last piece the player must end within so many seconds."""
STALL_S = 1.0
"""A player that takes no more sound for so many seconds hangs, e.g. on a Bluetooth headset that is out of range."""
POLL_S = 0.02
"""While a player takes no more sound a cancellation is noticed at most this much late."""
MONO_PROFILES = ("PROFILE=sco", "PROFILE=hfp", "PROFILE=hsp")
"""In the name of a Bluetooth device: a profile for phone calls, which has one channel."""
CARDS = Path("/proc/asound")


def stream(command: list[str], chunks: Iterable[bytes], chunk_s: float, cancel: threading.Event) -> bool:
    """Play pieces of `chunk_s` seconds each as they are made; True: to the end, False: cut off, the player killed at
    once. Raises VoiceError if the player cannot be started, ends before or hangs."""
    name, pipe = Path(command[0]).name, subprocess.PIPE
    try:
        child = subprocess.Popen(
            command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, bufsize=0,
            start_new_session=True, **popen_options(english_environment()),
        )  # fmt: skip
    except OSError as err:
        raise VoiceError(f"{name} could not be started: {err.strerror}") from err
    assert child.stdin is not None
    is_whole = False
    try:
        os.set_blocking(child.stdin.fileno(), False)  # else a player that hangs would hold this thread
        next_at = time.monotonic()
        for chunk in chunks:
            if cancel.wait(max(0.0, next_at - LEAD_S - time.monotonic())):
                return False
            if not _write(child.stdin.fileno(), chunk, cancel):
                if cancel.is_set():
                    return False
                raise VoiceError(f"{name} takes no sound any more")
            next_at = max(next_at, time.monotonic()) + chunk_s
        child.stdin.close()
        is_whole = child.wait(END_TIMEOUT_S) == 0
    except (OSError, subprocess.TimeoutExpired):
        is_whole = False
    finally:
        if child.poll() is None:
            kill_process_group(child)
        child.wait(END_TIMEOUT_S)
        child.stdin.close()
    if not is_whole and not cancel.is_set():
        raise VoiceError(f"{name} did not play a tone")
    return is_whole


def _write(target: int, content: bytes, cancel: threading.Event) -> bool:
    """Write to a pipe that does not block; False: cancelled, or STALL_S have passed without a byte taken."""
    stalled_at = time.monotonic() + STALL_S
    while content:
        if cancel.is_set() or time.monotonic() >= stalled_at:
            return False
        if select.select([], [target], [], POLL_S)[1]:
            content = content[os.write(target, content) :]
            stalled_at = time.monotonic() + STALL_S
    return True


def streaming_command(device: str, rate: int, channels: int) -> list[str]:
    """The command line of the first of aplay, paplay and pw-play that is on PATH, to play from its standard input with
    a short buffer. Raises VoiceError where there is none."""
    latency_ms = round(1000 * LEAD_S)
    if shutil.which("aplay"):
        where = ["-D", device if ":" in device else f"plughw:CARD={device}"] if device else []
        form = ["-t", "raw", "-f", "S16_LE", "-c", str(channels), "-r", str(rate)]
        return ["aplay", "-q", *where, *form, f"--buffer-time={1000 * latency_ms}", "-"]
    if shutil.which("paplay"):
        where = [f"--device={device}"] if device else []
        form = [f"--channels={channels}", f"--rate={rate}", f"--latency-msec={latency_ms}"]
        return ["paplay", "--raw", "--format=s16le", *form, *where]
    if shutil.which("pw-play"):
        where = [f"--target={device}"] if device else []
        form = [f"--channels={channels}", f"--rate={rate}", f"--latency={latency_ms}ms"]
        return ["pw-play", "--raw", "--format=s16", *form, *where, "-"]
    raise VoiceError("no player found that plays a tone; install aplay (package alsa-utils)")


def is_mono(device: str) -> bool:
    """Whether a device is known to have one channel: a USB card whose only playback form has one, or a Bluetooth
    headset in a profile for phone calls."""
    if any(profile in device for profile in MONO_PROFILES):
        return True
    card = device.partition("CARD=")[2].partition(",")[0] if ":" in device else device
    try:
        text = (CARDS / card / "stream0").read_text("utf-8", "replace") if card and "/" not in card else ""
    except OSError:
        return False
    playback = text.partition("Playback:")[2].partition("Capture:")[0]
    channels = [line.partition(":")[2].strip() for line in playback.splitlines() if "Channels:" in line]
    return bool(channels) and set(channels) == {"1"}
