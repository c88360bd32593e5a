"""What is said next, what is cut off and what is never said. Pure policy: time comes with the calls.

The laws, each held by a property test:

* Every utterance that was put ends in exactly one fate.
* FAULT before ANSWER before PAUSE before CHANGE before STATUS; first in, first out within a priority.
* A fault cuts off everything but another fault, and never expires. An answer cuts off all but faults, an older answer
  too: the newest question is what the wearer waits for. A pause and a change cut off nothing, a status waits for
  silence.
* A fault that gave way to a question is said again after the answer, before what nobody asked for; while more is asked
  it waits. Who hears its words in an answer (that was `repeat`) has heard it.
* Of what nobody asked for (changes and statuses) at most UNASKED begin in any MINUTE_S, and the last of these is not a
  status; what comes beyond that is dropped. A pause does not count: who looks bounds how often that is told.
* Of a topic at most one utterance waits. The newest wins where it matters at least as much as the one that waits;
  where it matters less it is dropped: a change never replaces an answer, nothing but a fault replaces a fault.
* Expiry is judged when an utterance is taken, not when it is put: it is at the mouth that it must be true.
* What began and ended unheard vanishes: the end of a fault or pause is dropped where its beginning waits or failed.
* A fault that was heard and has not ended is not said again within AGAIN_S, whoever forgot that it was: who tells of it
  may have been started anew. Who says that it is ready, or that it stops, has no fault of before any more; "Ready." is
  said READIES times in any MINUTE_S at the most, for a vision that crashes again and again says it each time.
* What is withdrawn because it is no longer true is not begun.
* At most MAX_WAITING wait; beyond that the oldest of the lowest priority is dropped.
"""

import math
from collections import deque
from collections.abc import Callable

from assistant.records import Fate, Priority, Utterance, UtteranceKind

MAX_WAITING = 48
"""More than there are kinds of faults, so that no fault is lost (a test counts them); a flood of changes ends here."""
UNASKED, MINUTE_S = 4, 60.0
AGAIN_S = 50.0
"""Less than the least interval at which a fault that stands is said again on purpose."""
READIES = 3
"""So often a minute the first of them is worth hearing."""


class SpeechQueue:
    """The utterances that wait, and the one being spoken. on_fate(utterance, fate, now) is called once for each.

    `now` is monotonic seconds, or the seconds of a clip, and never goes back. Not thread-safe: the caller holds a lock.
    """

    def __init__(self, on_fate: Callable[[Utterance, Fate, float], None]) -> None:
        self._on_fate = on_fate
        self._waiting: list[Utterance] = []
        self._speaking: Utterance | None = None
        self._owed: list[Utterance] = []  # of those that wait: what gave way to a question
        self._gives_way: Utterance | None = None
        self._is_answer_due = False
        self._is_closed = False
        self._unasked: deque[float] = deque()
        self._heard: dict[str, float] = {}
        self._unheard: set[str] = set()
        self._readies: deque[float] = deque(maxlen=READIES)

    def __len__(self) -> int:
        """How many wait; the one being spoken does not count."""
        return len(self._waiting)

    @property
    def speaking(self) -> Utterance | None:
        """The utterance that was taken and has not ended."""
        return self._speaking

    @property
    def has_next(self) -> bool:
        """Whether one of those that wait may be taken: what gave way to a question may not before the answer is put."""
        return bool(self._ready())

    def give_way(self) -> None:
        """The wearer has asked, and the next answer that is put is due: what is being spoken will be cut off for it."""
        self._gives_way, self._is_answer_due = self._speaking, True

    def put(self, utterance: Utterance, now: float) -> bool:
        """Add an utterance. True: what is being spoken must be cut off now, and ended with Fate.INTERRUPTED."""
        if utterance.priority is Priority.ANSWER:
            self._is_answer_due = False
        replaced = [waiting for waiting in self._waiting if self._replaces(utterance, waiting)]
        matters_less = any(
            waiting.topic == utterance.topic and waiting.priority > utterance.priority for waiting in self._waiting
        )
        if utterance.kind in (UtteranceKind.READY, UtteranceKind.STOPPING):
            self._heard.clear()
        is_too_often = utterance.kind is UtteranceKind.READY and self._is_ready_too_often(now)
        if self._is_closed or matters_less or is_too_often:
            self._on_fate(utterance, Fate.DROPPED, now)
            return False
        for waiting in replaced:
            self._end(waiting, Fate.SUPERSEDED, now)
        if self._is_known(utterance, now) or self._is_of_nothing(utterance):
            self._on_fate(utterance, Fate.DROPPED, now)
            return False
        self._add(utterance, now)
        return any(waiting is utterance for waiting in self._waiting) and self._cuts_off(utterance)

    def take(self, now: float) -> Utterance | None:
        """The next utterance to speak; None where none waits, or one is still being spoken."""
        while self._speaking is None and (ready := self._ready()):
            utterance = max(ready, key=self._rank)
            if self._is_expired(utterance, now):
                self._end(utterance, Fate.EXPIRED, now)
            elif self._is_too_much(utterance, now):
                self._end(utterance, Fate.DROPPED, now)
            else:
                self._remove(utterance)
                self._speaking = utterance
                return utterance
        return None

    def finish(self, fate: Fate, now: float) -> None:
        """The utterance that was taken has ended. Raises RuntimeError where none was."""
        utterance, self._speaking = self._speaking, None
        gave_way, self._gives_way = self._gives_way, None
        if utterance is None:
            raise RuntimeError("finish() without an utterance taken")
        self._remember(utterance, fate, now)
        if fate is Fate.INTERRUPTED and utterance is gave_way and utterance.priority is Priority.FAULT:
            self._heard[utterance.topic] = -math.inf  # a word of it: its end is news, and it is not yet known
            if self._is_to_be_owed(utterance):
                self._owed.append(utterance)
                self._add(utterance, now)
                return
        if fate is Fate.SPOKEN and utterance.priority is Priority.ANSWER:
            for told in [owed for owed in self._owed if owed.text == utterance.text]:
                self._end(told, Fate.SPOKEN, now)
        self._on_fate(utterance, fate, now)

    def withdraw(self, topic: str | None, now: float) -> None:
        """What waits of this topic (None: of any) unasked is no longer true, or no longer wanted."""
        for waiting in tuple(self._waiting):
            if topic in (None, waiting.topic) and waiting.priority < Priority.PAUSE:
                self._end(waiting, Fate.SUPERSEDED, now)

    def close(self, now: float) -> None:
        """Drop what waits and whatever is put from now on; the one being spoken still ends by `finish`."""
        self._is_closed = True
        while self._waiting:
            self._end(self._waiting[0], Fate.DROPPED, now)

    def _add(self, utterance: Utterance, now: float) -> None:
        self._waiting.append(utterance)
        if len(self._waiting) > MAX_WAITING:
            self._end(min(self._waiting, key=lambda waiting: waiting.priority), Fate.DROPPED, now)

    def _ready(self) -> list[Utterance]:
        """Those that may be taken, oldest first."""
        return [waiting for waiting in self._waiting if not (self._is_answer_due and self._is_owed(waiting))]

    def _rank(self, utterance: Utterance) -> tuple[Priority, bool]:
        """What is owed comes after the answers and before everything else."""
        return (Priority.PAUSE, True) if self._is_owed(utterance) else (utterance.priority, False)

    def _is_owed(self, utterance: Utterance) -> bool:
        return any(owed is utterance for owed in self._owed)

    def _is_to_be_owed(self, cut_off: Utterance) -> bool:
        """Whether a fault that gave way is to be said again: nothing newer of it waits."""
        return not self._is_closed and all(waiting.topic != cut_off.topic for waiting in self._waiting)

    def _is_ready_too_often(self, now: float) -> bool:
        """Whether it was said often enough that vision has begun anew."""
        if len(self._readies) == READIES and now - self._readies[0] < MINUTE_S:
            return True
        self._readies.append(now)
        return False

    def _is_known(self, utterance: Utterance, now: float) -> bool:
        """Whether the wearer has just heard of this fault, and not of its end, nor is hearing of that now."""
        if utterance.priority is not Priority.FAULT or utterance.is_over or self._is_speaking_of(utterance):
            return False
        return now - self._heard.get(utterance.topic, -math.inf) < AGAIN_S

    def _is_of_nothing(self, utterance: Utterance) -> bool:
        """Whether it is the end of what the wearer has never heard of, nor is hearing now."""
        if not utterance.is_over or utterance.topic not in self._unheard or self._is_speaking_of(utterance):
            return False
        self._unheard.discard(utterance.topic)
        return True

    def _is_speaking_of(self, utterance: Utterance) -> bool:
        return self._speaking is not None and self._speaking.topic == utterance.topic

    @staticmethod
    def _replaces(new: Utterance, waiting: Utterance) -> bool:
        """An answer replaces any answer that waits, as it would cut off one being spoken."""
        if new.priority is waiting.priority is Priority.ANSWER:
            return True
        return new.topic == waiting.topic and new.priority >= waiting.priority

    def _cuts_off(self, utterance: Utterance) -> bool:
        if self._speaking is None or utterance.priority < Priority.ANSWER:
            return False
        over = self._speaking.priority
        return utterance.priority > over or over is Priority.ANSWER

    @staticmethod
    def _is_expired(utterance: Utterance, now: float) -> bool:
        return (
            utterance.priority is not Priority.FAULT and utterance.expires_at is not None and now > utterance.expires_at
        )

    def _is_too_much(self, utterance: Utterance, now: float) -> bool:
        """Whether enough was said unasked in the last minute; else this counts as said."""
        if utterance.priority >= Priority.PAUSE:
            return False
        while self._unasked and now - self._unasked[0] >= MINUTE_S:
            self._unasked.popleft()
        if len(self._unasked) >= UNASKED - (utterance.priority is Priority.STATUS):
            return True
        self._unasked.append(now)
        return False

    def _remember(self, utterance: Utterance, fate: Fate, now: float) -> None:
        """Whether the wearer knows of the fault, or the pause, that an utterance tells of."""
        topic = utterance.topic
        if utterance.priority not in (Priority.FAULT, Priority.PAUSE):
            return
        if fate in (Fate.SPOKEN, Fate.INTERRUPTED):
            self._unheard.discard(topic)
            if utterance.is_over:
                self._heard.pop(topic, None)
            else:
                self._heard[topic] = now
        elif utterance.is_over:  # unheard: what was believed before is believed on
            return
        elif topic not in self._heard:
            self._unheard.add(topic)

    def _end(self, utterance: Utterance, fate: Fate, now: float) -> None:
        self._remove(utterance)
        self._remember(utterance, fate, now)
        self._on_fate(utterance, fate, now)

    def _remove(self, utterance: Utterance) -> None:
        """By identity: two utterances may say the same."""
        self._waiting = [waiting for waiting in self._waiting if waiting is not utterance]
        self._owed = [owed for owed in self._owed if owed is not utterance]
