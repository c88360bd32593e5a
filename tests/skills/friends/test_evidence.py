"""Three looks a track at the most, a name after two that agree, and nothing kept of anybody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.friends.evidence import MAX_LOOKS, Evidence
from assistant.skills.friends.gallery import Certainty, Gallery
from assistant.skills.friends.thresholds import NameThresholds
from tests.skills.friends.people import MODEL, direction, friend, leaning

GALLERY = Gallery([friend(0, "Anna"), friend(1, "Ben")], MODEL, NameThresholds(name=0.5, maybe=0.4))


@pytest.fixture
def evidence() -> Evidence:
    return Evidence(GALLERY)


def test_one_look_names_nobody(evidence: Evidence) -> None:
    assert evidence.add(1, direction(0), 1.0) is None
    assert evidence.needs_look(1)


def test_two_looks_that_agree_name_a_friend_and_no_third_is_taken(evidence: Evidence) -> None:
    evidence.add(1, direction(0), 1.0)
    match = evidence.add(1, direction(0), 1.0)
    assert match is not None
    assert match.friend is not None
    assert (match.friend.name, match.certainty) == ("Anna", Certainty.NAMED)
    assert not evidence.needs_look(1)


def test_looks_that_disagree_name_nobody(evidence: Evidence) -> None:
    evidence.add(1, direction(0), 1.0)
    evidence.add(1, direction(1), 1.0)
    match = evidence.add(1, direction(5), 1.0)
    assert match is not None
    assert (match.friend, match.certainty) == (None, Certainty.SOMEONE_ELSE)


def test_maybe_is_said_only_after_the_last_look(evidence: Evidence) -> None:
    assert evidence.add(1, leaning(0, 0.45), 1.0) is None
    assert evidence.add(1, leaning(0, 0.45), 1.0) is None
    match = evidence.add(1, leaning(0, 0.45), 1.0)
    assert match is not None
    assert match.certainty is Certainty.MAYBE


def test_two_agreeing_looks_of_three_are_enough(evidence: Evidence) -> None:
    evidence.add(1, direction(9), 1.0)
    evidence.add(1, direction(0), 1.0)
    match = evidence.add(1, direction(0), 1.0)
    assert match is not None
    assert match.certainty is Certainty.NAMED


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 4), st.floats(-1, 1)), max_size=40))
def test_no_more_looks_than_allowed_and_no_name_without_two_that_agree(looks: list[tuple[int, int, float]]) -> None:
    evidence, seen = Evidence(GALLERY), dict[int, list[int]]()
    for track_id, person, cosine in looks:
        if evidence.needs_look(track_id):
            seen.setdefault(track_id, []).append(person if cosine >= 0.4 else -1)
            evidence.add(track_id, leaning(person, cosine), 0.5)
    for track_id, people in seen.items():
        match = evidence.verdict(track_id)
        assert len(people) <= MAX_LOOKS
        if match is not None and match.friend is not None:
            assert people.count(int(match.friend.friend_id.removeprefix("id"))) >= 2


def test_nobody_is_looked_at_where_nobody_was_taught() -> None:
    assert not Evidence(Gallery([], MODEL, GALLERY.thresholds)).needs_look(1)


def test_nothing_is_left_of_a_track_that_ended(evidence: Evidence) -> None:
    evidence.add(1, direction(7), 1.0)
    evidence.add(2, direction(0), 1.0)
    evidence.keep_only([2])
    assert list(evidence._tracks) == [2]
    evidence.keep_only([])
    assert not evidence._tracks


def test_the_embeddings_are_erased_as_soon_as_it_is_decided(evidence: Evidence) -> None:
    for _ in range(3):
        evidence.add(1, direction(7), 1.0)
    assert evidence._tracks[1].embeddings == []
    assert evidence.verdict(1) is not None


def test_a_disputed_track_has_no_name_until_it_ends(evidence: Evidence) -> None:
    evidence.add(1, direction(0), 1.0)
    evidence.add(1, direction(0), 1.0)
    disputed = evidence.dispute(1)
    assert disputed is not None
    assert disputed.name == "Anna"
    assert not evidence.needs_look(1)
    assert evidence.add(1, direction(0), 1.0) is None
    evidence.keep_only([])
    assert evidence.needs_look(1)


def test_a_track_without_a_name_cannot_be_disputed(evidence: Evidence) -> None:
    assert evidence.dispute(1) is None
    assert evidence.needs_look(1)


def test_with_other_friends_every_track_is_looked_at_anew(evidence: Evidence) -> None:
    evidence.add(1, direction(0), 1.0)
    evidence.add(1, direction(0), 1.0)
    evidence.set_gallery(Gallery([friend(1)], MODEL, GALLERY.thresholds))
    assert evidence.verdict(1) is None
    assert evidence.needs_look(1)
