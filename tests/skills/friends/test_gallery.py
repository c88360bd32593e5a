"""Whose face it is: a friend, maybe a friend, or somebody whom the wearer has not taught."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.friends.gallery import Certainty, Gallery, mean_embedding
from assistant.skills.friends.thresholds import STRICT_STEP, NameThresholds
from tests.skills.friends.people import MODEL, direction, friend, leaning

BAR = NameThresholds(name=0.5, maybe=0.4)


@given(st.floats(-1, 1))
def test_the_cosine_decides(cosine: float) -> None:
    match = Gallery([friend(0, "Anna"), friend(1, "Ben")], MODEL, BAR).match(leaning(1, cosine))
    if cosine >= 0.5001:
        assert (match.certainty, match.friend and match.friend.name) == (Certainty.NAMED, "Ben")
    elif 0.4001 <= cosine < 0.4999:
        assert (match.certainty, match.friend and match.friend.name) == (Certainty.MAYBE, "Ben")
    elif cosine < 0.3999:
        assert (match.certainty, match.friend) == (Certainty.SOMEONE_ELSE, None)


def test_nobody_is_named_where_nobody_was_taught() -> None:
    assert Gallery([], MODEL, BAR).match(direction(0)).friend is None


def test_after_not_anna_the_bar_for_anna_is_higher() -> None:
    seen = leaning(0, 0.5 + STRICT_STEP / 2)
    assert Gallery([friend(0)], MODEL, BAR).match(seen).certainty is Certainty.NAMED
    assert Gallery([friend(0, is_strict=True)], MODEL, BAR).match(seen).certainty is Certainty.MAYBE


def test_friends_of_another_recognizer_are_not_compared() -> None:
    gallery = Gallery([friend(0, "Anna"), friend(1, "Ben", model="b" * 64)], MODEL, BAR)
    assert [each.name for each in gallery.inactive] == ["Ben"]
    assert gallery.match(direction(1)).friend is None


def test_an_embedding_of_another_length_is_nobodys() -> None:
    assert Gallery([friend(0)], MODEL, BAR).match(np.ones(7, np.float32)).friend is None


def test_the_mean_of_views_has_length_one_and_leans_to_the_better_view() -> None:
    mean = mean_embedding([direction(0), direction(1)], [3.0, 1.0])
    assert np.linalg.norm(mean) == pytest.approx(1)
    assert mean[0] == pytest.approx(3 * mean[1])
