"""A sentence as sound: real samples, of a plausible length."""

import io
import wave

import numpy as np
import pytest

from assistant.errors import VoiceError
from convert.playground import speech


@pytest.fixture(autouse=True)
def without_cache() -> None:
    speech.wav.cache_clear()


def test_a_sentence_becomes_a_wav_file_with_a_voice_in_it() -> None:
    with wave.open(io.BytesIO(speech.wav("One person looks happy.", "en"))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(float)
        seconds = len(samples) / sound.getframerate()
    assert 1.0 < seconds < 3.0
    assert np.abs(samples).max() > 3000
    assert (np.abs(samples) > 300).mean() > 0.2


def test_a_voice_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def mute(text: str, cancel: object) -> None:
        raise VoiceError("espeak-ng is not there; install the package espeak-ng")

    monkeypatch.setattr(speech, "synthesizers", lambda settings, language: (mute,))
    with pytest.raises(VoiceError, match="install the package"):
        speech.wav("Hello.", "en")
