"""The answers to the wearer's questions, from the snapshot of the last frame if that is fresh. Pure.

Every sentence has eight words at the most; the most important one, how the person looks, comes first.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import field

from assistant.dataclass import dataclass
from assistant.earcon_names import AIM
from assistant.ipc.commands import Command
from assistant.named_phrases import named
from assistant.people import KnownName, PersonView
from assistant.phrases import SPOKEN_EXPRESSIONS, Phrases
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.sentences import Sentence
from assistant.vision.decisions.balance import FAIRLY_SURE
from assistant.vision.faces import geometry
from assistant.vision.queries.snapshot import MAX_AGE_S, SceneSnapshot

QUITE_SURE = 0.8
"""Mean probability from which an answer says that it is quite sure."""


@dataclass(frozen=True)
class AnswerResult:
    """An answer, and what it is about."""

    utterance: Utterance
    person: PersonView | None = None
    """The person it is about; None where it is about nobody."""
    reason: str = ""
    """Why the answer names no expression; empty where it names one, if only with "maybe"."""
    says_nobody: bool = False
    """Whether the answer is that nobody is in view."""
    names: Mapping[int, KnownName] = field(default_factory=dict)
    """The names that it says, by track_id."""


class Answers:
    """Answers in one language."""

    def __init__(self, phrases: Phrases, trusted: tuple[str, ...], *, is_by_clock: bool = False) -> None:
        """trusted: the expressions that are named without "maybe" where they are sure. is_by_clock: directions are
        hours of the clock."""
        self.phrases, self.trusted, self.is_by_clock = phrases, trusted, is_by_clock

    def answer(
        self, question: Command, snapshot: SceneSnapshot | None, now: float, last: int | None = None
    ) -> AnswerResult:
        """The answer to ASK, MORE, WHY or AIM, asked at `now` (seconds of the frames' clock). That to AIM is presented
        by the tone; where nobody is in view, the tone looks for a face.

        last: track_id of the person whose expression was named last; WHY asks about them, if they are still in view.
        """
        if snapshot is None or now - snapshot.at > MAX_AGE_S:
            return AnswerResult(self.status("no_picture"))
        if snapshot.is_lens_covered:
            return AnswerResult(self.status("lens_covered"), None, "lens_covered")
        person = geometry.primary_person(snapshot.people)
        if snapshot.seen_at is not None and now - snapshot.seen_at > MAX_AGE_S:
            person = None
        elif question is Command.WHY:
            person = next((each for each in snapshot.people if each.track_id == last), person)
        if person is None:
            nobody = (
                self._why_not(snapshot.problem)
                if snapshot.problem
                else self.phrases.announcement(Sentence.NOBODY_IN_VIEW)
            )
            result = dataclasses.replace(_result(nobody, None, snapshot.problem), says_nobody=not snapshot.problem)
            return _by_tone(result) if question is Command.AIM else result
        if question is Command.AIM:
            hint = geometry.aim_hint(person.box, snapshot.width, snapshot.height)
            return _by_tone(_result(self.phrases.text("aim", hint), person, ""))
        reason = self.reason(person)
        called: tuple[PersonView, ...] = ()
        if question is Command.WHY:
            text = self._why(person, now)
        elif question is Command.MORE and len(snapshot.people) > 1:
            text = " ".join((self._count(snapshot), *(self._look(one, self._where(one)) for one in snapshot.people)))
            called = tuple(each for each in snapshot.people if each.known and not each.known.is_stranger)
        else:
            stranger = self.phrases.text("names", "stranger") if person.known and person.known.is_stranger else ""
            text = " ".join(filter(None, (stranger, self._look(person), self._people(snapshot, person))))
            called = (person,) if person.known and not person.known.is_stranger else ()
        names = {each.track_id: each.known for each in called if each.known}
        result = dataclasses.replace(_result(text, person, reason), names=names)
        sound = next((each for each in names.values() if each.sound), None) if len(names) == 1 else None
        if sound is None:
            return result
        utterance = dataclasses.replace(result.utterance, spoken_name=sound.text, name_sound=sound.sound)
        return dataclasses.replace(result, utterance=utterance)

    def not_named(self, name: KnownName) -> Utterance:
        """That somebody is not the friend as whom they were named, as the wearer says."""
        text = self.phrases.capitalize(self.phrases.text("names", "rejected").format(name=name.text))
        utterance = _result(text, None, "").utterance
        return dataclasses.replace(utterance, spoken_name=name.text if name.sound else "", name_sound=name.sound)

    def status(self, name: str) -> Utterance:
        """A sentence about the assistant itself, as an answer."""
        return Utterance(self.phrases.status(name), Priority.ANSWER, "answer", None, name, kind=UtteranceKind.ANSWER)

    def _look(self, person: PersonView, where: str = "") -> str:
        """Who a person is, where that is known, and how they look. where: the text of their place, to begin with."""
        known, look = person.known, self.expression(person)
        if known is None or known.is_stranger:
            return self.phrases.capitalize(f"{where}: {look}") if where else look
        place = (person.hour if self.is_by_clock else person.where) if where else ""
        is_plain = look == self.phrases.announcement(Sentence.LOOKS, expression=person.expression or "neutral")
        if is_plain and known.is_certain:
            return named(self.phrases, Sentence.LOOKS, known.text, expression=person.expression, where=place)
        name = named(self.phrases, Sentence.NAMED, known.text, is_certain=known.is_certain, where=place)
        return f"{name} {look}"

    def expression(self, person: PersonView) -> str:
        """A sentence: the expression of a person, with "maybe" where it is not sure, or why it cannot be told."""
        if reason := self.reason(person):
            return self._why_not(reason)
        if person.state == person.expression and self._is_trusted(person) and person.probability >= FAIRLY_SURE:
            return self.phrases.announcement(Sentence.LOOKS, expression=person.expression)
        return self.phrases.answer("maybe", expression=self.phrases.expression(person.expression))

    @staticmethod
    def reason(person: PersonView) -> str:
        """Why a person's expression is not named, not even with "maybe"; empty where it is."""
        if person.reason and person.reason != "unclear":
            return person.reason
        return "" if person.expression in SPOKEN_EXPRESSIONS else "unclear"

    def _is_trusted(self, person: PersonView) -> bool:
        return person.expression in self.trusted

    def _people(self, snapshot: SceneSnapshot, person: PersonView) -> str:
        """The number of people, if there are several, then direction, distance and facing of the one whom the answer is
        about."""
        facing = "" if person.reason == "side_on" else self.phrases.text("facing", person.facing)
        distance = "" if person.reason == "far" else self.phrases.text("distance", person.distance)
        facts = (self._where(person), distance, facing)
        if len(snapshot.people) == 1 and not snapshot.count:
            return self.phrases.join(facts)
        nearest = self.phrases.text("answers", "nearest") if geometry.is_nearest(person, snapshot.people) else ""
        return f"{self._count(snapshot)} {self.phrases.join((nearest, *facts))}"

    def _count(self, snapshot: SceneSnapshot) -> str:
        count = max(len(snapshot.people), snapshot.count)
        return self.phrases.join((self.phrases.count(count),))

    def _where(self, person: PersonView) -> str:
        return self.phrases.place(person.hour if self.is_by_clock else person.where)

    def _why(self, person: PersonView, now: float) -> str:
        """How sure the expression is, for how long it has lasted, and what was seen that makes it less sure.

        Nothing of mouth or eyebrows, which nothing measures: the detector's landmarks are those of a mean face. In 550
        pictures of 150 people who look at the camera its mouth was 0.847 ± 0.004 of the distance between the eyes wide,
        smiling or not, and no limit on its corners told smiles from faces at rest with a precision above 0.75.
        """
        if reason := self.reason(person):
            return self._why_not(reason)
        sure = person.probability
        sureness = "sure" if sure >= QUITE_SURE else "fair" if sure >= FAIRLY_SURE else "unsure"
        if person.state != person.expression or not self._is_trusted(person):
            sureness = "unsure"
        why = self.phrases.answer(
            "why",
            expression=self.phrases.expression(person.expression),
            sureness=self.phrases.text("sureness", sureness),
            duration=self.phrases.text("duration", duration(now - person.since)),
        )
        facing = person.facing if person.facing != "you" else ""
        distance = person.distance if person.distance == "far" else ""
        seen = (self.phrases.text("facing", facing), self.phrases.text("distance", distance))
        return " ".join(filter(None, (why, "" if sureness == "sure" else self.phrases.join(seen))))

    def _why_not(self, reason: str) -> str:
        if reason == "rejected":
            return self.phrases.answer("rejected")
        return self.phrases.answer("why_not", reason=self.phrases.text("reasons", reason))


def duration(seconds: float) -> str:
    """A key of [duration]."""
    for limit, key in ((3, "moment"), (20, "seconds"), (60, "half_minute"), (120, "minute")):
        if seconds < limit:
            return key
    return "minutes"


def _result(text: str, person: PersonView | None, reason: str) -> AnswerResult:
    utterance = Utterance(text, Priority.ANSWER, "answer", None, "asked", kind=UtteranceKind.ANSWER)
    return AnswerResult(utterance, person, reason)


def _by_tone(result: AnswerResult) -> AnswerResult:
    """The answer, presented by the tone that leads to a face; its words remain where there is no tone."""
    return dataclasses.replace(result, utterance=dataclasses.replace(result.utterance, earcon=AIM))
