"""The whole doctor: its report of a device that works, and of each kind of failure."""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant import phrases
from assistant.app import cli
from assistant.config.settings import CameraSettings, ControlSettings, Settings, VoiceSettings
from assistant.doctor.checkup import Check, Report, checkup
from assistant.doctor.finding import Finding, advice, bad, good, sentences
from assistant.doctor.isolated_check import run_isolated
from assistant.doctor.service_access import USER
from assistant.doctor.speech import FindingSpeaker, SpeechCheck
from assistant.system.account import Account
from assistant.voice.audio.player import CommandPlayer
from assistant.voice.voices.espeak import EspeakVoice
from assistant.voice.voices.recorded import record_sentences
from tests.app.test_cli import running, until
from tests.support.captured_audio import FakePrograms, beep, loudness
from tests.support.standins import needs_photographs

ROOT = Path(__file__).parents[2]
EN = phrases.load("en")
NAMES = [
    "voice", "sound", "settings", "imports", "camera", "detector", "occlusion", "model", "buttons", "camera_led",
    "microphone", "haptics", "skills", "profile", "temperature", "voltage", "memory", "units", "guide",
]  # fmt: skip
PRINTED = VoiceSettings(engine="printed")
WORKS = good("sound", "sound_stereo")


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Raspberry Pi, as its kernel shows it: 52 degrees, enough power, memory control on."""
    root = tmp_path / "sys"
    for name, text in {
        "class/thermal/thermal_zone0/temp": "52300\n",
        "class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
        "fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setenv("EMOTION_ASSISTANT_SYS", str(root))
    return root


@pytest.fixture
def people(tmp_path: Path, astronaut: NDArray[np.uint8]) -> Path:
    """A folder camera that shows a face for a while."""
    folder = tmp_path / "people"
    folder.mkdir()
    cv2.imwrite(str(folder / "one.png"), astronaut)
    return folder


Answer = subprocess.CompletedProcess[str]


def doctor(*arguments: object, **environment: str) -> Answer:
    return subprocess.run(
        [sys.executable, "-m", "assistant", "doctor", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, timeout=100, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def found(done: Answer) -> dict[str, dict[str, object]]:
    """The checks of a --json answer by name, its form and exit code held to."""
    table = json.loads(done.stdout)
    assert set(table) == {"checks", "failed"}
    assert [check["name"] for check in table["checks"]] == NAMES
    for check in table["checks"]:
        assert list(check) == ["name", "ok", "text", "advice", "seconds"]
        kinds = [type(check[key]) for key in ("ok", "text", "advice", "seconds")]
        assert kinds == [bool, str, str, float]
        assert check["text"]
        assert bool(check["advice"]) is not check["ok"], "only a failed check has an advice"
        assert 0 <= check["seconds"] < 100
    assert table["failed"] == sum(not check["ok"] for check in table["checks"])
    assert done.returncode == (1 if table["failed"] else 0)
    return {check["name"]: check for check in table["checks"]}


@needs_photographs
@pytest.mark.skipif(
    Account.find(USER) is not None, reason="the service is installed here: doctor looks with its rights"
)
def test_a_device_that_works_passes_every_check(board: Path, people: Path) -> None:
    done = doctor("--json", "--voice", "printed", "--camera", "folder", "--source", people)
    texts = {name: check["text"] for name, check in found(done).items() if name not in ("model", "memory")}
    assert done.stderr == ""
    assert texts == {
        "voice": "The voice works.",
        "sound": "No sound device is set up.",
        "settings": "The settings are right.",
        "imports": "All program parts fit together.",
        "camera": "The camera works. There is light enough. I see a face.",
        "detector": "I can look for faces.",
        "occlusion": "I can tell if faces are covered.",
        "buttons": "No buttons are set up.",
        "camera_led": "No camera light is set up.",
        "microphone": "No microphone is set up.",
        "haptics": "No vibration is set up.",
        "skills": "No skills are switched on.",
        "profile": "No settings are made for this board.",
        "temperature": "The temperature is 52 degrees.",
        "voltage": "The power is strong enough.",
        "units": "No service is set up.",
        "guide": "The guide explains every key.",
    }
    assert done.returncode == 0


def test_without_json_each_check_is_a_line(board: Path) -> None:
    done = doctor("--voice", "printed", "--camera", "opencv", "--source", "63")
    lines = done.stdout.splitlines()
    assert lines[0] == "I check myself."
    assert [line.split()[1] for line in lines[1:-1]] == NAMES
    assert lines[9] == "none   buttons     No buttons are set up."
    marks = {line.split()[1]: line.split()[0] for line in lines[1:-1]}
    assert {name for name, mark in marks.items() if mark == "none"} == {
        "sound", "buttons", "camera_led", "microphone", "haptics", "skills", "profile", "units"
    }  # fmt: skip
    assert (marks.pop("camera"), set(marks.values())) == ("FAILED", {"ok", "none"})
    assert lines[5] == (
        "FAILED camera      The camera gives no picture. Check the cable, then restart the device. "
        "(no camera: /dev/video63 does not exist; plug one in, or name one with --source)"
    )
    assert lines[-1] == "Failed checks: 1."
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("module", "text", "why"),
    [
        ("numpy", "raise ImportError('numpy.core.multiarray failed to import')\n", "numpy: ImportError: numpy.core"),
        ("numpy", "import os\nos.abort()\n", "was ended by SIGABRT (trying numpy)"),
        ("cv2", "raise ValueError('numpy.dtype size changed')\n", "cv2: ValueError: numpy.dtype size changed"),
        ("ai_edge_litert", "raise RuntimeError('another libc')\n", "the TFLite runtime: RuntimeError: another libc"),
    ],
)
def test_a_broken_library_silences_nothing(board: Path, tmp_path: Path, module: str, text: str, why: str) -> None:
    broken = tmp_path / "broken"
    (broken / module).mkdir(parents=True)
    (broken / module / "__init__.py").write_text(text)
    done = doctor("--json", "--voice", "printed", "--camera", "opencv", "--source", "63", PYTHONPATH=str(broken))
    checks = found(done)
    assert checks["imports"]["text"] == "A program part is broken or missing."
    assert checks["imports"]["advice"] == "Install the assistant again."
    assert why in done.stderr
    for name in ("voice", "settings", "buttons", "temperature", "voltage", "memory", "units"):
        assert checks[name]["ok"] is True
    assert checks["model"]["ok"] is False


@pytest.fixture
def doctor_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`doctor` in this process, without its checks of vision but that of the camera: each is a process of its own."""
    apart = run_isolated
    finding = good("detector", "detector")
    monkeypatch.setattr(
        "assistant.doctor.checkup.run_isolated",
        lambda name, *rest: apart(name, *rest) if name == "camera" else finding,
    )

    def run(*arguments: object) -> Answer:
        code = cli.main(["doctor", *map(str, arguments)])
        printed = capsys.readouterr()
        return subprocess.CompletedProcess((), code, printed.out, printed.err)

    return run


def test_wrong_settings_are_a_finding(board: Path, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("[camera]\nfsp = 3\n[voice]\nrate_wpm = 9000\n")
    done = doctor("--json", "--config", file, "--voice", "printed", "--camera", "opencv", "--source", "63")
    settings = found(done)["settings"]
    assert (settings["text"], settings["advice"]) == ("The settings are wrong.", "Correct the settings file.")
    assert "unknown setting camera.fsp; did you mean camera.fps?; " in done.stderr
    assert "rate_wpm is 9000" in done.stderr


def test_wrong_settings_are_told_in_their_language_or_english(
    board: Path, tmp_path: Path, doctor_here: Callable[..., Answer]
) -> None:
    file = tmp_path / "my.toml"
    arguments = ("--json", "--config", file, "--voice", "printed", "--camera", "opencv", "--source", "63")
    file.write_text('fps = 3\n[announcements]\nlocale = "de"\n')
    checks = found(doctor_here(*arguments))
    assert checks["settings"]["text"] == "Die Einstellungen sind falsch.", "the valid settings are used"
    assert checks["camera"]["text"] == "Die Kamera gibt kein Bild."
    assert checks["camera"]["advice"] == "Kabel prüfen, dann Gerät neu starten."
    file.write_text('fps = 3\n[announcements]\nlocale = "tlh"\n')
    assert found(doctor_here(*arguments))["settings"]["text"] == "The settings are wrong."


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_every_finding_has_a_sentence_in_every_language(locale: str) -> None:
    language = phrases.load(locale)
    for name in language.tables["doctor"]:
        (text,) = sentences(language, good(name, number=7))
        assert text.endswith(language.stop)
    for name in language.tables["advice"]:
        assert advice(language, bad("late", name))
    assert len(sentences(language, good("camera", "dim", "face"))) == 3
    assert sentences(language, bad("faults.model", "install")) == (language.fault("model"),)
    assert advice(language, good("camera")) == ""


@needs_photographs
def test_beside_a_running_assistant(board: Path, tmp_path: Path) -> None:
    """Its two real processes hold the camera and the pin."""
    pytest.importorskip("gpiozero")
    control = tmp_path / "running" / "control.sock"
    environment = {"EMOTION_ASSISTANT_CONTROL": str(control), "GPIOZERO_PIN_FACTORY": "mock"}
    (tmp_path / "my.toml").write_text("[camera]\nled = [23]\n")
    arguments = ("--config", tmp_path / "my.toml", "--camera", "demo")
    with running(*arguments, **environment) as assistant:
        until(assistant, "One person looks happy.")
        checks = found(doctor("--json", "--voice", "printed", *arguments, **environment))
        assert checks["camera"]["text"] == "The running assistant has the camera."
        assert checks["camera_led"]["text"] == "The camera light works."
        assert all(check["ok"] for check in checks.values())
    assert found(doctor("--json", "--voice", "printed", *arguments, **environment))["camera"]["text"] == (
        "The camera works. There is light enough. I see a face."
    )


# time

NEVER = threading.Event()


def test_a_check_that_hangs_fails_in_its_time_and_is_cancelled() -> None:
    is_cancelled = threading.Event()

    def hang(cancel: threading.Event) -> Finding:
        cancel.wait(30)
        is_cancelled.set()
        threading.Event().wait(30)
        return good("camera")

    began = time.monotonic()
    finding = Check("camera", hang, 0.2, "camera_none", "camera").finding(NEVER)
    assert time.monotonic() - began < 2
    assert is_cancelled.wait(5)
    assert finding == bad("camera_none", "camera", detail="did not end within 0.2 s")


def test_a_check_that_fails_by_itself_is_a_finding() -> None:
    def fail(cancel: threading.Event) -> Finding:
        raise ZeroDivisionError("division by zero")

    finding = Check("memory", fail).finding(NEVER)
    assert finding == bad("late", "restart", detail="ZeroDivisionError: division by zero")


def test_a_camera_that_never_opens_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "picamera2.py").write_text(
        "import threading\nclass Picamera2:\n    def __init__(self, number):\n        threading.Event().wait(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    settings = Settings(camera=CameraSettings(driver="picamera2"))
    began = time.monotonic()
    finding = run_isolated("camera", settings, lambda why: bad("camera_none", "camera", detail=why), 5.0, NEVER)
    assert time.monotonic() - began < 10
    assert finding == bad("camera_none", "camera", detail="did not end within 5 s (trying to open the camera)")


def test_the_checkup_stops_when_the_event_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    stop.set()
    out = io.StringIO()
    assert checkup(Settings(voice=PRINTED), "", stop, out=out) == 1
    assert out.getvalue() == "I check myself.\n", "nothing was found, neither good nor bad"


# voice and sound


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    """No espeak-ng but the wheel's library, and no player but those that a test installs."""
    pytest.importorskip("espeakng_loader")
    return FakePrograms(tmp_path, monkeypatch)


def speech(language: str = "en", **settings: object) -> SpeechCheck:
    return SpeechCheck(VoiceSettings(**settings), language, EN.status("sound_check"))  # type: ignore[arg-type]


def both(subject: SpeechCheck) -> tuple[Finding, Finding]:
    return subject.voice(threading.Event()), subject.sound(threading.Event())


def test_voice_and_sound_work_and_the_findings_are_played(tool: FakePrograms) -> None:
    tool.install("paced")
    subject = speech()
    voice, sound = both(subject)
    assert (voice, sound) == (good("voice", detail="espeak-ng library"), WORKS)
    with contextlib.closing(subject.speaker()) as speaker:
        speaker.say("The camera gives no picture.", threading.Event())
    first, second = (played.pcm for played in tool.played())
    assert 1.0 < first.seconds < 4.0, "the sentence of the voice check"
    assert 1.0 < second.seconds < 4.0
    assert min(loudness(first), loudness(second)) > 500


def test_where_no_voice_can_speak_its_recordings_do(
    tool: FakePrograms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = tmp_path / "recorded"
    record_sentences(EN.tables, [lambda text, cancel: beep(0.2 * len(text.split()), 8000)], 175, recordings)  # type: ignore[list-item]
    monkeypatch.setenv("EMOTION_ASSISTANT_RECORDED", str(recordings))
    tool.install("paced")
    subject = speech("no-such-language", name="no-such-voice")
    assert both(subject)[0].keys == ("voice_none",)
    speaker = subject.speaker()
    for text in (EN.finding("voice_none"), EN.text("advice", "voice")):
        speaker.say(text, threading.Event())
    beeps, *sentences_played = (played.pcm.seconds for played in tool.played())
    assert beeps < 2
    assert sentences_played == pytest.approx([0.2 * 4, 0.2 * 7], abs=0.01)


def test_quiet_the_device_is_tried_with_silence(tool: FakePrograms) -> None:
    tool.install("paced")
    subject = SpeechCheck(VoiceSettings(), "en", "Hello.", is_quiet=True)
    assert both(subject) == (good("voice", detail="espeak-ng library"), WORKS)
    (played,) = tool.played()
    assert loudness(played.pcm) == 0


def test_a_broken_voice_is_reported_by_the_next_one(tool: FakePrograms) -> None:
    tool.install("paced")
    tool.install("failing", "espeak-ng")
    voice, sound = both(speech())
    assert voice.keys == ("voice_second",)
    assert voice.detail == "espeak-ng: espeak-ng failed with exit code 1: cannot find card"
    assert sound.ok
    (tool.bin / "espeak-ng").unlink()
    voice, sound = both(speech(name="no-such-voice"))
    assert (voice.keys, voice.advice) == (("faults.voice_name",), "settings"), "the language's own voice speaks"
    assert voice.detail.startswith("voice.name: 'no-such-voice' does not speak")
    voice, sound = both(speech("no-such-language", name="no-such-voice"))
    assert (voice.keys, voice.advice) == (("voice_none",), "voice")
    assert "there is no voice named no-such-language" in voice.detail
    assert sound == WORKS, "beeps are heard even so"


@pytest.mark.timed
@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("failing", "aplay failed with exit code 1: cannot find card"),
        ("instant", "it went nowhere; choose another sound card"),
        ("hanging", "did not end within"),
    ],
)
def test_a_sound_device_that_does_not_play(tool: FakePrograms, behaviour: str, why: str) -> None:
    tool.install(behaviour)
    subject = speech()
    if behaviour == "hanging":
        reader = os.open(tool.folder / "alive", os.O_RDONLY | os.O_NONBLOCK)
    began = time.monotonic()
    voice, sound = both(subject)
    assert time.monotonic() - began < 15
    if behaviour == "hanging":
        os.close(reader)
    assert voice.ok
    assert (sound.keys, sound.advice) == (("sound_silent",), "sound")
    assert why in sound.detail
    began = time.monotonic()
    subject.speaker().say("Nobody hears this.", threading.Event())
    assert time.monotonic() - began < 0.5, "what does not play is not tried with every sentence"


def test_a_wrong_card_is_reported_on_the_default_one(tool: FakePrograms) -> None:
    tool.install(
        '#!/bin/sh\ncase "$*" in *Gone*) echo "no such card" >&2; exit 1;; esac\nexec {folder}/bin/paced "$@"\n'
    )
    tool.install("paced", "paced")
    subject = speech(device="Gone")
    _, sound = both(subject)
    assert not sound.ok
    assert sound.detail.endswith("no such card; the default device plays: set voice.device to ''")
    subject.speaker().say("The sound device does not play.", threading.Event())
    assert [played.arguments[:2] for played in tool.played()] == [["-q", "-t"]] * 2


def test_without_a_default_device_a_card_that_plays_is_found(tool: FakePrograms) -> None:
    tool.install(
        '#!/bin/sh\ncase "$*" in\n-l) echo "card 1: Box [USB Headset], device 0: Audio [Audio]"; exit;;\n'
        '*CARD=Box*) exec {folder}/bin/paced "$@";;\nesac\necho "no default" >&2\nexit 1\n'
    )
    tool.install("paced", "paced")
    subject = speech(device="")
    _, sound = both(subject)
    assert (sound.ok, sound.keys) == (False, ("sound_silent",))
    assert "no default; plughw:CARD=Box,DEV=0 plays: set voice.device to 'plughw:CARD=Box,DEV=0'" in sound.detail
    subject.speaker().say("The sound device does not play.", threading.Event())
    assert len(tool.played()) == 2, "the findings are spoken on the card that was found"


def test_a_volume_that_is_off_is_raised_and_that_is_reported(tool: FakePrograms) -> None:
    tool.install("paced")
    tool.install(
        "#!/bin/sh\n[ \"$1\" = -q ] && exit\necho \"Simple mixer control 'Master',0\"\n"
        "echo '  Mono: Playback 0 [0%] [off]'\n", "amixer"
    )  # fmt: skip
    _, sound = both(speech())
    assert sound.ok
    assert sentences(EN, sound) == (
        "The sound device works.", "Volume was off. I turned it up.", "The aiming tone is stereo."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("channels", "device", "card", "expected"),
    [
        ("auto", "Headset", "Playback:\n  Channels: 1\nCapture:\n  Channels: 2\n", "The aiming tone is mono."),
        ("auto", "Headset", "Playback:\n  Channels: 2\nCapture:\n  Channels: 1\n", "The aiming tone is stereo."),
        ("auto", "bluealsa:DEV=11:22:33:44:55:66,PROFILE=sco", "", "The aiming tone is mono."),
        ("mono", "Headset", "Playback:\n  Channels: 2\n", "The aiming tone is mono."),
        ("stereo", "Headset", "Playback:\n  Channels: 1\n", "The aiming tone is stereo."),
    ],
)
def test_whether_the_tone_of_aiming_has_two_sides(
    channels: str, device: str, card: str, expected: str, tool: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool.install("paced")
    (tool.folder / "Headset").mkdir()
    (tool.folder / "Headset" / "stream0").write_text(card)
    monkeypatch.setattr("assistant.voice.audio.stream.CARDS", tool.folder)
    _, sound = both(speech(device=device, channels=channels))
    assert sentences(EN, sound) == ("The sound device works.", expected)


def test_a_busy_card_is_tried_again(tool: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.doctor.speech.RETRY_PAUSE_S", 0.01)
    tool.install(
        '#!/bin/sh\nif [ -e {folder}/once ]; then exec {folder}/bin/paced "$@"; fi\n'
        ": > {folder}/once\necho 'audio open error: Device or resource busy' >&2\nexit 1\n"
    )
    tool.install("paced", "paced")
    assert both(speech())[1] == WORKS


def test_a_voice_that_hangs_does_not_hang_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.doctor.speech.MAX_SENTENCE_S", 0.1)
    texts: list[str] = []
    freed = threading.Event()

    class Stuck:
        name = "stuck"

        def say(self, text: str, cancel: threading.Event, **rest: object) -> bool:
            texts.append(text)
            return freed.wait(30)

        def close(self) -> None:
            pass

    from assistant.voice.speech.fallback_voice import FallbackVoice

    speaker = FindingSpeaker(FallbackVoice([Stuck()]))
    for text in ("One.", "Two."):
        speaker.say(text, threading.Event())
    freed.set()
    assert texts == ["One."]


def test_a_checkup_is_spoken_in_turn(board: Path, tool: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a real synthesizer, as far as the sound card."""
    tool.install("quick")
    spoken: list[str] = []
    say = EspeakVoice.say

    def note(self: EspeakVoice, text: str, cancel: threading.Event, **rest: object) -> bool:
        spoken.append(text)
        return say(self, text, cancel)

    monkeypatch.setattr(EspeakVoice, "say", note)
    monkeypatch.setattr(CommandPlayer, "play", lambda self, pcm, cancel: True)
    monkeypatch.setattr("assistant.doctor.checkup.run_isolated", lambda name, *rest: bad("late", "restart"))
    out = io.StringIO()
    settings = Settings(controls=ControlSettings(buttons=(17,)))
    assert checkup(settings, "", NEVER, out=out) == 1
    assert spoken[:4] == [EN.status("sound_check"), "I check myself.", "The voice works.", "The sound device works."]
    assert spoken[4] == "The aiming tone is stereo."
    assert spoken[5:10] == [
        "The settings are right.",
        *["This check took too long.", "Restart the device and check again."] * 2,
    ]
    assert spoken[-1] == "Failed checks: 6."
    assert [line.split()[1] for line in out.getvalue().splitlines()[1:-1]] == NAMES
    spoken.clear()
    assert checkup(settings, "", NEVER, is_quiet=True, out=out) == 1
    assert spoken == [EN.status("sound_check")], "which is not played"


def test_the_report_counts() -> None:
    out = io.StringIO()
    report = Report(EN, True, out)
    assert report.take("voice", good("voice"), 0.12345) == ["The voice works."]
    assert report.take("memory", bad("memory_little", "memory", number=12), 1) == [
        "Only 12 megabytes of memory are free.", "End other programs, or restart the device.",
    ]  # fmt: skip
    assert report.end() == "Failed checks: 1."
    assert json.loads(out.getvalue())["checks"][0] == {
        "name": "voice", "ok": True, "text": "The voice works.", "advice": "", "seconds": 0.123,
    }  # fmt: skip
