"""The folder of uploads: private, deleted at the end, and at the next start after a kill."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from convert.playground.private_folder import PREFIX, private_folder

HOLD = """
import sys
from pathlib import Path
from convert.playground.private_folder import private_folder
with private_folder(Path(sys.argv[1])) as folder:
    (folder / "upload.jpg").write_bytes(b"face")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_it_is_private_and_deleted_at_the_end(tmp_path: Path) -> None:
    with private_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "deep").mkdir()
        (folder / "deep" / "a.jpg").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def test_it_is_deleted_after_a_mistake_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), private_folder(tmp_path):
        raise ValueError("no")
    assert list(tmp_path.iterdir()) == []


def test_that_of_a_killed_program_is_deleted_at_the_next_start_and_that_of_a_running_one_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, tmp_path]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert killed.stdout
    assert running.stdout
    folders = [Path(each.stdout.readline().strip()) for each in (killed, running) if each.stdout]
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    assert folders[0].is_dir()
    with private_folder(tmp_path):
        assert not folders[0].exists()
        assert (folders[1] / "upload.jpg").is_file()
    running.communicate("", timeout=10)
    assert list(tmp_path.iterdir()) == []


def test_a_link_of_that_name_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    (tmp_path / f"{PREFIX}x").symlink_to(precious)
    with private_folder(tmp_path):
        pass
    assert (precious / "file").is_file()


def test_where_none_can_be_made_it_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(AssistantError, match="no folder for uploads"),
        private_folder(tmp_path / "missing"),
    ):
        pass


def test_what_a_library_made_again_after_the_end_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}x" / "history").mkdir(parents=True)
    with private_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]
