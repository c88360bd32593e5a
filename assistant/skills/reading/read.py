"""`read`: what is written before the camera, sentence by sentence."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from assistant.errors import SkillError
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.skills.reading import vocabulary
from assistant.skills.reading.cut_off import cut_off_sides
from assistant.skills.reading.dose import has_dose
from assistant.skills.reading.reading_order import RIGHT_TO_LEFT, Line, lines_of
from assistant.skills.reading.steadiness import small, steadiness
from assistant.skills.reading.text_sentences import ENDS, sentences_of
from assistant.skills.reading.trust import trust, trusted_lines
from assistant.skills.reading.word import word
from assistant.skills.session import Look, Session, SkillName
from assistant.skills.words import Words

READING_LIMIT_S = 25.0
"""A full page takes 3 s on a board, each further turn of it 2 s; a board that is hot is slower."""
MAX_LOOKS = 14
"""So many looks are taken until one is steady, 2 s at seven a second; then the sharpest of them is read."""
WORDS_OF_TEXT, TRUST_OF_TEXT = 3, 0.3
"""A line of so many words with that trust, of a page that is not trusted: text that is too small or too blurred."""
HOLD_STILL_AFTER = 4
"""After so many looks of which none was steady the wearer is asked to hold still."""


def read(session: Session) -> Iterator[Utterance]:
    """What is written before the camera: warnings, then the sentences; or that there is nothing that can be read."""
    words = vocabulary.load(session.settings.announcements.locale)
    look = yield from _steady_look(session, words)
    locales = tuple(dict.fromkeys((words.locale, *session.settings.read.languages)))
    answer = session.ask(SkillName.READ, {"op": "read", "locales": list(locales)}, look.image, limit_s=READING_LIMIT_S)
    texts = _texts(answer, look.image.shape[:2], words, locales)
    for number, text in enumerate(texts):
        yield _utterance(text, f"read_{number}")


def _steady_look(session: Session, words: Words) -> Generator[Utterance, None, Look]:
    """The first look that is steady, else the sharpest of MAX_LOOKS."""
    best = look = session.look()
    before, most = None, -1.0
    for number in range(MAX_LOOKS):
        if number:
            look = session.look(after=look.at)
        now = steadiness(before, look.image)
        if now.is_steady:
            return look
        if now.sharpness > most:
            best, most = look, now.sharpness
        if number == HOLD_STILL_AFTER:
            yield _utterance(words.text("reading", "hold_still"), "read_hold_still")
        before = small(look.image)
    return best


def text_of(answer: Mapping[str, Any], locales: Sequence[str]) -> tuple[list[Line], list[Line]]:
    """The lines of an answer of the engine, and those of them that are trusted, in reading order. locales: the language
    of the sentences first. Raises SkillError for an answer that is malformed."""
    found = answer.get("words")
    if not isinstance(found, list):
        raise SkillError("the reader's answer has no words")
    lines = lines_of(map(word, found), right_to_left=locales[0] in RIGHT_TO_LEFT)
    return lines, trusted_lines(lines, locales, is_turned=answer.get("turned") != 0)


def _texts(answer: Mapping[str, Any], shape: tuple[int, ...], words: Words, locales: Sequence[str]) -> Iterator[str]:
    """What is said to an answer of the engine about a picture [H, W]."""
    lines, trusted = text_of(answer, locales)
    if not trusted:
        yield words.text("reading", "cannot_read" if _looks_like_text(lines) else "no_text")
        return
    if turned := answer.get("turned"):
        yield words.text("reading", "upside_down" if turned == 180 else "sideways")
    sides = cut_off_sides(trusted, shape[1], shape[0])
    if sides:
        yield words.text("reading", "cut_off", where=", ".join(words.tables["sides"][side] for side in sides))
    if answer.get("is_english") and words.locale != "en":
        yield words.text("reading", "in_english")
    hint = words.text("reading", "check_this")
    for sentence in sentences_of(trusted):
        text = sentence.text
        yield f"{text}{'' if text.endswith(tuple(ENDS)) else '.'} {hint}" if has_dose(text) else text


def _looks_like_text(lines: Sequence[Line]) -> bool:
    """Whether what cannot be trusted may be text all the same: several words in a line."""
    return any(len(line.words) >= WORDS_OF_TEXT and trust(line.words) >= TRUST_OF_TEXT for line in lines)


def _utterance(text: str, topic: str) -> Utterance:
    return Utterance(text, Priority.ANSWER, topic, kind=UtteranceKind.ANSWER)
