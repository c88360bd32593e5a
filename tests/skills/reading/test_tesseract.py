"""The driver of Tesseract: with the program where it is installed, and with stand-ins that fail in every way."""

import os
import stat
import time
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import SkillError
from assistant.skills.reading import tesseract
from assistant.skills.reading.page import prepared
from assistant.skills.reading.tesseract import TesseractReader, installed, words_of
from tests.support.drawn_text import drawn_text, seen

LINES = ["Please bring your health card", "and the list of all medicines"]
PAGE = prepared(drawn_text(LINES))
ENGLISH = TesseractReader(frozenset({"eng", "osd"}))


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a stand-in, first of all programs."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "tesseract"


def stand_in(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def row(text: str, *, level: str = "5", box: str = "10\t20\t30\t15", confidence: str = "91.5") -> str:
    return f"{level}\t1\t1\t1\t1\t1\t{box}\t{confidence}\t{text}"


def test_rows_of_the_table_become_words() -> None:
    table = "\n".join(["level\tpage_num", row("", level="4"), row("Grüße"), row(" "), row("a", confidence="-1")])
    words = words_of(table.encode(), PAGE)
    assert [(word.text, round(word.confidence, 3)) for word in words] == [("Grüße", 0.915), ("a", 0.0)]
    assert words[0].box == (10, 20, 30, 15)
    assert len(words[0].corners) == 4


@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"\xff\xfe\x00 not a table",
        row("x", box="1\t2\t3\tnan").encode(),
        row("x", box="1\t2\tinf\t4").encode(),
        row("x", box="1\t2\t-3\t4").encode(),
        row("x", box="1\t2\tthree\t4").encode(),
        row("x\tmore").encode(),
        b'5\t1\t1\t1\t1\t1\t1\t1\t"unclosed',
    ],
)
def test_a_malformed_table_has_no_words(table: bytes) -> None:
    assert words_of(table, PAGE) == []


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    (word,) = words_of(row("caf").encode() + b"\xe9", PAGE)
    assert word.text == "caf\ufffd"


def test_a_quote_is_a_letter_of_the_table() -> None:
    assert [word.text for word in words_of(f"{row(chr(34))}\n{row('word')}".encode(), PAGE)] == ['"', "word"]


def test_languages_are_those_that_are_installed() -> None:
    reader = TesseractReader(frozenset({"eng", "deu", "hin"}))
    assert reader.languages(["de"]) == ("deu",)
    assert reader.languages(["de", "en", "fr"]) == ("deu", "eng")
    assert reader.languages(["hi"]) == ("hin", "eng")
    assert reader.languages(["ar"]) == ()


def test_no_program_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SkillError, match=r"install\.sh --read") as told:
        installed()
    assert told.value.reason == "missing"


@pytest.mark.parametrize("script", ["exit 0", "echo broken >&2; exit 127", "kill -9 $$"])
def test_a_program_that_is_broken_is_told(program: Path, script: str) -> None:
    stand_in(program, script)
    with pytest.raises(SkillError, match="lists no language") as told:
        installed()
    assert told.value.reason == "missing"


def test_a_file_that_is_no_program_is_told(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    with pytest.raises(SkillError):
        ENGLISH.read(drawn_text(LINES), ["en"])


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("cat >/dev/null; kill -9 $$", "ended with code -9"),
        ("cat >/dev/null; echo Error opening data file >&2; exit 1", "Error opening data file"),
        ("exit 1", "ended with code 1"),
    ],
)
def test_a_program_that_fails_is_told_with_its_last_line(program: Path, script: str, message: str) -> None:
    stand_in(program, script)
    with pytest.raises(SkillError, match=message) as told:
        ENGLISH.read(drawn_text(LINES), ["en"])
    assert told.value.reason == "failed"
    assert "\n" not in str(told.value)


def test_a_program_that_hangs_is_killed(program: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tesseract, "LIMIT_S", 0.3)
    stand_in(program, f"echo $$ >{tmp_path}/pid; exec sleep 60")
    began = time.monotonic()
    with pytest.raises(SkillError, match="was killed") as told:
        ENGLISH.read(drawn_text(LINES), ["en"])
    assert told.value.reason == "late"
    assert time.monotonic() - began < 10
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_no_language_at_all_is_told() -> None:
    with pytest.raises(SkillError, match="neither the language ara nor eng") as told:
        TesseractReader(frozenset({"deu"})).read(drawn_text(LINES), ["ar"])
    assert told.value.reason == "missing"


@pytest.fixture
def real() -> TesseractReader:
    """The program itself."""
    try:
        languages = installed()
    except SkillError as err:
        pytest.skip(str(err))
    if "eng" not in languages:
        pytest.skip("tesseract has no English")
    return TesseractReader(frozenset({"eng"}))


def test_text_is_read(real: TesseractReader) -> None:
    words, is_fallback = real.read(seen(drawn_text(LINES), degrees=-7, lean=0.05), ["en"])
    assert " ".join(word.text for word in words if word.text != "|") == " ".join(LINES)  # a bar: the paper's edge
    assert not is_fallback
    assert words[0].corners[0][1] > words[-1].corners[0][1] - 200


def test_english_stands_in_for_a_missing_language(real: TesseractReader) -> None:
    words, is_fallback = real.read(drawn_text(LINES), ["it"])
    assert is_fallback
    assert words[0].text == "Please"


@pytest.mark.parametrize(
    "picture",
    [np.zeros((480, 640, 3), np.uint8), np.zeros((1, 1), np.uint8), np.full((20, 2000), 255, np.uint8)],
    ids=["black", "one pixel", "a strip"],
)
def test_pictures_without_text_have_no_words(real: TesseractReader, picture: np.ndarray) -> None:  # type: ignore[type-arg]
    assert [word for word in real.read(picture, ["en"])[0] if word.confidence > 0.5] == []
