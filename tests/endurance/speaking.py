"""Utterances of every kind through the real speaker and its queue, to a voice that sometimes fails and one that never
does; some are interrupted or withdrawn, and the voices are replaced in between."""

import random
import threading
from collections import Counter

from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance
from assistant.voice.speech.speaker import Speaker
from tests.endurance.resource_usage import FastClock, Outcome, UsageMonitor

SPEED = 200.0
WORD_S = 0.35
INTERVAL_S = 1.3
"""Mean time from one utterance to the next: somewhat shorter than speaking them takes."""
DRAIN_EVERY, DRAIN_S = 100, 30.0
EXPIRES_S = 3.0
FAULTS = ("camera_lost", "vision", "voice", "step")


class UnreliableVoice:
    """Takes as long as speaking would. failures: how many of ten sentences fail."""

    def __init__(self, name: str, failures: int, dice: random.Random) -> None:
        self.name, self._failures, self._dice = name, failures, dice

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        """Speak it, or fail."""
        if self._dice.randrange(10) < self._failures:
            raise VoiceError("no sound card")
        return not cancel.wait(len(text.split()) * WORD_S / SPEED)

    def close(self) -> None:
        """It holds nothing."""


class Wearer:
    """The fates of all utterances, and which faults the wearer must think active."""

    def __init__(self, count: int) -> None:
        self.fates = bytearray(count)  # not a Counter: that would grow, and this test looks for growth
        self.kinds = Counter[Fate]()
        self.active_faults: dict[str, bool] = {}
        self.failures: list[str] = []

    def on_fate(self, utterance: Utterance, fate: Fate, at: float) -> None:
        """Take in the fate of an utterance; `log_note` holds its number."""
        self.fates[int(utterance.log_note)] += 1
        self.kinds[fate] += 1
        if utterance.priority is Priority.FAULT:
            if fate is Fate.SPOKEN:
                self.active_faults[utterance.topic] = not utterance.is_over
            elif fate in (Fate.EXPIRED, Fate.INTERRUPTED):
                self.failures.append(f"{utterance.topic}: {fate}")
        if fate is Fate.FAILED:
            self.failures.append(f"{utterance.topic}: no voice spoke it")


def utterances(count: int) -> Outcome:
    """So many utterances."""
    dice, clock, usage, wearer = random.Random(4), FastClock(SPEED), UsageMonitor("utterances", count), Wearer(count)

    def voices() -> list[UnreliableVoice]:
        return [
            UnreliableVoice("first", 2, random.Random(dice.random())),
            UnreliableVoice("second", 0, random.Random(1)),
        ]

    speaker = Speaker(voices(), on_fate=wearer.on_fate, clock=clock)
    active: set[str] = set()
    pause = threading.Event()
    for number in range(count):
        speaker.put(_utterance(number, dice, active, clock()))
        chance = dice.random()
        if chance < 0.01:
            speaker.withdraw(f"person {dice.randrange(3)}")
        elif chance < 0.02:
            speaker.use_voice(voices())
        pause.wait(dice.uniform(0, 2 * INTERVAL_S) / SPEED)
        usage.sample(number, clock() / 3600)
        if number % DRAIN_EVERY == DRAIN_EVERY - 1:
            _compare(speaker, wearer, active, number)
    outcome_note = ", ".join(f"{kinds} {fate}" for fate, kinds in sorted(wearer.kinds.items()))
    outcome = usage.outcome(clock() / 3600, wearer.failures, outcome_note)
    speaker.close(5.0)
    wrong = [number for number in range(count) if wearer.fates[number] != 1]
    outcome.failures += [f"utterance {number} had {wearer.fates[number]} fates" for number in wrong]
    return outcome


def _utterance(number: int, dice: random.Random, active: set[str], now: float) -> Utterance:
    chance, text = dice.random(), " ".join(["word"] * dice.randint(2, 8))
    if chance < 0.3:
        name = dice.choice(FAULTS)
        is_over = name in active
        active ^= {name}
        return Utterance(text, Priority.FAULT, f"fault {name}", None, str(number), is_over=is_over)
    if chance < 0.6:
        return Utterance(text, Priority.ANSWER, "answer", None, str(number))
    priority = Priority.CHANGE if chance < 0.85 else Priority.STATUS
    return Utterance(text, priority, f"person {dice.randrange(3)}", now + EXPIRES_S, str(number))


def _compare(speaker: Speaker, wearer: Wearer, active: set[str], number: int) -> None:
    """Once all is spoken, the wearer must know of each fault whether it is active."""
    if not speaker.drain(DRAIN_S):
        wearer.failures.append(f"after utterance {number}: not all was spoken within {DRAIN_S:g} s")
        return
    for name in FAULTS:
        if wearer.active_faults.get(f"fault {name}", False) != (name in active):
            wearer.failures.append(f"after utterance {number}: {name} {'unknown' if name in active else 'not ended'}")
