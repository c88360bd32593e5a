"""What is answered to a wearer who asks: from what was seen last, if that is fresh. Pure.

Every sentence has eight words at the most; the first one comes first in importance.
"""

from dataclasses import dataclass

from assistant.phrases import SPOKEN, Phrases
from assistant.records import PersonView, Priority, Utterance, UtteranceKind
from assistant.vision.faces import geometry
from assistant.vision.queries.snapshot import Sight

FRESH_S = 1.0
"""An older picture answers nothing."""
SURE, FAIR = 0.8, 0.6
"""Mean probability from which it is said to be quite or fairly sure."""


@dataclass(frozen=True)
class Answered:
    """An answer. seen: whom it is about, None where it is about nobody; reason: why an expression was not told, empty
    where one was, if only as "maybe"."""

    utterance: Utterance
    seen: PersonView | None = None
    reason: str = ""


class Answers:
    """Answers in the words of a language. trusted: the expressions that are said without "maybe" where they are sure;
    is_by_clock: places are hours of the clock."""

    def __init__(self, phrases: Phrases, trusted: tuple[str, ...], *, is_by_clock: bool = False) -> None:
        self.phrases, self.trusted, self.is_by_clock = phrases, trusted, is_by_clock

    def answer(self, what: str, sight: Sight | None, now: float, last: int | None = None) -> Answered:
        """The answer to "describe", "more", "why" or "aim". last: of whom an expression was said last, by number: "why"
        asks about that person, if still in view."""
        if sight is None or now - sight.at > FRESH_S:
            return Answered(self.status("no_picture"))
        if sight.is_lens_covered:
            return Answered(self.status("lens_covered"), None, "lens_covered")
        seen = geometry.primary_person(sight.people)
        if sight.seen_at is not None and now - sight.seen_at > FRESH_S:
            seen = None
        elif what == "why":
            seen = next((one for one in sight.people if one.track_id == last), seen)
        if seen is None:
            nobody = self._why_not(sight.trouble) if sight.trouble else self.phrases.remark("nobody")
            return self._tell(nobody, None, sight.trouble)
        if what == "aim":
            return self._tell(
                self.phrases.said("aim", geometry.aim_hint(seen.box, sight.width, sight.height)), seen, ""
            )
        reason = self.reason(seen)
        if what == "why":
            text = self._why(seen, now)
        elif what == "more" and len(sight.people) > 1:
            each = (self.phrases.capital(f"{self._where(one)}: {self.expression(one)}") for one in sight.people)
            text = " ".join((self._count(sight), *each))
        else:
            text = " ".join((self._people(sight, seen), self.expression(seen)))
        return self._tell(text, seen, reason)

    def status(self, name: str) -> Utterance:
        """A sentence about the assistant itself, in answer to what the wearer did."""
        return Utterance(self.phrases.status(name), Priority.ANSWER, "answer", None, name, kind=UtteranceKind.ANSWER)

    def expression(self, seen: PersonView) -> str:
        """A sentence: how somebody looks, that it may be so, or why it cannot be told."""
        if reason := self.reason(seen):
            return self._why_not(reason)
        words = self.phrases.expression(seen.expression)
        if seen.state == seen.expression and seen.expression in self.trusted and seen.probability >= FAIR:
            return self.phrases.remark("looks", expression=seen.expression)
        return self.phrases.answer("maybe", expression=words)

    @staticmethod
    def reason(seen: PersonView) -> str:
        """Why somebody's expression is not told, not even as "maybe"; empty where it is."""
        if seen.reason and seen.reason != "unclear":
            return seen.reason
        return "" if seen.expression in SPOKEN else "unclear"

    def _people(self, sight: Sight, seen: PersonView) -> str:
        """How many, and where, how far and how turned the one to speak of is."""
        facing = "" if seen.reason == "side_on" else self.phrases.said("facing", seen.facing)
        distance = "" if seen.reason == "far" else self.phrases.said("distance", seen.distance)
        facts = (self._where(seen), distance, facing)
        if len(sight.people) == 1 and not sight.count:
            return self.phrases.facts((self.phrases.said("counts", "1"), *facts))
        who = self.phrases.said("answers", "nearest") if geometry.is_nearest(seen, sight.people) else ""
        return f"{self._count(sight)} {self.phrases.facts((who, *facts))}"

    def _count(self, sight: Sight) -> str:
        count = max(len(sight.people), sight.count)
        return self.phrases.facts((self.phrases.said("counts", str(count) if count <= 4 else "more"),))

    def _where(self, seen: PersonView) -> str:
        return self.phrases.where(seen.hour if self.is_by_clock else seen.where)

    def _why(self, seen: PersonView, now: float) -> str:
        if reason := self.reason(seen):
            return self._why_not(reason)
        sureness = "sure" if seen.probability >= SURE else "fair" if seen.probability >= FAIR else "unsure"
        if seen.state != seen.expression or seen.expression not in self.trusted:
            sureness = "unsure"
        return self.phrases.answer(
            "why",
            expression=self.phrases.expression(seen.expression),
            sureness=self.phrases.said("sureness", sureness),
            duration=self.phrases.said("duration", duration(now - seen.since)),
        )

    def _why_not(self, reason: str) -> str:
        return self.phrases.answer("why_not", reason=self.phrases.said("reasons", reason))

    def _tell(self, text: str, seen: PersonView | None, reason: str) -> Answered:
        return Answered(
            Utterance(text, Priority.ANSWER, "answer", None, "asked", kind=UtteranceKind.ANSWER), seen, reason
        )


def duration(seconds: float) -> str:
    """A key of [duration]."""
    for limit, key in ((3, "moment"), (20, "seconds"), (60, "half_minute"), (120, "minute")):
        if seconds < limit:
            return key
    return "minutes"
