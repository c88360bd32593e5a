"""A room of PulseAudio: a null sink whose left channel is the air and whose right channel is the wearer's earbud.

The microphone hears the left channel alone. Both channels are one recording, so that the first word in the earbud can
be compared with the talk to the sample.
"""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE, WAIT_S = 16000, 10.0
PROGRAMS = ("pulseaudio", "parec", "pacat", "arecord", "aplay", "espeak-ng")
SYSTEM_ALSA = Path("/usr/share/alsa/alsa.conf")
ALSA = """\
pcm.ear { type pulse device ear }
pcm.mic { type pulse device mic }
pcm.!default { type asym playback.pcm ear capture.pcm mic }
"""


def missing() -> list[str]:
    """What must be installed for it and is not."""
    plugin = any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))
    return [name for name in PROGRAMS if shutil.which(name) is None] + ([] if plugin else ["libasound2-plugins"])


class Room:
    """What sounds in the room, and what has sounded so far."""

    def __init__(self, environment: dict[str, str], recorder: "subprocess.Popen[bytes]") -> None:
        self.environment = environment
        """For programs that are to hear and play in the room, by ALSA's default device."""
        self._pieces: list[bytes] = []
        self._began: float | None = None
        self._count = 0
        assert recorder.stdout
        self._source = os.dup(recorder.stdout.fileno())
        threading.Thread(target=self._read, daemon=True).start()

    def talk(self, samples: NDArray[np.int16]) -> "subprocess.Popen[bytes]":
        """Begin to play int16 [N] in the air."""
        command = ["pacat", "--raw", "--format=s16le", "--channels=1", f"--rate={RATE}", "--device=air"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, env=self.environment)

        def write() -> None:
            assert child.stdin
            try:
                child.stdin.write(samples.tobytes())
                child.stdin.close()
            except OSError:  # the room was closed before the end
                pass

        threading.Thread(target=write, daemon=True).start()
        return child

    def recorded(self) -> NDArray[np.int16]:
        """All that has sounded: int16 [N, 2], the air and the earbud."""
        content = b"".join(self._pieces)
        return np.frombuffer(content[: len(content) // 4 * 4], np.int16).reshape(-1, 2)

    def second(self, at: float) -> float:
        """The second of the recording at a monotonic time; off by some hundredths."""
        assert self._began is not None
        return at - self._began

    def _read(self) -> None:
        while content := os.read(self._source, 4096):
            self._count += len(content)
            began = time.monotonic() - self._count / 4 / RATE
            self._began = began if self._began is None else min(began, self._began)  # the piece that came fastest
            self._pieces.append(content)


@contextmanager
def running(folder: Path) -> Iterator[Room]:
    """The room, until the end of the block. Raises TimeoutError where PulseAudio does not start."""
    (folder / "run").mkdir(mode=0o700)
    (folder / "asoundrc").write_text(ALSA)
    environment = {
        **os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run"),
        "ALSA_CONFIG_PATH": f"{SYSTEM_ALSA}:{folder / 'asoundrc'}",
    }  # fmt: skip
    environment.pop("PULSE_SERVER", None)

    def one_channel(what: str, name: str, of: str, channel: str) -> str:
        return (
            f"--load=module-remap-{what} {what}_name={name} master={of} channels=1 channel_map=mono "
            f"master_channel_map=front-{channel} remix=no"
        )

    sound = [
        "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--load=module-native-protocol-unix",
        f"--load=module-null-sink sink_name=room rate={RATE} channels=2 channel_map=front-left,front-right",
        one_channel("sink", "air", "room", "left"), one_channel("sink", "ear", "room", "right"),
        one_channel("source", "mic", "room.monitor", "left"),
    ]  # fmt: skip
    record = ["parec", "-d", "room.monitor", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=2",
              "--latency-msec=10"]  # fmt: skip
    with ExitStack() as stack, (folder / "log").open("wb") as log:

        def start(command: list[str]) -> "subprocess.Popen[bytes]":
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment)
            stack.callback(child.communicate)
            stack.callback(child.terminate)
            return child

        server, patience, until = start(sound), threading.Event(), time.monotonic() + WAIT_S
        while subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False).returncode:
            if time.monotonic() > until or server.poll() is not None:
                raise TimeoutError(f"pulseaudio did not start; see {folder}/log")
            patience.wait(0.05)
        yield Room(environment, start(record))
