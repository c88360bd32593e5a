"""Sentences of lines: where they end, and how long ones are divided."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.reading.reading_order import lines_of
from assistant.skills.reading.text_sentences import MAX_CHARACTERS, sentences_of
from tests.support.read_words import set_line, set_lines


def said(words: list) -> list[str]:  # type: ignore[type-arg]
    return [sentence.text for sentence in sentences_of(lines_of(words))]


def test_a_sentence_goes_over_lines_and_ends_at_its_mark() -> None:
    words = set_lines(["Please bring your card", "and the list. The door", "is on the left side."])
    assert said(words) == ["Please bring your card and the list.", "The door is on the left side."]


def test_a_word_that_a_hyphen_divides_is_joined() -> None:
    assert said(set_lines(["Bring the list of your medi-", "cines with you, please."])) == [
        "Bring the list of your medicines with you, please."
    ]


def test_a_hyphen_before_a_capital_letter_stays() -> None:
    assert said(set_lines(["the road from here to Baden-", "Baden is closed today"])) == [
        "the road from here to Baden- Baden is closed today"
    ]


def test_abbreviations_dates_and_numbers_end_no_sentence() -> None:
    assert said(set_line("Dr. Hansen sees you on 8. Juli at No. 4 for 12.50 in all.", 0, 0)) == [
        "Dr. Hansen sees you on 8. Juli at No. 4 for 12.50 in all."
    ]


def test_a_heading_in_larger_letters_stands_alone() -> None:
    words = [*set_line("Green soup with mint", 40, 20, height=30), *set_line("Heat slowly for five minutes", 40, 70)]
    assert said(words) == ["Green soup with mint", "Heat slowly for five minutes"]


def test_a_gap_between_lines_begins_a_new_sentence() -> None:
    words = [*set_lines(["one paragraph of text", "that ends without mark"]), *set_line("another one of text", 40, 160)]
    assert said(words) == ["one paragraph of text that ends without mark", "another one of text"]


def test_the_lines_of_a_sign_are_said_apart() -> None:
    assert said(set_lines(["Trains to Bremen", "Mind the gap"])) == ["Trains to Bremen", "Mind the gap"]


def test_a_line_that_was_ended_on_purpose_ends_its_sentence() -> None:
    words = set_lines(
        ["Use within the week after you opened it", "Lot 8831 of this year", "Made in Bremen and in Kiel by hand"]
    )
    assert said(words) == [
        "Use within the week after you opened it Lot 8831 of this year",
        "Made in Bremen and in Kiel by hand",
    ]


def test_hindi_and_arabic_marks_end_sentences() -> None:
    assert said(set_line("यह पहला वाक्य है। यह दूसरा है।", 0, 0)) == ["यह पहला वाक्य है।", "यह दूसरा है।"]


def test_a_long_sentence_is_divided_after_a_clause() -> None:
    words = set_line(("word " * 30 + "here, ") * 4, 0, 0)
    parts = said(words)
    assert len(parts) > 1
    assert all(part.endswith("here,") for part in parts)


@given(st.lists(st.text("abc,.- é", min_size=1, max_size=60), max_size=40))
def test_no_sentence_is_too_long_and_no_word_is_lost(texts: list[str]) -> None:
    words = set_lines(texts)
    found = sentences_of(lines_of(words))
    assert all(0 < len(sentence.text) <= MAX_CHARACTERS for sentence in found)
    assert sorted(map(repr, (word for sentence in found for word in sentence.words))) == sorted(map(repr, words))
