"""What is text and what is rubbish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.phrases import known_locales
from assistant.skills.reading.reading_order import lines_of
from assistant.skills.reading.trust import frequent_words, plausibility, trusted_lines
from tests.support.read_words import set_line, set_lines, set_word


def kept(words: list, **options: bool) -> list[str]:  # type: ignore[type-arg]
    return [line.text for line in trusted_lines(lines_of(words), ["en"], **options)]


def test_a_text_is_kept() -> None:
    texts = ["Please bring your card", "and the list of medicines."]
    assert kept(set_lines(texts)) == texts


def test_what_a_reader_makes_of_a_pattern_is_not_said() -> None:
    assert kept(set_line("eer lini Cea iii ee rm aaa naa", 0, 0, confidence=0.35)) == []
    assert kept(set_line("|| _ ~~ === --- ..", 0, 0, confidence=0.9)) == []
    assert kept(set_line("iiii lllll oooo", 0, 0, confidence=0.9)) == []


def test_a_line_of_rubbish_beside_text_is_left_out() -> None:
    words = [*set_line("Take it with water.", 40, 40), *set_line("SS OP ~ TT", 40, 300, confidence=0.4)]
    assert kept(words) == ["Take it with water."]


def test_an_unsure_word_is_left_out_of_its_line() -> None:
    words = [*set_line("Take it with a large glass of", 40, 40), set_word("wacr", 400, 40, confidence=0.3)]
    assert kept(words) == ["Take it with a large glass of"]


def test_a_sign_between_words_is_kept_and_one_at_the_end_is_not() -> None:
    assert kept(set_line("| Use before 11 / 2027 —", 0, 0)) == ["Use before 11 / 2027"]


def test_a_turned_page_needs_more() -> None:
    words = set_line("Platform 4", 0, 0, confidence=0.74)
    assert kept(words) == ["Platform 4"]
    assert kept(words, is_turned=True) == []


def test_a_single_letter_is_a_stain() -> None:
    assert kept(set_line("A", 0, 0)) == []


@pytest.mark.parametrize(
    "word", ["Wasser", "EXIT", "8831K", "é", "नमस्ते", "مَرحَبا", "10:45.", "(film-coated)", "O'Neill"]
)
def test_words_numbers_and_codes_are_plausible(word: str) -> None:
    assert plausibility(word) >= 0.8


@pytest.mark.parametrize("word", ["||", "~", "aaaa", "eReRtEe", "...—"])
def test_stains_are_not(word: str) -> None:
    assert plausibility(word) <= 0.6


@given(st.text(max_size=80))
def test_plausibility_is_a_share(word: str) -> None:
    assert 0 <= plausibility(word) <= 1


def test_every_language_has_its_frequent_words() -> None:
    assert sorted(frequent_words()) == sorted(known_locales())
    assert min(map(len, frequent_words().values())) >= 40
