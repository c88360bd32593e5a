"""One setting is changed in a settings file; comments, order, line ends and rights stay."""

import os
from pathlib import Path

import pytest

from assistant.config import setting_writer
from assistant.config.setting_writer import file_to_change, with_setting, write_setting
from assistant.config.settings import Settings
from assistant.config.settings_file import MAX_BYTES, load_settings, parse_settings, to_toml
from assistant.errors import ConfigError


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[voice]\ndevice = "auto"\n', '[voice]\ndevice = "Headset"\n'),
        ('[voice]\ndevice = "a # b"   # worn\nvolume = 90\n', '[voice]\ndevice = "Headset"   # worn\nvolume = 90\n'),
        ("[voice]\r\n'device' = ''\r\n", "[voice]\r\n'device' = \"Headset\"\r\n"),
        ("[voice] # how\nrate_wpm = 200\n", '[voice] # how\ndevice = "Headset"\nrate_wpm = 200\n'),
        ('[voice]\n#device = ""\n\n[model]\n', '[voice]\n#device = ""\ndevice = "Headset"\n\n[model]\n'),
        ("[camera]\nfps = 5\n", '[camera]\nfps = 5\n\n[voice]\ndevice = "Headset"\n'),
        ("[camera]\r\nfps = 5", '[camera]\r\nfps = 5\r\n\r\n[voice]\r\ndevice = "Headset"\r\n'),
        ("[camera]\n[voice]", '[camera]\n[voice]\ndevice = "Headset"\n'),
        ("", '[voice]\ndevice = "Headset"\n'),
        ("# caf\udce9\n[voice]\n", '# caf\udce9\n[voice]\ndevice = "Headset"\n'),
        ("\ufeff[camera]\n", '\ufeff[camera]\n\n[voice]\ndevice = "Headset"\n'),
    ],
    ids=["replaced", "a comment stays", "CRLF", "added", "behind its example", "a new table", "no last line end",
         "a last header", "an empty file", "not UTF-8", "a byte-order mark"],
)  # fmt: skip
def test_one_line_is_changed(before: str, after: str) -> None:
    if before == "[camera]\r\nfps = 5":  # its last line says nothing of the line end
        after = after.replace("fps = 5\r\n\r\n", "fps = 5\n\r\n")
    assert with_setting(before, "voice", "device", "Headset") == after


def test_the_printed_settings_are_changed_in_one_place() -> None:
    text = to_toml(Settings())
    changed = with_setting(text, "voice", "device", 'plughw:CARD="x",DEV=1')
    assert parse_settings(changed).voice.device == 'plughw:CARD="x",DEV=1'
    different = [pair for pair in zip(text.split("\n"), changed.split("\n"), strict=True) if pair[0] != pair[1]]
    assert len(different) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[voice\n", "not valid TOML"),
        ('voice = {device = "x"}\n', "cannot be changed here; set voice.device = \"Headset\" by hand"),
        ("voice = 3\n", "voice is no table"),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_is_refused_and_stays(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "my.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        write_setting(file, "voice", "device", "Headset")
    assert str(caught.value).startswith(f"{file}: ")
    assert file.read_text() == text


def test_a_fifo_and_a_large_file_are_refused_at_once(tmp_path: Path) -> None:
    fifo, large = tmp_path / "fifo.toml", tmp_path / "large.toml"
    os.mkfifo(fifo)
    large.write_text("#" * (MAX_BYTES + 1))
    for file, message in ((fifo, "not a regular file"), (large, "larger than 64 KiB")):
        with pytest.raises(OSError, match=message):
            write_setting(file, "voice", "device", "Headset")


def test_the_file_keeps_its_rights_and_its_links(tmp_path: Path) -> None:
    file, link = tmp_path / "my.toml", tmp_path / "link.toml"
    file.write_text("[voice]\n")
    file.chmod(0o604)
    link.symlink_to(file)
    write_setting(link, "voice", "device", "Headset")
    assert link.is_symlink()
    assert load_settings(file).voice.device == "Headset"
    assert file.stat().st_mode & 0o777 == 0o604
    write_setting(tmp_path / "new.toml", "voice", "device", "Headset")
    assert load_settings(tmp_path / "new.toml").voice.device == "Headset"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.toml", "my.toml", "new.toml"]


def test_the_file_is_the_one_from_which_the_setting_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system, boot, named = (tmp_path / name for name in ("system", "boot", "named"))
    monkeypatch.setattr(setting_writer, "SYSTEM_FILE", system)
    monkeypatch.setattr(setting_writer, "BOOT_FILE", boot)
    assert file_to_change("voice", "device", named) == named
    assert file_to_change("voice", "device") == system, "it is made"
    boot.write_text("[camera]\n")
    assert file_to_change("voice", "device") == boot
    system.write_text("")
    assert file_to_change("voice", "device") == system
    boot.write_text('[voice]\ndevice = ""\n')
    assert file_to_change("voice", "device") == boot, "what it sets comes first"
