"""The voice process: takes what vision has to say, speaks it, tells vision what became of it, and misses vision."""

import dataclasses
import logging
import math
import shlex
import threading
import time
from collections.abc import Callable
from pathlib import Path

from assistant.config import Settings
from assistant.link import Listener, control_socket
from assistant.messages import Answer, Ended, Heartbeat, Message, Stop, Withdraw
from assistant.notify import Notifier
from assistant.records import Fate, Fault, LinkError, Utterance
from assistant.voice import controls, voices
from assistant.voice.desk import Desk
from assistant.voice.keep import Kept, state_file
from assistant.voice.ladder import Ladder
from assistant.voice.sound import CommandPlayer, Player
from assistant.voice.speaker import Speaker
from assistant.voice.watch import LOOK_S, BoardWatch, Tick, Watch, Words, fault_utterance

log = logging.getLogger(__name__)

LAST_WORDS_S, END_S = 1.1, 0.1
"""When told to stop: for what is waiting to be said, and for the voices to end."""


TICK_S = 600.0
"""After so long without a word a soft tick tells that silence means: nothing to say."""


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
    watch, board = Watch(words, speaker.put, clock), BoardWatch(words, speaker.put, clock)
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
        board.look()
        if not desk.is_muted:
            tick.look()
    notifier.stopping()
    for control in pressed:
        control.close()
    speaker.drain(LAST_WORDS_S)
    speaker.close(END_S)
    listener.close()


def _report(notifier: Notifier, desk: Desk, watch: Watch, *, works: bool) -> None:
    """Tell the service manager what the voice is doing, and that it works if it does."""
    notifier.status("muted" if desk.is_muted else "seeing" if watch.is_seeing else "without vision")
    if works:
        notifier.alive()
