"""The utterances of the pipeline: their text, priority, topic and time of expiry."""

import dataclasses

from assistant.named_phrases import named
from assistant.people import KnownName
from assistant.phrases import Phrases
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import Announcement

EXPRESSION_OVER, PERSON_CAME = "over", "came"
"""The earcons for the end of an expression, and for a person who comes into view."""
EXPIRES_S = 3.0
"""Seconds after a change within which its utterance must begin; later it is no news, even if it is still true."""
NAME_EXPIRES_S = 1.5
"""The same for a name that came after its person was announced: the announcement stands already."""
CUE_EXPIRES_S = 1.5
"""Seconds after a turn within which its utterance must begin: the person may soon have turned again."""


def topic_of(track_id: int) -> str:
    """The topic of all utterances about one track: of two that wait only the newer one is spoken."""
    return f"person {track_id}"


def of_announcement(phrases: Phrases, announcement: Announcement, at: float) -> Utterance:
    """The utterance for an announcement that was made at `at` (seconds)."""
    change = announcement.change
    name = announcement.name
    if name is not None:
        expression, where = announcement.expression, announcement.where
        text = named(
            phrases, announcement.sentence, name.text, is_certain=name.is_certain, expression=expression, where=where
        )
    else:
        text = phrases.announcement(
            announcement.sentence,
            expression=announcement.expression,
            where=announcement.where,
            reason=announcement.reason,
            people=announcement.people,
        )
    is_named = announcement.sentence is Sentence.NAMED
    reason = f" ({change.reason})" if change.reason else ""
    made = Utterance(
        text,
        Priority.CHANGE,
        f"name {change.track_id}" if is_named else topic_of(change.track_id),
        at + (NAME_EXPIRES_S if is_named else EXPIRES_S),
        f"person {change.track_id}: {change.old} -> {change.new}{reason}",
        _earcon(announcement),
        kind=UtteranceKind.CUE if announcement.is_cue else UtteranceKind.ANNOUNCEMENT,
    )
    return with_tag(made, name)


def with_tag(utterance: Utterance, name: KnownName | None) -> Utterance:
    """The utterance, in which the voice tag of a name is played, if it has one."""
    if name is None or not name.sound:
        return utterance
    return dataclasses.replace(utterance, spoken_name=name.text, name_sound=name.sound)


def _earcon(announcement: Announcement) -> str:
    if announcement.sentence.names_expression:
        return announcement.expression
    if not announcement.is_cue:
        return ""
    return PERSON_CAME if announcement.sentence.is_presence else EXPRESSION_OVER


def of_cue(phrases: Phrases, cue: Announcement, at: float, *, is_sound: bool) -> Utterance:
    """The utterance for an announcement of attention that was made at `at` (seconds): its sentence, or with `is_sound`
    its sound alone."""
    text, track_id = phrases.announcement(cue.sentence, where=cue.where), cue.change.track_id
    kind = UtteranceKind.CUE if is_sound else UtteranceKind.ANNOUNCEMENT
    topic, note = f"attention {track_id}", f"person {track_id}: {cue.sentence}"
    earcon = str(cue.sentence) if is_sound else ""
    is_over = cue.sentence is Sentence.TURNED_AWAY
    return Utterance(text, Priority.STATUS, topic, at + CUE_EXPIRES_S, note, earcon, is_over, kind)


def of_too_many_faces(phrases: Phrases, count: int, at: float) -> Utterance:
    """That `count` faces are in view, more than are processed."""
    return Utterance(phrases.status("many_faces"), Priority.CHANGE, "many", at + EXPIRES_S, f"{count} faces")


def of_lens(phrases: Phrases, *, is_covered: bool) -> Utterance:
    """That the assistant pauses because its lens is covered, or that it sees again."""
    name = "lens_covered" if is_covered else "lens_uncovered"
    return Utterance(phrases.status(name), Priority.PAUSE, "lens", None, name, is_over=not is_covered)
