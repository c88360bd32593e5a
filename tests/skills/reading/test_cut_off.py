"""Text that goes on outside the picture."""

import pytest

from assistant.skills.reading.cut_off import Side, cut_off_sides
from assistant.skills.reading.reading_order import lines_of
from tests.support.read_words import set_line, set_lines

LINES = ["the first line of it", "the second line of it", "the third line of it"]


@pytest.mark.parametrize(
    ("x", "y", "sides"),
    [
        (100, 100, ()),
        (2, 100, (Side.LEFT,)),
        (438, 100, (Side.RIGHT,)),
        (100, 1, (Side.TOP,)),
        (100, 398, (Side.BOTTOM,)),
        (1, 1, (Side.LEFT, Side.TOP)),
    ],
)
def test_the_side_at_which_words_touch_the_edge(x: float, y: float, sides: tuple[Side, ...]) -> None:
    lines = lines_of(set_lines(LINES, x=x, y=y))
    assert cut_off_sides(lines, 640, 480) == sides


def test_one_word_of_many_lines_at_the_edge_is_chance() -> None:
    words = [*set_lines(LINES, x=100, y=100), *set_line("page 4 of 5", 3, 300)]
    assert cut_off_sides(lines_of(words), 640, 480) == ()


def test_no_lines_are_cut_off_nowhere() -> None:
    assert cut_off_sides([], 640, 480) == ()
