"""The thread that speaks: it empties the queue down the ladder of voices, and nothing that a voice does can end it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from assistant.records import Fate, Utterance
from assistant.voice.speech.fallback_voice import FallbackVoice, Voice
from assistant.voice.speech.speech_queue import SpeechQueue

log = logging.getLogger(__name__)


UTTERANCE_LIMIT_S = 120.0
"""No utterance takes so long, at the slowest rate and after every voice has been tried."""


class Speaker:
    """Speaks what is put, until `close`.

    on_fate(utterance, fate, at): once for each utterance, from the thread in which it ended. on_trouble(message): a
    voice failed; once for each kind of trouble until that voice speaks again. Neither is called under a lock.
    """

    def __init__(
        self,
        voices: Sequence[Voice],
        *,
        on_fate: Callable[[Utterance, Fate, float], None] = lambda utterance, fate, at: None,
        on_trouble: Callable[[str], None] = lambda message: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_fate, self._on_trouble, self._clock = on_fate, on_trouble, clock
        self._ladder = FallbackVoice.of(voices)
        self._replaced: list[FallbackVoice] = []  # to be closed by the thread, between two utterances
        self._changed = threading.Condition()
        self._fates: list[tuple[Utterance, Fate, float]] = []  # not reported yet; then how many are being reported
        self._reporting = 0
        self._queue = SpeechQueue(lambda *ended: self._fates.append(ended))
        self._cancel = threading.Event()
        self._is_closing = False
        self._began: float | None = None
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether the thread that speaks lives, and no voice keeps it for longer than any utterance lasts."""
        began = self._began
        return self._thread.is_alive() and (began is None or self._clock() - began < UTTERANCE_LIMIT_S)

    def put(self, utterance: Utterance) -> None:
        """Have it spoken when its turn comes; never blocks."""
        with self._changed:
            if self._queue.put(utterance, self._clock()):
                self._cancel.set()
            self._changed.notify_all()
        self._report()

    def use(self, voices: Sequence[Voice]) -> None:
        """Speak by other voices from the next utterance on; the old ones are closed once they are idle.

        Never blocks; after `close` it only closes the new ones.
        """
        with self._changed:
            if not self._is_closing:
                self._replaced.append(self._ladder)
                self._ladder = FallbackVoice.of(voices)
                self._changed.notify_all()
                return
        FallbackVoice.of(voices).close()

    def withdraw(self, topic: str | None = None) -> None:
        """Do not say what waits of this topic (None: of any) unasked."""
        with self._changed:
            self._queue.withdraw(topic, self._clock())
        self._report()

    def interrupt(self, *, is_for_answer: bool = False) -> Utterance | None:
        """Cut off what is being spoken, if anything is, and tell what it was; what waits goes on. is_for_answer: one is
        put next, and a fault that was cut off is said again after it."""
        with self._changed:
            if is_for_answer:
                self._queue.give_way()
            self._cancel.set()
            return self._queue.speaking

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is spoken or waits, and all fates are told; False if that took longer."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout_s)

    def close(self, timeout_s: float) -> None:
        """Drop what waits, cut off what is spoken and end; a voice that is stuck is left behind after `timeout_s`."""
        with self._changed:
            self._is_closing = True
            self._queue.close(self._clock())
            self._cancel.set()
            self._changed.notify_all()
        self._report()
        self._thread.join(timeout_s)
        with self._changed:
            if self._queue.speaking is not None:
                self._queue.finish(Fate.INTERRUPTED, self._clock())
                log.warning("a voice did not stop in time and was left behind")
        self._report()

    def _is_idle(self) -> bool:
        return not len(self._queue) and self._queue.speaking is None and not self._fates and not self._reporting

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            utterance, ladder = taken
            self._began = self._clock()
            fate = ladder.tell(utterance, self._cancel, self._clock, self._trouble)
            self._began = None
            with self._changed:
                if self._queue.speaking is utterance:  # else close() could not wait, and has ended it
                    self._queue.finish(fate, self._clock())
            self._report()
        self._ladder.close()

    def _next(self) -> tuple[Utterance, FallbackVoice] | None:
        """The next utterance and who tells it, as soon as there is one; None: it is over."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or self._replaced or self._queue.has_next)
                replaced, self._replaced = self._replaced, []
                utterance = None if replaced else self._queue.take(self._clock())
                ladder = self._ladder
                if utterance is not None:
                    self._cancel = threading.Event()
            self._report()
            for old in replaced:
                old.close()
            if utterance is not None:
                return utterance, ladder
            if self._is_closing and not replaced:
                return None

    def _trouble(self, message: str) -> None:
        self._call(self._on_trouble, message)

    def _report(self) -> None:
        with self._changed:
            fates, self._fates = self._fates, []
            self._reporting += 1
        for ended in fates:
            self._call(self._on_fate, *ended)
        with self._changed:
            self._reporting -= 1
            self._changed.notify_all()

    @staticmethod
    def _call(callback: Callable[..., None], *arguments: object) -> None:
        try:
            callback(*arguments)
        except Exception:  # who listens badly does not make the assistant dumb
            log.exception("a listener of the speaker failed")
