"""Loudness: words, tones and recordings are equally loud, and each step of the volume is 3 dB, in what is captured."""

import array
import functools
import itertools
import math
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant import phrases
from assistant.config.settings import VoiceSettings
from assistant.phrases import Phrases
from assistant.records import EXPRESSIONS
from assistant.voice import commands
from assistant.voice.audio import loudness as subject
from assistant.voice.audio.loudness import TARGET_LUFS, at_loudness, at_volume, with_gain, with_volume
from assistant.voice.audio.player import CommandPlayer, Pcm, from_wav, silence
from assistant.voice.speech import earcons
from assistant.voice.voices.earcon import earcon_player
from assistant.voice.voices.espeak import espeak_voices
from assistant.voice.voices.recorded import TABLES, RecordedVoice, record_sentences
from assistant.voice.voices.tone import ToneVoice
from tests.support.bs1770 import lufs
from tests.support.captured_audio import FakePrograms

NEVER = threading.Event()
EN = phrases.load("en")
TEXT = EN.fault("camera")
SAME_LU = 0.5
SOFT = ("came", "over", "still_here", "facing_you", "turned_away")
VOLUMES = range(commands.VOLUME_MAX, commands.VOLUME_MIN - 1, -commands.VOLUME_STEP)
ESPEAK_NG = shutil.which("espeak-ng")


@functools.cache
def sine(hertz: float, peak: float, seconds: float, rate: int) -> Pcm:
    values = (round(32767 * peak * math.sin(2 * math.pi * hertz * n / rate)) for n in range(round(seconds * rate)))
    return Pcm(array.array("h", values).tobytes(), rate)


def join(*sounds: Pcm) -> Pcm:
    return Pcm(b"".join(sound.samples for sound in sounds), sounds[0].rate)


def record(folder: Path, sound: Pcm) -> None:
    """Make the recordings of a synthesizer that makes this sound of TEXT, the only sentence."""

    def synthesize(text: str, cancel: threading.Event) -> Pcm:
        return sound

    tables = {table: {"camera": TEXT} if table == "faults" else {} for table in TABLES}
    record_sentences(tables, [synthesize], 175, folder)  # type: ignore[list-item]


METERS = pytest.mark.parametrize("meter", [lufs, subject.loudness], ids=["test's", "assistant's"])


@METERS
@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100, 48000])
def test_the_standards_own_example(meter: Callable[[Pcm], float], rate: int) -> None:
    """A sine of 997 Hz at full scale in one front channel reads -3.01."""
    assert meter(sine(997, 1.0, 1.0, rate)) == pytest.approx(-3.01, abs=0.05)


@METERS
def test_pauses_do_not_count_and_short_sounds_are_filled_up(meter: Callable[[Pcm], float]) -> None:
    tone = sine(997, 0.1, 1.6, 22050)
    whole = meter(tone)
    assert whole == pytest.approx(-23.01, abs=0.05)
    assert meter(join(tone, silence(2.0))) == pytest.approx(whole, abs=1.1), "blocks at the edge count by their part"
    assert meter(join(tone, sine(997, 0.01, 2.0, 22050))) == pytest.approx(whole, abs=1.1)
    assert meter(tone.first(0.1)) == pytest.approx(whole - 10 * math.log10(4), abs=0.3)
    assert meter(silence(1.0)) == meter(Pcm(b"", 22050)) == -math.inf


def test_only_the_beginning_of_a_long_sound_is_measured() -> None:
    long = join(sine(997, 0.1, 5.0, 8000), sine(997, 0.4, 5.0, 8000))
    assert subject.loudness(long) == pytest.approx(-23.01, abs=0.05)


def test_what_cannot_be_raised_stays_in_range() -> None:
    assert at_loudness(silence(1.0), -20.0) == silence(1.0)
    soft = sine(997, 0.001, 1.0, 8000)
    assert subject.loudness(at_loudness(soft, -20.0)) == pytest.approx(-63.01 + subject.MAX_GAIN_DB, abs=0.1)
    click = Pcm(array.array("h", [30000, -30000, *[0] * 7998]).tobytes(), 8000)
    values = array.array("h", with_gain(click, 6.0).samples)
    assert (values[0], values[1], set(values[2:])) == (32767, -32768, {0})
    spoken = at_volume(sine(997, 0.1, 1.0, 8000), 100)
    assert at_volume(spoken, 100) == spoken, "a recording that was made at this loudness is played as it is"


class Stage:
    """The assistant's own voices, and a player on PATH that stores what it is given."""

    def __init__(self, tool: FakePrograms) -> None:
        self._tool, self._heard = tool, 0
        self._player = CommandPlayer(min_play_share=0)
        tool.install("quick")

    def words(self, text: str, language: Phrases = EN, **settings: object) -> float:
        """The loudness of a sentence by espeak-ng, LUFS."""
        voice = VoiceSettings(**settings)  # type: ignore[arg-type]
        assert espeak_voices(voice, language.voice, self._player)[0].say(text, NEVER)
        return self._captured()

    def earcon(self, name: str, **settings: object) -> float:
        assert earcon_player(VoiceSettings(**settings), self._player)(name, NEVER)  # type: ignore[arg-type]
        return self._captured()

    def tone(self, **settings: object) -> float:
        assert ToneVoice(VoiceSettings(**settings), self._player).say("", NEVER)  # type: ignore[arg-type]
        return self._captured()

    def recording(self, text: str, folder: Path, **settings: object) -> float:
        assert RecordedVoice(VoiceSettings(**settings), self._player, folder).say(text, NEVER)  # type: ignore[arg-type]
        return self._captured()

    def _captured(self) -> float:
        played = self._tool.played()
        (new,), self._heard = played[self._heard :], len(played)
        return lufs(new.pcm)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    tool = FakePrograms(tmp_path, monkeypatch)
    if ESPEAK_NG:
        (tool.bin / "espeak-ng").symlink_to(ESPEAK_NG)
    else:
        pytest.importorskip("espeakng_loader")
    return Stage(tool)


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_words_are_equally_loud_in_every_language_and_at_every_rate(stage: Stage, locale: str) -> None:
    language = phrases.load(locale)
    texts = [language.status("muted"), language.fault("black"), language.status("ready")]
    texts += [language.join([language.expression(name)]) for name in ("happy", "sad")]
    for text, rate in zip(texts, itertools.cycle((175, 400)), strict=False):
        assert stage.words(text, language, rate_wpm=rate) == pytest.approx(TARGET_LUFS, abs=SAME_LU), (text, rate)


def test_sounds_beeps_and_recordings_are_as_loud_as_words(stage: Stage, tmp_path: Path) -> None:
    made = tmp_path / "recorded"
    record(made, sine(400, 0.05, 1.7, 22050))
    measured = {name: stage.earcon(name) for name in earcons.NAMES if name not in SOFT}
    measured |= {"last voice": stage.tone(), "recording": stage.recording(TEXT, made)}
    assert len(measured) == len(EXPRESSIONS[:7]) + 4
    assert measured == {name: pytest.approx(TARGET_LUFS, abs=SAME_LU) for name in measured}
    assert stage.earcon("over") == pytest.approx(TARGET_LUFS - 6, abs=SAME_LU), "it comes while people talk"
    assert stage.earcon("still_here") == pytest.approx(TARGET_LUFS - 20, abs=SAME_LU), "it is to be overheard"


@pytest.mark.parametrize("peak", [0.05, 0.8])
def test_recordings_are_as_loud_as_words_also_for_a_player_that_knows_no_volume(peak: float, tmp_path: Path) -> None:
    """When Python is broken they are played by the system's own program, as they are."""
    record(tmp_path, sine(400, peak, 1.7, 22050))
    files = sorted(tmp_path.glob("*.wav"))
    assert [file.name for file in files] == ["alarm.wav", "faults.camera.wav"]
    for file in files:
        assert lufs(from_wav(file.read_bytes())) == pytest.approx(TARGET_LUFS, abs=SAME_LU), file.name


@pytest.mark.parametrize("kind", ["words", "earcon", "tone", "recording"])
def test_each_step_of_the_volume_is_3_db_from_the_top_to_the_bottom(stage: Stage, kind: str, tmp_path: Path) -> None:
    made = tmp_path / "recorded"
    record(made, sine(500, 0.2, 1.7, 22050))
    measured = [
        {
            "words": lambda volume: stage.words(TEXT, volume=volume),
            "earcon": lambda volume: stage.earcon("happy", volume=volume),
            "tone": lambda volume: stage.tone(volume=volume),
            "recording": lambda volume: stage.recording(TEXT, made, volume=volume),
        }[kind](volume)
        for volume in VOLUMES
    ]
    steps = [louder - softer for louder, softer in itertools.pairwise(measured)]
    assert len(steps) == 9
    assert steps == [pytest.approx(3.0, abs=0.2)] * 9
    assert measured[0] == pytest.approx(TARGET_LUFS, abs=SAME_LU)


def test_engines_that_play_by_themselves_are_told_the_same_steps() -> None:
    factors = [subject.volume_factor(volume) for volume in VOLUMES]
    assert factors[0] == 1.0
    steps = [20 * math.log10(louder / softer) for louder, softer in itertools.pairwise(factors)]
    assert steps == [pytest.approx(3.0)] * 9
    assert with_volume(sine(997, 0.5, 0.5, 8000), 100) == sine(997, 0.5, 0.5, 8000)
