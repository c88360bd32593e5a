"""One loudness for everything that is heard, whatever made it, and the volume in steps that are heard as equal.

The loudness is that of ITU-R BS.1770-4: K-weighted power in blocks of 0.4 s, gated. It is
measured in each sound before that is played, for two sentences of espeak-ng differ by up to 6 LU, and those of other
engines by more. Standard library only: 6 ms for each second of sound on a desktop.
"""

import array
import functools
import math

from assistant.voice.audio.player import Pcm

TARGET_LUFS = -20.0
"""The loudness at full volume. That of espeak-ng's sentences is -21 on average, and at -20 one sample in 60,000 is cut
at full scale; at -18 it is one in 4000."""
DB_PER_PERCENT = 0.3
"""A step of ten percent is 3 dB, from the top to the bottom; 1 dB is the least that is heard at all."""
MAX_GAIN_DB = 12.0
"""A sound is raised by no more: it is noise, or was meant to be soft."""
SAME_DB = 0.1
"""A sound this near to what is asked for stays as it is."""
MEASURED_S = 5.0
"""The part of a sound that is measured, seconds, so that a long text does not begin late on a small board."""
BLOCK_TENTHS = 4
"""A block has four tenths of a second, and the next one begins a tenth later."""
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
"""Blocks that are softer than the first count as silence, blocks below the mean by the second as a pause."""


def at_volume(pcm: Pcm, percent: int) -> Pcm:
    """The sound at TARGET_LUFS, less what the volume in percent takes away."""
    return at_loudness(pcm, TARGET_LUFS + volume_db(percent))


def at_loudness(pcm: Pcm, lufs: float) -> Pcm:
    """The sound at that loudness, silence as it is; single samples that would be beyond full scale are cut there."""
    level = loudness(pcm)
    return pcm if level == -math.inf else with_gain(pcm, min(MAX_GAIN_DB, lufs - level))


def with_volume(pcm: Pcm, percent: int) -> Pcm:
    """A sound that has its loudness already, at a volume in percent."""
    return with_gain(pcm, volume_db(percent))


def volume_db(percent: int) -> float:
    """What a volume in percent means: 0 dB at 100, and 3 dB less with every ten."""
    return DB_PER_PERCENT * (min(100, percent) - 100)


def volume_factor(percent: int) -> float:
    """The same as a factor of the amplitude, from 0 to 1, for engines that play by themselves."""
    return float(10 ** (volume_db(percent) / 20))


def with_gain(pcm: Pcm, gain_db: float) -> Pcm:
    """The sound raised (or lowered, below 0) by so many decibels."""
    values = array.array("h", pcm.samples)
    if abs(gain_db) < SAME_DB or not values:
        return pcm
    factor = 10 ** (gain_db / 20)
    if factor * max(map(abs, values)) < 32767:
        scaled = array.array("h", [round(factor * value) for value in values])
    else:
        scaled = array.array("h", [max(-32768, min(32767, round(factor * value))) for value in values])
    return Pcm(scaled.tobytes(), pcm.rate)


def loudness(pcm: Pcm) -> float:
    """The integrated loudness of the first MEASURED_S in LUFS; -inf for silence.

    A sound that is shorter than a block is filled up with silence.
    """
    tenth = pcm.rate // 10
    values = array.array("h", pcm.samples)[: round(MEASURED_S * pcm.rate)]
    values.extend([0] * (BLOCK_TENTHS * tenth - len(values)))
    sums = _weighted_sums(values, pcm.rate, tenth)
    powers = [
        sum(sums[at : at + BLOCK_TENTHS]) / (BLOCK_TENTHS * tenth * 32768**2)
        for at in range(len(sums) - BLOCK_TENTHS + 1)
    ]
    loud = [power for power in powers if _lufs(power) > ABSOLUTE_GATE_LUFS]
    if not loud:
        return -math.inf
    gate = _lufs(sum(loud) / len(loud)) + RELATIVE_GATE_LU
    loud = [power for power in loud if _lufs(power) > gate]
    return _lufs(sum(loud) / len(loud))


def _lufs(power: float) -> float:
    """Loudness of a mean square of one channel; -0.691 undoes the K-weighting of 997 Hz."""
    return -0.691 + 10 * math.log10(power) if power > 0 else -math.inf


def _weighted_sums(values: "array.array[int]", rate: int, tenth: int) -> list[float]:
    """Sum of the squares of the K-weighted samples of each whole tenth of a second."""
    b0, b1, b2, a1, a2, c1, c2 = _k_weighting(rate)
    x1 = x2 = y1 = y2 = 0.0
    sums = []
    for begin in range(0, len(values) - tenth + 1, tenth):
        total = 0.0
        for value in values[begin : begin + tenth]:
            x = value - a1 * x1 - a2 * x2
            y = b0 * x + b1 * x1 + b2 * x2 - c1 * y1 - c2 * y2
            weighted = y - 2 * y1 + y2
            x1, x2, y1, y2 = x, x1, y, y1
            total += weighted * weighted
        sums.append(total)
    return sums


@functools.lru_cache(maxsize=8)
def _k_weighting(rate: int) -> tuple[float, float, float, float, float, float, float]:
    """The two filters of BS.1770 at a sample rate: the shelf of the head (b0, b1, b2, a1, a2), then the high-pass
    (a1, a2; its numerator is 1, -2, 1).

    The standard gives them at 48 kHz only. These are the analogue filters behind its figures (as in libebur128), by the
    bilinear transform.
    """
    k, q = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    norm = 1 + k / q + k * k
    shelf = (
        (high + band * k / q + k * k) / norm,
        2 * (k * k - high) / norm,
        (high - band * k / q + k * k) / norm,
        2 * (k * k - 1) / norm,
        (1 - k / q + k * k) / norm,
    )
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    norm = 1 + k / q + k * k
    return (*shelf, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm)
