"""One peer's process: started in its own environment on one core, and given frames in pieces."""

import contextlib
import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.peers import environments, table
from tests.peers.scenes import Frames, Scene
from tests.peers.table import ADAPTERS, ROOT, Peer

THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    "1",
)
SILENT = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE"}


class PlayerError(Exception):
    """A peer's process has ended, with the last line that it wrote."""


class Player:
    """A running peer. core: the number of the processor's core that it may use. log: what it prints goes there.

    prefix: a command that the peer's is given to, such as valgrind.
    """

    def __init__(self, peer: Peer, home: Path, core: int, log: Path, prefix: tuple[str, ...] = ()) -> None:
        self.peer, self.log = peer, log
        driver = "driver.mjs" if peer.kind == "npm" else "driver.py"
        given = [str(home / peer.environment)] if peer.kind == "npm" else []
        command = [
            "taskset", "--cpu-list", str(core), *prefix, *environments.program(peer, home), str(ADAPTERS / driver),
            *given, peer.adapter[0], *table.arguments(peer, home),
        ]  # fmt: skip
        # Only ours, and the networks of our recipes, may see this checkout.
        path = {"PYTHONPATH": str(ROOT)} if peer.group in ("ours", "ancestor") else {}
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        with log.open("w") as written:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=written, text=True, cwd=ROOT,
                env={**kept, **THREADS, **SILENT, **path},
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def begin(self, scene: Scene, frames: Frames) -> None:
        """Begin a scene."""
        files = {"bgr": str(frames.bgr), "rgb": str(frames.rgb)}
        size = {"width": frames.width, "height": frames.height, "fps": frames.fps}
        self._send({**files, **size, "is_paced": scene.is_paced})

    def play(self, count: int) -> dict[str, Any]:
        """Play the next frames; their CPU and wall time, and the process's whole CPU time and peak memory."""
        self._send({"play": count})
        return self._answer()

    def end(self) -> int | None:
        """End the scene; the changes that a wearer would have heard, None where they mean nothing."""
        self._send({"end": True})
        changes: int | None = self._answer()["changes"]
        return changes

    def _send(self, told: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._error() from None

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("@ "):
                return dict(json.loads(line[2:]))
        raise self._error()

    def _error(self) -> PlayerError:
        last = self.log.read_text("utf-8", "replace").strip().rpartition("\n")[2]
        return PlayerError(f"{self.peer.name}: its process has ended: {last}; all of it is in {self.log}")
