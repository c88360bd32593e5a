"""One wrong line of a settings file costs that setting alone: not the language, and not the settings below it."""

import time
from pathlib import Path

import pytest

from assistant.config import settings_file
from assistant.config.settings import Settings
from assistant.config.settings_file import load_settings, parse_settings
from assistant.config.toml_lines import parse_lines
from assistant.errors import ConfigError


def used(text: str) -> tuple[Settings, tuple[int, ...], str]:
    """The settings that a service goes on with, the lines that are told, and the message."""
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "my.toml")
    assert isinstance(caught.value.usable, Settings)
    return caught.value.usable, caught.value.lines, str(caught.value)


GERMAN = '[announcements]\nlocale = "de"\n'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"{GERMAN}[voice]\nvolume = loud\nrate_wpm = 200\n", (4,)),
        (f"{GERMAN}[voice]\nvolume = \nrate_wpm = 200\n", (4,)),
        (f"{GERMAN}[voice]\nvolume 50\nrate_wpm = 200\n", (4,)),
        (f'{GERMAN}[voice]\nname = "de\nrate_wpm = 200\n', (4,)),
        (f"{GERMAN}[voice]\nrate_wpm = 200\nrate_wpm = 300\n", (5,)),
        (f'{GERMAN}expressions = ["happy", "sad"\n[voice]\nrate_wpm = 200\n', (3,)),
        (f'{GERMAN}expressions = [\n  "happy",\n  sad,\n]\n[voice]\nrate_wpm = 200\n', (5,)),
        (f"{GERMAN}[camera\nfps = 5\n[voice]\nrate_wpm = 200\n", (3,)),
        (f"{GERMAN}[voice]\nrate_wpm = 200\n[announcements]\nlocale = 'fr'\n", (5,)),
        (f"{GERMAN}[voice]\nrate_wpm = 200\nname = 'x\n", (5,)),
        (f"{GERMAN}[camera]\nfps = {'9' * 5000}\n[voice]\nrate_wpm = 200\n", (4,)),
        (f"{GERMAN}= 3\n[voice]\n!\nrate_wpm = 200\n[camera]\nfps = 99\n", (3, 5, 8)),
    ],
)
def test_a_line_that_is_not_toml_costs_no_other_setting(text: str, lines: tuple[int, ...]) -> None:
    usable, told, message = used(text)
    assert usable.announcements.locale == "de"
    assert usable.voice.rate_wpm == 200
    assert told == lines
    assert [line.split(": ")[:2] for line in message.splitlines()] == [["my.toml", f"line {line}"] for line in lines]


def test_the_keys_of_a_table_whose_name_is_wrong_do_not_join_the_table_above() -> None:
    usable, told, _ = used("[voice]\nvolume = 50\n[camera\nvolume = 20\n[announcements]\nlocale = 'de'\n")
    assert (usable.voice.volume, usable.announcements.locale, told) == (50, "de", (3,))


@pytest.mark.parametrize("text", ["\ufffd\ufffd\n\0\n", "camera", "[" * 3000, "x = [\n1,\n2"])
def test_of_a_file_in_which_nothing_is_right_one_line_is_told(text: str) -> None:
    table, wrong = parse_lines(text)
    assert table is None
    assert len(wrong) == 1


@pytest.mark.timed
@pytest.mark.parametrize(
    "text", ["!\n" * 30000, "x = [\n" + "1,\n" * 20000, "a = 1\n" * 10000, "[a]\n" * 15000, "k = [[[\n" * 8000]
)
def test_a_hostile_file_is_given_up_soon(text: str) -> None:
    began = time.process_time()
    parse_lines(text)
    assert time.process_time() - began < 2


def test_a_mistake_in_the_system_file_does_not_cost_what_the_boot_file_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, boot = tmp_path / "config.toml", tmp_path / "boot.toml"
    monkeypatch.setattr(settings_file, "SYSTEM_FILE", system)
    monkeypatch.setattr(settings_file, "BOOT_FILE", boot)
    system.write_text("[camera]\nfps = 99\n[voice]\nvolume = 50\n")
    boot.write_text('[announcements]\nlocale = "de"\n[voice]\nrate_wpm = 9000\n')
    with pytest.raises(ConfigError) as caught:
        load_settings()
    usable = caught.value.usable
    assert isinstance(usable, Settings)
    assert (usable.announcements.locale, usable.voice.volume) == ("de", 50)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("# one\nvoice.volume = 5000\n", 2, "allowed"),
        ("# one\nvoice = {volume = 5000}\n", 2, "allowed"),
        ("# one\n[[voice]]\n", 2, "it must be a table"),
        ("# one\n[a.b.c]\nx = 1\n", 2, "unknown setting a"),
        ("# one\nlocale = 'de'\n", 2, "did you mean announcements.locale?"),
        ("[voice]\nlocale = 'de'\n", 2, "did you mean announcements.locale?"),
        ("driver = 'haar'\n", 1, "did you mean camera.driver or detector.driver?"),
        ("[announcements]\nlocale = 'de_DE'\n", 2, "did you mean de?"),
        ("[announcements]\nlocale = 'en-GB'\n", 2, "did you mean en?"),
    ],
)
def test_each_form_of_a_setting_is_told_with_its_line_and_what_to_do(text: str, line: int, told: str) -> None:
    _, lines, message = used(text)
    assert lines == (line,)
    assert message.startswith(f"my.toml: line {line}: ")
    assert told in message
