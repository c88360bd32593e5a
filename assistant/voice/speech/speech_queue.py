"""Decides which utterance is spoken next, which one is cut off, and which one is never spoken. Pure policy: time comes
with the calls.

The rules, each checked by a property test:

* Every utterance that was put ends in exactly one fate.
* FAULT before ANSWER before PAUSE before CHANGE before STATUS; first in, first out within a priority.
* A fault cuts off everything but another fault, and never expires. An answer cuts off everything but a fault, an older
  answer too: the wearer waits for the answer to the newest question. A pause and a change cut off nothing, a status
  waits for silence.
* A fault that was cut off for a question is postponed: spoken again after the answer, before anything unasked; while
  more questions come it waits. If the answer has the same words (that was `repeat`), it counts as spoken.
* An announcement that a fault cut off counts as superseded, not as heard: vision announces the state again if it is
  still the case.
* Of what is unasked (changes and statuses) at most MAX_UNASKED begin in any UNASKED_WINDOW_S, and the last of these is
  not a status; beyond that they are dropped. A cue does not count, for it has no words, nor does a pause: vision limits
  how often they come.
* Of cues of the priority STATUS (somebody has turned) at most MAX_CUES begin in any UNASKED_WINDOW_S.
* At most one utterance of a topic waits. The newer one wins if its priority is at least as high; else it is dropped: a
  change never replaces an answer, and only a fault replaces a fault.
* Whether an utterance has expired is decided when it is taken, not when it is put: it must be true when it is spoken.
* The end of a fault or of a pause is dropped where its beginning is still waiting or could not be spoken.
* A fault that was spoken and is not over is not spoken again within REPEAT_SUPPRESSION_S, for the process that reports
  it may have restarted and forgotten that it was announced. Once vision announces that it is ready or stopping, no
  earlier fault counts as known. "Ready." is spoken at most MAX_READY times in any UNASKED_WINDOW_S, for a vision
  process that crashes again and again announces it each time.
* An announcement that was withdrawn because it is no longer true is not begun.
* While the guide speaks, unasked utterances wait; those that expire meanwhile are not spoken afterwards.
* While somebody talks, unasked utterances wait for a gap, at most MAX_HOLD_S, and until HOLD_MARGIN_S before they
  expire: none is lost by waiting. Pauses, answers and faults do not wait; without a working listener nothing does.
* At most MAX_WAITING wait; beyond that the oldest of the lowest priority is dropped.
"""

import math
from collections import deque
from collections.abc import Callable

from assistant.records import MAX_UNASKED, UNASKED_WINDOW_S, Fate, Priority, Utterance, UtteranceKind

MAX_WAITING = 48
"""More than there are kinds of faults, so that no fault is lost (a test counts them). It bounds a flood of changes."""
MAX_CUES, MAX_READY = 6, 3
"""How many cues of the priority STATUS begin in UNASKED_WINDOW_S at most, and how often "Ready." is spoken in it."""
REPEAT_SUPPRESSION_S = 50.0
"""Seconds; less than the shortest interval at which a lasting fault is announced again on purpose."""
CHANGES = (UtteranceKind.ANNOUNCEMENT, UtteranceKind.CUE)
"""Kinds of utterances that tell of a change in view."""
MAX_HOLD_S, HOLD_MARGIN_S = 2.0, 0.2
"""An unasked utterance waits at most so many seconds for a gap in talk, and begins so long before it expires."""


class SpeechQueue:
    """The utterances that wait, and the one that is being spoken.

    `now` is monotonic seconds, or the seconds of a clip, and never goes back. Not thread-safe: the caller holds a lock.
    """

    def __init__(self, on_fate: Callable[[Utterance, Fate, float], None]) -> None:
        """on_fate(utterance, fate, now) is called once for each utterance."""
        self._on_fate = on_fate
        self._waiting: list[Utterance] = []
        self._speaking: Utterance | None = None
        self._postponed: list[Utterance] = []  # of those that wait: faults that were cut off for a question
        self._cut_off_for_answer: Utterance | None = None
        self._cut_off_for_fault: Utterance | None = None
        self._is_answer_expected = self._is_closed = self._is_unasked_held = False
        self._unasked_at, self._cues_at = deque[float](), deque[float]()  # when they began, within UNASKED_WINDOW_S
        self._ready_at: deque[float] = deque(maxlen=MAX_READY)
        self._known_since: dict[str, float] = {}  # topics of faults and pauses whose beginning was spoken, and when
        self._unspoken: set[str] = set()  # topics of faults and pauses whose beginning could not be spoken
        self._is_talk: bool | None = None
        self._put_at: dict[int, float] = {}  # when each of those that wait was put, by identity

    def __len__(self) -> int:
        """How many wait, without the one that is being spoken."""
        return len(self._waiting)

    @property
    def speaking(self) -> Utterance | None:
        """The utterance that was taken and has not ended."""
        return self._speaking

    def hear(self, is_talk: bool | None) -> None:
        """Whether somebody talks now; None: no listener works."""
        self._is_talk = is_talk

    def wait_s(self, now: float) -> float | None:
        """Seconds until one of those that wait may be taken, 0 if one may be now; None: not before something changes.

        A postponed fault may not be taken before the expected answer is put.
        """
        held_until = [self._held_until(each) for each in self._takeable()]
        return max(0.0, min(held_until) - now) if held_until else None

    def upcoming(self, now: float) -> Utterance | None:
        """The unasked utterance that will be taken next if nothing else is put, so that its speech can be made ahead;
        None where there is none, or no listener works."""
        waiting = [] if self._is_talk is None else self._takeable()
        following = max(waiting, key=self._rank, default=None)
        is_held = following is not None and following.priority < Priority.PAUSE and not self._is_expired(following, now)
        return following if is_held else None

    def expect_answer(self, *, is_expected: bool = True) -> None:
        """The wearer has asked: the caller cuts off what is being spoken, and puts the answer next; else none comes."""
        self._is_answer_expected, self._cut_off_for_answer = is_expected, self._speaking if is_expected else None

    def put(self, utterance: Utterance, now: float) -> bool:
        """Add an utterance. True: what is being spoken must be cut off now, and ended with Fate.INTERRUPTED."""
        if utterance.priority is Priority.ANSWER:
            self._is_answer_expected = False
        replaced = [waiting for waiting in self._waiting if self._replaces(utterance, waiting)]
        same = [waiting for waiting in self._waiting if waiting.topic == utterance.topic]
        is_outranked = any(waiting.priority > utterance.priority for waiting in same)
        if utterance.kind in (UtteranceKind.READY, UtteranceKind.STOPPING):
            self._known_since.clear()
        is_too_often = utterance.kind is UtteranceKind.READY and self._is_ready_too_often(now)
        if self._is_closed or is_outranked or is_too_often:
            self._on_fate(utterance, Fate.DROPPED, now)
            return False
        for waiting in replaced:
            self._end(waiting, Fate.SUPERSEDED, now)
        if self._is_known(utterance, now) or self._is_end_of_unspoken(utterance):
            self._on_fate(utterance, Fate.DROPPED, now)
            return False
        self._add(utterance, now)
        cuts_off = any(waiting is utterance for waiting in self._waiting) and self._cuts_off(utterance)
        if cuts_off and utterance.priority is Priority.FAULT:
            self._cut_off_for_fault = self._speaking
        return cuts_off

    def take(self, now: float) -> Utterance | None:
        """The next utterance to speak; None if none waits, or one is still being spoken."""
        while self._speaking is None and (takeable := self._takeable(now)):
            utterance = max(takeable, key=self._rank)
            if self._is_expired(utterance, now):
                self._end(utterance, Fate.EXPIRED, now)
            elif self._exceeds_rate(utterance, now):
                self._end(utterance, Fate.DROPPED, now)
            else:
                self._remove(utterance)
                self._speaking = utterance
                return utterance
        return None

    def finish(self, fate: Fate, now: float) -> None:
        """The utterance that was taken has ended. Raises RuntimeError if none was taken."""
        utterance, self._speaking = self._speaking, None
        cut_off_for_answer, self._cut_off_for_answer = self._cut_off_for_answer, None
        cut_off_for_fault, self._cut_off_for_fault = self._cut_off_for_fault, None
        if utterance is None:
            raise RuntimeError("finish() without an utterance taken")
        if fate is Fate.INTERRUPTED and utterance is cut_off_for_fault and utterance.kind in CHANGES:
            fate = Fate.SUPERSEDED
        self._remember(utterance, fate, now)
        is_for_answer = fate is Fate.INTERRUPTED and utterance is cut_off_for_answer
        if is_for_answer and utterance.priority is Priority.FAULT:
            # Its first words were heard, so that its end is to be spoken; but it may be repeated at any time.
            self._known_since[utterance.topic] = -math.inf
            if self._may_be_postponed(utterance):
                self._postponed.append(utterance)
                self._add(utterance, now)
                return
        if fate is Fate.SPOKEN and utterance.priority is Priority.ANSWER:
            for repeated in [each for each in self._postponed if each.text == utterance.text]:
                self._end(repeated, Fate.SPOKEN, now)
        self._on_fate(utterance, fate, now)

    def withdraw(self, topic: str | None, now: float) -> None:
        """Drop the unasked utterances of a topic (None: of any) that wait: they are no longer true, or unwanted."""
        for waiting in tuple(self._waiting):
            if topic in (None, waiting.topic) and waiting.priority < Priority.PAUSE:
                self._end(waiting, Fate.SUPERSEDED, now)

    def hold_unasked(self, now: float, *, is_held: bool) -> None:
        """Let unasked utterances wait, or no longer; those that have expired by now are dropped."""
        self._is_unasked_held = is_held
        for waiting in tuple(self._waiting):
            if self._is_expired(waiting, now):
                self._end(waiting, Fate.EXPIRED, now)

    def close(self, now: float) -> None:
        """Drop what waits and whatever is put from now on; the one that is being spoken still ends by `finish`."""
        self._is_closed = True
        while self._waiting:
            self._end(self._waiting[0], Fate.DROPPED, now)

    def _add(self, utterance: Utterance, now: float) -> None:
        self._waiting.append(utterance)
        self._put_at[id(utterance)] = now
        if len(self._waiting) > MAX_WAITING:
            self._end(min(self._waiting, key=lambda waiting: waiting.priority), Fate.DROPPED, now)

    def _takeable(self, now: float = math.inf) -> list[Utterance]:
        """Those that may be taken at `now`, by default those that may once talk has paused; oldest first."""
        return [
            each
            for each in self._waiting
            if not (self._is_answer_expected and self._is_postponed(each))
            and not (self._is_unasked_held and each.priority < Priority.PAUSE)
            and self._held_until(each) <= now
        ]

    def _held_until(self, utterance: Utterance) -> float:
        """Until when an utterance that waits is held back, as long as somebody talks."""
        if not self._is_talk or utterance.priority >= Priority.PAUSE:
            return -math.inf
        until = self._put_at[id(utterance)] + MAX_HOLD_S
        return until if utterance.expires_at is None else min(until, utterance.expires_at - HOLD_MARGIN_S)

    def _rank(self, utterance: Utterance) -> tuple[Priority, bool]:
        """The sort key: a postponed fault comes after the answers and before everything else."""
        return (Priority.PAUSE, True) if self._is_postponed(utterance) else (utterance.priority, False)

    def _is_postponed(self, utterance: Utterance) -> bool:
        return any(each is utterance for each in self._postponed)

    def _may_be_postponed(self, fault: Utterance) -> bool:
        """Whether a fault that was cut off for a question is to be spoken again: nothing newer of its topic waits."""
        return not self._is_closed and all(waiting.topic != fault.topic for waiting in self._waiting)

    def _is_ready_too_often(self, now: float) -> bool:
        """Whether "Ready." was put MAX_READY times within UNASKED_WINDOW_S; else this one is counted."""
        if len(self._ready_at) == MAX_READY and now - self._ready_at[0] < UNASKED_WINDOW_S:
            return True
        self._ready_at.append(now)
        return False

    def _is_known(self, utterance: Utterance, now: float) -> bool:
        """Whether this fault was spoken a short while ago, and neither its end since, nor anything of it right now."""
        if utterance.priority is not Priority.FAULT or utterance.is_over or self._is_speaking_of(utterance):
            return False
        return now - self._known_since.get(utterance.topic, -math.inf) < REPEAT_SUPPRESSION_S

    def _is_end_of_unspoken(self, utterance: Utterance) -> bool:
        """Whether it is the end of something whose beginning could not be spoken, and is not being spoken now."""
        if not utterance.is_over or utterance.topic not in self._unspoken or self._is_speaking_of(utterance):
            return False
        self._unspoken.discard(utterance.topic)
        return True

    def _is_speaking_of(self, utterance: Utterance) -> bool:
        return self._speaking is not None and self._speaking.topic == utterance.topic

    @staticmethod
    def _replaces(new: Utterance, waiting: Utterance) -> bool:
        """An answer replaces any answer that waits, as it would cut off one that is being spoken."""
        if new.priority is waiting.priority is Priority.ANSWER:
            return True
        return new.topic == waiting.topic and new.priority >= waiting.priority

    def _cuts_off(self, utterance: Utterance) -> bool:
        if self._speaking is None or utterance.priority < Priority.ANSWER:
            return False
        spoken = self._speaking.priority
        return utterance.priority > spoken or spoken is Priority.ANSWER

    @staticmethod
    def _is_expired(utterance: Utterance, now: float) -> bool:
        expires_at = math.inf if utterance.expires_at is None else utterance.expires_at
        return utterance.priority is not Priority.FAULT and now > expires_at

    def _exceeds_rate(self, utterance: Utterance, now: float) -> bool:
        """Whether enough unasked utterances, or cues, began within UNASKED_WINDOW_S; else this one is counted."""
        is_cue, is_status = utterance.kind is UtteranceKind.CUE, utterance.priority is Priority.STATUS
        if utterance.priority >= Priority.PAUSE or (is_cue and not is_status):
            return False
        began = self._cues_at if is_cue else self._unasked_at
        while began and now - began[0] >= UNASKED_WINDOW_S:
            began.popleft()
        if len(began) >= (MAX_CUES if is_cue else MAX_UNASKED - is_status):
            return True
        began.append(now)
        return False

    def _remember(self, utterance: Utterance, fate: Fate, now: float) -> None:
        """Note whether the wearer knows of the fault, or the pause, that an utterance is about."""
        topic = utterance.topic
        if utterance.priority not in (Priority.FAULT, Priority.PAUSE):
            return
        if fate in (Fate.SPOKEN, Fate.INTERRUPTED):
            self._unspoken.discard(topic)
            if utterance.is_over:
                self._known_since.pop(topic, None)
            else:
                self._known_since[topic] = now
        elif utterance.is_over:  # its end was not heard: the wearer still believes in the fault
            return
        elif topic not in self._known_since:
            self._unspoken.add(topic)

    def _end(self, utterance: Utterance, fate: Fate, now: float) -> None:
        self._remove(utterance)
        self._remember(utterance, fate, now)
        self._on_fate(utterance, fate, now)

    def _remove(self, utterance: Utterance) -> None:
        """By identity, for two utterances may be equal."""
        self._waiting = [waiting for waiting in self._waiting if waiting is not utterance]
        self._postponed = [each for each in self._postponed if each is not utterance]
        self._put_at.pop(id(utterance), None)
