"""Friends moved from one box to another: what is exported comes back, and only with the passphrase."""

import builtins
import stat
from pathlib import Path
from typing import Any

import pytest

from assistant.skills.friends import transfer
from assistant.skills.friends.transfer import HEADER, Exported, TransferError, read_export, write_export
from tests.skills.friends.people import friend

pytest.importorskip("cryptography", reason="cryptography is not installed: the extra friends")

SECRET = "a box of blue pencils"
EXPORTED = (Exported(friend(0, "Anna", tag="0a0a0a0a.wav"), b"RIFF says Anna"), Exported(friend(1, "Ben")))


@pytest.fixture(autouse=True)
def cheap_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "SCRYPT_N", 16)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "friends.export"
    write_export(made, EXPORTED, SECRET)
    return made


def test_what_is_exported_comes_back(file: Path) -> None:
    assert read_export(file, SECRET) == EXPORTED


def test_only_the_owner_may_read_it_and_it_says_what_it_is(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    assert content.startswith(HEADER)
    assert b"emotion-assistant friends import" in content
    assert b"Anna" not in content
    content.decode("ascii")


def test_the_same_friends_are_never_the_same_file(file: Path, tmp_path: Path) -> None:
    write_export(tmp_path / "second", EXPORTED, SECRET)
    assert (tmp_path / "second").read_bytes() != file.read_bytes()


def test_a_wrong_passphrase(file: Path) -> None:
    with pytest.raises(TransferError, match="the passphrase is wrong, or the file is damaged"):
        read_export(file, "a box of red pencils")


def test_a_passphrase_that_is_no_text(tmp_path: Path) -> None:
    typed = b"bytes of Latin-1: \xe9".decode("utf-8", "surrogateescape")  # as it comes from a terminal
    write_export(tmp_path / "export", EXPORTED, typed)
    assert read_export(tmp_path / "export", typed) == EXPORTED


def test_a_file_cut_at_any_byte_is_refused_in_one_line(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        file.write_bytes(whole[:length])
        with pytest.raises(TransferError, match="not an export|damaged") as failed:
            read_export(file, SECRET)
        assert "\n" not in str(failed.value)


def test_a_changed_byte_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for place in (len(HEADER) + 20, len(whole) // 2, len(whole) - 5):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(TransferError):
            read_export(file, SECRET)


@pytest.mark.parametrize(
    "changed", [('"n": 16', '"n": 1073741824'), ('"r": 8', '"r": 9999'), ('"format": 1', '"format": 2')]
)
def test_a_key_that_costs_a_gigabyte_is_not_made(file: Path, changed: tuple[str, str]) -> None:
    file.write_bytes(file.read_bytes().replace(changed[0].encode(), changed[1].encode()))
    with pytest.raises(TransferError, match="damaged or cut"):
        read_export(file, SECRET)


def test_files_that_are_not_there_or_are_there_already(file: Path, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="cannot be read"):
        read_export(tmp_path / "none", SECRET)
    with pytest.raises(TransferError, match="such a file already"):
        write_export(file, EXPORTED, SECRET)
    with pytest.raises(TransferError, match="cannot be written"):
        write_export(file / "below", EXPORTED, SECRET)
    with pytest.raises(TransferError, match="at least 8 characters"):
        write_export(tmp_path / "short", EXPORTED, "short")


def test_without_the_library_it_is_told_what_to_install(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def refuse(name: str, *arguments: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return load(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(TransferError, match="sudo apt install python3-cryptography"):
        read_export(file, SECRET)
