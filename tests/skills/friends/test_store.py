"""The list of friends: nothing is lost, nothing that was forgotten stays, and nobody else may read it."""

import dataclasses
import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.skills.friends import friends_file, store
from assistant.skills.friends.friend import Friend
from assistant.skills.friends.friends_file import decode, encode
from assistant.skills.friends.store import COPY, LIST, FriendsFileError, FriendStore
from tests.skills.friends.people import friend


@pytest.fixture
def kept(tmp_path: Path) -> FriendStore:
    """With two friends, one of them with a spoken name."""
    made = FriendStore(tmp_path / "friends")
    made.add(dataclasses.replace(friend(0, "Anna"), friend_id="0a0a0a0a"), b"RIFF a spoken name")
    made.add(friend(1, "Ben"))
    return made


def names(friends: tuple[Friend, ...]) -> list[str]:
    return [each.name for each in friends]


def test_what_is_kept_comes_back(kept: FriendStore) -> None:
    anna, ben = FriendStore(kept.folder).load()
    assert ben == friend(1, "Ben")
    assert anna == dataclasses.replace(friend(0, "Anna"), friend_id="0a0a0a0a", tag="0a0a0a0a.wav")
    tag = kept.tag_file(anna)
    assert tag is not None
    assert tag.read_bytes() == b"RIFF a spoken name"
    assert kept.tag_file(ben) is None


def test_nobody_else_may_read_it(kept: FriendStore) -> None:
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700
    for file in kept.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "friends"
    folder.mkdir(mode=0o755)
    FriendStore(folder).add(friend(0))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_there_is_no_picture_and_no_more_than_is_named(kept: FriendStore) -> None:
    held = json.loads((kept.folder / LIST).read_bytes())
    assert set(held["friends"][0]) == {
        "friend_id", "name", "mean", "views", "model", "consent", "consent_on", "is_adult", "tag", "is_strict",
        "kept_on",
    }  # fmt: skip
    assert sorted(each.name for each in kept.folder.iterdir()) == sorted([LIST, COPY, store.LOCK, "0a0a0a0a.wav"])


@pytest.mark.parametrize("name", [LIST, COPY])
def test_a_file_cut_at_any_byte_loses_nothing(kept: FriendStore, name: str) -> None:
    file, whole = kept.folder / name, (kept.folder / name).read_bytes()
    before = kept.load()
    for length in range(len(whole)):
        with pytest.raises(ValueError, match=r"."):
            decode(whole[:length])
    for length in (*range(0, len(whole), 499), len(whole) - 1):  # each is mended, on the disk, which takes its time
        file.write_bytes(whole[:length])
        assert kept.load() == before, length
    assert file.read_bytes() == whole


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_no_changed_byte_changes_a_friend(kept: FriendStore, data: st.DataObject) -> None:
    before, whole = kept.load(), bytearray((kept.folder / LIST).read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (kept.folder / LIST).write_bytes(whole)
    assert kept.load() == before


def test_one_file_that_is_gone_loses_nothing(kept: FriendStore) -> None:
    (kept.folder / LIST).unlink()
    assert names(kept.load()) == ["Anna", "Ben"]
    assert (kept.folder / LIST).exists()


def test_two_damaged_files_are_one_clear_sentence_and_stay_as_they_are(kept: FriendStore) -> None:
    for name in (LIST, COPY):
        (kept.folder / name).write_bytes((kept.folder / name).read_bytes()[:100])
    with pytest.raises(FriendsFileError, match="the list of friends is damaged, and its copy too") as failed:
        kept.load()
    assert "\n" not in str(failed.value)
    with pytest.raises(FriendsFileError):
        kept.add(friend(2))
    assert (kept.folder / LIST).stat().st_size == 100
    kept.forget_all()
    assert kept.load() == ()


def test_what_is_forgotten_is_in_no_file(kept: FriendStore) -> None:
    anna = kept.load()[0]
    kept.forget(anna.friend_id)
    assert names(kept.load()) == ["Ben"]
    assert not [each for each in kept.folder.iterdir() if b"Anna" in each.read_bytes() or each.suffix == ".wav"]
    kept.forget_all()
    assert kept.load() == ()
    assert not [each for each in kept.folder.iterdir() if b"Ben" in each.read_bytes()]


def test_a_power_cut_between_the_two_files_keeps_the_new_list(kept: FriendStore) -> None:
    old = (kept.folder / COPY).read_bytes()
    kept.forget(kept.load()[0].friend_id)
    (kept.folder / COPY).write_bytes(old)  # as if the second step had not come
    assert names(kept.load()) == ["Ben"]
    assert b"Anna" not in (kept.folder / COPY).read_bytes()


def test_what_a_power_cut_left_of_a_list_is_deleted(kept: FriendStore) -> None:
    (kept.folder / f".{LIST}.77").write_bytes(b"Carl")
    kept.forget(kept.load()[0].friend_id)
    assert not (kept.folder / f".{LIST}.77").exists()


def test_a_full_card_changes_nothing(kept: FriendStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(contents: object, mode: int = 0) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "friends.json")

    monkeypatch.setattr(store, "write_atomically", full)
    with pytest.raises(FriendsFileError, match=r"cannot be saved: the card is full; nothing was changed"):
        kept.add(friend(2))
    assert names(kept.load()) == ["Anna", "Ben"]


def test_all_friends_can_be_forgotten_on_a_full_card(kept: FriendStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(contents: object, mode: int = 0) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "friends.json")

    monkeypatch.setattr(store, "write_atomically", full)
    kept.forget_all()
    assert kept.load() == ()
    assert [file.name for file in kept.folder.iterdir()] == ["lock"]


def test_a_name_that_is_taken_or_is_none(kept: FriendStore) -> None:
    with pytest.raises(FriendsFileError, match="called anna already"):
        kept.add(friend(2, "anna"))
    for name in (" ", "two\nlines", "x" * 41, "x" * 5000, " Carl", "!!!", "42", "Carl\udcff"):
        with pytest.raises(FriendsFileError, match="a name") as refused:
            kept.add(dataclasses.replace(friend(2), name=name))
        assert len(str(refused.value)) < 160


def test_two_ways_to_encode_an_accent_are_one_name(kept: FriendStore) -> None:
    kept.add(friend(2, "Jos\N{LATIN SMALL LETTER E WITH ACUTE}"))
    with pytest.raises(FriendsFileError, match="already"):
        kept.add(friend(3, "JOSE\N{COMBINING ACUTE ACCENT}"))


def test_a_name_of_before_that_is_no_longer_allowed_is_read(kept: FriendStore) -> None:
    old = dataclasses.replace(friend(2), name="42")
    assert decode(encode([old])) == (old,)


def test_renaming(kept: FriendStore) -> None:
    anna, ben = kept.load()
    kept.replace(dataclasses.replace(anna, name="Anne"))
    assert names(kept.load()) == ["Anne", "Ben"]
    with pytest.raises(FriendsFileError, match="called Anne already"):
        kept.replace(dataclasses.replace(ben, name="Anne"))
    kept.forget(ben.friend_id)
    with pytest.raises(FriendsFileError, match="no longer a friend"):
        kept.replace(ben)


def test_too_many_friends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_FRIENDS", 2)
    made = FriendStore(tmp_path)
    made.add(friend(0))
    made.add(friend(1))
    with pytest.raises(FriendsFileError, match="2 friends already"):
        made.add(friend(2))


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    def add(start: int) -> None:
        for index in range(start, start + 10):
            FriendStore(tmp_path).add(friend(index))

    writers = [threading.Thread(target=add, args=(start,)) for start in (0, 10)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(FriendStore(tmp_path).load()) == 20


def test_a_change_is_seen_by_its_stamp(kept: FriendStore) -> None:
    before = kept.stamp()
    assert kept.stamp() == before
    kept.forget(kept.load()[0].friend_id)
    assert kept.stamp() != before
    assert FriendStore(kept.folder / "none").stamp() == ()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FriendsFileError, match="cannot be"):
        FriendStore(tmp_path / "file" / "friends").add(friend(0))


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""}, {"is_adult": "yes"}, {"tag": "../x"}, {"tag": ".hidden"}, {"views": []}, {"consent": "no"},
        {"mean": "AAAA"}, {"mean": "AACAPwAAgD8="}, {"views": ["!"]}, {"friend_id": ""}, {"kept_on": 5},
        {"is_strict": 1}, {"views": "AAAA"},
    ],
)  # fmt: skip
def test_a_list_with_a_wrong_value_is_refused(changed: dict[str, object]) -> None:
    held = json.loads(encode([friend(0)]))
    held["friends"][0].update(changed)
    held["sha256"] = friends_file._digest(held["friends"])
    with pytest.raises(ValueError, match=r"."):
        decode(json.dumps(held).encode() + b"\n")


@given(st.binary(max_size=300))
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(content)


def test_a_list_of_a_later_version_is_refused() -> None:
    with pytest.raises(ValueError, match="of another version"):
        decode(encode([]).replace(b'"format": 1', b'"format": 2'))
