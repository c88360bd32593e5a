"""Who the tracked faces are: the source of names that a pipeline takes, where friends are recognized."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.people import KnownName
from assistant.records import Track


class Names(NamedTuple):
    """What is known of the tracks after a frame."""

    known: Mapping[int, KnownName] = MappingProxyType({})
    """Who it is, strangers included, by track_id; a track of which nothing is known is missing."""
    awaited: frozenset[int] = frozenset()
    """The tracks at which a look is under way."""


class NameSource(Protocol):
    """Finds out who the tracks are, from a few looks at each."""

    @property
    def error(self) -> str:
        """Why nobody can be recognized at present; empty where that works."""
        ...

    def update(self, grey: NDArray[np.uint8], tracks: Sequence[Track], at: float) -> Names:
        """Take in the tracks of a frame, uint8 [H, W], taken at `at` seconds; never waits for a look that is made
        elsewhere, and never raises."""
        ...

    def reject(self, track_id: int, friend_id: str) -> None:
        """The wearer says that a track is not that friend; from any thread. From now on that friend is named only with
        a better likeness."""
        ...
