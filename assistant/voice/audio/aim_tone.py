"""The tone by which the wearer aims: the nearer the face is to the middle, the higher it is; it comes from the face's
side. Standard library only.

The tone has a continuous phase and its pitch, sides and loudness glide from one position to the next, so that it never
clicks. With no face in view there are soft low pulses. It is as loud as words: with both sides together, wherever it
comes from. While a thing is looked for it comes in ticks, the quicker the nearer the thing is to the middle.
"""

import array
import math
import threading
import time
from collections.abc import Callable, Iterator

from assistant.voice.audio.loudness import TARGET_LUFS, volume_factor

RATE = 11025
"""Samples a second: the tone has no overtones, and a small board computes it in a fifth of the time that it lasts."""
CHUNK_S = 0.025
"""The tone is made in pieces of so many seconds; a new position is heard from the next one on."""
TOP_SEMITONES, BOTTOM_SEMITONES = 12.0, -9.0
"""Pitch with the face in the middle, and at the edge, in semitones above A4 (440 Hz): 880 and 262 Hz."""
VERTICAL_WEIGHT = 0.7
"""Weight of the distance from the middle up or down against that to the side, each as a share of half the picture."""
PULSE_EVERY, PULSE_LENGTH, PULSE_GAIN = 20, 2, 0.3
"""With no face in view: a pulse in every so many pieces, its length in pieces, and its share of the amplitude."""
SLOWEST_TICK, QUICKEST_TICK, TICK_LENGTH = 24, 4, 2
"""Ticking: from one tick to the next in pieces, with the thing at the edge and in the middle, and a tick's length."""
STALE_S = 1.5
"""Without a new position for so long the tone ends: vision has stopped."""
AMPLITUDE = 32767 * math.sqrt(2) * 10 ** ((TARGET_LUFS + 0.691) / 20)
"""Of a sine as loud as words; BS.1770's filter leaves these pitches as they are, and its scale begins 0.691 dB higher.
"""


class AimTone:
    """The tone of aiming, for one aiming after another. `begin`, `move` and `over` may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._position: tuple[float, float] | None = None
        self._moved_at = -math.inf
        self._is_wanted = self._is_ticking = False

    @property
    def is_wanted(self) -> bool:
        """Whether an aiming has begun and neither ended nor been cut off."""
        return self._is_wanted

    def begin(self, *, is_ticking: bool = False) -> None:
        """An aiming begins. is_ticking: in ticks, as for a thing."""
        with self._lock:
            self._is_ticking = is_ticking
            self._position, self._moved_at, self._is_wanted = None, self._clock(), True

    def move(self, x: float | None, y: float | None) -> None:
        """The face is there, see AimPosition; None: there is none."""
        with self._lock:
            self._position = None if x is None or y is None else (x, y)
            self._moved_at = self._clock()

    def over(self) -> None:
        """The aiming has ended; the tone fades out."""
        self._is_wanted = False

    def chunks(self, volume: int, *, channels: int = 2) -> Iterator[bytes]:
        """The tone in pieces of CHUNK_S, signed 16-bit little-endian, the channels interleaved, until it is over.

        volume: percent. channels: 1 or 2; with one, only the pitch tells.
        """
        phase, number, ticked, count = 0.0, 0, -SLOWEST_TICK, round(CHUNK_S * RATE)
        before = (_pitch((0.0, 0.0)), 0.0, 0.0)
        amplitude = AMPLITUDE * volume_factor(volume)
        while True:
            with self._lock:
                position, is_over = self._position, not self._is_wanted or self._clock() - self._moved_at > STALE_S
            after = _targets(position, number, before[0])
            if self._is_ticking and position is not None:
                ticked = number if number - ticked >= _tick_interval(position) else ticked
                is_over_or_between = is_over or number - ticked >= TICK_LENGTH
            else:
                is_over_or_between = is_over
            after = (after[0], 0.0, 0.0) if is_over_or_between else after
            samples = array.array("h")
            for n in range(count):
                share = (n + 1) / count
                phase += 2 * math.pi * (before[0] + share * (after[0] - before[0])) / RATE
                wave = amplitude * math.sin(phase)
                left = before[1] + share * (after[1] - before[1])
                right = before[2] + share * (after[2] - before[2])
                if channels == 1:
                    samples.append(round(wave * math.hypot(left, right) / math.sqrt(2)))
                else:
                    samples.append(round(wave * left))
                    samples.append(round(wave * right))
            yield samples.tobytes()
            if is_over:
                return
            before, number, phase = after, number + 1, phase % (2 * math.pi)


def _targets(position: tuple[float, float] | None, number: int, hertz: float) -> tuple[float, float, float]:
    """Pitch in Hz and the factors of the left and the right side at the end of piece `number`; the two together
    always have the power of words on both sides. hertz: the pitch before, which silence keeps."""
    if position is None:
        is_pulse = number % PULSE_EVERY < PULSE_LENGTH
        return (_hertz(BOTTOM_SEMITONES), PULSE_GAIN, PULSE_GAIN) if is_pulse else (hertz, 0.0, 0.0)
    angle = (min(1.0, max(-1.0, position[0])) + 1) * math.pi / 4
    return _pitch(position), math.sqrt(2) * math.cos(angle), math.sqrt(2) * math.sin(angle)


def _pitch(position: tuple[float, float]) -> float:
    return _hertz(TOP_SEMITONES - _off_middle(position) * (TOP_SEMITONES - BOTTOM_SEMITONES))


def _tick_interval(position: tuple[float, float]) -> int:
    """Pieces from one tick to the next."""
    return round(QUICKEST_TICK + _off_middle(position) * (SLOWEST_TICK - QUICKEST_TICK))


def _off_middle(position: tuple[float, float]) -> float:
    """How far from the middle, from 0 to 1 at the edge."""
    return min(1.0, max(abs(position[0]), VERTICAL_WEIGHT * abs(position[1])))


def _hertz(semitones: float) -> float:
    return float(440 * 2 ** (semitones / 12))
