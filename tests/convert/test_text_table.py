"""Columns of a table for a terminal."""

from convert.text_table import aligned


def test_words_stand_to_the_left_and_numbers_to_the_right() -> None:
    rows = [("model", "ms"), ("small", "1.25"), ("cnn", "10.50")]
    assert aligned(rows) == ["model     ms", "small   1.25", "cnn    10.50"]


def test_no_line_ends_in_blanks() -> None:
    assert aligned([("run", "state"), ("a", "")], left=2) == ["run  state", "a"]
