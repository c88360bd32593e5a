"""The last good settings are used where the new ones are wrong; a file is the old or the new one, whatever fails."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.app import cli
from assistant.config import last_good
from assistant.config.settings import Settings, VoiceSettings
from assistant.config.settings_file import to_toml
from assistant.errors import ConfigError
from assistant.system.atomic_files import write_atomically

SLOW = dataclasses.replace(Settings(), voice=VoiceSettings(rate_wpm=120))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state" / "settings.toml"


def test_settings_that_were_saved_are_loaded(state: Path) -> None:
    assert last_good.load_last_good() is None
    last_good.save_last_good(SLOW)
    assert last_good.load_last_good() == SLOW
    written = state.stat().st_mtime_ns
    last_good.save_last_good(SLOW)  # the same again: not written, which spares the SD card
    assert state.stat().st_mtime_ns == written


def test_a_file_that_is_cut_at_any_byte_is_not_loaded(state: Path) -> None:
    last_good.save_last_good(SLOW)
    content = state.read_bytes()
    for length in range(len(content)):
        state.write_bytes(content[:length])
        assert last_good.load_last_good() is None, length
    for damaged in (b"\xff" + content, content.replace(b"rate_wpm = 120", b"rate_wpm = 9000"), b""):
        state.write_bytes(damaged)
        assert last_good.load_last_good() is None


def test_without_a_state_folder_nothing_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    last_good.save_last_good(SLOW)
    assert last_good.load_last_good() is None


def test_a_folder_that_cannot_be_written_is_only_logged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "file"))
    last_good.save_last_good(SLOW)
    assert "the settings cannot be kept" in caplog.text
    assert last_good.load_last_good() is None


def _options(file: Path) -> Any:
    return cli.make_parser().parse_args(["run", "--config", str(file)])


def test_a_service_goes_on_with_the_last_settings_that_were_right(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "@none")
    file = tmp_path / "config.toml"
    file.write_text("[voice]\nrate_wpm = fast\n")
    settings, problem = cli._service_settings(_options(file))
    assert settings == Settings()
    assert problem is not None
    assert problem[0] == "settings"
    file.write_text(to_toml(SLOW))
    assert cli._service_settings(_options(file)) == (SLOW, None)
    file.write_text("[voice]\nrate_wpm = 9000\n")
    settings, problem = cli._service_settings(_options(file))
    assert settings == SLOW
    assert problem is not None
    assert problem[0] == "settings_last_good"
    assert "voice.rate_wpm is 9000" in problem[1]
    monkeypatch.delenv("NOTIFY_SOCKET")
    with pytest.raises(ConfigError, match="9000"):
        cli._service_settings(_options(file))


@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
def test_a_file_is_the_old_one_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    file = tmp_path / "file"
    write_atomically({file: b"old"})

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if fails == "replace":
            patch.setattr(Path, "replace", fail)
        elif fails == "fsync":
            patch.setattr(os, "fsync", fail)
        else:
            patch.setattr("builtins.open", _full(open))
        with pytest.raises(OSError, match="No space left"):
            write_atomically({file: b"new and longer"})
    assert file.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    write_atomically({file: b"new"})
    assert file.read_bytes() == b"new"


def _full(real: Callable[..., Any]) -> Callable[..., Any]:
    """`open` on a disk that is full: every write fails."""

    def opening(*arguments: Any, **options: Any) -> Any:
        opened = real(*arguments, **options)

        class Full:
            def __enter__(self) -> "Full":
                return self

            def __exit__(self, *_: object) -> None:
                opened.close()

            def write(self, content: bytes) -> int:
                raise OSError(28, "No space left on device")

        return Full()

    return opening
