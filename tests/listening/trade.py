"""What the length of a gap trades: whether unasked sentences start in gaps, by how long talk must have paused.

    python -m tests.listening.trade [--minutes 30]

Synthetic talk (`tests/listening/talk.py`) goes through the detector and GapRule, without a sound card. Sentences come
at random times; LATENCY_S, as measured in the room of PulseAudio, lies between the end of a frame and the first sound.
"""

import argparse
import random
import sys

import webrtcvad

from assistant.voice.listening.gaps import FRAME_BYTES, FRAME_MS, RATE, GapRule
from assistant.voice.speech.speech_queue import MAX_HOLD_S
from tests.listening.talk import Talk, make_talk

LATENCY_S = (0.06, 0.1, 0.14)
GAPS_MS = (40, 60, 80, 100, 120, 160, 200, 250, 300)


def gaps(talk: Talk, aggressiveness: int, gap_ms: int) -> list[bool]:
    """For each frame whether the rule finds a gap after it."""
    detector, content = webrtcvad.Vad(aggressiveness), talk.samples.tobytes()
    rule, found = GapRule(lambda frame: bool(detector.is_speech(frame, RATE)), gap_ms), []
    for at in range(0, len(content) - FRAME_BYTES, FRAME_BYTES):
        rule.hear(content[at : at + FRAME_BYTES])
        found.append(not rule.is_talk)
    return found


def share_in_gaps(talk: Talk, found: list[bool], latency_s: float, seed: int, count: int = 2000) -> float:
    """Of the sentences for which a pause comes while they may wait: how many start in one."""
    rng, frame_s, hits, had = random.Random(seed), FRAME_MS / 1000, 0, 0
    for _ in range(count):
        put = rng.uniform(3, len(talk.samples) / RATE - 6)
        if not talk.has_pause(put, put + MAX_HOLD_S):
            continue
        first, last = int(put / frame_s), int((put + MAX_HOLD_S) / frame_s)
        begun = next((frame for frame in range(first, last) if found[frame]), last)
        start = max(put, (begun + 1) * frame_s) + latency_s
        had += 1
        hits += not talk.is_talk(start)
    return hits / max(1, had)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    talk = make_talk(options.seed, 60 * options.minutes)
    print("| detector | gap, ms |", " | ".join(f"{latency * 1000:.0f} ms" for latency in LATENCY_S), "|")
    for aggressiveness in (1, 2, 3):
        for gap_ms in GAPS_MS:
            found = gaps(talk, aggressiveness, gap_ms)
            shares = [share_in_gaps(talk, found, latency, options.seed) for latency in LATENCY_S]
            print(f"| {aggressiveness} | {gap_ms} |", " | ".join(f"{share:.3f}" for share in shares), "|")
    return 0


if __name__ == "__main__":
    sys.exit(main())
