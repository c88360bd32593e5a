"""Who is looked at, how often, and whose name comes of it: never one without two looks that agree."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.errors import SkillError
from assistant.records import Face, Track
from assistant.skills.friends import gates
from assistant.skills.friends.evidence import MAX_LOOKS
from assistant.skills.friends.store import FriendStore
from assistant.vision import friend_names
from assistant.vision.friend_names import CONFIRMED_HITS, LOOK_GAP_S, MISSED_S, RETRY_S, FriendNames, at_once
from tests.skills.friends.people import MODEL, direction, friend, leaning
from tests.support.scripted_pipeline import with_landmarks

GREY = np.full((480, 640), 128, np.uint8)
EXPIRY_S = 1.2
Embed = Callable[[NDArray[np.uint8]], Mapping[str, Any]]


@pytest.fixture(autouse=True)
def _every_view_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "refusal", lambda face, grey: None)
    monkeypatch.setattr(gates, "view_quality", lambda face, grey: 1.0)


class Recognizer:
    """Sees in each look the next of these embeddings, the last one again and again; None: it fails."""

    def __init__(self, *seen: NDArray[np.float32] | None) -> None:
        self.seen, self.looks = list(seen), 0

    def __call__(self, aligned: NDArray[np.uint8]) -> Mapping[str, Any]:
        assert aligned.shape == (112, 112, 3)
        embedding = self.seen[min(self.looks, len(self.seen) - 1)]
        self.looks += 1
        if embedding is None:
            raise SkillError("the engine ended")
        return {"model": MODEL, "name": 0.5, "maybe": 0.4, "embedding": embedding.tolist()}


def track(track_id: int = 1, hits: int = CONFIRMED_HITS, face: Face | None = None) -> Track:
    return Track(track_id, face or with_landmarks(), hits)


def names_of(folder: Path, embed: Embed, friends: Sequence[str] = ("Anna", "Ben")) -> FriendNames:
    store = FriendStore(folder)
    for index, name in enumerate(friends):
        store.add(friend(index, name))
    return FriendNames(store, embed, at_once, EXPIRY_S)


def texts(names: FriendNames, tracks: Sequence[Track], at: float) -> dict[int, str]:
    return {each: name.text for each, name in names.update(GREY, tracks, at).known.items()}


def test_two_looks_that_agree_name_a_friend_and_nothing_is_done_after_them(tmp_path: Path) -> None:
    recognizer = Recognizer(direction(0))
    names = names_of(tmp_path, recognizer)
    first = names.update(GREY, [track()], 0.0)
    assert (dict(first.known), first.awaited) == ({}, {1})
    second = names.update(GREY, [track()], LOOK_GAP_S)
    assert [(each.text, each.is_certain, each.friend_id) for each in second.known.values()] == [("Anna", True, "id0")]
    assert not second.awaited
    for number in range(50):
        assert texts(names, [track()], 1 + number / 10) == {1: "Anna"}
    assert recognizer.looks == 2


def test_a_stranger_is_one_after_three_looks_and_never_the_nearest_friend(tmp_path: Path) -> None:
    recognizer = Recognizer(leaning(0, 0.35))
    names = names_of(tmp_path, recognizer)
    found = [names.update(GREY, [track()], number * LOOK_GAP_S).known for number in range(40)]
    assert recognizer.looks == MAX_LOOKS
    assert (found[-1][1].is_stranger, found[-1][1].text, found[-1][1].friend_id) == (True, "", "")


def test_below_the_bar_it_is_only_maybe_a_friend(tmp_path: Path) -> None:
    names = names_of(tmp_path, Recognizer(leaning(0, 0.45)))
    found = [names.update(GREY, [track()], number * LOOK_GAP_S).known for number in range(4)]
    assert (found[-1][1].text, found[-1][1].is_certain) == ("Anna", False)


def test_without_friends_nobody_is_looked_at(tmp_path: Path) -> None:
    recognizer = Recognizer(direction(0))
    names = names_of(tmp_path / "none", recognizer, friends=())
    assert not any(names.update(GREY, [track()], float(number)).awaited for number in range(5))
    assert recognizer.looks == 0
    assert not (tmp_path / "none").exists()


def test_what_was_found_for_a_moment_or_is_seen_badly_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognizer = Recognizer(direction(0))
    names = names_of(tmp_path, recognizer)
    names.update(GREY, [track(hits=CONFIRMED_HITS - 1)], 0.0)
    monkeypatch.setattr(gates, "refusal", lambda face, grey: gates.Refusal.BLURRED)
    assert names.update(GREY, [track()], 0.1).awaited == frozenset()
    assert recognizer.looks == 0


def test_of_two_who_are_taken_for_one_friend_the_likelier_has_the_name(tmp_path: Path) -> None:
    names = names_of(tmp_path, Recognizer(leaning(0, 0.7), leaning(0, 0.7), leaning(0, 0.9), leaning(0, 0.9)))
    for number in range(3):
        names.update(GREY, [track(1)], number * LOOK_GAP_S)
    for number in range(3, 6):
        found = texts(names, [track(1), track(2)], number * LOOK_GAP_S)
    assert found == {2: "Anna"}


def test_a_friend_who_is_found_again_has_the_name_at_once(tmp_path: Path) -> None:
    names = names_of(tmp_path, Recognizer(leaning(0, 0.9), leaning(0, 0.9), leaning(0, 0.7)))
    names.update(GREY, [track(1)], 0.0)
    names.update(GREY, [track(1)], LOOK_GAP_S)
    again = LOOK_GAP_S + MISSED_S + 0.01
    names.update(GREY, [track(2)], again)
    assert texts(names, [track(2)], again + LOOK_GAP_S) == {2: "Anna"}


def test_who_ended_is_forgotten(tmp_path: Path) -> None:
    recognizer = Recognizer(direction(0))
    names = names_of(tmp_path, recognizer)
    names.update(GREY, [track()], 0.0)
    names.update(GREY, [track()], LOOK_GAP_S)
    assert texts(names, [], LOOK_GAP_S + EXPIRY_S + 0.1) == {}


def test_not_anna_silences_the_name_and_raises_her_bar(tmp_path: Path) -> None:
    names = names_of(tmp_path, Recognizer(leaning(0, 0.55)))
    names.update(GREY, [track(1)], 0.0)
    assert texts(names, [track(1)], LOOK_GAP_S) == {1: "Anna"}
    names.reject(1, "id0")
    later = [texts(names, [track(1)], 1 + number * LOOK_GAP_S) for number in range(20)]
    assert later == [{}] * 20
    for number in range(5):
        found = names.update(GREY, [track(2)], 10 + number * LOOK_GAP_S).known
    assert (found[2].text, found[2].is_certain) == ("Anna", False)
    assert next(each for each in FriendStore(tmp_path).load() if each.name == "Anna").is_strict


def test_a_friend_who_is_taught_meanwhile_is_found_in_those_who_are_in_view(tmp_path: Path) -> None:
    names = names_of(tmp_path, Recognizer(direction(3)))
    for number in range(4):
        assert texts(names, [track()], number * LOOK_GAP_S) in ({}, {1: ""})
    FriendStore(tmp_path).add(friend(3, "Cleo"))
    for number in range(10):
        found = texts(names, [track()], 2 + number * LOOK_GAP_S)
    assert found == {1: "Cleo"}


def test_a_recognizer_that_fails_is_told_and_left_alone_for_a_while(tmp_path: Path) -> None:
    recognizer = Recognizer(None, direction(0))
    names = names_of(tmp_path, recognizer)
    assert texts(names, [track()], 0.0) == {}
    assert names.error == "the engine ended"
    names.update(GREY, [track()], RETRY_S - 0.1)
    assert recognizer.looks == 1
    names.update(GREY, [track()], RETRY_S)
    assert texts(names, [track()], RETRY_S + LOOK_GAP_S) == {1: "Anna"}
    assert not names.error


def test_the_pipeline_never_waits_for_a_look(tmp_path: Path) -> None:
    started: list[Callable[[], None]] = []
    store = FriendStore(tmp_path)
    store.add(friend(0, "Anna"))
    names = FriendNames(store, Recognizer(direction(0)), started.append, EXPIRY_S)
    for number in range(10):
        assert names.update(GREY, [track()], number / 10).awaited == {1}
    assert len(started) == 1  # one at a time
    started.pop()()
    names.update(GREY, [track()], 1.0)
    started.pop()()
    assert texts(names, [track()], 1.3) == {1: "Anna"}


def test_a_damaged_list_of_friends_is_told(tmp_path: Path) -> None:
    (tmp_path / "friends.json").write_bytes(b"x")
    names = FriendNames(FriendStore(tmp_path), Recognizer(direction(0)), at_once, EXPIRY_S)
    names.update(GREY, [track()], 0.0)
    assert "damaged" in names.error


def test_a_look_on_a_thread_is_made() -> None:
    import threading

    done = threading.Event()
    friend_names.on_a_thread(done.set)
    assert done.wait(10)


@settings(max_examples=60, deadline=None)
@given(
    seen=st.lists(st.tuples(st.integers(0, 3), st.floats(0.0, 1.0)), min_size=1, max_size=8),
    frames=st.lists(st.tuples(st.sets(st.integers(1, 3)), st.floats(0.0, 0.6)), max_size=30),
)
def test_no_name_without_two_agreeing_looks_and_nobody_twice(
    tmp_path_factory: pytest.TempPathFactory,
    seen: list[tuple[int, float]],
    frames: list[tuple[set[int], float]],
) -> None:
    looked: list[int] = []
    recognizer = Recognizer(*[leaning(index, cosine) for index, cosine in seen])

    def embed(aligned: NDArray[np.uint8]) -> Mapping[str, Any]:
        looked.append(seen[min(recognizer.looks, len(seen) - 1)][0])
        return recognizer(aligned)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "refusal", lambda face, grey: None)
        patch.setattr(gates, "view_quality", lambda face, grey: 1.0)
        names, at = names_of(tmp_path_factory.mktemp("friends"), embed), 0.0
        for present, pause in frames:
            at += pause
            known = names.update(GREY, [track(each) for each in sorted(present)], at).known
            said = [each.friend_id for each in known.values() if not each.is_stranger]
            assert len(said) == len(set(said))
            assert all(looked.count(int(each.removeprefix("id"))) >= 2 for each in said)
