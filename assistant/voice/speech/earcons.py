"""Earcons: short sounds that stand for words, synthesized with the standard library, and the spoken tour of them.

The sound of an expression is a melody of three steps, recognized by its contour before its pitch: what is pleasant ends
higher than it began, what is unpleasant ends lower, neutral stays where it is. The seven are seven of the nine ways in
which two intervals can go up, down or nowhere, so no two have the same contour, and no interval is smaller than four
semitones: nobody needs perfect pitch. Pitches stay between 260 and 1200 Hz, which the smallest loudspeaker reproduces.
"""

import array
import functools
import math
import threading
from collections.abc import Sequence
from typing import Protocol

from assistant.dataclass import dataclass
from assistant.records import EXPRESSIONS
from assistant.voice.audio.loudness import TARGET_LUFS, at_loudness
from assistant.voice.audio.player import Pcm, silence
from assistant.voice.speech.fallback_voice import Earcons, Voice

RATE = 22050
"""Samples a second."""
STEP_S, FADE_S, PEAK = 0.09, 0.008, 13000
"""A step of a melody, the fade at both ends of a sound, and the loudest sample before its loudness is set."""
TICK_S, TICK_LU = 0.05, -20.0
"""Length of the tick `still_here`, and its loudness against words: it must not disturb."""
CUE_STEP_S, CUE_LU = 0.08, -6.0
"""Length of a step of the two cues of attention, and the loudness of all cues: they come while people talk."""
BEEP_HZ, BEEP_S, BEEP_GAP_S, BEEP_FADE_S = 330.0, 0.18, 0.12, 0.01
"""The three beeps of the alarm."""


@dataclass(frozen=True)
class Melody:
    """A sequence of tones of the same length."""

    steps: tuple[int, ...]
    """Pitches in semitones above A4 (440 Hz)."""
    third_harmonic: float = 0.0
    """Its share, which makes the sound harsh; below 1, so that the tone crosses zero as often as its fundamental."""
    step_s: float = STEP_S
    """Length of one tone, seconds."""
    loudness_lu: float = 0.0
    """Its loudness against that of words."""


MELODIES = {
    "happy": Melody((3, 7, 12)),
    "surprise": Melody((5, 5, 17)),
    "neutral": Melody((3, 3, 3)),
    "sad": Melody((3, -2, -7)),
    "fear": Melody((10, 15, 5), third_harmonic=0.2),
    "angry": Melody((-4, -4, -9), third_harmonic=0.6),
    "disgust": Melody((3, -9, -9), third_harmonic=0.6),
    "came": Melody((0, 12, 0, 12), step_s=0.05, loudness_lu=CUE_LU),
    "over": Melody((-7,), step_s=0.15, loudness_lu=CUE_LU),
    "facing_you": Melody((0, 7), step_s=CUE_STEP_S, loudness_lu=CUE_LU),
    "turned_away": Melody((7, 0), step_s=CUE_STEP_S, loudness_lu=CUE_LU),
    "centred": Melody((12, 17), step_s=CUE_STEP_S),
    "still_here": Melody((12,), step_s=TICK_S, loudness_lu=TICK_LU),
}
"""The melody of each expression that has one; `came`, a trill, and `over`, one low tone; the cues of attention, which
have two steps; the end of aiming, and the tick."""
CUES = ("facing_you", "turned_away")
"""The cues of attention; their names are those of their sentences."""
NAMES = (*MELODIES, "alarm")
"""Every sound there is: the expressions, `came`, `over`, the cues of attention, `centred`, `still_here` and `alarm`."""


@functools.cache
def earcon(name: str) -> Pcm:
    """The sound of that name, as loud as words at full volume. Raises KeyError where there is none."""
    return three_beeps() if name == "alarm" else synthesize(MELODIES[name])


def synthesize(melody: Melody) -> Pcm:
    """A melody without clicks: its phase is continuous from step to step, and its ends are faded."""
    per_step, fade = round(melody.step_s * RATE), round(FADE_S * RATE)
    count, angle = per_step * len(melody.steps), 0.0
    values = array.array("h")
    for n in range(count):
        angle += 2 * math.pi * 440 * 2 ** (melody.steps[n // per_step] / 12) / RATE
        wave = (math.sin(angle) + melody.third_harmonic * math.sin(3 * angle)) / (1 + melody.third_harmonic)
        values.append(round(PEAK * min(1, n / fade, (count - n) / fade) * wave))
    return at_loudness(Pcm(values.tobytes(), RATE), TARGET_LUFS + melody.loudness_lu)


def three_beeps() -> Pcm:
    """The alarm, 0.8 s, as loud as words at full volume; each beep is faded in and out, so that it does not click."""
    count, fade = round(BEEP_S * RATE), round(BEEP_FADE_S * RATE)
    beep = array.array(
        "h",
        (
            round(PEAK * min(1, n / fade, (count - n) / fade) * math.sin(2 * math.pi * BEEP_HZ * n / RATE))
            for n in range(count)
        ),
    ).tobytes()
    return at_loudness(Pcm(silence(BEEP_GAP_S, RATE).samples.join([beep] * 3), RATE), TARGET_LUFS)


class TourPhrases(Protocol):
    """The sentences of a language that the sound tour needs."""

    def text(self, table: str, name: str) -> str: ...

    def expression(self, name: str) -> str: ...

    def join(self, parts: Sequence[str]) -> str: ...


def sound_tour(phrases: TourPhrases, voice: Voice, earcons: Earcons, cancel: threading.Event) -> bool:
    """Speak what each sound means, then play it; False if it was cut off. Raises VoiceError where nothing can be
    played."""
    return all(
        voice.say(text, cancel) and (not name or earcons.play(name, cancel)) for text, name in tour_stops(phrases)
    )


def tour_stops(phrases: TourPhrases) -> list[tuple[str, str]]:
    """What each sound means, and its name, which is empty where nothing is played."""
    stops = [(phrases.text("sounds", "tour"), "")]
    stops += [(phrases.join([phrases.expression(name)]), name) for name in EXPRESSIONS if name in MELODIES]
    stops += [(phrases.text("sentences", name), name) for name in CUES]
    stops += [(phrases.text("sounds", "aim"), ""), (phrases.text("aim", "centred"), "centred")]
    stops += [(phrases.text("sounds", "search"), "")]
    return [*stops, *((phrases.text("sounds", name), name) for name in ("came", "over", "still_here", "alarm"))]
