"""Learning a friend from several views of one person, whether they come from the camera, pictures or a clip. Pure.

Views must be of one person, and not of somebody who is a friend already.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.errors import SkillError
from assistant.skills.friends.friend import MAX_VIEWS, MIN_VIEWS, ConsentWay, Friend
from assistant.skills.friends.gallery import Certainty, Gallery, as_embedding, mean_embedding

SAME_VIEW = 0.95
"""Cosine from which a view is the same as one before: of five pictures of a head that does not move the second tells
nothing new."""


class EnrolmentError(SkillError):
    """These views cannot become a friend."""


@dataclass(frozen=True)
class View:
    """A good view of a face."""

    name: str
    """Where it comes from, for messages, e.g. a file name."""
    embedding: NDArray[np.float32]
    """Float32 [D] of length 1."""
    quality: float
    """From 0 to 1."""


@dataclass
class Enrolment:
    """The views that were collected so far."""

    gallery: Gallery
    """The friends whom this person must not be already."""
    views: list[View] = field(default_factory=list)

    def is_new(self, embedding: NDArray[np.float32]) -> bool:
        """Whether a view, float32 [D], differs from all before, so that it teaches something."""
        return all(float(each.embedding @ embedding) < SAME_VIEW for each in self.views)

    def strangers(self) -> tuple[View, ...]:
        """The views that are not of the person whom the others show: those that are someone else's by the cosine with
        the mean of the others. Of two views that differ it cannot be told which is wrong: both are."""
        bar = self.gallery.thresholds.maybe
        found = []
        for index, view in enumerate(self.views):
            others = [each.embedding for place, each in enumerate(self.views) if place != index]
            if others and float(mean_embedding(others) @ view.embedding) < bar:
                found.append(view)
        return tuple(found)

    def known_as(self) -> Friend | None:
        """The friend who this person is already; None: nobody."""
        if not self.views:
            return None
        match = self.gallery.match(mean_embedding(each.embedding for each in self.views))
        return match.friend if match.certainty is Certainty.NAMED else None

    def friend(
        self, name: str, model: str, consent: ConsentWay, consent_on: str, *, is_adult: bool | None = None
    ) -> Friend:
        """The friend whom the views show. Raises EnrolmentError."""
        if len(self.views) < MIN_VIEWS:
            count = "1 good view" if len(self.views) == 1 else f"{len(self.views)} good views"
            raise EnrolmentError(f"{count}; {MIN_VIEWS} are needed, {MAX_VIEWS} are better")
        if odd := self.strangers():
            names = ", ".join(each.name for each in odd)
            raise EnrolmentError(f"the views do not show one person: {names} differs from the others; leave it out")
        if (known := self.known_as()) is not None:
            raise EnrolmentError(
                f"this person is a friend already, by the name {known.name}; forget or rename that one"
            )
        return Friend(
            uuid.uuid4().hex[:8],
            name,
            as_embedding(
                mean_embedding([each.embedding for each in self.views], [each.quality for each in self.views])
            ),
            tuple(as_embedding(each.embedding) for each in best_views(self.views)),
            model,
            consent,
            consent_on,
            is_adult,
        )


def best_views(views: Sequence[View]) -> tuple[View, ...]:
    """MAX_VIEWS of the views at the most: the best one, then each time the one that is least like those chosen."""
    left = sorted(views, key=lambda view: -view.quality)
    chosen = left[:1]
    while len(chosen) < min(MAX_VIEWS, len(views)):
        rest = [view for view in left if not _is_in(view, chosen)]
        chosen.append(min(rest, key=lambda view: max(float(view.embedding @ each.embedding) for each in chosen)))
    return tuple(chosen)


def _is_in(view: View, views: Iterable[View]) -> bool:
    return any(view is each for each in views)
