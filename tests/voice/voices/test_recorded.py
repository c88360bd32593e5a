"""The recordings of espeak-ng: played where it cannot speak, unless they are damaged."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from assistant import phrases
from assistant.app import cli
from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.voice.audio.loudness import TARGET_LUFS
from assistant.voice.audio.player import Pcm, from_wav
from assistant.voice.voices.recorded import ALARM, INDEX, RecordedVoice, record_sentences, recordings_folder
from tests.support.bs1770 import lufs
from tests.support.captured_audio import CapturingPlayer, beep, loudness

NEVER = threading.Event()
EN = phrases.load("en")
TEXT = EN.fault("camera")
WORD_S = 0.2


class Synthesizer:
    """Speaks each text as a tone of WORD_S a word; `breaks` once a text contains that."""

    name = "stand-in"

    def __init__(self, breaks: str = "\0") -> None:
        self.breaks = breaks

    def __call__(self, text: str, cancel: threading.Event) -> Pcm:
        if self.breaks in text:
            raise VoiceError("broken")
        return beep(WORD_S * len(text.split()), 8000)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("recordings") / "recorded"
    assert record_sentences(EN.tables, [Synthesizer()], 175, made) > 70
    return made


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "recorded"))


def test_every_sentence_about_the_assistant_is_recorded(folder: Path) -> None:
    player = CapturingPlayer()
    voice = RecordedVoice(VoiceSettings(), player, folder)
    for table in ("status", "faults", "faults_over", "doctor", "advice"):
        for text in EN.tables[table].values():
            if "{number}" in text:
                continue
            assert voice.say(text, NEVER)
            assert player.sounds[-1].seconds == pytest.approx(WORD_S * len(text.split()), abs=0.01)
    assert not {text.strip(".") for text in json.loads((folder / INDEX).read_text())} & set(
        EN.tables["emotion"].values()
    ), "no sentence about a person"
    assert loudness(from_wav((folder / ALARM).read_bytes())) > 1000


def test_volume_and_lead_in_are_as_configured(folder: Path) -> None:
    player = CapturingPlayer()
    RecordedVoice(VoiceSettings(volume=50, lead_in_ms=300), player, folder).say(TEXT, NEVER)
    (quiet,) = player.sounds
    assert quiet.seconds == pytest.approx(0.3 + WORD_S * len(TEXT.split()), abs=0.01)
    assert not any(quiet.samples[: 2 * int(0.29 * quiet.rate)])
    words = Pcm(quiet.samples[2 * int(0.3 * quiet.rate) :], quiet.rate)
    assert lufs(words) == pytest.approx(TARGET_LUFS - 15, abs=0.5)


def test_a_missing_or_damaged_recording_is_left_to_the_next_voice(folder: Path) -> None:
    voice = RecordedVoice(VoiceSettings(), CapturingPlayer(), folder)
    with pytest.raises(VoiceError, match="no recording of this text"):
        voice.say("Looks happy.", NEVER)
    file = folder / json.loads((folder / INDEX).read_text())[TEXT]
    whole = file.read_bytes()
    for size in (0, 10, 60, len(whole) // 20):
        file.write_bytes(whole[:size])
        with pytest.raises(VoiceError):
            voice.say(TEXT, NEVER)
    file.unlink()
    with pytest.raises(VoiceError, match="no recordings"):
        voice.say(TEXT, NEVER)
    for content in (b"", b"[]", b'{"x": 1}', b"\xff", b'{"%s": "../../secret.wav"}' % TEXT.encode(), b"[" * 100000):
        (folder / INDEX).write_bytes(content)
        with pytest.raises(VoiceError):
            voice.say(TEXT, NEVER)


def test_if_one_sentence_cannot_be_recorded_the_old_recordings_stay(folder: Path) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(VoiceError, match="broken"):
        record_sentences(EN.tables, [Synthesizer("camera")], 175, folder)
    with pytest.raises(VoiceError, match="install the package espeak-ng"):
        record_sentences(EN.tables, [], 175, folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_the_folder_of_the_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMOTION_ASSISTANT_RECORDED", raising=False)
    monkeypatch.setattr("assistant.voice.voices.recorded.INSTALLED_FOLDER", tmp_path / "unit")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert recordings_folder() == tmp_path / "emotion-assistant" / "recorded"
    (tmp_path / "unit").mkdir()
    assert recordings_folder() == tmp_path / "unit"
    monkeypatch.setenv("EMOTION_ASSISTANT_RECORDED", str(tmp_path / "named"))
    assert recordings_folder() == tmp_path / "named"


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_the_command_records_with_espeak(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.voice.voices.recorded.TABLES", ("faults", "faults_over"))
    (tmp_path / "de.toml").write_text('[announcements]\nlocale = "de"\n')
    assert cli.main(["record", str(tmp_path / "out"), "--config", str(tmp_path / "de.toml")]) == 0
    assert "recordings in" in capsys.readouterr().out
    index = json.loads((tmp_path / "out" / INDEX).read_text())
    assert "Keine Kamera gefunden. Ich suche weiter." in index
    player = CapturingPlayer()
    assert RecordedVoice(VoiceSettings(), player, tmp_path / "out").say("Die Stimme ist wieder da.", NEVER)
    assert 0.8 < player.sounds[0].seconds < 4
