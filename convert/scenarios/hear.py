"""`make hear`: three minutes of a conversation, as the wearer hears them, and what was true meanwhile.

    python -m convert.scenarios.hear [DIR]     DIR/conversation.wav and DIR/conversation.srt; default: runs/hear

A scene of the report half is run through the whole assistant. Its words are put at their times over silence, since the
scene has no sound. The subtitles hold each sentence from its first word to its last, and in brackets what is true. It
needs EMOTION_DATA, no sound card, and about half a minute of one core.
"""

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from assistant.app.annotation.soundtrack import AUDIBLE
from assistant.app.annotation.subtitles import srt
from assistant.config.settings import Settings
from assistant.errors import AssistantError, VoiceError
from assistant.vision import factory
from assistant.voice.audio.player import Pcm, resampled, to_wav
from assistant.voice.voices.espeak import Synthesizer, synthesizers
from convert.data.fer2013_labels import DatasetError
from convert.scenarios import rerun, run
from convert.scenarios.render import assets
from convert.scenarios.run import Outcome
from convert.scenarios.score import announcements, belief
from convert.scenarios.script import generate
from convert.scenarios.script.ground_truth import GroundTruth

HALF, KIND, SECONDS = "report", "conversation", 180.0
RATE_HZ = 22050
"""Samples a second of the recording."""
FOLDER = Path("runs/hear")
MISSING = (
    "EMOTION_DATA names no folder; set it to that of the faces of which the scene is made: see docs/train-your-own.md"
)


class Heard(NamedTuple):
    """A sentence of the assistant, as sound."""

    at: float
    """Seconds of its first word."""
    text: str
    sound: Pcm


def main(arguments: Sequence[str]) -> int:
    """Run the scene, write both files, and print where they are and what was said."""
    data = os.environ.get("EMOTION_DATA", "")
    if not data or not Path(data).is_dir():
        print(MISSING, file=sys.stderr)
        return 1
    try:
        outcome = conversation(Path(data))
        files = write(outcome, Path(arguments[0]) if arguments else FOLDER)
    except AssistantError as err:
        print(err, file=sys.stderr)
        return 1
    print("\n".join(_table(outcome)))
    print(f"Listen to {files[0]}; what is true, in brackets, is in {files[1]}.")
    return 0


def conversation(data: Path) -> Outcome:
    """The first of the long conversations of full size, run through the assistant. Raises AssistantError."""
    loaded = assets.load(data, HALF)
    scene = next(each for each in generate.generate(loaded.index()) if each.kind == KIND and each.actors[0].head)
    return run.run([run.Task(scene, Settings(), data, HALF)], workers=1)[0]


def write(outcome: Outcome, folder: Path) -> tuple[Path, Path]:
    """Write what was heard (WAV) and the subtitles (SRT) of a scene into a folder. Raises VoiceError, DatasetError."""
    settings = Settings()
    synthesize = synthesizers(settings.voice, factory.load_phrases(settings).voice)[0]
    heard = list(sentences(outcome, synthesize))
    wav, words = folder / "conversation.wav", folder / "conversation.srt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wav.write_bytes(to_wav(recording(heard, outcome.truth.seconds)))
        words.write_text(subtitles(heard, outcome.truth), "utf-8")
    except OSError as err:
        raise DatasetError(f"{folder}: cannot be written into: {err.strerror}") from err
    return wav, words


def sentences(outcome: Outcome, synthesize: Synthesizer) -> Iterator[Heard]:
    """What was said in a scene, in order. Raises VoiceError."""
    spoken = [(line.started_at, line.text) for line in outcome.lines if line.started_at is not None and line.text]
    for at, text in sorted(spoken):
        sound = synthesize(text, threading.Event())
        if sound is None:
            raise VoiceError(f"espeak-ng made no sound of {text!r}")
        yield Heard(at, text, _from_its_first_word(resampled(sound, RATE_HZ)))


def recording(heard: Sequence[Heard], seconds: float) -> Pcm:
    """The sentences at their times over silence; each ends where the next one begins, if not before."""
    samples = np.zeros(round(seconds * RATE_HZ), np.int16)
    for each in heard:
        start = round(each.at * RATE_HZ)
        words = np.frombuffer(each.sound.samples, np.int16)[: max(0, len(samples) - start)]
        samples[start:] = 0
        samples[start : start + len(words)] = words
    return Pcm(samples.tobytes(), RATE_HZ)


def subtitles(heard: Sequence[Heard], truth: GroundTruth) -> str:
    """The text of an SRT file: the sentences, and in brackets what is true."""
    ends = [*(each.at for each in heard[1:]), truth.seconds]
    rows = [
        (each.at, min(each.at + each.sound.seconds, end), f"{each.text} [{_true_at(truth, each.at)}]")
        for each, end in zip(heard, ends, strict=True)
    ]
    for person in truth.people:
        rows += [(each.start, min(each.end, truth.seconds), f"[{each.value}]") for each in person.expressions]
        rows += [
            (each.start, min(each.end, truth.seconds), f"[{each.value.replace('_', ' ')}]")
            for each in person.unreadable
            if each.value
        ]
    return srt(sorted(rows))


def _from_its_first_word(sound: Pcm) -> Pcm:
    """A sound without the silence before it, by which subtitles would come too soon."""
    samples = np.frombuffer(sound.samples, np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= AUDIBLE)
    return Pcm(samples[loud[0] if len(loud) else 0 :].tobytes(), sound.rate)


def _true_at(truth: GroundTruth, at: float) -> str:
    shown = [f"{person.expression_at(at) or 'not in view'}" for person in truth.people]
    return "true: " + ", ".join(shown)


def _table(outcome: Outcome) -> Iterator[str]:
    """What was said, whether it was right, and for how long the wearer believed what was not true."""
    settings = Settings()
    (scene,) = rerun.transcripts([outcome], settings)
    verdicts = {each.line: each.kind for each in announcements.verdicts(scene.truth, scene.lines)}
    for line in sorted(scene.lines, key=lambda each: each.started_at or 0.0):
        if line.started_at is not None:
            true = _true_at(scene.truth, line.started_at)
            yield f"{line.started_at:6.1f} s  {line.text:34} {true:18} {verdicts.get(line, '')}".rstrip()
    seconds = belief.wrong_seconds(scene, settings.announcements.expressions)
    yield f"wrong belief: {sum(seconds.values()):.1f} s of {scene.truth.seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
