"""Aiming by ear: where the nearest face lies in each picture, until it is in the middle or the time is over. Pure; time
comes with the frames.
"""

from assistant.earcon_names import AIM, CENTRED
from assistant.ipc.messages import AimPosition
from assistant.people import PersonView
from assistant.phrases import Phrases
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.sentences import Sentence
from assistant.vision.faces import geometry
from assistant.vision.queries.snapshot import MAX_AGE_S, SceneSnapshot

AIM_S = 10.0
"""Longest aiming, seconds."""
CENTRED_SHARE, CENTRED_S = 0.2, 0.5
"""A face is in the middle if it is no farther off than this share of half the picture to the side, neither too high nor
too low (`geometry.aim_hint`), for so many seconds."""


class Aiming:
    """One aiming, from `at` (seconds) on."""

    def __init__(self, phrases: Phrases, at: float) -> None:
        self._phrases, self._until = phrases, at + AIM_S
        self._track_id: int | None = None
        self._centred_since: float | None = None

    def update(self, snapshot: SceneSnapshot, at: float) -> AimPosition | Utterance:
        """Where the face is in a snapshot taken at `at` (seconds); or the words with which the aiming ends."""
        person = self._person(snapshot)
        hint = geometry.aim_hint(person.box, snapshot.width, snapshot.height) if person else ""
        x, y = _offsets(person, snapshot)
        is_centred = hint == "ahead" and x is not None and abs(x) <= CENTRED_SHARE
        if not is_centred:
            self._centred_since = None
        elif self._centred_since is None:
            self._centred_since = at
        if self._centred_since is not None and at - self._centred_since >= CENTRED_S:
            return self._end(self._phrases.text("aim", "centred"), CENTRED)
        return self._end(self._words(person, snapshot, at)) if at >= self._until else AimPosition(x, y)

    def _person(self, snapshot: SceneSnapshot) -> PersonView | None:
        """The person of the frame before, as long as they are in view; else the one to speak of first."""
        people = snapshot.people if snapshot.seen_at is None else ()
        held = next((each for each in people if each.track_id == self._track_id), None)
        person = held or geometry.primary_person(people)
        self._track_id = person.track_id if person else None
        return person

    def _words(self, person: PersonView | None, snapshot: SceneSnapshot, at: float) -> str:
        """What is true when the time is over. A face that was missed for a moment is still there."""
        if snapshot.is_lens_covered:
            return self._phrases.status("lens_covered")
        if person is None and snapshot.seen_at is not None and at - snapshot.seen_at <= MAX_AGE_S:
            person = geometry.primary_person(snapshot.people)
        if person is None and snapshot.problem:
            return self._phrases.answer("why_not", reason=self._phrases.text("reasons", snapshot.problem))
        if person is None:
            return self._phrases.announcement(Sentence.NOBODY_IN_VIEW)
        hint = geometry.aim_hint(person.box, snapshot.width, snapshot.height)
        if hint in ("left", "right"):
            return self._phrases.join((self._phrases.text("counts", "1"), self._phrases.place(hint)))
        return self._phrases.text("aim", hint)

    @staticmethod
    def _end(text: str, earcon: str = "") -> Utterance:
        return Utterance(text, Priority.ANSWER, "answer", None, AIM, earcon, kind=UtteranceKind.ANSWER)


def _offsets(person: PersonView | None, snapshot: SceneSnapshot) -> tuple[float | None, float | None]:
    """x and y of a face as in AimPosition."""
    if person is None:
        return None, None
    x, y = person.box.center
    return _share(x, snapshot.width), _share(y, snapshot.height)


def _share(offset: float, length: int) -> float:
    """A place in pixels from 0 to `length`, as one from -1 to 1."""
    return round(min(1.0, max(-1.0, 2 * offset / length - 1)), 3)
