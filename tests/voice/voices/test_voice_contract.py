"""One contract for every voice that is installed, by the sound that comes out of it.

Voices that play by our player are tested with a player on PATH that stores its input; speechd, which plays for
itself, by a recorded null sink. With EMOTION_PIPER_VOICE=/path/of/a/voice.onnx piper is the real one, else a stand-in.
"""

import array
import importlib.util
import io
import math
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.voice.audio.player import CommandPlayer, Pcm
from assistant.voice.speech.fallback_voice import Voice
from assistant.voice.voices import MAX_CHARACTERS
from assistant.voice.voices.espeak import EspeakLibrary, EspeakProgram, EspeakVoice
from assistant.voice.voices.piper import PiperVoice
from assistant.voice.voices.printed import PrintedVoice
from assistant.voice.voices.pyttsx3 import Pyttsx3Voice
from assistant.voice.voices.speechd import SpeechDispatcherVoice
from assistant.voice.voices.tone import ToneVoice
from tests.support import speechd_daemon
from tests.support.captured_audio import FakePrograms, cancel_hanging, loudness
from tests.voice.voices.test_piper import install_standin

pytestmark = pytest.mark.timed

ESPEAK_NG = shutil.which("espeak-ng")
PIPER_VOICE = os.environ.get("EMOTION_PIPER_VOICE", "")
SPEAKING = ("espeak program", "espeak library", "pyttsx3", "piper", "speechd")
SOUNDING, ALL = (*SPEAKING, "tone"), (*SPEAKING, "tone", "printed")
SHORT, LONG = "Nobody in view.", "One person on the left looks surprised, and one more person looks happy now."
LOUD = 200


def need(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


class Stage:
    """A voice and the player that captures its sound."""

    def __init__(self, name: str, tool: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.tool = name, tool
        self._monkeypatch, self._voices, self._heard = monkeypatch, list[Voice](), 0
        self._model = PIPER_VOICE
        if name == "espeak program" and ESPEAK_NG is None:
            pytest.skip("the program espeak-ng is not installed")
        if name in ("espeak library", "pyttsx3"):
            need("espeakng_loader", *(["pyttsx3"] if name == "pyttsx3" else []))
        if name == "piper" and PIPER_VOICE:
            need("piper")
        elif name == "piper":
            self._model = str(install_standin(tool.folder / "piper", monkeypatch))
        if ESPEAK_NG:
            (tool.bin / "espeak-ng").symlink_to(ESPEAK_NG)
        tool.install("quick")

    def voice(self, *, is_instant_allowed: bool = True, **settings: object) -> Voice:
        """A new voice with these settings. is_instant_allowed: the player may take no time."""
        player = CommandPlayer(min_play_share=not is_instant_allowed)
        voice = self._make(VoiceSettings(model=self._model, **settings), player)  # type: ignore[arg-type]
        self._voices.append(voice)
        return voice

    def _make(self, settings: VoiceSettings, player: CommandPlayer) -> Voice:
        match self.name:
            case "espeak program":
                return EspeakVoice(EspeakProgram("en", settings.rate_wpm), settings, player)
            case "espeak library":
                return EspeakVoice(EspeakLibrary("en", settings.rate_wpm), settings, player)
            case "pyttsx3":
                return Pyttsx3Voice(settings, "en", player, platform="linux")
            case "piper":
                return PiperVoice(settings, player)
            case "tone":
                return ToneVoice(settings, player)
        raise AssertionError(self.name)

    def captured(self) -> Pcm:
        """What was played since the last time."""
        played, self._heard = self.tool.played()[self._heard :], len(self.tool.played())
        return Pcm(b"".join(each.pcm.samples for each in played), played[0].pcm.rate if played else 22050)

    def cut_off(self) -> tuple[bool | None, float, float]:
        """Cancelled while it plays: what `say` answered, the seconds until then, and until all was silent."""
        self.tool.install("hanging")
        voice = self.voice()
        answer, seconds = cancel_hanging(lambda cancel: voice.say(LONG, cancel), self.tool.folder / "alive")
        return answer, seconds, seconds

    def no_sound(self) -> None:
        """From now on nothing can be played."""
        self.tool.install("failing")

    def close(self) -> None:
        for voice in self._voices:
            voice.close()


class TerminalStage(Stage):
    """The printed voice, which is read."""

    out = io.StringIO()

    def _make(self, settings: VoiceSettings, player: CommandPlayer) -> Voice:
        self.out = io.StringIO()
        return PrintedVoice(self.out)

    def no_sound(self) -> None:
        self.out.close()


class DaemonStage(Stage):
    """Speech-dispatcher, which plays by itself."""

    recording: speechd_daemon.Recording

    def _make(self, settings: VoiceSettings, player: CommandPlayer) -> Voice:
        return SpeechDispatcherVoice(settings, "en")

    def captured(self) -> Pcm:
        return self.recording.captured()

    def cut_off(self) -> tuple[bool | None, float, float]:
        voice, cancel, answers = self.voice(), threading.Event(), []
        self.captured()
        thread = threading.Thread(target=lambda: answers.append(voice.say(LONG, cancel)))
        thread.start()
        assert self.recording.until(True)
        began = time.monotonic()
        cancel.set()
        thread.join(5)
        seconds = time.monotonic() - began
        return answers[0], seconds, self.recording.until(False) - began

    def no_sound(self) -> None:
        self.close()
        self._monkeypatch.setenv("SPEECHD_ADDRESS", "unix_socket:/nowhere")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, speechd_daemon.Recording]]:
    if missing := speechd_daemon.missing():
        pytest.skip(f"not installed: {', '.join(missing)}")
    with speechd_daemon.running(tmp_path_factory.mktemp("speechd")) as running:
        yield running


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    kind = {"speechd": DaemonStage, "printed": TerminalStage}.get(request.param, Stage)
    if kind is DaemonStage:
        path, DaemonStage.recording = request.getfixturevalue("daemon")
        monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{path}")
    stage = kind(request.param, FakePrograms(tmp_path, monkeypatch), monkeypatch)
    yield stage
    stage.close()


speaking = pytest.mark.parametrize("stage", SPEAKING, indirect=True)
sounding = pytest.mark.parametrize("stage", SOUNDING, indirect=True)
every_voice = pytest.mark.parametrize("stage", ALL, indirect=True)


def loud(pcm: Pcm) -> tuple[float, float]:
    """Where the sound begins and how long it lasts, seconds."""
    places = [n for n, value in enumerate(array.array("h", pcm.samples)) if abs(value) > LOUD]
    return (places[0] / pcm.rate, (places[-1] - places[0]) / pcm.rate) if places else (0.0, 0.0)


def listen(stage: Stage, text: str, **settings: object) -> Pcm:
    voice = stage.voice(**settings)
    stage.captured()
    assert voice.say(text, threading.Event()) is True
    return stage.captured()


@speaking
def test_the_sound_lasts_as_long_as_the_words_take(stage: Stage) -> None:
    short, long = listen(stage, SHORT), listen(stage, LONG)
    assert 0.5 < loud(short)[1] < 2.0
    assert 3.0 < loud(long)[1] < 7.0
    assert min(loudness(short), loudness(long)) > 500


@speaking
def test_faster_is_shorter(stage: Stage) -> None:
    slow, fast = (loud(listen(stage, LONG, rate_wpm=rate))[1] for rate in (175, 350))
    assert 0.3 * slow < fast < 0.7 * slow


@sounding
def test_quieter_is_quieter(stage: Stage) -> None:
    def level(volume: int) -> float:
        captured = listen(stage, SHORT, volume=volume)
        return loudness(captured) * math.sqrt(captured.seconds)  # the energy: whatever silence stands around it

    full, half = level(100), level(80)
    assert 0.4 * full < half < 0.6 * full, "6 dB"


@sounding
def test_the_lead_in_comes_first(stage: Stage) -> None:
    def onset(lead_in_ms: int) -> float:
        return min(loud(listen(stage, SHORT, lead_in_ms=lead_in_ms))[0] for _ in range(2))

    assert 0.4 < onset(500) - onset(0) < 0.7


@sounding
def test_two_texts_in_a_row_are_both_played_whole(stage: Stage) -> None:
    voice, times = stage.voice(), []
    stage.captured()
    for _ in range(2):
        assert voice.say(SHORT, threading.Event()) is True
        times.append(loud(stage.captured())[1])
    assert times[1] == pytest.approx(times[0], rel=0.25)
    assert min(times) > 0.4


@sounding
def test_with_a_player_that_takes_its_time(stage: Stage) -> None:
    stage.tool.install("paced")
    voice, began = stage.voice(is_instant_allowed=False), time.monotonic()
    stage.captured()
    assert voice.say(SHORT, threading.Event()) is True
    assert time.monotonic() - began > loud(stage.captured())[1] > 0.4


@sounding
def test_cut_off_within_100_ms(stage: Stage) -> None:
    answer, seconds, until_silence = stage.cut_off()
    assert answer is False
    assert seconds < 0.1
    assert until_silence < (0.25 if stage.name == "speechd" else 0.1), "the null sink has some latency of its own"


@every_voice
def test_cancelled_before_it_began_nothing_is_played(stage: Stage) -> None:
    voice, cancel = stage.voice(), threading.Event()
    cancel.set()
    stage.captured()
    assert voice.say(SHORT, cancel) is False
    assert loud(stage.captured()) == (0.0, 0.0)
    assert not isinstance(stage, TerminalStage) or stage.out.getvalue() == ""


@every_voice
def test_closed_even_twice_it_speaks_again(stage: Stage) -> None:
    voice = stage.voice()
    assert voice.say(SHORT, threading.Event()) is True
    voice.close()
    voice.close()
    stage.captured()
    assert voice.say(SHORT, threading.Event()) is True
    assert isinstance(stage, TerminalStage) or loud(stage.captured())[1] > 0.1


@pytest.mark.parametrize("text", ["", " \n ", "\x00\x1b\x07", "[[]]"])
@pytest.mark.parametrize("stage", [*SPEAKING, "printed"], indirect=True)
def test_a_text_without_words_is_an_error(stage: Stage, text: str) -> None:
    with pytest.raises(VoiceError, match="no words to say"):
        stage.voice().say(text, threading.Event())


@pytest.mark.parametrize("stage", [*SPEAKING, "printed"], indirect=True)
def test_a_huge_text_is_cut_and_a_hostile_one_read_out(stage: Stage, tmp_path: Path) -> None:
    written = tmp_path / "written"
    hostile = f"-w {written} <speak>x</speak> \x1b[2J $(touch {written}) .\r\n.\r\nQUIT \ud800\0 "
    text = hostile + "word " * 10_000
    if isinstance(stage, TerminalStage):
        assert stage.voice().say(text, threading.Event()) is True
        assert len(stage.out.getvalue()) <= MAX_CHARACTERS + 1
    else:
        assert 1 < loud(listen(stage, text, rate_wpm=450))[1] < 20
    assert not written.exists()


@every_voice
def test_what_could_not_be_played_never_counts_as_spoken(stage: Stage) -> None:
    voice = stage.voice(is_instant_allowed=False)
    stage.no_sound()
    with pytest.raises(VoiceError, match=r"cannot find card|cannot print|no speech-dispatcher at /nowhere"):
        voice.say(SHORT, threading.Event())


@pytest.mark.parametrize("stage", [name for name in SOUNDING if name != "speechd"], indirect=True)
def test_a_player_that_discards_the_sound_is_an_error(stage: Stage) -> None:
    stage.tool.install("instant")
    with pytest.raises(VoiceError, match="went nowhere"):
        stage.voice(is_instant_allowed=False).say(LONG, threading.Event())
