"""Whether another assistant runs: whatever may lie at the path of the control socket."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import IPCError
from assistant.ipc import control_client
from assistant.ipc.control_client import check_none_is_running

NOBODY = 65534
"""User id of a user without any rights."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(tmp_path / "c.sock"))
    monkeypatch.setattr(control_client, "UNIT_SOCKET", Path("/none/c.sock"))
    return tmp_path / "c.sock"


@contextlib.contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Close the folder, also to root."""
    mode, user = folder.stat().st_mode, os.geteuid()
    folder.chmod(0)
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(mode)


def test_what_nobody_listens_at_does_not_count(path: Path) -> None:
    check_none_is_running()
    path.write_text("no socket")
    check_none_is_running()
    path.unlink()
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    check_none_is_running()


def test_a_listener_is_named_with_its_process(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with pytest.raises(IPCError, match=rf"running already: process {os.getpid()} \("):
            check_none_is_running()


def test_a_listener_that_hangs_with_waiting_clients_counts(path: Path) -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(0)
        with contextlib.suppress(BlockingIOError):
            for _ in range(8):
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                client.connect(str(path))
        with pytest.raises(IPCError, match="running already: it does not answer at"):
            check_none_is_running()


def test_the_folder_of_the_service_counts_if_it_is_closed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_client, "UNIT_SOCKET", path)
    with without_rights(tmp_path), pytest.raises(IPCError, match="running already: the service's at"):
        check_none_is_running()


def test_a_runtime_folder_of_another_user_does_not_count(path: Path) -> None:
    with without_rights(path.parent):
        check_none_is_running()
