"""The last rung: three low beeps, made here, for when no words can be had. They say that something would be said."""

import array
import math
import threading

from assistant import config
from assistant.voice.sound import Pcm, Player, silence, with_lead_in, with_volume

RATE = 22050
PITCH_HZ, BEEP_S, GAP_S, FADE_S, PEAK = 330.0, 0.18, 0.12, 0.01, 16000


class Tone:
    """Beeps, whatever the text."""

    name = "tone"

    def __init__(self, settings: config.Voice, player: Player) -> None:
        self._settings, self._player = settings, player

    def say(self, text: str, cancel: threading.Event) -> bool:
        sound = with_volume(three_beeps(), self._settings.volume)
        return self._player.play(with_lead_in(sound, self._settings.lead_in_ms), cancel)

    def close(self) -> None:
        pass


def three_beeps() -> Pcm:
    """The alarm, 0.8 s; each beep is faded in and out, so that it does not click."""
    count, fade = round(BEEP_S * RATE), round(FADE_S * RATE)
    beep = array.array(
        "h",
        (
            round(PEAK * min(1, n / fade, (count - n) / fade) * math.sin(2 * math.pi * PITCH_HZ * n / RATE))
            for n in range(count)
        ),
    ).tobytes()
    return Pcm(silence(GAP_S, RATE).samples.join([beep] * 3), RATE)
