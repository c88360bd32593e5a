"""The program that a user names for a guess: what it gets, what it may answer, and what becomes of one that fails."""

import dataclasses
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.settings import DescribeSettings, Settings
from assistant.errors import SkillError
from assistant.skills.description.captioner import MAX_CHARACTERS, caption, parse_command, text_of
from assistant.skills.description.check import check
from assistant.skills.description.engine import open_engine

STANDIN = str(Path(__file__).parent / "captioner_standin.py")
PICTURE = np.full((30, 40, 3), 77, np.uint8)


def standin(*arguments: str) -> list[str]:
    return [sys.executable, STANDIN, *arguments]


def with_command(command: str) -> Settings:
    return dataclasses.replace(Settings(), describe=DescribeSettings(enabled=True, command=command, command_s=30))


def test_it_gets_the_picture_and_its_words_come_back() -> None:
    engine = open_engine(with_command(f"'{sys.executable}' '{STANDIN}' say"))
    assert engine.handle({"op": "caption"}, PICTURE) == {"text": "en 40x30 of 40, grey 77"}
    with pytest.raises(SkillError, match="unknown request"):
        engine.handle({"op": "detect"}, PICTURE)
    with pytest.raises(SkillError, match="wants a picture"):
        engine.handle({"op": "caption"}, None)


def test_nothing_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    caption(standin("say"), PICTURE, "de", 30)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "reason", "why"),
    [
        ("fail", "failed", "exit code 1: no weights"),
        ("rubbish", "failed", r'wrote no \{"text"'),
        ("flood", "failed", "wrote more than a text and was killed"),
    ],
)
def test_a_program_that_fails(mode: str, reason: str, why: str) -> None:
    with pytest.raises(SkillError, match=why) as failed:
        caption(standin(mode), PICTURE, "en", 30)
    assert failed.value.reason == reason


def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(SkillError, match="within 3 s and was killed") as failed:
        caption(standin("hang", str(tmp_path / "pid")), PICTURE, "en", 3)
    assert failed.value.reason == "late"
    assert time.monotonic() - began < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text("ascii")), 0)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(SkillError, match="could not be started") as failed:
        caption(["/nonexistent/see"], PICTURE, "en", 3)
    assert failed.value.reason == "missing"
    with pytest.raises(SkillError, match="there is no program /nonexistent/see"):
        check(with_command("/nonexistent/see --fast"))
    check(with_command(""))
    check(with_command(f"'{sys.executable}' x"))
    with pytest.raises(SkillError, match="is empty"):
        open_engine(with_command(""))
    with pytest.raises(SkillError, match="No closing quotation"):
        parse_command("see 'it")


@given(st.text(min_size=1, max_size=600).filter(lambda text: any(char.isalnum() for char in text)))
def test_what_is_spoken_is_short_and_in_one_line(text: str) -> None:
    spoken = text_of(json.dumps({"text": text}).encode())
    assert 0 < len(spoken) <= MAX_CHARACTERS
    assert spoken.isprintable()


@pytest.mark.parametrize("output", [b"", b"[]", b'{"text": 3}', b"{}", b"\xff", b"[" * 100_000, b'{"text": " "}'])
def test_answers_that_are_none(output: bytes) -> None:
    with pytest.raises(SkillError):
        text_of(output)
