"""A socket behind which a tiny engine runs in a process of its own, started as often as a test asks."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from assistant.skills.client import EngineClient
from assistant.skills.session import SkillName
from assistant.system.child_process import kill_process_group

ROOT = Path(__file__).parents[2]


class EngineBench:
    """The listening socket of the engine `read`, a client of it, and the processes that were started."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{SkillName.READ}.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(4)
        self.client = EngineClient(folder)
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self, *, limit_mib: int = 0, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """Start a process of the engine at the socket."""
        number = self.listener.fileno()
        command = [sys.executable, "-m", "tests.support.skill_engine", str(number)]
        command += [str(limit_mib)] if limit_mib else []
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            pass_fds=[number],
            env={**os.environ, **(environment or {})},
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.children.append(child)
        return child

    def close(self) -> None:
        for child in self.children:
            kill_process_group(child)
            child.communicate()
        self.listener.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineBench]:
    """A bench; nothing is started yet."""
    bench = EngineBench(tmp_path)
    yield bench
    bench.close()
