"""A Ray cluster of processes on the loopback interface: a head and further machines, each of which can be killed."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

RAY = (sys.executable, "-m", "ray.scripts.scripts")
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
}
"""No calls home; trainings are not behind everything else on this machine, as Ray would have them; a machine that is
gone is missed after some seconds, not after half a minute."""
SHARED_MEMORY = 100 * 2**20
"""Bytes of the object store of a machine."""


class Machines:
    """The machines of one cluster, by their addresses; the first is the head. A context manager."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._port = port
        self._folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # paths of sockets are short
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, host: str = "127.0.0.1", **environment: str) -> None:
        """Start a machine with one core. environment: variables of what runs on it."""
        place = ["--head", f"--port={self._port}", "--include-dashboard=false"]
        if self._running:
            place = [f"--address={self.address}"]
        options = ["--num-cpus=1", f"--object-store-memory={SHARED_MEMORY}", "--disable-usage-stats", "--block"]
        log = open(self._folder / f"{host}.log", "wb")  # noqa: SIM115 - as long as the machine
        self._running[host] = subprocess.Popen(
            [*RAY, "start", *place, f"--node-ip-address={host}", f"--temp-dir={self._folder}", *options],
            stdout=log, stderr=log, env={**os.environ, **QUIET, **environment},
        )  # fmt: skip

    def is_up(self) -> bool:
        """Whether the head listens."""
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True

    def kill(self, host: str) -> None:
        """What a power cut does to a machine: all of its processes end at once."""
        for process in family(self._running[host].pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._running.pop(host).wait()

    def __enter__(self) -> "Machines":
        return self

    def __exit__(self, *error: object) -> None:
        for host in list(self._running):
            self.kill(host)
        shutil.rmtree(self._folder, ignore_errors=True)


def family(process: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parents.setdefault(int(file.read_text().rpartition(")")[2].split()[1]), []).append(int(file.parent.name))
    found = [process]
    for each in found:
        found += parents.get(each, [])
    return found
