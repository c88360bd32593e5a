"""Who is in view, and what of it is worth a word unasked: changes in, remarks out. Pure; time comes with the frames.

A remark names a sentence of the locale and what goes into it. It is made only if it tells the wearer something new:
what was said last of a person is remembered until that person leaves. Who only passes by while somebody else is there
is not spoken of, and of several the neutral ones are not, but where a smile ends.
"""

import math
from collections.abc import Collection, Sequence

from assistant.config.settings import AnnouncementSettings
from assistant.records import CANNOT_TELL, NOBODY, Change, Track
from assistant.vision.decisions.announcement_log import KNOWN_S, Named, Remark, Told
from assistant.vision.decisions.partner import Partner
from assistant.vision.faces import geometry

STAYS_S, SHOWS_S = 2.0, 1.2
"""One more person is spoken of after so long in view; with what their face shows, after the second."""
REASON_S = 60.0
"""The same reason is said once in this time."""
BACK_S = 1.5
"""So long after a pause nobody is found who was there before: a face is missed for a moment as the light comes back."""
AGAIN_S = 5.0
"""That somebody or nobody is there, and could not be said, is tried again after so long, as long as it is true."""
WRONG_S = 120.0
"""So long an expression that was called wrong is not said of that person again."""
LAST_S = 30.0
"""What the wearer was told otherwise of, or who left, so long ago cannot be called wrong any more; what stands can."""


class Scene:
    """Remembers who is there, by number, and what was last said of them."""

    def __init__(self, words: AnnouncementSettings, fov_deg: float = 62.0) -> None:
        self.words, self.fov_deg = words, fov_deg
        self._is_brief, self._is_full = words.verbosity == "brief", words.verbosity == "full"
        self.partner = Partner()
        self._told = Told()
        self._where: dict[int, str] = {}
        self._far: set[int] = set()
        self._owed: Change | None = None
        self._owed_from = -math.inf
        self._nobody: Remark | None = None  # on its way since _nobody_at
        self._nobody_at = -math.inf
        self._joining: dict[int, Change] = {}
        self._again_from: dict[int, float] = {}
        self._reasons: dict[str, float] = {}
        self._wrong: dict[tuple[int, str], float] = {}
        self._at = 0.0

    def update(
        self, changes: Sequence[Change], people: Sequence[Track], shape: tuple[int, int], at: float | None = None
    ) -> tuple[Remark, ...]:
        """The remarks that one frame's changes deserve; shape: its height and width in pixels, at: seconds (that of the
        changes, if it is not given)."""
        (_, width), fov_deg = shape, geometry.horizontal_fov_deg(self.fov_deg, shape)
        self._at = at if at is not None else max((change.at for change in changes), default=self._at)
        self.partner.update(people, self._at, width)
        before = self._told.copy()
        present = before.keys() | self._joining.keys() | {person.track_id for person in people}
        self._where = {number: where for number, where in self._where.items() if number in present}
        for person in people:
            box = person.face.box
            hour = geometry.clock_hour(box, width, fov_deg)
            self._where[person.track_id] = hour if self._is_full else geometry.direction(box, width)
            is_far = geometry.distance_band(box, width, fov_deg) == "far"
            (self._far.add if is_far else self._far.discard)(person.track_id)
        made = [self._gone(change) if change.new == NOBODY else self._remark(change) for change in changes]
        made += [self._joined(number) for number in tuple(self._joining)]
        made.append(self._empty(people))
        if self.words.verbosity == "quiet":
            return ()
        remarks = tuple(remark for remark in made if remark is not None)
        for remark in remarks:
            self._told.begun(remark, before.get(remark.change.track_id), self._at)
        return remarks

    def untrue(self, faded: Collection[int], people: Collection[Track]) -> set[int]:
        """The numbers of whom something is on its way that is no longer so: an expression that has faded, or that
        nobody is there while somebody is."""
        nobody = {self._nobody.change.track_id} if self._nobody is not None and people else set()
        return self._told.naming().intersection(faded) | nobody

    def wait(self, seconds: float) -> None:
        """Nothing could be seen for so long: nobody is gone for that."""
        self.partner.wait(seconds)

    def forget(self, at: float) -> None:
        """After a pause that ended at `at` (seconds) nobody is known to be there still: everybody is told anew, and who
        was told of somebody hears that nobody is there if none was found for BACK_S."""
        for number in tuple(self._told.numbers()):
            if not self._is_brief:
                self._owed = Change(at, number, self._told[number], NOBODY)
            self._told.forget(number, at)
        self._owed_from = at + BACK_S
        self._where, self._far, self._joining, self._again_from = {}, set(), {}, {}
        self.partner = Partner()

    def ended(self, remark: Remark, *, is_heard: bool) -> None:
        """What became of a remark. Who is there, and that nobody is, must be heard: it is owed until then."""
        self._told.ended(remark, is_heard=is_heard)
        number = remark.change.track_id
        is_untold = number in self._where and number not in self._told
        if remark is self._nobody and is_heard:
            self._nobody = self._owed = None
        elif remark is self._nobody:
            self._nobody, self._owed_from = None, self._at + AGAIN_S
        elif not is_heard and is_untold and remark.sentence in ("somebody", "another"):
            self._joining.setdefault(number, remark.change)
            self._again_from[number] = self._at + AGAIN_S

    def answered(self, number: int, expression: str, at: float) -> None:
        """Who asked at `at` (seconds) was told that. From any thread."""
        self._told.answered(number, expression, at)

    def last(self, at: float) -> Named | None:
        """The expression that was said last, and of whom, if that stands or did lately; at: seconds. From any
        thread."""
        last = self._told.last(at)
        return last if last and at - last.until <= LAST_S else None

    def wrong(self, at: float) -> bool:
        """The wearer calls the last expression wrong at `at` (seconds): it is not said of that person for a while, and
        nothing of this is kept. False: there is none. May be called from another thread."""
        last = self.last(at)
        if last is None:
            return False
        self._wrong[last.track_id, last.expression] = at + WRONG_S
        return True

    def is_wrong(self, number: int, expression: str) -> bool:
        """Whether the wearer called that wrong lately."""
        return self._at < self._wrong.get((number, expression), -math.inf)

    def _remark(self, change: Change) -> Remark | None:
        number = change.track_id
        arrives, others = number not in self._told, bool(self._told.numbers() - {number})
        last = self._told[number]
        where = self._place(number) if others or self._is_full else ""
        if change.new in self.words.expressions and not self._is_dull(change.new, number):
            if arrives and others and not self._has_joined(number, SHOWS_S) and not self._is_brief:
                self._joining[number] = change
                return None
            self._joining.pop(number, None)
            self._told[number] = change.new
            if change.new == last:
                return None
            sentence = "arrived" if arrives and not others and not self._is_brief else "looks"
            return Remark(change, sentence, change.new, where)
        if arrives and not self._is_brief:
            self._joining[number] = change
            return None
        if change.new == CANNOT_TELL:
            return self._reason(change, where) if self._is_full else None
        if number in self._told:
            self._told[number] = ""
        is_news = last not in ("", "neutral") and not self._is_brief
        return Remark(change, "no_longer", last, where) if is_news else None

    def _is_dull(self, expression: str, number: int) -> bool:
        """Not worth a word: called wrong; or a face at rest where only expressions count, or beside somebody else's,
        unless it ends something that was told."""
        if self.is_wrong(number, expression):
            return True
        others = bool(self._told.numbers() - {number})
        is_end = self._told[number] not in ("", "neutral")
        return expression == "neutral" and (self._is_brief or (others and not is_end and not self._is_full))

    def _joined(self, number: int) -> Remark | None:
        """Whoever came to join somebody else, or from afar, is spoken of once they have stayed."""
        others = bool(self._told.numbers() - {number})
        change = self._joining[number]
        is_shown = change.new in self.words.expressions and not self._is_dull(change.new, number)
        stays_s = SHOWS_S if is_shown else STAYS_S
        if number in self._far or (others and not self._has_joined(number, stays_s)):
            return None
        if self._at < self._again_from.get(number, -math.inf):
            return None
        del self._joining[number]
        if is_shown:
            return self._remark(change)
        self._told[number] = ""
        where = self._place(number) if others or self._is_full else ""
        why_not = self._reason(change, where) if self._is_full and change.new == CANNOT_TELL else None
        return why_not or Remark(change, "another" if others else "somebody", where=where)

    def _has_joined(self, number: int, stays_s: float) -> bool:
        """Whether somebody beside others is there, for long enough, and no mistake."""
        return self.partner.seen_s(number, self._at) >= stays_s and self.partner.is_sure(number)

    def _reason(self, change: Change, where: str) -> Remark | None:
        if self._at - self._reasons.get(change.reason, -REASON_S) < REASON_S:
            return None
        self._reasons[change.reason] = self._at
        return Remark(change, "cannot_tell", where=where, reason=change.reason)

    def _gone(self, change: Change) -> Remark | None:
        was_there = self._told.forget(change.track_id, self._at)
        for memory in (self._where, self._joining, self._again_from):
            memory.pop(change.track_id, None)
        self._far.discard(change.track_id)
        if not was_there or self._is_brief:
            return None
        if not self._told:
            self._owed = change
            return None
        return Remark(change, "somebody_left") if self._is_full else None

    def _empty(self, people: Sequence[Track]) -> Remark | None:
        """That nobody is there, once no face is left in view, not even one without a state yet."""
        if self._nobody is not None and self._at - self._nobody_at > KNOWN_S:
            self.ended(self._nobody, is_heard=True)
        if self._told:
            self._owed = None
        if self._owed is None or self._nobody is not None or people or self._at < self._owed_from:
            return None
        self._nobody, self._nobody_at = Remark(self._owed, "nobody"), self._at
        return self._nobody

    def _place(self, number: int) -> str:
        return self._where.get(number, "12" if self._is_full else "ahead")
