"""The thread that speaks: it empties the queue down the ladder of voices, and nothing that a voice does can end it."""

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence

from assistant.records import Fate, Utterance
from assistant.voice.queue import SpeechQueue
from assistant.voice.voices import Voice

log = logging.getLogger(__name__)

RETRY_S = 5.0
"""So long a lower rung is kept before the better ones are tried again, with whatever is said next."""


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
        retry_s: float = RETRY_S,
    ) -> None:
        self._on_fate, self._on_trouble, self._clock, self._retry_s = on_fate, on_trouble, clock, retry_s
        self._voices = tuple(voices)
        self._first, self._retry_at = 0, 0.0  # the rung that spoke last, and how long it goes first
        self._told: set[tuple[int, str]] = set()
        self._changed = threading.Condition()
        self._fates: list[tuple[Utterance, Fate, float]] = []  # not reported yet; then how many are being reported
        self._reporting = 0
        self._queue = SpeechQueue(lambda *ended: self._fates.append(ended))
        self._cancel = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
        self._thread.start()

    def put(self, utterance: Utterance) -> None:
        """Have it spoken when its turn comes; never blocks."""
        with self._changed:
            if self._queue.put(utterance, self._clock()):
                self._cancel.set()
            self._changed.notify_all()
        self._report()

    def use(self, voices: Sequence[Voice]) -> None:
        """Speak by other voices from the next utterance on."""
        with self._changed:
            self._voices, self._first = tuple(voices), 0

    def withdraw(self, topic: str | None = None) -> None:
        """Do not say what waits of this topic (None: of any) unasked."""
        with self._changed:
            self._queue.withdraw(topic, self._clock())
        self._report()

    def interrupt(self) -> None:
        """Cut off what is being spoken, if anything is; what waits goes on."""
        with self._changed:
            self._cancel.set()

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
        while (utterance := self._next()) is not None:
            fate = self._say(utterance, self._cancel)
            with self._changed:
                if self._queue.speaking is utterance:  # else close() could not wait, and has ended it
                    self._queue.finish(fate, self._clock())
            self._report()
        for voice in self._voices:
            try:
                voice.close()
            except Exception:  # nobody is left to be told
                log.warning("voice %s: could not be closed", voice.name, exc_info=True)

    def _next(self) -> Utterance | None:
        """The next utterance, as soon as there is one; None: it is over."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or len(self._queue))
                utterance = self._queue.take(self._clock())
                if utterance is not None:
                    self._cancel = threading.Event()
            self._report()
            if utterance is not None or self._is_closing:
                return utterance

    def _say(self, utterance: Utterance, cancel: threading.Event) -> Fate:
        if self._clock() >= self._retry_at:
            self._first = 0
        rungs = range(len(self._voices))
        for rung in (*rungs[self._first :], *rungs[: self._first]):
            voice = self._voices[rung]
            try:
                is_spoken = voice.say(utterance.text, cancel)
                trouble = "" if is_spoken or cancel.is_set() else "ended before it had spoken"
            except Exception as err:  # whatever a voice does, the next one speaks
                is_spoken, trouble = False, str(err) or type(err).__name__
                log.debug("voice %s", voice.name, exc_info=True)
            if is_spoken:
                self._spoke(rung)
                return Fate.SPOKEN
            if cancel.is_set():
                return Fate.INTERRUPTED
            self._tell(rung, f"{voice.name}: {trouble}")
        self._first = 0
        return Fate.FAILED

    def _spoke(self, rung: int) -> None:
        self._told = {told for told in self._told if told[0] != rung}
        if rung != self._first:
            self._first, self._retry_at = rung, self._clock() + self._retry_s

    def _tell(self, rung: int, message: str) -> None:
        kind = (rung, re.sub(r"\d+", "#", message))  # "after 0.01 s" and "after 0.02 s" are one trouble
        if kind not in self._told:
            self._told.add(kind)
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
