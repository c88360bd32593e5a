"""The names of friends in view, from at most three looks at each new track; see `names.NameSource`.

The faces are aligned here, on the pipeline's thread, and the recognizer works elsewhere: in the process of its engine,
awaited by a thread that lives for one look, or at once where a recording is played. Nothing is done while nobody new is
in view, or there are no friends.
"""

import dataclasses
import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import SkillCancelledError, SkillError
from assistant.people import KnownName
from assistant.records import Track
from assistant.skills.friends import gates
from assistant.skills.friends.alignment import align
from assistant.skills.friends.evidence import Evidence
from assistant.skills.friends.friend import Friend
from assistant.skills.friends.gallery import Certainty, Gallery, Match
from assistant.skills.friends.store import FriendStore
from assistant.skills.friends.thresholds import NameThresholds
from assistant.system.account import Account, acting_as
from assistant.system.friends_folder import friends_folder
from assistant.vision.faces.tracker import expiry_s
from assistant.vision.names import Names

log = logging.getLogger(__name__)

CONFIRMED_HITS = 3
"""In so many frames a face must have been found before it is looked at: what was found once may be no face."""
LOOK_GAP_S = 0.2
"""Seconds between two looks at a track: of two pictures taken at once the second tells nothing new."""
MISSED_S = 0.5
"""A track that was not found for so many seconds gives up a name that another one claims: the person may have been
found again as a new track."""
RETRY_S = 30.0
"""Seconds without looks after one that failed: an engine that ends each time must not be started without end."""
STAMP_S = 1.0
"""Interval at which it is checked whether friends were taught or forgotten, seconds."""

Embed = Callable[[NDArray[np.uint8]], Mapping[str, Any]]
"""Asks the engine of the friends to `embed` an aligned face uint8 [112, 112, 3]; returns its answer. Raises
SkillError."""
Start = Callable[[Callable[[], None]], None]
"""Has a function without arguments called, at once or on another thread."""


class KnownFriends(Protocol):
    """Where the friends come from: a FriendStore, or what a scene of the event benchmark knows."""

    def stamp(self) -> tuple[int, ...]: ...
    def load(self) -> tuple[Friend, ...]: ...
    def replace(self, friend: Friend) -> None: ...


class _FriendsOfService:
    """The service's friends, worked on with its rights: root must leave no file there that the service cannot read."""

    def __init__(self, store: KnownFriends, account: Account) -> None:
        self._store, self._account = store, account

    def stamp(self) -> tuple[int, ...]:
        return self._store.stamp()

    def load(self) -> tuple[Friend, ...]:
        with acting_as(self._account):
            return self._store.load()

    def replace(self, friend: Friend) -> None:
        with acting_as(self._account):
            self._store.replace(friend)


class _LookResult(NamedTuple):
    """The result of one look."""

    track_id: int
    quality: float
    answer: Mapping[str, Any] | None
    """None: it failed."""
    error: str = ""


class FriendNames:
    """Looks at each new track until it is known who that is."""

    def __init__(self, store: KnownFriends, embed: Embed, start: Start, expiry_s: float) -> None:
        """start: how a look is made. expiry_s: seconds after which a track that is not found has ended."""
        self._store, self._embed, self._start, self._expiry_s = store, embed, start, expiry_s
        self.error = ""
        self._friends: tuple[Friend, ...] = ()
        self._stamp: tuple[int, ...] | None = None
        self._evidence: Evidence | None = None  # None: not known yet which recognizer it is
        self._model = ("", NameThresholds(1.0, 1.0))
        self._seen_at: dict[int, float] = {}
        self._looked_at: dict[int, float] = {}
        self._under_way: int | None = None
        self._done: queue.SimpleQueue[_LookResult] = queue.SimpleQueue()
        self._disputes: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._check_from = self._look_from = -np.inf

    def update(self, grey: NDArray[np.uint8], tracks: Sequence[Track], at: float) -> Names:
        """See NameSource.update."""
        self._note_tracks(tracks, at)
        self._take_results(at)
        if tracks and at >= self._check_from:
            self._check_from = at + STAMP_S
            self._read_friends()
        awaited = set()
        for track in tracks:
            if not self._is_wanted(track, at):
                continue
            due = at >= self._looked_at.get(track.track_id, -np.inf) + LOOK_GAP_S
            if due and self._under_way is None:
                if gates.refusal(track.face, grey) is not None:
                    continue
                self._look(grey, track, at)
                self._take_results(at)
            if track.track_id in self._looked_at and self._is_wanted(track, at):
                awaited.add(track.track_id)
        return Names(self._known(at), frozenset(awaited))

    def reject(self, track_id: int, friend_id: str) -> None:
        """See NameSource.reject."""
        self._disputes.put(track_id)
        try:
            friend = next((each for each in self._store.load() if each.friend_id == friend_id), None)
            if friend is not None and not friend.is_strict:
                self._store.replace(dataclasses.replace(friend, is_strict=True))
        except SkillError as err:  # the name is not said of this track even so
            log.warning("friends: %s", err)

    def _note_tracks(self, tracks: Sequence[Track], at: float) -> None:
        """Erase what is known of tracks that have ended."""
        self._seen_at.update((track.track_id, at) for track in tracks)
        ended = [each for each, seen_at in self._seen_at.items() if at - seen_at > self._expiry_s]
        for track_id in ended:
            del self._seen_at[track_id]
            self._looked_at.pop(track_id, None)
        if ended and self._evidence is not None:
            self._evidence.keep_only(self._seen_at.keys())

    def _read_friends(self) -> None:
        stamp = self._store.stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._friends, self.error = self._store.load(), ""
        except SkillError as err:
            self._friends, self.error = (), str(err)
            log.warning("friends: %s", err)
        if self._evidence is not None:
            self._evidence.set_gallery(Gallery(self._friends, *self._model))
            self._looked_at.clear()

    def _is_wanted(self, track: Track, at: float) -> bool:
        """Whether a look at a track may tell who it is."""
        if not self._friends or track.hits < CONFIRMED_HITS or at < self._look_from:
            return False
        return self._evidence is None or self._evidence.needs_look(track.track_id)

    def _look(self, grey: NDArray[np.uint8], track: Track, at: float) -> None:
        aligned = align(grey, track.face)
        if aligned is None:
            return
        self._looked_at[track.track_id], self._under_way = at, track.track_id
        track_id, quality = track.track_id, gates.view_quality(track.face, grey)

        def look() -> None:
            try:
                self._done.put(_LookResult(track_id, quality, self._embed(aligned)))
            except SkillCancelledError:
                self._done.put(_LookResult(track_id, quality, None))
            except SkillError as err:
                self._done.put(_LookResult(track_id, quality, None, str(err)))

        self._start(look)

    def _take_results(self, at: float) -> None:
        while not self._done.empty():
            self._under_way = None
            self._take(self._done.get(), at)
        while not self._disputes.empty():
            track_id = self._disputes.get()
            if self._evidence is not None:
                self._evidence.dispute(track_id)

    def _take(self, look: _LookResult, at: float) -> None:
        try:
            if look.answer is None:
                raise SkillError(look.error)
            answer = look.answer
            model = str(answer["model"]), NameThresholds(float(answer["name"]), float(answer["maybe"]))
            embedding = np.array(answer["embedding"], np.float32)
        except (SkillError, KeyError, TypeError, ValueError) as err:
            self._look_from = at + RETRY_S
            self.error = str(err) or type(err).__name__
            log.warning("friends: %s", self.error)
            return
        self.error = ""
        if self._evidence is None or model != self._model:
            self._model, self._evidence = model, Evidence(Gallery(self._friends, *model))
        if look.track_id in self._seen_at:
            self._evidence.add(look.track_id, embedding, look.quality)

    def _known(self, at: float) -> dict[int, KnownName]:
        """The names; of several tracks that are taken for one friend only the likeliest has the name."""
        if self._evidence is None:
            return {}
        verdicts = {each: self._evidence.verdict(each) for each in self._seen_at}
        known: dict[int, KnownName] = {}
        claimed: set[str] = set()
        for track_id, match in sorted(verdicts.items(), key=lambda each: self._rank(each[0], each[1], at)):
            if match is None or (match.friend is not None and match.friend.friend_id in claimed):
                continue
            known[track_id] = _name(match)
            claimed.add(known[track_id].friend_id)
        return known

    def _rank(self, track_id: int, match: Match | None, at: float) -> tuple[bool, float, int]:
        """Who keeps a name that two tracks claim: who is in view, then who is likelier, then who came first."""
        return at - self._seen_at[track_id] > MISSED_S, -match.cosine if match else 0.0, track_id


def open_names(settings: Settings, embed: Embed, start: Start, account: Account | None = None) -> FriendNames | None:
    """The names of the friends whom this user has, or the service, whose account is given; None where there can be
    none, without a home."""
    folder = friends_folder(of_service=account is not None)
    if folder is None:
        return None
    store: KnownFriends = FriendStore(folder)
    if account is not None:
        store = _FriendsOfService(store, account)
    return FriendNames(store, embed, start, expiry_s(settings.decisions.dwell_s))


def on_a_thread(look: Callable[[], None]) -> None:
    """Make a look on a thread of its own."""
    threading.Thread(target=look, name="friends", daemon=True).start()


def at_once(look: Callable[[], None]) -> None:
    """Make a look now."""
    look()


def _name(match: Match) -> KnownName:
    friend = match.friend
    if friend is None:
        return KnownName(is_stranger=True)
    return KnownName(friend.name, match.certainty is Certainty.NAMED, friend_id=friend.friend_id, sound=friend.tag)
