"""Talk whose turns and pauses are known to the sample: words by espeak-ng's voices, lengths drawn by a seed."""

import io
import math
import random
import subprocess
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 16000
PAUSE_S, PAUSE_SIGMA = (0.2, 0.6, 2.0), 0.67
"""Shortest, median and longest pause, and the spread of its logarithm, with which 0.2 and 2 s are the 5 % and the 95 %
quantile."""
TURN_S, TURN_SIGMA = (0.3, 1.4, 6.0), 0.67
"""The same of a stretch of talk without a pause; its mean is then 1.7 s. By ITU-T P.59 two people are silent together
for 22.5 % of the time, 0.51 s at a time: between two of these silences somebody talks for 1.75 s."""
LOUD = 300
"""A sample that belongs to speech; softer ones at the ends of a turn are cut away."""
NOISE = 30.0
"""The room's noise, root mean square: -61 dB below full scale."""
VOICES = ("en", "en+f2", "en+m3", "en-us", "en+f4", "en+m1")
TEXT = (
    "we were going to the market after work and then she told me about her new garden it rained all day so nobody came "
    "along to see the old bridge near the river do you know when the next train leaves for the coast my brother wants "
    "to learn how to bake bread with seeds and nuts in it yes of course no not really i think so too well maybe later "
    "that sounds lovely what did he say then"
)


@dataclass(frozen=True)
class Talk:
    """Some minutes of talk."""

    samples: NDArray[np.int16]
    """[N], RATE samples a second."""
    turns: NDArray[np.float64]
    """[turns, 2], seconds: where each begins and ends; between them nobody talks."""

    def is_talk(self, at: float) -> bool:
        """Whether somebody talks at that second."""
        index = int(np.searchsorted(self.turns[:, 0], at, side="right")) - 1
        return index >= 0 and at < self.turns[index, 1]

    def has_pause(self, since: float, until: float) -> bool:
        """Whether nobody talks for as long as the shortest pause between two seconds."""
        begin = np.maximum(np.append(0.0, self.turns[:, 1]), since)
        end = np.minimum(np.append(self.turns[:, 0], math.inf), until)
        return bool((end - begin >= PAUSE_S[0] - 1e-3).any())


def draw(rng: random.Random, limits: tuple[float, float, float], sigma: float) -> float:
    """A length from a log-normal distribution, cut at both ends. limits: shortest, median, longest, seconds."""
    shortest, median, longest = limits
    while not shortest <= (length := rng.lognormvariate(math.log(median), sigma)) <= longest:
        pass
    return length


def phrases(rng: random.Random, count: int = 60) -> list[NDArray[np.float64]]:
    """Words without a pause, of very different lengths."""
    orders, words_there = [], TEXT.split()
    for _ in range(count):
        words, first = rng.randint(1, 14), rng.randrange(len(words_there) - 14)
        orders.append((" ".join(words_there[first : first + words]), rng.choice(VOICES), rng.randint(145, 195)))
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda order: _spoken(*order), orders))


def make_talk(seed: int, seconds: float, *, has_pauses: bool = True) -> Talk:
    """Talk of that length, the same for the same seed. Without pauses one turn follows the other at once."""
    rng = random.Random(seed)
    known = phrases(rng)
    parts, turns, at = [], [], 0
    while at < seconds * RATE:
        length = draw(rng, TURN_S, TURN_SIGMA)
        nearest = sorted(known, key=lambda phrase: abs(len(phrase) / RATE - length))[:3]
        phrase = rng.choice(nearest) * rng.uniform(0.3, 1.0)
        parts.append(phrase)
        turns.append((at / RATE, (at + len(phrase)) / RATE))
        at += len(phrase)
        if has_pauses:
            parts.append(np.zeros(round(draw(rng, PAUSE_S, PAUSE_SIGMA) * RATE)))
            at += len(parts[-1])
    track = np.concatenate(parts)
    track += np.random.default_rng(seed).normal(0, NOISE, len(track))
    return Talk(np.clip(track, -32767, 32767).astype(np.int16), np.array(turns))


def _spoken(text: str, voice: str, rate_wpm: int) -> NDArray[np.float64]:
    command = ["espeak-ng", "--stdout", "-v", voice, "-s", str(rate_wpm), text]
    done = subprocess.run(command, check=True, capture_output=True)
    with wave.open(io.BytesIO(done.stdout)) as source:
        rate, content = source.getframerate(), source.readframes(source.getnframes())
    values = np.frombuffer(content, np.int16).astype(float)
    at = np.arange(int(len(values) * RATE / rate)) * rate / RATE
    values = np.interp(at, np.arange(len(values)), values)
    loud = np.nonzero(np.abs(values) > LOUD)[0]
    return values[loud[0] : loud[-1] + 1]
