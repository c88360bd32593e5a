"""Who each track is, by at most three looks at it. Pure; who looks hands in what was seen.

A name needs two looks that agree, and a mean of the views that is near enough. What was seen of a track is erased as
soon as it is decided, and all that is known of a track when it ends.
"""

from collections.abc import Collection
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.skills.friends.friend import Friend
from assistant.skills.friends.gallery import Certainty, Gallery, Match, mean_embedding

MAX_LOOKS = 3
"""Embeddings taken of each track at the most: nobody new in view, no work."""
MIN_AGREEING = 2
"""Looks, each nearest to the same friend and none of them someone else's, before a name is said."""


@dataclass
class _TrackEvidence:
    embeddings: list[NDArray[np.float32]] = field(default_factory=list)
    qualities: list[float] = field(default_factory=list)
    nearest: list[str] = field(default_factory=list)
    """The friend_id that each look may be of; empty: someone else."""
    looks: int = 0
    verdict: Match | None = None


class Evidence:
    """What the looks at each track have shown so far."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self._tracks: dict[int, _TrackEvidence] = {}
        self._disputed: dict[int, str] = {}
        """The friend who a track is not, by the wearer's word."""

    def needs_look(self, track_id: int) -> bool:
        """Whether another look at a track may tell who it is."""
        if not self.gallery.friends or track_id in self._disputed:
            return False
        track = self._tracks.get(track_id)
        return track is None or (track.verdict is None and track.looks < MAX_LOOKS)

    def add(self, track_id: int, embedding: NDArray[np.float32], quality: float) -> Match | None:
        """Hand in a look at a track: an embedding float32 [D] and how good the view was, from 0 to 1. Returns who it
        is, once that is decided, else None."""
        if not self.needs_look(track_id):
            return self.verdict(track_id)
        track = self._tracks.setdefault(track_id, _TrackEvidence())
        match = self.gallery.match(embedding)
        track.looks += 1
        track.embeddings.append(embedding)
        track.qualities.append(max(quality, 0.01))
        track.nearest.append(match.friend.friend_id if match.friend is not None else "")
        track.verdict = self._decided(track)
        if track.verdict is not None:
            track.embeddings, track.qualities, track.nearest = [], [], []
        return track.verdict

    def verdict(self, track_id: int) -> Match | None:
        """Who a track is; None: not decided yet, or disputed."""
        track = self._tracks.get(track_id)
        return track.verdict if track is not None else None

    def dispute(self, track_id: int) -> Friend | None:
        """The wearer says that a track is not who it was said to be: it has no name until it ends. Returns the friend
        who it was said to be, whose bar is to be higher from now on; None where it had no name."""
        track = self._tracks.pop(track_id, None)
        if track is None or track.verdict is None or track.verdict.friend is None:
            return None
        self._disputed[track_id] = track.verdict.friend.friend_id
        return track.verdict.friend

    def keep_only(self, track_ids: Collection[int]) -> None:
        """Erase all that is known of every other track."""
        for known in (self._tracks, self._disputed):
            for track_id in [each for each in known if each not in track_ids]:
                del known[track_id]

    def set_gallery(self, gallery: Gallery) -> None:
        """The friends have changed: every track is looked at anew, but for disputed ones."""
        self.gallery = gallery
        self._tracks.clear()

    def _decided(self, track: _TrackEvidence) -> Match | None:
        best = max(dict.fromkeys(track.nearest), key=track.nearest.count)
        agreeing = [index for index, friend_id in enumerate(track.nearest) if friend_id == best]
        if best and len(agreeing) >= MIN_AGREEING:
            match = self._mean_match(track, agreeing)
            is_over = track.looks >= MAX_LOOKS or match.certainty is Certainty.NAMED
            if match.friend is not None and match.friend.friend_id == best and is_over:
                return match
        if track.looks < MAX_LOOKS:
            return None
        return Match(None, Certainty.SOMEONE_ELSE, self.gallery.match(mean_embedding(track.embeddings)).cosine)

    def _mean_match(self, track: _TrackEvidence, chosen: list[int]) -> Match:
        return self.gallery.match(
            mean_embedding([track.embeddings[index] for index in chosen], [track.qualities[index] for index in chosen])
        )
