"""How many unasked sentences start in a gap in talk, by the real voice process, listener and player.

    python -m tests.listening.measure [--minutes 10] [--seed 1]

Talk sounds in a room of PulseAudio (`tests/listening/room.py`). Sentences that nobody asked for come at random times.
For each one the recording shows whether anybody talked when its first sample sounded in the earbud. Sentences for which
no pause came within two seconds are counted apart, and so is talk without any pause. `--deaf`: the same without a
microphone.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant import phrases
from assistant.config.settings import ListenSettings, Settings
from assistant.ipc.link import LinkClient
from assistant.ipc.messages import Message, UtteranceEnded
from assistant.records import Fate, Priority, Utterance
from assistant.voice import process
from assistant.voice.speech import speech_queue
from assistant.voice.speech.speech_queue import MAX_HOLD_S
from tests.listening import room
from tests.listening.talk import LOUD, Talk, make_talk

TEXTS = ("Looks happy.", "No longer looking happy.", "Looks surprised.", "One more person.")
EXPIRES_S = 3.0
"""As in assistant/vision/utterances.py."""
PIECE_S = 4
"""Length of a piece of talk that is looked for in the recording, seconds."""
BREAK_S = 0.3
"""The silence by which two sentences in the earbud are told apart."""


@dataclass(frozen=True)
class Sentence:
    """An unasked sentence."""

    waited_s: float
    """From when it was put to its first sound."""
    is_in_gap: bool
    """Whether nobody talked at its first sample."""
    had_pause: bool
    """Whether a pause came in the two seconds after it was put."""


def measure(talk: Talk, seed: int, *, is_deaf: bool = False) -> list[Sentence]:
    """Play the talk to a voice process, and put sentences at random times."""
    seconds = len(talk.samples) / room.RATE
    with tempfile.TemporaryDirectory(prefix="gaps-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        with room.running(folder) as air:
            for key in ("HOME", "XDG_RUNTIME_DIR", "ALSA_CONFIG_PATH"):
                patch.setenv(key, air.environment[key])
            patch.setenv("XDG_STATE_HOME", str(folder / "state"))
            patch.setattr(speech_queue, "MAX_UNASKED", 1_000_000)  # four a minute would take hours
            settings, stop, came = (
                Settings(listen=ListenSettings(enabled=not is_deaf)),
                threading.Event(),
                SimpleQueue(),
            )  # type: ignore[var-annotated]
            language = phrases.load("en")
            socket = folder / "voice.sock"
            voice = threading.Thread(target=process.run_voice, args=(settings, socket, language, stop))
            voice.start()
            client = LinkClient(socket, came.put)
            threading.Thread(target=_beat, args=(client, stop), daemon=True).start()
            try:
                client.speak(Utterance("Ready.", Priority.ANSWER, "ready"))
                _wait_spoken(came)
                talking = air.talk(talk.samples)
                put = list(_put_sentences(client, came, seconds, random.Random(seed)))
                talking.terminate()
                talking.wait()
            finally:
                stop.set()
                voice.join(10)
                client.close()
            return judged(air, talk, put)


def _beat(client: LinkClient, stop: threading.Event) -> None:
    """Vision works: nothing is announced about it."""
    while not stop.wait(0.5):
        client.heartbeat(time.monotonic(), is_camera_open=True)


def _wait_spoken(came: "SimpleQueue[Message]") -> None:
    message = came.get(timeout=30)
    assert isinstance(message, UtteranceEnded)
    assert message.fate is Fate.SPOKEN, message


def _put_sentences(
    client: LinkClient, came: "SimpleQueue[Message]", seconds: float, rng: random.Random
) -> Iterator[float]:
    """Put a sentence at random times, one after the other has ended; when each was put, monotonic seconds."""
    until, number, pause = time.monotonic() + seconds - 6.0, 0, threading.Event()
    pause.wait(3.0)
    while time.monotonic() < until:
        pause.wait(rng.uniform(0.5, 3.5))
        at = time.monotonic()
        client.speak(Utterance(TEXTS[number % len(TEXTS)], Priority.CHANGE, f"person {number}", at + EXPIRES_S))
        number += 1
        yield at
        _wait_spoken(came)


def judged(air: room.Room, talk: Talk, put: list[float]) -> list[Sentence]:
    """Compare the first samples in the earbud with the talk in the recording."""
    recorded = air.recorded()
    talk_began = began(recorded[:, 0], talk)
    loud = np.nonzero(np.abs(recorded[:, 1].astype(np.int32)) > LOUD)[0]
    starts = loud[np.append(True, np.diff(loud) > BREAK_S * room.RATE)] / room.RATE
    sentences = []
    for at in (air.second(at) for at in put):
        first = float(starts[np.searchsorted(starts, at - 0.05)])
        since = at - talk_began
        sentences.append(
            Sentence(first - at, not talk.is_talk(first - talk_began), talk.has_pause(since, since + MAX_HOLD_S))
        )
    return sentences


def began(recorded: NDArray[np.int16], talk: Talk) -> float:
    """When the talk began, seconds of a recording, by its best match in the middle. Raises AssertionError where the
    recording has lost or doubled something."""
    places = []
    for place in (0.3, 0.6, 0.9):
        at = int(place * len(talk.samples))
        piece = talk.samples[at : at + PIECE_S * room.RATE].astype(np.float32)
        near = recorded[max(0, at - 2 * PIECE_S * room.RATE) : at + 8 * PIECE_S * room.RATE].astype(np.float32)
        size = 1 << (len(near) + len(piece)).bit_length()
        match = np.fft.irfft(np.fft.rfft(near, size) * np.conj(np.fft.rfft(piece, size)))[: len(near)]
        places.append((max(0, at - 2 * PIECE_S * room.RATE) + int(match.argmax()) - at) / room.RATE)
    assert max(places) - min(places) < 0.01, places
    return places[0]


def share(sentences: list[Sentence]) -> float:
    """The share of sentences that start in a gap."""
    return sum(each.is_in_gap for each in sentences) / max(1, len(sentences))


def summary(sentences: list[Sentence]) -> dict[str, float]:
    """The figures of a measurement."""
    with_pause = [each for each in sentences if each.had_pause]
    waits = sorted(each.waited_s for each in sentences)
    return {
        "sentences": len(sentences), "with_a_pause": len(with_pause), "in_gaps_of_those": round(share(with_pause), 3),
        "in_gaps_of_all": round(share(sentences), 3), "waited_s_median": round(waits[len(waits) // 2], 2),
        "waited_s_most": round(waits[-1], 2),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deaf", action="store_true", help="without a microphone")
    parser.add_argument("--without-pauses", action="store_true", help="talk that never pauses")
    options = parser.parse_args()
    if absent := room.missing():
        sys.exit(f"missing: {', '.join(absent)}")
    talk = make_talk(options.seed, 60 * options.minutes, has_pauses=not options.without_pauses)
    print(json.dumps(summary(measure(talk, options.seed, is_deaf=options.deaf))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
