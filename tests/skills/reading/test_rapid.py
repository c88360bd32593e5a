"""The driver of RapidOCR: what it refuses without its package, and what it reads with it, without a network."""

import socket
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import SkillError
from assistant.skills.reading import rapid
from assistant.skills.reading.rapid import RapidReader
from assistant.skills.reading.reading_order import lines_of
from assistant.skills.reading.trust import MIN_LINE_TRUST
from tests.support.drawn_text import drawn_text, seen

LINES = ["Please bring your health card", "and the list of all medicines"]


def test_a_small_board_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:         930000 kB\nMemFree: 1 kB\n")
    monkeypatch.setattr(rapid, "MEMORY", tmp_path / "meminfo")
    with pytest.raises(SkillError, match="2 GB of memory, this one has 908 MiB") as told:
        RapidReader()
    assert told.value.reason == "missing"
    assert "rapidocr" not in sys.modules or rapid.is_installed()


@pytest.mark.parametrize("content", ["", "MemTotal:\n", "MemTotal: much kB\n", "\x00\xff"])
def test_memory_that_the_kernel_does_not_tell_is_none(
    content: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "meminfo").write_text(content, "latin-1")
    monkeypatch.setattr(rapid, "MEMORY", tmp_path / "meminfo")
    assert rapid.memory_mib() == 0
    monkeypatch.setattr(rapid, "MEMORY", tmp_path / "none")
    assert rapid.memory_mib() == 0


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rapid, "memory_mib", lambda: 4000)
    monkeypatch.setattr(rapid, "find_spec", lambda name: None)
    with pytest.raises(SkillError, match="--read=rapidocr") as told:
        RapidReader()
    assert told.value.reason == "missing"


def test_a_missing_network_is_told_and_not_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Spec:
        origin = str(tmp_path / "rapidocr/__init__.py")

    monkeypatch.setattr(rapid, "memory_mib", lambda: 4000)
    monkeypatch.setattr(rapid, "find_spec", lambda name: Spec)
    with pytest.raises(SkillError, match="PP-OCRv6_rec_small.onnx is missing"):
        RapidReader()


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    """The reader, which could not fetch anything."""
    if not rapid.is_installed():
        pytest.skip("rapidocr is not installed: pip install .[read]")
    if rapid.memory_mib() < rapid.MIN_MEMORY_MIB:
        pytest.skip("this machine has too little memory for rapidocr")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("no network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        return RapidReader()


def test_text_is_read_in_its_order(reader: RapidReader) -> None:
    words, is_fallback = reader.read(seen(drawn_text(LINES), degrees=6, lean=0.05), ["en"])
    assert [line.text for line in lines_of(words)] == LINES
    assert not is_fallback
    assert all(len(word.corners) == 4 and 0 <= word.confidence <= 1 for word in words)
    lefts = [word.corners[0][0] for word in words[:5]]
    assert lefts == sorted(lefts)


@pytest.mark.parametrize("shape", [(480, 640), (480, 640, 3), (17, 17), (16, 3000, 3)])
def test_pictures_without_text_have_no_words(reader: RapidReader, shape: tuple[int, ...]) -> None:
    assert reader.read(np.full(shape, 40, np.uint8), ["en"])[0] == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("trace\nNon-zero status code: std::bad_alloc"), "memory"),
        (MemoryError(), "memory"),
        (ValueError("first\nlast line"), "failed"),
    ],
)
def test_a_reader_that_fails_is_told_in_one_line(reader: RapidReader, error: Exception, reason: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_reader", fail)
        with pytest.raises(SkillError, match="rapidocr failed: ") as told:
            reader.read(drawn_text(LINES), ["en"])
    assert told.value.reason == reason
    assert "\n" not in str(told.value)


def test_confidence_grows_with_the_score_and_only_sure_lines_are_trusted() -> None:
    values = [rapid.calibrated(score) for score in (0.0, 0.5, 0.9, 0.95, 0.97, 1.0)]
    assert values == sorted(values)
    assert values[0] == 0.0
    assert values[-1] == 1.0
    assert rapid.calibrated(0.949) < MIN_LINE_TRUST < rapid.calibrated(0.96)
