"""The real speech-dispatcher with its espeak-ng module, playing into a PulseAudio null sink that is recorded."""

import array
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from assistant.voice.audio.player import Pcm, silence

PROGRAMS = ("speech-dispatcher", "pulseaudio", "parec")
MODULE = Path("/usr/lib/speech-dispatcher-modules/sd_espeak-ng")
RATE, LOUD, WAIT_S = 22050, 200, 10.0
SETTINGS = """\
LogDir "{folder}/log"
DefaultVolume 100
AudioOutputMethod "pulse"
AddModule "espeak-ng" "sd_espeak-ng" "espeak-ng.conf"
DefaultModule espeak-ng
DisableAutoSpawn
"""


def missing() -> list[str]:
    """What must be installed for it and is not."""
    return [name for name in PROGRAMS if shutil.which(name) is None] + ([] if MODULE.exists() else [str(MODULE)])


class Recording:
    """The sound that comes out of the sink, piece by piece, each with its time."""

    def __init__(self, source: int) -> None:
        self._changed = threading.Condition()
        self._pieces: list[tuple[float, bytes]] = []
        self._source, self._from = source, time.monotonic()
        threading.Thread(target=self._read, daemon=True).start()

    def captured(self) -> Pcm:
        """The sound since the last call, each piece at its time: what parec leaves out is silence."""
        now = time.monotonic()
        with self._changed:
            self._changed.wait_for(lambda: self._pieces and self._pieces[-1][0] > now + 0.1, WAIT_S)
            pieces, began = self._pieces, self._from
            self._pieces, self._from = [], time.monotonic()
        track = bytearray()
        for at, samples in pieces:
            gap = at - began - (len(track) + len(samples)) / 2 / RATE
            track += silence(max(0.0, gap), RATE).samples + samples
        return Pcm(bytes(track), RATE)

    def until(self, is_loud: bool) -> float:
        """Wait until there is sound, or none any more; the time when that was."""

        def state() -> float:
            loud = [at for at, samples in self._pieces if max(map(abs, array.array("h", samples)), default=0) > LOUD]
            if is_loud:
                return loud[0] if loud else 0.0
            quiet = [at for at, _ in self._pieces if loud and at > loud[-1] + 0.5]
            return loud[-1] if quiet else 0.0

        with self._changed:
            return self._changed.wait_for(state, WAIT_S)

    def _read(self) -> None:
        kept = b""
        while content := os.read(self._source, 4096):
            content = kept + content
            whole = len(content) // 2 * 2
            kept = content[whole:]
            with self._changed:
                self._pieces.append((time.monotonic(), content[:whole]))
                self._changed.notify_all()


@contextmanager
def running(folder: Path) -> Iterator[tuple[Path, Recording]]:
    """The daemon's socket, and the recording of its sound. Raises TimeoutError where it does not start."""
    for name in ("conf/modules", "conf/clients", "log", "run"):
        (folder / name).mkdir(parents=True)
    (folder / "run").chmod(0o700)
    (folder / "conf" / "speechd.conf").write_text(SETTINGS.format(folder=folder))
    (folder / "conf" / "modules" / "espeak-ng.conf").write_text("EspeakIndexing 1\n")
    path = folder / "run" / "socket"
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run"), "PULSE_SINK": "cap"}
    environment.pop("PULSE_SERVER", None)
    sound = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--load=module-native-protocol-unix",
             "--load=module-null-sink sink_name=cap"]  # fmt: skip
    record = ["parec", "-d", "cap.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1", "--latency-msec=5"]
    speak = ["speech-dispatcher", "-s", "-C", str(folder / "conf"), "-L", str(folder / "log"), "-c", "unix_socket",
             "-S", str(path), "-P", str(folder / "run" / "pid"), "-t", "0"]  # fmt: skip
    with ExitStack() as stack, (folder / "log" / "all").open("wb") as log:

        def start(command: list[str], there: Path) -> "subprocess.Popen[bytes]":
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment)
            stack.callback(child.communicate)
            stack.callback(child.terminate)
            patience, until = threading.Event(), time.monotonic() + WAIT_S
            while not there.exists():
                if time.monotonic() > until or child.poll() is not None:
                    raise TimeoutError(f"{command[0]} did not start; see {folder}/log")
                patience.wait(0.02)
            return child

        start(sound, folder / "run" / "pulse" / "native")
        start(speak, path)
        recorder = start(record, folder)
        assert recorder.stdout
        yield path, Recording(os.dup(recorder.stdout.fileno()))
