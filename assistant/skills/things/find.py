"""Where a thing is: while it is looked for its place in each look, for the ticks; then where it is, in words.

The thing is named from two looks that agree, once it is in the middle or stays where it is. What is not seen is never
said to be absent: "No cup seen. Turn slowly."
"""

import math
from collections.abc import Iterator
from dataclasses import field

from assistant.dataclass import dataclass
from assistant.ipc.messages import AimPosition
from assistant.records import Box, Priority, Utterance, UtteranceKind
from assistant.skills.session import Look, Session
from assistant.skills.things import vocabulary
from assistant.skills.things.agreement import agreeing, centre_share
from assistant.skills.things.detection import Thing
from assistant.skills.things.looking import Found, detect
from assistant.skills.things.sizes import is_close
from assistant.skills.things.thresholds import FIND_OTHER_SCORE, FOLLOW_SHARE, MIN_SCORES
from assistant.skills.words import Words
from assistant.vision.faces import geometry

SEARCH_S = 30.0
"""Longest search, seconds."""
UNSEEN_S = 5.0
"""After so long without the thing it is said that it is not seen; again after as long as that each time."""
CENTRED_SHARE = 0.2
"""A thing is in the middle if its centre is no farther off than this share of half the picture, as for `aim`."""
STILL_SHARE, STILL_LOOKS = 0.05, 3
"""Looks in a row in which its centre has moved by no more than this share of half the picture: the wearer does not turn
to it, and is told where it is."""


@dataclass
class Search:
    """What a search knows so far. Pure; time comes with the looks."""

    label: str
    fov_deg: float
    began_at: float
    told_at: float = field(init=False)
    """When it was last said that the thing is not seen."""
    before: Thing | None = None
    """The thing in the look before."""
    still: int = 0
    """In how many looks in a row it has stayed where it is."""

    def __post_init__(self) -> None:
        self.told_at = self.began_at

    def update(self, found: Found, shape: tuple[int, int]) -> tuple[AimPosition, Thing | None]:
        """Where the thing is in a look at a picture of that shape (height, width), and the thing once it can be named:
        it is sure, and in the middle or still."""
        score = MIN_SCORES.get(found.detector, {}).get(self.label, FIND_OTHER_SCORE)
        seen = [each for each in found.things if each.label == self.label and each.score >= FOLLOW_SHARE * score]
        before, thing = self.before, self._followed(seen)
        self.before = thing
        if thing is None:
            self.still = 0
            return AimPosition(None, None), None
        both = agreeing([before], [thing]) if before else []
        is_still = before is not None and abs(_share(thing.box, shape) - _share(before.box, shape)) <= STILL_SHARE
        self.still = self.still + 1 if both and is_still else 1
        is_placed = abs(_share(thing.box, shape)) <= CENTRED_SHARE or self.still >= STILL_LOOKS
        is_named = bool(both) and both[0].score >= score and is_placed
        return _position(thing.box, shape), thing if is_named else None

    def _followed(self, seen: list[Thing]) -> Thing | None:
        """What lies nearest to the thing of the look before; without one the surest."""
        if self.before is None:
            return max(seen, key=lambda each: each.score, default=None)
        last = self.before.box.center
        return min(seen, key=lambda each: math.dist(each.box.center, last), default=None)


def find(session: Session) -> Iterator[Utterance | AimPosition]:
    """Answers "where is my …", whose name is the session's argument. Lets SkillError pass."""
    language = vocabulary.load(session.phrases.locale)
    label = vocabulary.label_of(language, session.argument)
    if label is None:
        yield _answer(_unknown(language, session.argument))
        return
    look = session.look()
    search = Search(label, session.settings.camera.fov_deg, look.at)
    while True:
        position, thing = search.update(detect(session, look), _shape(look))
        if thing is not None:
            yield position
            yield _answer(_where(session, language.tables["things"][label], thing, look))
            return
        if look.at - search.began_at >= SEARCH_S:
            yield _answer(_last_words(session, language, search, look))
            return
        yield position
        if search.before is not None:
            search.told_at = look.at
        elif look.at - search.told_at >= UNSEEN_S:
            search.told_at = look.at
            yield _answer(f"{vocabulary.none_seen(language, label)} {language.text('sentences', 'turn')}")
        look = session.look(after=look.at)


def _unknown(language: Words, name: str) -> str:
    if not name.strip():
        return language.text("sentences", "which")
    near = vocabulary.nearest(language, name)
    if near is None:
        return language.text("sentences", "unknown")
    return language.text("sentences", "unknown_near", thing=language.tables["things"][near])


def _where(session: Session, name: str, thing: Thing, look: Look) -> str:
    """E.g. "Cup, at one o'clock, close."."""
    height, width = _shape(look)
    fov = session.settings.camera.fov_deg
    hour = geometry.clock_hour(thing.box, width, geometry.horizontal_fov_deg(fov, (height, width)))
    near = "near" if is_close(thing.label, thing.box, width, height, fov) else ""
    return session.phrases.join((name, session.phrases.place(hour), session.phrases.text("distance", near)))


def _last_words(session: Session, language: Words, search: Search, look: Look) -> str:
    """When the time is over: what was seen, but was never sure; else that nothing was."""
    if search.before is not None:
        maybe = language.tables["sentences"]["maybe"].format(thing=language.tables["things"][search.label])
        return _where(session, maybe, search.before, look)
    return f"{vocabulary.none_seen(language, search.label)} {language.text('sentences', 'given_up')}"


def _answer(text: str) -> Utterance:
    return Utterance(text, Priority.ANSWER, "answer", None, "find", kind=UtteranceKind.ANSWER)


def _shape(look: Look) -> tuple[int, int]:
    return look.image.shape[0], look.image.shape[1]


def _share(box: Box, shape: tuple[int, int]) -> float:
    return centre_share(box, shape[1])


def _position(box: Box, shape: tuple[int, int]) -> AimPosition:
    down = min(1.0, max(-1.0, 2 * box.center[1] / shape[0] - 1))
    return AimPosition(round(_share(box, shape), 3), round(down, 3))
