"""The utterances of the pipeline: their text, priority, topic and time of expiry."""

from assistant.phrases import Phrases, Sentence
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.vision.decisions.announcement_log import Announcement

EXPRESSION_OVER = "over"
"""The earcon for the end of an expression."""
EXPIRES_S = 3.0
"""Seconds after a change within which its utterance must begin; later it is no news, even if it is still true."""


CUE_EXPIRES_S = 1.5
"""The same for which way a person has turned, which may soon be otherwise."""


def topic_of(track_id: int) -> str:
    """The topic of all utterances about one track: of two that wait only the newer one is spoken."""
    return f"person {track_id}"


def of_announcement(phrases: Phrases, announcement: Announcement, at: float) -> Utterance:
    """The utterance for an announcement that was made at `at` (seconds)."""
    change = announcement.change
    text = phrases.announcement(
        announcement.sentence,
        expression=announcement.expression,
        where=announcement.where,
        reason=announcement.reason,
        people=announcement.people,
    )
    reason = f" ({change.reason})" if change.reason else ""
    return Utterance(
        text,
        _priority(announcement.sentence),
        topic_of(change.track_id),
        at + EXPIRES_S,
        f"person {change.track_id}: {change.old} -> {change.new}{reason}",
        _earcon(announcement),
        kind=UtteranceKind.CUE if announcement.is_cue else UtteranceKind.ANNOUNCEMENT,
    )


def _earcon(announcement: Announcement) -> str:
    if announcement.is_cue:
        return EXPRESSION_OVER
    return announcement.expression if announcement.sentence.names_expression else ""


def of_cue(phrases: Phrases, cue: Announcement, at: float, *, is_sound: bool) -> Utterance:
    """The utterance for an announcement of attention that was made at `at` (seconds): its sentence, or with `is_sound`
    its sound alone."""
    text, track_id = phrases.announcement(cue.sentence, where=cue.where), cue.change.track_id
    kind = UtteranceKind.CUE if is_sound else UtteranceKind.ANNOUNCEMENT
    topic, note = f"attention {track_id}", f"person {track_id}: {cue.sentence}"
    earcon = str(cue.sentence) if is_sound else ""
    return Utterance(text, Priority.STATUS, topic, at + CUE_EXPIRES_S, note, earcon, kind=kind)


def _priority(sentence: Sentence) -> Priority:
    """An arrival or departure has a lower priority than an expression, and cannot be the last announcement that a
    minute allows. An empty view has that of an expression, since it corrects all that was announced before: so in 77
    tuning scenes the wearer believed for 38 s less in people who had left."""
    return Priority.STATUS if sentence.is_presence and sentence is not Sentence.NOBODY_IN_VIEW else Priority.CHANGE


def of_too_many_faces(phrases: Phrases, count: int, at: float) -> Utterance:
    """That `count` faces are in view, more than are processed."""
    return Utterance(phrases.status("many_faces"), Priority.CHANGE, "many", at + EXPIRES_S, f"{count} faces")


def of_lens(phrases: Phrases, *, is_covered: bool) -> Utterance:
    """That the assistant pauses because its lens is covered, or that it sees again."""
    name = "lens_covered" if is_covered else "lens_uncovered"
    return Utterance(phrases.status(name), Priority.PAUSE, "lens", None, name, is_over=not is_covered)
