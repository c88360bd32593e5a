"""The engine: which way round the page is held, what it refuses, and which reader it opens."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import AnnouncementSettings, ReadSettings, Settings
from assistant.errors import SkillError
from assistant.skills.reading import check, choice, engine, rapid, tesseract
from assistant.skills.reading.choice import chosen_reader
from assistant.skills.reading.engine import ReadingEngine, open_engine
from assistant.skills.reading.word import Word
from tests.support.read_words import set_line

REQUEST = {"op": "read", "locales": ["en"]}
PICTURE = np.zeros((480, 640, 3), np.uint8)
PICTURE[10:40, 20:60] = 255
"""A mark in its left upper corner."""


class Scripted:
    """Reads a text where the mark of PICTURE is at one corner, else rubbish."""

    finds_turned = False

    def __init__(self, corner: str = "", text: str = "Please bring your card") -> None:
        self.corner, self.text, self.reads = corner, text, 0

    def read(self, image: NDArray[np.uint8], locales: Sequence[str]) -> tuple[list[Word], bool]:
        self.reads += 1
        half_y, half_x = image.shape[0] // 2, image.shape[1] // 2
        corners = {
            "left upper": image[:half_y, :half_x], "right upper": image[:half_y, half_x:],
            "left lower": image[half_y:, :half_x], "right lower": image[half_y:, half_x:],
        }  # fmt: skip
        if self.corner and corners[self.corner].any():
            return set_line(self.text, 10, 20), False
        return set_line("iii ~~ lll", 10, 20, confidence=0.3), False

    def close(self) -> None:
        self.reads = -1


@pytest.mark.parametrize(
    ("corner", "turned", "first"),
    [
        ("left upper", 0, (10, 20)),
        ("right lower", 180, (630, 460)),
        ("left lower", 90, (620, 10)),
        ("right upper", 270, (20, 470)),
    ],
)
def test_a_page_is_turned_until_it_can_be_read(corner: str, turned: int, first: tuple[float, float]) -> None:
    answer = ReadingEngine(Scripted(corner)).handle(REQUEST, PICTURE)
    assert answer["turned"] == turned
    assert [word["text"] for word in answer["words"]] == ["Please", "bring", "your", "card"]
    assert tuple(answer["words"][0]["corners"][0]) == first


def test_what_cannot_be_read_any_way_round_is_answered_as_it_is() -> None:
    reader = Scripted()
    answer = ReadingEngine(reader).handle(REQUEST, PICTURE)
    assert (reader.reads, answer["turned"], len(answer["words"])) == (4, 0, 3)


def test_where_a_reader_that_finds_turned_text_finds_none_there_is_none() -> None:
    class Empty(Scripted):
        finds_turned = True

        def read(self, image: NDArray[np.uint8], locales: Sequence[str]) -> tuple[list[Word], bool]:
            self.reads += 1
            return [], False

    reader = Empty()
    assert ReadingEngine(reader).handle(REQUEST, PICTURE)["words"] == []
    assert reader.reads == 1


def test_no_turn_is_begun_after_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TURNING_S", 0.0)
    reader = Scripted()
    ReadingEngine(reader).handle(REQUEST, PICTURE)
    assert reader.reads == 1


@pytest.mark.parametrize(
    ("request_", "image"),
    [
        ({"op": "write", "locales": ["en"]}, PICTURE),
        ({"op": "read"}, PICTURE),
        ({"op": "read", "locales": "en"}, PICTURE),
        ({"op": "read", "locales": []}, PICTURE),
        ({"op": "read", "locales": [1]}, PICTURE),
        (REQUEST, None),
        (REQUEST, np.zeros((4, 4, 4, 4), np.uint8)),
        (REQUEST, np.zeros((480, 640), np.float32)),
        (REQUEST, np.zeros((20, 9000), np.uint8)),
    ],
)
def test_what_is_no_request_and_no_picture_is_refused(request_: dict[str, object], image: NDArray[np.uint8]) -> None:
    with pytest.raises(SkillError):
        ReadingEngine(Scripted("left upper")).handle(request_, image)


def test_a_tiny_picture_has_no_text() -> None:
    reader = Scripted("left upper")
    assert ReadingEngine(reader).handle(REQUEST, np.zeros((1, 1), np.uint8))["words"] == []
    assert reader.reads == 0


def settings(locale: str = "en", reader: str = "auto") -> Settings:
    return replace(Settings(), announcements=AnnouncementSettings(locale=locale), read=ReadSettings(engine=reader))


@pytest.mark.parametrize(
    ("wanted", "locale", "memory", "is_there", "chosen"),
    [
        ("auto", "en", 4000, True, "rapidocr"),
        ("auto", "hi", 4000, True, "tesseract"),
        ("auto", "en", 900, True, "tesseract"),
        ("auto", "en", 4000, False, "tesseract"),
        ("tesseract", "en", 4000, True, "tesseract"),
        ("rapidocr", "en", 900, False, "rapidocr"),
    ],
)
def test_the_reader_is_chosen_by_settings_language_and_board(
    wanted: str, locale: str, memory: int, is_there: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rapid, "memory_mib", lambda: memory)
    monkeypatch.setattr(rapid, "is_installed", lambda: is_there)
    assert chosen_reader(settings(locale, wanted)) == chosen


def test_a_language_that_rapidocr_does_not_know_is_told() -> None:
    with pytest.raises(SkillError, match="cannot read ar") as told:
        choice.chosen_reader(settings("ar", "rapidocr"))
    assert told.value.reason == "missing"


def test_the_engine_opens_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tesseract, "installed", lambda: frozenset({"eng"}))
    open_engine(settings(reader="tesseract")).close()


def test_the_check_knows_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tesseract, "installed", lambda: frozenset({"eng"}))
    check.check(settings("en", "tesseract"))
    with pytest.raises(SkillError, match="apt install tesseract-ocr-fra"):
        check.check(settings("fr", "tesseract"))


def test_the_check_of_a_small_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rapid, "memory_mib", lambda: 900)
    with pytest.raises(SkillError, match="2 GB"):
        check.check(settings("en", "rapidocr"))
