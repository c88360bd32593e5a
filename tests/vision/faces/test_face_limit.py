"""Too many faces are announced soon, once, and again only after a while with few enough."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.vision.faces.face_limit import DWELL_S, REPEAT_AFTER_S, FaceLimit


def announced(counts: list[int], step_s: float = 0.1) -> list[float]:
    """The times of the announcements, given the number of faces in each frame."""
    limit = FaceLimit(4)
    return [number * step_s for number, count in enumerate(counts) if limit.update(count, number * step_s)]


def test_fifty_faces_are_announced_within_two_seconds_and_once() -> None:
    (at,) = announced([2] * 20 + [50] * 300)
    assert DWELL_S <= at - 2.0 < 2.0


def test_as_many_faces_as_the_limit_and_a_brief_excess_are_not_announced() -> None:
    assert announced([4] * 100) == []
    assert announced(([9] * 4 + [2]) * 20) == []


def test_it_is_announced_again_after_a_while_without() -> None:
    away = round(REPEAT_AFTER_S * 10)
    assert len(announced([9] * 50 + [2] * away + [9] * 50)) == 2
    assert len(announced(([9] * 50 + [2] * 50) * 10)) == 1


@given(st.lists(st.tuples(st.integers(2, 40), st.integers(1, 110) | st.integers(125, 200)), min_size=2, max_size=6))
def test_it_is_announced_once_and_again_only_after_its_time_without(runs: list[tuple[int, int]]) -> None:
    times = announced([count for many, few in runs for count in [9] * many + [3] * few], 0.5)
    assert len(times) == 1 + sum(few * 0.5 >= REPEAT_AFTER_S for _, few in runs[:-1])
