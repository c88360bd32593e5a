"""The recording of a conversation, and its subtitles: words and times are in step."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest

from assistant.records import Thresholds
from assistant.sentences import Sentence
from assistant.voice.audio.player import Pcm, from_wav
from convert.scenarios import hear
from convert.scenarios.run import Outcome
from convert.scenarios.score.transcript import TranscriptLine
from tests.support.captured_audio import loudness
from tests.support.scene_timelines import looks, one_person

CUE = re.compile(r"(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})\n(.+)")


def outcome() -> Outcome:
    truth = one_person((0.0, 5.0, "neutral"), (5.0, 30.0, "happy"))
    arrival = TranscriptLine(0.9, 1.0, Sentence.ONE_PERSON, "", "One person.")
    lines = (arrival, looks(6.0, "happy", started_at=6.4), looks(20.0, "sad", started_at=None))
    return Outcome(truth, lines, (), (), (), Thresholds(), 300)


def buzz(text: str, cancel: threading.Event) -> Pcm:
    """A synthesizer: a tenth of a second of silence, and a tone."""
    tone = (8000 * np.sin(np.arange(16000) * 0.2)).astype(np.int16)
    return Pcm(bytes(2 * 1600) + tone.tobytes(), 16000)


def cues(text: str) -> list[tuple[float, float, str]]:
    def seconds(parts: tuple[str, ...]) -> float:
        hours, minutes, whole, thousandths = map(int, parts)
        return hours * 3600 + minutes * 60 + whole + thousandths / 1000

    return [(seconds(found[:4]), seconds(found[4:8]), found[8]) for found in CUE.findall(text)]


def test_words_and_subtitles_are_in_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hear, "synthesizers", lambda settings, voice: (buzz,))
    wav, srt = hear.write(outcome(), tmp_path / "new")
    heard = from_wav(wav.read_bytes())
    assert heard.seconds == pytest.approx(30)
    loud = [loudness(Pcm(heard.samples[2 * at : 2 * (at + 220)], heard.rate)) > 500 for at in range(0, 661500, 220)]
    begins = [
        index * 220 / heard.rate for index, is_loud in enumerate(loud) if is_loud and not any(loud[index - 20 : index])
    ]
    words = [cue for cue in cues(srt.read_text("utf-8")) if not cue[2].startswith("[")]
    assert [text for _, _, text in words] == ["One person. [true: neutral]", "Looks happy. [true: happy]"]
    assert begins == pytest.approx([start for start, _, _ in words], abs=0.1)
    assert [end - start for start, end, _ in words] == pytest.approx([1.0, 1.0], abs=0.1)


def test_what_is_true_stands_in_brackets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hear, "synthesizers", lambda settings, voice: (buzz,))
    _, srt = hear.write(outcome(), tmp_path)
    truths = [cue for cue in cues(srt.read_text("utf-8")) if cue[2].startswith("[")]
    assert truths == [(0.0, 5.0, "[neutral]"), (5.0, 30.0, "[happy]")]


def test_a_sentence_that_is_interrupted_ends_where_the_next_begins() -> None:
    heard = [hear.Heard(1.0, "a", buzz("", threading.Event())), hear.Heard(1.5, "b", buzz("", threading.Event()))]
    (one, *_) = cues(hear.subtitles(heard, one_person((0.0, 30.0, "happy"))))[1:]
    assert one[:2] == (1.0, 1.5)


def test_without_the_data_set_one_line_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EMOTION_DATA", raising=False)
    assert hear.main([]) == 1
    assert capsys.readouterr().err.splitlines() == [hear.MISSING]
