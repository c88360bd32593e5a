"""More faces than are looked at are told of: soon, once, and again only when they had gone."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.vision.faces.face_limit import DWELL_S, REPEAT_AFTER_S, FaceLimit


def told(counts: list[int], step_s: float = 0.1) -> list[float]:
    """When it is said, of so many faces in each frame."""
    crowd = FaceLimit(4)
    return [number * step_s for number, count in enumerate(counts) if crowd.update(count, number * step_s)]


def test_fifty_faces_are_told_of_within_two_seconds_and_once() -> None:
    (at,) = told([2] * 20 + [50] * 300)
    assert DWELL_S <= at - 2.0 < 2.0


def test_as_many_as_are_looked_at_and_a_moment_are_not() -> None:
    assert told([4] * 100) == []
    assert told(([9] * 4 + [2]) * 20) == []


def test_it_is_told_again_after_a_while_without() -> None:
    away = round(REPEAT_AFTER_S * 10)
    assert len(told([9] * 50 + [2] * away + [9] * 50)) == 2
    assert len(told(([9] * 50 + [2] * 50) * 10)) == 1


@given(st.lists(st.tuples(st.integers(2, 40), st.integers(1, 110) | st.integers(125, 200)), min_size=2, max_size=6))
def test_it_is_told_once_and_again_only_after_its_time_without(runs: list[tuple[int, int]]) -> None:
    times = told([count for many, few in runs for count in [9] * many + [3] * few], 0.5)
    assert len(times) == 1 + sum(few * 0.5 >= REPEAT_AFTER_S for _, few in runs[:-1])
