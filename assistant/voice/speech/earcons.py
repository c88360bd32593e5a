"""Earcons: short sounds that stand for words. Pure, by the standard library: a name in, samples out.

An expression is three steps of a melody, and the way it goes tells before its pitch does: what is pleasant ends higher
than it began, what is unpleasant ends lower, neutral stays where it is. The seven are seven of the nine ways in which
two intervals can go up, down or nowhere, so no two go the same way, and no interval is smaller than four semitones:
nobody needs perfect pitch. Pitches stay between 260 and 1200 Hz, which the smallest loudspeaker gives back.
"""

import array
import math
from dataclasses import dataclass

from assistant.voice.audio.player import Pcm, silence

RATE = 22050
STEP_S, FADE_S, PEAK = 0.09, 0.008, 13000
TICK_S, TICK_PEAK = 0.05, 1300
"""The tick that says `still here`: 20 dB below the others."""
BEEP_HZ, BEEP_S, GAP_S, BEEP_FADE_S, BEEP_PEAK = 330.0, 0.18, 0.12, 0.01, 16000


@dataclass(frozen=True)
class Melody:
    """Steps in semitones above A4 (440 Hz). rough: the share of the third harmonic, which makes it harsh; below 1, so
    that the tone crosses zero as often as its fundamental does."""

    steps: tuple[int, ...]
    rough: float = 0.0
    step_s: float = STEP_S
    peak: int = PEAK


MELODIES = {
    "happy": Melody((3, 7, 12)),
    "surprise": Melody((5, 5, 17)),
    "neutral": Melody((3, 3, 3)),
    "sad": Melody((3, -2, -7)),
    "fear": Melody((10, 15, 5), rough=0.2),
    "angry": Melody((-4, -4, -9), rough=0.6),
    "disgust": Melody((3, -9, -9), rough=0.6),
    "still_here": Melody((12,), step_s=TICK_S, peak=TICK_PEAK),
}
NAMES = (*MELODIES, "alarm")
"""Every sound there is; the expressions, `still_here` and `alarm`."""


def earcon(name: str) -> Pcm:
    """The sound of that name. Raises KeyError where there is none."""
    return three_beeps() if name == "alarm" else tone(MELODIES[name])


def tone(melody: Melody) -> Pcm:
    """A melody in one breath: its phase goes on from step to step and its ends are faded, so that nothing clicks."""
    per_step, fade = round(melody.step_s * RATE), round(FADE_S * RATE)
    count, angle = per_step * len(melody.steps), 0.0
    values = array.array("h")
    for n in range(count):
        angle += 2 * math.pi * 440 * 2 ** (melody.steps[n // per_step] / 12) / RATE
        wave = (math.sin(angle) + melody.rough * math.sin(3 * angle)) / (1 + melody.rough)
        values.append(round(melody.peak * min(1, n / fade, (count - n) / fade) * wave))
    return Pcm(values.tobytes(), RATE)


def three_beeps() -> Pcm:
    """The alarm, 0.8 s; each beep is faded in and out, so that it does not click."""
    count, fade = round(BEEP_S * RATE), round(BEEP_FADE_S * RATE)
    beep = array.array(
        "h",
        (
            round(BEEP_PEAK * min(1, n / fade, (count - n) / fade) * math.sin(2 * math.pi * BEEP_HZ * n / RATE))
            for n in range(count)
        ),
    ).tobytes()
    return Pcm(silence(GAP_S, RATE).samples.join([beep] * 3), RATE)
