"""What two looks agree on."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box
from assistant.skills.things.agreement import agreeing, centre_share
from assistant.skills.things.detection import Thing

CUP = Thing("cup", 0.8, Box(100, 100, 60, 60))
SIDES = st.floats(1, 300)
THINGS = st.lists(
    st.builds(
        Thing,
        st.sampled_from(["cup", "bowl"]),
        st.floats(0.2, 1),
        st.builds(Box, st.floats(0, 300), st.floats(0, 300), SIDES, SIDES),
    ),
    max_size=6,
)


def test_a_thing_that_moved_a_little_is_the_same() -> None:
    (both,) = agreeing([CUP], [Thing("cup", 0.6, Box(120, 100, 60, 60))])
    assert both.box.x == 120
    assert both.score == (0.8 + 0.6) / 2


def test_what_one_look_saw_alone_is_not_said() -> None:
    assert agreeing([CUP], []) == agreeing([], [CUP]) == []
    assert agreeing([CUP], [CUP._replace(label="bowl")]) == []
    assert agreeing([CUP], [CUP._replace(box=Box(300, 100, 60, 60))]) == []
    assert len(agreeing([CUP], [CUP, CUP._replace(score=0.7)])) == 1


def test_of_two_names_for_one_thing_the_better_is_said() -> None:
    both = [Thing("chair", 0.6, Box(0, 0, 200, 150)), Thing("couch", 0.7, Box(5, 0, 200, 150)), CUP]
    assert [thing.label for thing in agreeing(both, both)] == ["cup", "couch"]


@given(THINGS, THINGS)
def test_whatever_the_looks_saw(first: list[Thing], second: list[Thing]) -> None:
    both = agreeing(first, second)
    assert len(both) <= min(len(first), len(second))
    assert [thing.score for thing in both] == sorted((thing.score for thing in both), reverse=True)
    assert {(thing.label, thing.box) for thing in both} <= {(thing.label, thing.box) for thing in second}


def test_the_share_of_the_width_stays_in_the_picture() -> None:
    assert [centre_share(Box(x, 0, 20, 20), 640) for x in (-60, 310, 900)] == [-1, 0, 1]
