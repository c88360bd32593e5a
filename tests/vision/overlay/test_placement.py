"""Labels stand near their face, inside the picture, and over no face where there is room."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box
from assistant.vision.overlay import placement

LENGTH = st.floats(5, 200)
PLACE = st.floats(-50, 700)
BOXES = st.builds(Box, PLACE, PLACE, LENGTH, LENGTH)
SIZES = st.tuples(st.integers(5, 150), st.integers(5, 150))
BOUNDS = (640, 480)


def test_a_word_stands_above_its_face_and_below_one_at_the_top_edge() -> None:
    face = Box(200, 100, 80, 90)
    place, is_free = placement.best_place(placement.above_or_below((60, 20), face, 5), [face], BOUNDS)
    assert (place, is_free) == (Box(200, 75, 60, 20), True)
    face = Box(200, 3, 80, 90)
    place, is_free = placement.best_place(placement.above_or_below((60, 20), face, 5), [face], BOUNDS)
    assert (place, is_free) == (Box(200, 98, 60, 20), True)


def test_bars_stand_right_of_their_face_and_left_of_one_at_the_right_edge() -> None:
    face = Box(200, 100, 80, 90)
    assert placement.best_place(placement.beside((100, 60), face, 5), [face], BOUNDS)[0] == Box(285, 100, 100, 60)
    face = Box(550, 100, 80, 90)
    assert placement.best_place(placement.beside((100, 60), face, 5), [face], BOUNDS)[0] == Box(445, 100, 100, 60)


def test_a_face_that_fills_the_picture_leaves_no_free_place() -> None:
    face = Box(0, 0, 640, 480)
    assert not placement.best_place(placement.beside((100, 60), face, 5), [face], BOUNDS)[1]


@given(SIZES, BOXES, st.lists(BOXES, max_size=4))
def test_a_label_lies_inside_the_picture_and_is_free_only_where_it_covers_nothing(
    size: tuple[int, int], face: Box, others: list[Box]
) -> None:
    for places in (placement.above_or_below, placement.beside):
        place, is_free = placement.best_place(places(size, face, 4.0), [face, *others], BOUNDS)
        assert place.x >= 0
        assert place.y >= 0
        assert place.x + place.width <= BOUNDS[0]
        assert place.y + place.height <= BOUNDS[1]
        assert is_free == (sum(place.intersection(other) for other in [face, *others]) == 0)
