"""The voice process: takes what vision has to say, speaks it, tells vision what became of it, and misses vision."""

import dataclasses
import logging
import math
import shlex
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from assistant.config import Settings
from assistant.faults import Faults
from assistant.link import Listener, control_socket
from assistant.messages import Answer, Ended, Heartbeat, Message, Stop, Withdraw
from assistant.notify import Notifier
from assistant.records import Fate, Fault, LinkError, Priority, Utterance
from assistant.voice import controls, voices
from assistant.voice.desk import Desk
from assistant.voice.keep import Kept, state_file
from assistant.voice.ladder import Ladder
from assistant.voice.sound import CommandPlayer, Player
from assistant.voice.speaker import Speaker

log = logging.getLogger(__name__)

MISSED_S = 3.0
"""A vision that completed no step for so long has stopped."""
LOOK_S = 0.25
LAST_WORDS_S, END_S = 1.1, 0.1
"""When told to stop: for what is waiting to be said, and for the voices to end."""


TICK_S = 600.0
"""After so long without a word a soft tick tells that silence means: nothing to say."""


class Words(Protocol):
    """The words of a language, as far as the voice needs them. voice: its espeak-ng voice."""

    @property
    def voice(self) -> str: ...

    def status(self, name: str) -> str: ...

    def said(self, table: str, name: str) -> str: ...

    def fault(self, name: str, *, is_over: bool = False) -> str:
        """What is wrong, or that it no longer is. Raises KeyError for a fault that has no words."""
        ...


def serve(
    settings: Settings,
    socket_path: Path,
    words: Words,
    stop: threading.Event,
    *,
    player: Player | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Speak until `stop` is set, by the caller or by vision's `stop` message; then say what waits, for LAST_WORDS_S.

    Raises LinkError if it cannot listen at socket_path.
    """
    listener = Listener(socket_path)
    player = player or CommandPlayer(settings.voice.device)
    kept = Kept(settings.voice.rate_wpm, settings.voice.volume, state_file())

    def ladder() -> Ladder:
        set_by_ear = dataclasses.replace(settings.voice, rate_wpm=kept.rate_wpm, volume=kept.volume)
        return voices.make(set_by_ear, words.voice, player)

    def tell(utterance: Utterance, fate: Fate, at: float) -> None:
        desk.ended(utterance, fate)
        tick.heard(fate, at)
        listener.send(Ended(utterance, fate, at))

    speaker = Speaker(ladder(), on_fate=tell, on_trouble=lambda trouble: log.warning("voice %s", trouble), clock=clock)
    watch = Watch(words, speaker.put, clock)
    tick_text = words.said("sounds", "still_here")
    tick = Tick(tick_text, speaker.put, clock, TICK_S if settings.words.still_here else math.inf)
    desk = Desk(
        words,
        speaker,
        listener.send,
        lambda rate_wpm, volume: speaker.use(ladder()),
        kept,
        is_seeing=lambda: watch.is_seeing,
        shutdown_command=tuple(shlex.split(settings.controls.shutdown_command)),
        clock=clock,
    )

    def take(message: Message) -> None:
        match message:
            case Utterance():
                if desk.passes(message):
                    speaker.put(message)
                else:
                    listener.send(Ended(message, Fate.DROPPED, clock()))
            case Answer():
                desk.answered(message.number, message.utterance)
            case Fault():
                speaker.put(fault_utterance(words, message))
            case Withdraw():
                speaker.withdraw(message.topic)
            case Heartbeat():
                watch.beat(message.at)
            case Stop():
                stop.set()
            case _:
                raise LinkError(f"{type(message).__name__} is not for the voice")

    listener.start(take)
    pressed, troubles = controls.make(settings.controls, desk.do, control_socket())
    for name, detail in troubles.items():
        speaker.put(fault_utterance(words, Fault(name, clock(), detail)))
    notifier = Notifier()
    notifier.ready()
    while not stop.wait(LOOK_S):
        _report(notifier, desk, watch, works=speaker.is_working and listener.is_working)
        watch.look()
        if not desk.is_muted:
            tick.look()
    notifier.stopping()
    for control in pressed:
        control.close()
    speaker.drain(LAST_WORDS_S)
    speaker.close(END_S)
    listener.close()


def _report(notifier: Notifier, desk: Desk, watch: "Watch", *, works: bool) -> None:
    """Tell the service manager what the voice is doing, and that it works if it does."""
    notifier.status("muted" if desk.is_muted else "seeing" if watch.is_seeing else "without vision")
    if works:
        notifier.alive()


class Tick:
    """A soft sound after `every_s` of silence: silence must not be ambiguous. text: where no sound can be played."""

    def __init__(self, text: str, say: Callable[[Utterance], None], clock: Callable[[], float], every_s: float) -> None:
        self._text, self._say, self._clock, self._every_s = text, say, clock, every_s
        self._last = clock()

    def heard(self, fate: Fate, at: float) -> None:
        """Something ended; if it was heard the silence begins anew."""
        if fate in (Fate.SPOKEN, Fate.INTERRUPTED):
            self._last = at

    def look(self) -> None:
        """Compare the last sound with the clock."""
        now = self._clock()
        if now - self._last >= self._every_s:
            self._last = now
            self._say(Utterance(self._text, Priority.STATUS, "tick", now + LOOK_S, "nothing to say", "still_here"))


class Watch:
    """Says that vision has stopped MISSED_S after its last step, again while it stays away, and when it is back.

    It begins with the first step: before that vision says itself what keeps it.
    """

    def __init__(self, words: Words, say: Callable[[Utterance], None], clock: Callable[[], float]) -> None:
        self._words, self._say, self._clock = words, say, clock
        self._faults = Faults()
        self._last: float | None = None

    @property
    def is_seeing(self) -> bool:
        """Whether vision completed a step lately."""
        return self._last is not None and self._clock() - self._last <= MISSED_S

    def beat(self, at: float) -> None:
        """Vision completed a step at `at`; a step in the future cannot have been completed."""
        self._last = min(at, self._clock())

    def look(self) -> None:
        """Compare the last step with the clock, and say what follows."""
        if self._last is None:
            return
        now = self._clock()
        if now - self._last > MISSED_S:
            news = self._faults.begin("vision", now, f"no step for {MISSED_S:.0f} s")
        else:
            news = self._faults.end("vision", now)
        for fault in news:
            log.warning("vision: %s", "back" if fault.is_over else fault.detail)
            self._say(fault_utterance(self._words, fault))


def fault_utterance(words: Words, fault: Fault) -> Utterance:
    """A fault, or its end, as it is spoken. Raises LinkError for one that has no words."""
    try:
        text = words.fault(fault.name, is_over=fault.is_over)
    except KeyError as err:
        raise LinkError(f"there are no words for a fault named {fault.name!r}") from err
    topic, why = f"fault {fault.name}", fault.detail or fault.name
    return Utterance(text, Priority.FAULT, topic, None, why, is_over=fault.is_over)
