"""What is said of text before the camera."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import AnnouncementSettings, ReadSettings, Settings
from assistant.errors import SkillError
from assistant.phrases import known_locales
from assistant.records import Priority, UtteranceKind
from assistant.skills.reading import vocabulary
from assistant.skills.reading.read import MAX_LOOKS, read
from assistant.skills.session import Look, SkillName
from tests.support.drawn_text import drawn_text
from tests.support.read_words import as_answer, set_line, set_lines
from tests.support.skill_session import FakeSession

SHARP = drawn_text(["Please bring your health card", "and the list of all medicines", "that you take in the morning"])
MOVED = np.roll(SHARP, 40, axis=1)
BLURRED = np.asarray(cv2.GaussianBlur(SHARP, (0, 0), 5), np.uint8)
TEXT = set_lines(
    ["Please bring your health card", "and the list. It is at the", "second floor, room 214."], x=100, y=100
)


def session(
    answer: dict[str, object],
    pictures: Sequence[NDArray[np.uint8]] = (SHARP,),
    *,
    locale: str = "en",
    languages: Iterable[str] = (),
) -> FakeSession:
    looks = [Look(picture, at / 10) for at, picture in enumerate(pictures)]
    settings = replace(
        Settings(), announcements=AnnouncementSettings(locale=locale), read=ReadSettings(languages=tuple(languages))
    )
    return FakeSession(looks, {SkillName.READ: lambda request, image: answer}, locale=locale, settings=settings)


def said(made: FakeSession) -> list[str]:
    return [utterance.text for utterance in read(made)]


def test_sentences_are_read_one_by_one() -> None:
    made = session(as_answer(TEXT))
    utterances = list(read(made))
    assert [each.text for each in utterances] == [
        "Please bring your health card and the list.",
        "It is at the second floor, room 214.",
    ]
    assert {each.kind for each in utterances} == {UtteranceKind.ANSWER}
    assert {each.priority for each in utterances} == {Priority.ANSWER}
    assert len({each.topic for each in utterances}) == 2  # else the second would take the place of the first


def test_the_engine_is_asked_once_in_the_languages_of_the_settings() -> None:
    made = session(as_answer(TEXT), locale="de", languages=("en", "de"))
    said(made)
    assert made.asked == [(SkillName.READ, {"op": "read", "locales": ["de", "en"]})]


def test_a_still_picture_is_read_without_a_word_about_it() -> None:
    assert said(session(as_answer(TEXT)))[0].startswith("Please")


def test_a_moving_box_is_asked_to_be_held_still() -> None:
    made = session(as_answer(TEXT), [SHARP, MOVED] * 4)
    assert said(made)[:2] == ["Hold still.", "Please bring your health card and the list."]


def test_a_picture_that_stays_blurred_is_read_all_the_same_after_a_while() -> None:
    made = session(as_answer(TEXT), [BLURRED])
    assert said(made)[0] == "Hold still."
    assert made.now() == pytest.approx((MAX_LOOKS - 1) / 2)


def test_the_sharpest_of_unsteady_looks_is_read() -> None:
    seen = []

    def engine(request: object, image: NDArray[np.uint8] | None) -> dict[str, object]:
        seen.append(image)
        return as_answer(TEXT)

    pictures = [BLURRED, np.roll(BLURRED, 50, axis=1), MOVED, BLURRED, np.roll(BLURRED, 90, axis=1)] * 3
    looks = [Look(picture, at / 10) for at, picture in enumerate(pictures)]
    list(read(FakeSession(looks, {SkillName.READ: engine})))
    assert seen[0] is MOVED


def test_no_text() -> None:
    assert said(session(as_answer([]))) == ["No text seen."]
    assert said(session(as_answer(set_line("~ |", 50, 50, confidence=0.2)))) == ["No text seen."]


def test_rubbish_is_not_read_out() -> None:
    words = set_line("tbe mowed cird ol yoor heallb inswrance", 100, 100, confidence=0.45)
    assert said(session(as_answer(words))) == ["Cannot read that."]


def test_text_that_goes_on_outside_is_told_first() -> None:
    words = set_lines(["Please bring your health card", "and the list. It is at the", "second floor."], x=1, y=100)
    assert said(session(as_answer(words)))[0] == "Text is cut off, left."
    words = set_lines(["Please bring your health card", "and the list. It is at the", "second floor."], x=1, y=1)
    assert said(session(as_answer(words), locale="de"))[0] == "Text ist abgeschnitten, links, oben."


def test_a_dose_is_never_said_without_the_hint() -> None:
    words = set_lines(["Ibuprofen 400 mg tablets.", "Take one tablet a day.", "Keep away from children."], x=100, y=100)
    assert said(session(as_answer(words))) == [
        "Ibuprofen 400 mg tablets. Check this.",
        "Take one tablet a day. Check this.",
        "Keep away from children.",
    ]


def test_a_pause_is_heard_before_the_hint() -> None:
    assert said(session(as_answer(set_line("Ibuprofen 400 mg", 100, 100)))) == ["Ibuprofen 400 mg. Check this."]


def test_a_long_dose_has_the_hint_in_each_part_that_needs_it() -> None:
    text = "Take 5 ml " + "of this medicine with water, " * 20 + "and 10 ml at night."
    parts = [text for text in said(session(as_answer(set_line(text, 0, 200)))) if "cut off" not in text]
    assert len(parts) > 2
    assert parts[0].endswith("Check this.")
    assert parts[-1].endswith("Check this.")
    assert max(map(len, parts)) <= 300


def test_how_the_page_is_held_is_told() -> None:
    assert said(session(as_answer(TEXT, turned=180)))[0] == "It is upside down."
    assert said(session(as_answer(TEXT, turned=90)))[0] == "It lies sideways."


def test_english_in_place_of_a_language_that_is_missing_is_told() -> None:
    assert said(session(as_answer(TEXT, is_english=True), locale="es"))[0] == "Leído como inglés."
    assert said(session(as_answer(TEXT, is_english=True)))[0].startswith("Please")


@pytest.mark.parametrize("answer", [{}, {"words": "none"}, {"words": [{"text": "x"}]}, {"words": [7]}])
def test_a_malformed_answer_is_an_error_of_the_skill(answer: dict[str, object]) -> None:
    with pytest.raises(SkillError):
        said(session(answer))


@pytest.mark.parametrize("locale", known_locales())
def test_every_language_has_its_words_and_they_are_short(locale: str) -> None:
    words = vocabulary.load(locale)
    assert {table: set(texts) for table, texts in words.tables.items()} == vocabulary.TABLES
    sides = [words.tables["sides"][side] for side in ("left", "right", "top", "bottom")]
    for text in words.tables["reading"].values():
        sentence = text.format(where=sides[0])
        assert len(sentence.split()) <= 8
        assert sentence[-1] in ".\u0964"
    assert len(set(sides)) == 4
