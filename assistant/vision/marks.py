"""What is drawn of a frame for people who see: who is in view, what is told of each, and this frame's probabilities."""

from collections.abc import Sequence

from assistant.people import PersonView
from assistant.phrases import Phrases
from assistant.records import NOBODY
from assistant.vision.overlay.draw import MarkedFace
from assistant.vision.queries.snapshot import SceneSnapshot
from assistant.vision.step import Step

FACES = ("all", "one")
"""Which faces are drawn: all that are processed, or the one of the wearer's partner, else the nearest."""


def letters_of(phrases: Phrases) -> str:
    """The letters of everything that may be drawn or said in a language."""
    return "".join(sorted({letter for table in phrases.tables.values() for each in table.values() for letter in each}))


def marked_faces(
    step: Step, snapshot: SceneSnapshot | None, labels: Sequence[str], phrases: Phrases, faces: str = "all"
) -> list[MarkedFace]:
    """The faces to draw, the nearest first: those of the step's tracks with what the wearer would be told, and those
    that only the slower search found.

    labels: of the expression model, in the order of its probabilities; the bars have these names. faces: one of FACES.
    """
    people = {each.track_id: each for each in snapshot.people} if snapshot is not None else {}
    probabilities = {each.track_id: each.probabilities for each in step.readings}
    boxes = {track.track_id: track.face.box for track in step.tracks}
    if snapshot is not None and snapshot.seen_at is None:
        boxes |= {each.track_id: each.box for each in snapshot.people if each.track_id not in boxes}
    found = [
        MarkedFace(
            box,
            _text(people.get(track_id), phrases),
            tuple(zip(labels, probabilities.get(track_id) or (), strict=False)),
            _told(people.get(track_id)),
            track_id in people and people[track_id].is_partner,
        )
        for track_id, box in boxes.items()
    ]
    return chosen(found, faces)


def chosen(found: Sequence[MarkedFace], faces: str) -> list[MarkedFace]:
    """Those of the faces, the nearest first, that are drawn; faces: one of FACES."""
    return sorted(found, key=lambda face: not face.is_partner)[:1] if faces == "one" else list(found)


def _told(person: PersonView | None) -> str:
    return person.expression if person is not None and person.state == person.expression else ""


def _text(person: PersonView | None, phrases: Phrases) -> str:
    """What is told of a person, after the name if they have one; empty where nothing is yet."""
    if person is None or person.state == NOBODY:
        return ""
    name = person.known.text if person.known is not None else ""
    known = phrases.tables[phrases.wording]
    told = known.get(_told(person), "") or phrases.text("reasons", person.reason if person.reason != "rejected" else "")
    return phrases.comma.join(filter(None, (name, told)))
