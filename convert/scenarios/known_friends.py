"""The friends of a scene, learned from pictures of muxspace that no scene shows."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.skills.friends.engine import FriendsEngine
from assistant.skills.friends.enrolment import Enrolment
from assistant.skills.friends.friend import MAX_VIEWS, MIN_VIEWS, ConsentWay, Friend
from assistant.skills.friends.gallery import Gallery
from assistant.skills.friends.recognizer import open_recognizer
from assistant.skills.friends.view_collector import ViewCollector, open_collector
from assistant.skills.friends.weights import recognizer_file
from assistant.vision.faces.tracker import expiry_s
from assistant.vision.friend_names import FriendNames, at_once
from convert.data import picture_files


def is_available(settings: Settings) -> bool:
    """Whether there is a face recognizer, without which nobody is named."""
    try:
        return Path(recognizer_file(settings)).is_file()
    except SkillError:
        return False


class SceneFriends:
    """The friends who are known in a scene; see `friend_names.KnownFriends`."""

    def __init__(self, friends: Sequence[Friend]) -> None:
        self._friends = tuple(friends)

    def stamp(self) -> tuple[int, ...]:
        return (len(self._friends),)

    def load(self) -> tuple[Friend, ...]:
        return self._friends

    def replace(self, friend: Friend) -> None:
        """Nobody disputes a name in a scene."""
        raise NotImplementedError


def names(settings: Settings, portraits: Mapping[str, tuple[Path, ...]], friends: Sequence[str]) -> FriendNames:
    """The names in a scene in which these people are friends. portraits: pictures of each. Raises SkillError."""
    engine, learned = _engine(settings), [_learned(settings, each, portraits[each]) for each in friends]

    def embed(aligned: NDArray[np.uint8]) -> dict[str, Any]:
        return engine.handle({"op": "embed"}, aligned)

    known = SceneFriends([each for each in learned if each is not None])
    return FriendNames(known, embed, at_once, expiry_s(settings.decisions.dwell_s))


@functools.cache
def _engine(settings: Settings) -> FriendsEngine:
    return FriendsEngine(open_recognizer(Path(recognizer_file(settings))))


@functools.cache
def _collector(settings: Settings) -> ViewCollector:
    recognizer = _engine(settings).recognizer
    return open_collector(settings, recognizer, Enrolment(Gallery((), recognizer.sha256, recognizer.thresholds)))


@functools.cache
def _learned(settings: Settings, person: str, files: tuple[Path, ...]) -> Friend | None:
    """A friend whose name is that of the person in the ground truth; None where too few pictures are good enough, or
    they do not show one person, as an enrolment would say."""
    recognizer, collector = _engine(settings).recognizer, _collector(settings)
    collector.enrolment = Enrolment(Gallery((), recognizer.sha256, recognizer.thresholds))
    for file in files:
        collector.add(picture_files.grey(file), file.name)
        if len(collector.enrolment.views) >= MAX_VIEWS:
            break
    for odd in collector.enrolment.strangers():
        collector.enrolment.views.remove(odd)
    if len(collector.enrolment.views) < MIN_VIEWS:
        return None
    return collector.enrolment.friend(person, recognizer.sha256, ConsentWay.SAID_BY_USER, "")
