"""A power cut is known by the mark that nobody took away."""

from pathlib import Path

import pytest

from assistant.voice.unclean_shutdown import NAME, Interruption


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The state folder, which is on the disk, and the runtime folder, which is not."""
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, f"{tmp_path / name}:/somewhere/else")
    return tmp_path / "STATE_DIRECTORY", tmp_path / "RUNTIME_DIRECTORY"


def test_a_first_start_an_orderly_end_and_a_crash_are_none(folders: tuple[Path, Path]) -> None:
    first = Interruption()
    assert not first.has_been
    first.end()
    second = Interruption()  # the box was shut down in between, or not
    assert not second.has_been
    assert not second.has_died
    third = Interruption()  # the voice alone has died: the memory of this boot is still there
    assert (third.has_been, third.has_died) == (False, True)


def test_a_box_that_went_off_unasked_is_known(folders: tuple[Path, Path]) -> None:
    Interruption()
    (folders[1] / NAME).unlink()  # what is in memory does not outlive the power
    second = Interruption()
    assert (second.has_been, second.has_died) == (True, False)
    assert not Interruption().has_been, "it is told once"


def test_without_these_folders_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "gone"))
    interruption = Interruption()
    assert not interruption.has_been
    interruption.end()
