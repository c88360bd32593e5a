"""Each voice's own faults, and the order of the voices. What holds for all of them is in test_voice_contract.py."""

import importlib.util
import io
import os
import shutil
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance
from assistant.voice import voices
from assistant.voice.audio.player import Pcm, Player
from assistant.voice.voices import espeak
from assistant.voice.voices.espeak import EspeakLibrary, EspeakProgram, EspeakVoice
from assistant.voice.voices.printed import PrintedVoice
from assistant.voice.voices.pyttsx3 import Pyttsx3Voice
from assistant.voice.voices.tone import ToneVoice, three_beeps
from tests.support.captured_audio import CapturingPlayer, FakePrograms, beep, cancel_hanging, loudness

pytestmark = pytest.mark.timed

ESPEAK_NG = shutil.which("espeak-ng")
SHORT, LONG = "Nobody in view.", "One person on the left looks surprised, and one more person looks happy now."
SETTINGS = VoiceSettings()


def _need(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


def by_program(settings: VoiceSettings, player: Player) -> voices.Voice:
    if ESPEAK_NG is None:
        pytest.skip("the program espeak-ng is not installed")
    return EspeakVoice(EspeakProgram("en", settings.rate_wpm), settings, player)


def by_library(settings: VoiceSettings, player: Player) -> voices.Voice:
    _need("espeakng_loader")
    return EspeakVoice(EspeakLibrary("en", settings.rate_wpm), settings, player)


def by_pyttsx3(settings: VoiceSettings, player: Player) -> voices.Voice:
    _need("pyttsx3")
    _need("espeakng_loader")
    return Pyttsx3Voice(settings, "en", player, platform="linux")


Make = Callable[[VoiceSettings, Player], voices.Voice]
speaking = pytest.mark.parametrize("make", [by_program, by_library, by_pyttsx3])


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    """A fake player; the real espeak-ng stays within reach."""
    tool = FakePrograms(tmp_path, monkeypatch)
    if ESPEAK_NG:
        (tool.bin / "espeak-ng").symlink_to(ESPEAK_NG)
    return tool


def listen(make: Make, text: str, settings: VoiceSettings = SETTINGS) -> Pcm:
    player = CapturingPlayer()
    voice = make(settings, player)
    try:
        assert voice.say(text, threading.Event()) is True
    finally:
        voice.close()
    (played,) = player.sounds
    return played


@speaking
def test_another_text_sounds_different_and_the_same_one_the_same(make: Make) -> None:
    assert listen(make, "Looks happy.").samples != listen(make, "Looks angry.").samples
    assert listen(make, SHORT).samples == listen(make, SHORT).samples


@speaking
def test_hostile_text_is_only_read_out(make: Make, tmp_path: Path) -> None:
    harmless = "hello"
    written = tmp_path / "written"
    hostile = f"-w {written} <speak>{harmless}</speak> \x1b[2J [[h@'loU]] $(touch {written}) {harmless} \ud800\0"
    assert listen(make, hostile).seconds > 1
    assert not written.exists()
    assert listen(make, "word " * 10_000).seconds < 30


@pytest.mark.parametrize("make", [by_program, by_library])
def test_a_voice_that_does_not_exist_is_named(make: Make) -> None:
    kind = type(make(SETTINGS, CapturingPlayer())._synthesize)  # type: ignore[attr-defined]
    with pytest.raises(VoiceError, match="voice"):
        EspeakVoice(kind("xx-none", 175), SETTINGS, CapturingPlayer()).say(SHORT, threading.Event())


# espeak-ng, the program: a fake one does what broken ones do


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("#!/bin/sh\nkill -SEGV $$\n", "espeak-ng failed with exit code -11"),
        ("#!/bin/sh\nexit 0\n", "0 bytes that are not a WAV file"),
        ("#!/bin/sh\n{cat} {folder}/short.wav\n", "it was cut short"),
        ("#!/bin/sh\n{cat} {folder}/silent.wav\n", "silent"),
    ],
)
def test_a_broken_program_does_not_count_as_speech(tool: FakePrograms, script: str, message: str) -> None:
    from assistant.voice.audio.player import silence, to_wav

    (tool.bin / "espeak-ng").unlink(missing_ok=True)
    (tool.folder / "short.wav").write_bytes(to_wav(beep(0.18)))
    (tool.folder / "silent.wav").write_bytes(to_wav(silence(2)))
    tool.install(script, "espeak-ng")
    with pytest.raises(VoiceError, match=message):
        EspeakVoice(EspeakProgram("en", 175), SETTINGS, CapturingPlayer()).say(
            "One person looks happy.", threading.Event()
        )


def test_a_hanging_program_is_cut_off_or_killed(tool: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    (tool.bin / "espeak-ng").unlink(missing_ok=True)
    tool.install("hanging", "espeak-ng")
    voice = EspeakVoice(EspeakProgram("en", 175), SETTINGS, CapturingPlayer())
    answer, seconds = cancel_hanging(lambda cancel: voice.say(SHORT, cancel), tool.folder / "alive")
    assert (answer, seconds < 0.1) == (False, True)
    monkeypatch.setattr(espeak, "SYNTHESIS_LIMIT_S", 0.1)
    descriptor = os.open(tool.folder / "alive", os.O_RDWR)
    with pytest.raises(VoiceError, match=r"espeak-ng did not end within 0\.1 s"):
        voice.say(SHORT, threading.Event())
    os.close(descriptor)


def test_the_text_reaches_the_program_by_its_input_only(tool: FakePrograms) -> None:
    (tool.bin / "espeak-ng").unlink(missing_ok=True)
    tool.install('#!/bin/sh\necho "$@" > {folder}/words\n{cat} > {folder}/text\n', "espeak-ng")
    with pytest.raises(VoiceError):
        EspeakVoice(EspeakProgram("en-gb", 210), SETTINGS, CapturingPlayer()).say("--version [[x]]", threading.Event())
    assert (tool.folder / "words").read_text() == "--stdin --stdout -b 1 -s 210 -v en-gb\n"
    assert (tool.folder / "text").read_text() == "--version x"


# espeak-ng, the library


def test_without_program_and_library_the_error_names_what_to_install(
    tool: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tool.bin / "espeak-ng").unlink(missing_ok=True)
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    (voice,) = espeak.espeak_voices(SETTINGS, "en", CapturingPlayer())
    with pytest.raises(VoiceError, match="install the package espeak-ng, or: pip install espeakng-loader"):
        voice.say(SHORT, threading.Event())


def test_a_library_without_its_data_is_an_error_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _need("espeakng_loader")
    monkeypatch.setattr("espeakng_loader.get_data_path", lambda: str(tmp_path / "none"))
    with pytest.raises(VoiceError, match="cannot read its data in .*none"):
        EspeakLibrary("en", 175)(SHORT, threading.Event())


def test_a_library_that_hangs_or_crashes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _need("espeakng_loader")
    monkeypatch.setattr(espeak, "SYNTHESIS_LIMIT_S", 0.2)
    for code, message in (("import time; time.sleep(99)", "did not end"), ("import os; os.abort()", "exit code -6")):
        monkeypatch.setattr(espeak, "LIBRARY_PROGRAM", code)
        with pytest.raises(VoiceError, match=message):
            EspeakLibrary("en", 175)(SHORT, threading.Event())


# pyttsx3


def test_pyttsx3_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    listen(by_pyttsx3, SHORT)
    assert list(tmp_path.iterdir()) == []


def test_pyttsx3_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(VoiceError, match="pip install pyttsx3"):
        Pyttsx3Voice(SETTINGS, "en", CapturingPlayer()).say(SHORT, threading.Event())


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces what the child process of pyttsx3 does."""
    _need("pyttsx3")
    return lambda code: monkeypatch.setattr(
        "assistant.voice.voices.pyttsx3.ENGINE_PROGRAM", "import json, sys, time\n" + code
    )


EMPTY_WAV = """
import wave
with wave.open(json.load(sys.stdin)["file"], "wb") as target:
    target.setparams((1, 2, 22050, 0, "NONE", ""))
"""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sys.exit('no libespeak-ng; install the package')", "exit code 1: no libespeak-ng; install"),
        ("pass", "pyttsx3 made no sound file"),
        ("open(json.load(sys.stdin)['file'], 'w').write('RIFF')", "not a WAV file"),
        (EMPTY_WAV, "only 0.00 s"),
    ],
)
def test_a_silent_failure_of_pyttsx3_is_an_error(child: Callable[[str], None], code: str, message: str) -> None:
    child(code)
    with pytest.raises(VoiceError, match=message):
        Pyttsx3Voice(SETTINGS, "en", CapturingPlayer(), platform="linux").say(SHORT, threading.Event())


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_pyttsx3_that_hangs_is_cut_off_or_killed(
    child: Callable[[str], None], platform: str, tool: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    child(
        f"alive = open({str(tool.folder / 'alive')!r}, 'w'); print('started', file=alive, flush=True); time.sleep(99)"
    )
    voice = Pyttsx3Voice(SETTINGS, "en", CapturingPlayer(), platform=platform)
    answer, seconds = cancel_hanging(lambda cancel: voice.say(SHORT, cancel), tool.folder / "alive")
    assert (answer, seconds < 0.1) == (False, True)
    child("time.sleep(99)")
    monkeypatch.setattr("assistant.voice.voices.pyttsx3.FILE_LIMIT_S", 0.1)
    monkeypatch.setattr("assistant.voice.voices.pyttsx3.SPEECH_LIMIT_FACTOR", 0.1)
    with pytest.raises(VoiceError, match=r"did not end within 0\.\d s and was killed"):
        voice.say(SHORT, threading.Event())


def test_an_engine_that_plays_by_itself_must_have_taken_its_time(child: Callable[[str], None], tmp_path: Path) -> None:
    order = tmp_path / "order"
    child(
        f"order = sys.stdin.read(); open({str(order)!r}, 'w').write(order)\n"
        "time.sleep(json.loads(order)['properties']['rate'] / 400)"
    )
    slow, fast = VoiceSettings(rate_wpm=200, name="Anna"), VoiceSettings(rate_wpm=80)
    assert Pyttsx3Voice(slow, "en", CapturingPlayer(), platform="darwin").say("Looks happy.", threading.Event()) is True
    assert order.read_text() == (
        '{"text": "Looks happy.", "properties": {"rate": 200, "volume": 1.0}, "file": "", "voices": ["Anna"]}'
    )
    with pytest.raises(VoiceError, match=r"pyttsx3 was done after 0\.\d\d s with what takes 2\.62 s; it was not heard"):
        Pyttsx3Voice(fast, "en", CapturingPlayer(), platform="darwin").say(" ".join(["word"] * 10), threading.Event())


# printed, tone, the order of the voices


def test_printed_is_one_harmless_line_and_takes_no_time() -> None:
    out = io.StringIO()
    began = time.monotonic()
    assert PrintedVoice(out).say("Looks\nhappy.\x1b[2J", threading.Event()) is True
    assert time.monotonic() - began < 0.1
    assert out.getvalue() == "Looks happy. 2J\n"
    cancel = threading.Event()
    cancel.set()
    assert PrintedVoice(out).say("never", cancel) is False
    assert "never" not in out.getvalue()


def test_printed_goes_to_the_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    voice = PrintedVoice()
    assert voice.say("Ready.", threading.Event())
    voice.close()
    assert capsys.readouterr().out == "Ready.\n"


def test_printing_to_a_closed_stream_is_an_error() -> None:
    out = io.StringIO()
    out.close()
    with pytest.raises(VoiceError, match="cannot print"):
        PrintedVoice(out).say("Ready.", threading.Event())


def test_the_tone_is_three_beeps_whatever_the_text() -> None:
    sound, player = three_beeps(), CapturingPlayer()
    assert 0.7 < sound.seconds < 0.9
    parts = [loudness(Pcm(sound.samples[at : at + 2000], 22050)) for at in range(0, len(sound.samples), 2000)]
    bursts = "".join("#" if part > 1000 else " " for part in parts).split()
    assert len(bursts) == 3
    assert ToneVoice(VoiceSettings(volume=50, lead_in_ms=100), player).say("", threading.Event())
    assert player.sounds[0].seconds == pytest.approx(sound.seconds + 0.1, abs=0.001)
    assert loudness(player.sounds[0]) < 0.6 * loudness(sound)


@pytest.mark.parametrize(
    ("engine", "platform", "program", "names"),
    [
        ("auto", "linux", True, ["espeak-ng", "espeak-ng library", "recorded", "tone"]),
        ("auto", "linux", False, ["espeak-ng library", "recorded", "tone"]),
        ("auto", "darwin", False, ["pyttsx3", "espeak-ng library", "recorded", "tone"]),
        ("espeak", "win32", False, ["espeak-ng library", "recorded", "tone"]),
        ("pyttsx3", "linux", True, ["pyttsx3", "espeak-ng", "espeak-ng library", "recorded", "tone"]),
        ("piper", "linux", True, ["piper", "espeak-ng", "espeak-ng library", "recorded", "tone"]),
        ("speechd", "linux", False, ["speechd", "espeak-ng library", "recorded", "tone"]),
        ("printed", "linux", True, ["printed"]),
    ],
)
def test_the_order_of_the_voices(
    engine: str, platform: str, program: bool, names: list[str], tool: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    _need("espeakng_loader")
    (tool.bin / "espeak-ng").unlink(missing_ok=True)
    if program:
        tool.install("failing", "espeak-ng")
    monkeypatch.setattr(voices, "sys", types.SimpleNamespace(platform=platform))
    fallback = voices.make_voice(VoiceSettings(engine=engine), "en", CapturingPlayer())
    assert [voice.name for voice in fallback] == names
    for voice in fallback:
        voice.close()


def test_the_configured_voice_takes_precedence_over_the_language(tool: FakePrograms) -> None:
    (tool.bin / "espeak-ng").unlink(missing_ok=True)
    tool.install('#!/bin/sh\necho "$@" >> {folder}/words\n', "espeak-ng")
    for name, expected in (("", ["fr"]), ("en-gb", ["en-gb", "fr"])):
        (tool.folder / "words").write_text("")
        with pytest.raises(VoiceError):
            voices.make_voice(VoiceSettings(name=name), "fr", CapturingPlayer())[0].say("x", threading.Event())
        assert [line.split()[-1] for line in (tool.folder / "words").read_text().splitlines()] == expected


@pytest.mark.parametrize("engine", ["espeak", "pyttsx3"])
@pytest.mark.parametrize("name", ["english", "en_US", "no such voice"])
def test_a_mistyped_voice_name_does_not_cost_the_words(engine: str, name: str) -> None:
    """The language's own voice speaks, not three beeps; and the setting is reported, once."""
    _need("espeakng_loader")
    _need("pyttsx3")
    player, own = CapturingPlayer(), CapturingPlayer()
    reports: list[tuple[str, str]] = []
    settings = VoiceSettings(engine=engine, name=name)
    fallback = voices.make_voice(settings, "de", player, lambda *report: reports.append(report))
    errors: list[str] = []
    for _ in range(2):
        utterance = Utterance(SHORT, Priority.CHANGE, "track 1")
        assert fallback.speak(utterance, threading.Event(), time.monotonic, errors.append) is Fate.SPOKEN
    assert voices.make_voice(VoiceSettings(engine=engine), "de", own)[0].say(SHORT, threading.Event())
    assert player.sounds == own.sounds * 2, "the same sound as without the setting"
    assert [setting for setting, _ in reports] == ["voice.name"]
    assert name in reports[0][1]
    assert errors == []


def test_where_espeak_ng_itself_is_broken_the_name_is_not_to_blame(tool: FakePrograms) -> None:
    (tool.bin / "espeak-ng").unlink(missing_ok=True)
    tool.install("failing", "espeak-ng")
    reports: list[tuple[str, str]] = []
    settings = VoiceSettings(name="en-gb")
    voice, *_ = espeak.espeak_voices(settings, "en", CapturingPlayer(), lambda *report: reports.append(report))
    with pytest.raises(VoiceError):
        voice.say(SHORT, threading.Event())
    assert reports == []


def test_a_missing_engine_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    reports: list[tuple[str, str]] = []
    for engine in ("pyttsx3", "piper"):
        settings = VoiceSettings(engine=engine, model="voice.onnx")
        fallback = voices.make_voice(settings, "en", CapturingPlayer(), lambda *report: reports.append(report))
        with pytest.raises(VoiceError):
            fallback[0].say(SHORT, threading.Event())
        fallback.close()
    assert [setting for setting, _ in reports] == ["voice.engine"] * 2
    assert "pip install pyttsx3" in reports[0][1]
    assert "pip install 'piper-tts" in reports[1][1]
