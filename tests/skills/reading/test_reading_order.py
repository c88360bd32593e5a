"""Words in lines, and lines in reading order."""

import random

from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.reading.reading_order import lines_of
from tests.support.read_words import set_line, set_lines, set_word


def texts(words: list, **options: bool) -> list[str]:  # type: ignore[type-arg]
    return [line.text for line in lines_of(words, **options)]


def test_lines_are_read_from_top_to_bottom_whatever_the_order_of_the_words() -> None:
    words = set_lines(["The entrance is in", "Garden Street 27,", "second floor."])
    random.Random(1).shuffle(words)
    assert texts(words) == ["The entrance is in", "Garden Street 27,", "second floor."]


def test_columns_of_prose_are_read_one_after_the_other_below_their_heading() -> None:
    left = set_lines(["the left one is", "read to its end"], x=40, y=100)
    right = set_lines(["before the right one", "is begun at all"], x=400, y=100)
    heading = set_line("A heading that goes over both of the columns", 40, 40)
    assert texts([*right, *left, *heading]) == [
        "A heading that goes over both of the columns",
        "the left one is", "read to its end", "before the right one", "is begun at all",
    ]  # fmt: skip


def test_a_table_is_read_row_by_row() -> None:
    names, prices = set_lines(["Soup", "Bread"], x=40), set_lines(["4.50", "1.20"], x=400)
    assert texts([*names, *prices]) == ["Soup", "4.50", "Bread", "1.20"]


def test_arabic_lines_are_read_from_right_to_left() -> None:
    words = set_line("ج ب أ", 40, 40)
    assert texts(words, right_to_left=True) == ["أ ب ج"]


def test_a_line_that_falls_a_little_stays_one_line() -> None:
    words = [set_word("word", 40 + 60 * at, 40 + 3 * at) for at in range(9)]
    assert len(lines_of(words)) == 1


def test_nothing_becomes_no_line() -> None:
    assert lines_of([]) == []


@given(
    st.lists(
        st.builds(
            set_word,
            st.text("abc", min_size=1, max_size=9),
            st.floats(-1e4, 1e4),
            st.floats(-1e4, 1e4),
            st.floats(0.5, 300),
        ),
        max_size=40,
    )
)
def test_no_word_is_lost_or_said_twice(words: list) -> None:  # type: ignore[type-arg]
    said = [word for line in lines_of(words) for word in line.words]
    assert sorted(said, key=repr) == sorted(words, key=repr)
