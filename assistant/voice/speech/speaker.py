"""The thread that speaks: it takes utterances from the queue, and nothing that a voice does can end it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from assistant.records import Fate, Utterance
from assistant.voice.speech.fallback_voice import FallbackVoice, Voice
from assistant.voice.speech.speech_queue import SpeechQueue

log = logging.getLogger(__name__)


UTTERANCE_LIMIT_S = 120.0
"""Seconds that no utterance takes, at the slowest rate and after every voice has been tried: a voice is stuck."""


class Speaker:
    """Speaks the utterances that are put, until `close`. Every method may be called from any thread."""

    def __init__(
        self,
        voices: Sequence[Voice],
        *,
        on_fate: Callable[[Utterance, Fate, float], None] = lambda utterance, fate, at: None,
        on_start: Callable[[Utterance, float], None] = lambda utterance, at: None,
        on_error: Callable[[str], None] = lambda message: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """on_fate(utterance, fate, at): called once for each utterance, from the thread in which it ended.
        on_start(utterance, at): it is about to be spoken.

        on_error(message): a voice failed; called once for each kind of error until that voice speaks again. None is
        called with a lock held.
        """
        self._on_fate, self._on_start, self._on_error, self._clock = on_fate, on_start, on_error, clock
        self._voice = FallbackVoice.of(voices)
        self._replaced: list[FallbackVoice] = []  # to be closed by the thread, between two utterances
        self._changed = threading.Condition()
        self._fates: list[tuple[Utterance, Fate, float]] = []  # not reported yet
        self._reporting = 0  # calls of `_report` in progress
        self._queue = SpeechQueue(lambda *ended: self._fates.append(ended))
        self._cancel = threading.Event()
        self._stop_preparing = threading.Event()  # something was put that may not wait for speech made ahead
        self._is_closing = False
        self._began_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether the thread lives, and no voice has kept it for UTTERANCE_LIMIT_S."""
        began_at = self._began_at
        return self._thread.is_alive() and (began_at is None or self._clock() - began_at < UTTERANCE_LIMIT_S)

    def put(self, utterance: Utterance) -> None:
        """Queue an utterance; never blocks."""
        with self._changed:
            if self._queue.put(utterance, self._clock()):
                self._cancel.set()
            self._stop_preparing.set()
            self._changed.notify_all()
        self._report()

    def hear(self, is_talk: bool | None) -> None:
        """Somebody talks, or nobody does: see SpeechQueue for what waits for a gap; None: no listener works."""
        with self._changed:
            self._queue.hear(is_talk)
            self._changed.notify_all()

    def use_voice(self, voices: Sequence[Voice]) -> None:
        """Speak by other voices from the next utterance on; the old ones are closed once they are idle.

        Never blocks; after `close` it only closes the new ones.
        """
        with self._changed:
            if not self._is_closing:
                self._replaced.append(self._voice)
                self._voice = FallbackVoice.of(voices)
                self._changed.notify_all()
                return
        FallbackVoice.of(voices).close()

    def withdraw(self, topic: str | None = None) -> None:
        """Drop the announcements of this topic (None: of any) that wait."""
        with self._changed:
            self._queue.withdraw(topic, self._clock())
        self._report()

    def interrupt(self, *, is_for_answer: bool = False) -> Utterance | None:
        """Cut off what is being spoken, and return it; what waits is spoken next.

        is_for_answer: an answer is put next, and a fault that was cut off is spoken again after it.
        """
        with self._changed:
            self._queue.expect_answer(is_expected=is_for_answer)
            self._cancel.set()
            return self._queue.speaking

    def cut_off(self, utterance: Utterance) -> None:
        """Cut off this utterance, if it is being spoken."""
        with self._changed:
            if self._queue.speaking is utterance:
                self._cancel.set()

    def hold_unasked(self, *, is_held: bool) -> None:
        """Let unasked utterances wait, or no longer."""
        with self._changed:
            self._queue.hold_unasked(self._clock(), is_held=is_held)
            self._changed.notify_all()
        self._report()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is spoken, and nothing of what waits may be."""
        with self._changed:
            return self._queue.speaking is None and self._queue.wait_s(self._clock()) is None

    def drain(self, timeout_s: float) -> bool:
        """Wait until the queue is empty, nothing is spoken and all fates are reported; False after the timeout."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout_s)

    def close(self, timeout_s: float) -> None:
        """Drop what waits, cut off what is spoken and end; a voice that is stuck is abandoned after `timeout_s`."""
        with self._changed:
            self._is_closing = True
            self._queue.close(self._clock())
            self._cancel.set()
            self._stop_preparing.set()
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
            utterance, voice = taken
            self._began_at = self._clock()
            self._call(self._on_start, utterance, self._began_at)
            fate = voice.speak(utterance, self._cancel, self._clock, self._report_error)
            self._began_at = None
            with self._changed:
                if self._queue.speaking is utterance:  # else close() could not wait, and has ended it
                    self._queue.finish(fate, self._clock())
            self._report()
        self._voice.close()

    def _next(self) -> tuple[Utterance, FallbackVoice] | None:
        """Wait for the next utterance; it, and the voice that speaks it. None: the speaker is closing."""
        prepared: Utterance | None = None
        while True:
            with self._changed:
                while not (self._is_closing or self._replaced):
                    now = self._clock()
                    upcoming, wait_s = self._queue.upcoming(now), self._queue.wait_s(now)
                    if wait_s == 0 or (upcoming is not None and upcoming is not prepared):
                        break
                    self._changed.wait(wait_s)
                else:
                    now, upcoming = self._clock(), None
                replaced, self._replaced = self._replaced, []
                is_ready = not replaced and (upcoming is None or upcoming is prepared)
                utterance, voice = self._queue.take(now) if is_ready else None, self._voice
                if utterance is not None:
                    self._cancel = threading.Event()
                self._stop_preparing.clear()
            self._report()
            for old in replaced:
                old.close()
            if utterance is not None:
                return utterance, voice
            if self._is_closing and not replaced:
                return None
            if not is_ready and not replaced and upcoming is not None:
                voice.prepare(upcoming, self._stop_preparing)
            prepared = None if replaced else upcoming

    def _report_error(self, message: str) -> None:
        self._call(self._on_error, message)

    def _report(self) -> None:
        """Report the fates that were decided under the lock, without it."""
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
        except Exception:  # a callback that fails must not silence the assistant
            log.exception("a callback of the speaker failed")
