"""The command line: real processes, real files, exit codes and one clear line for each mistake."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant import __version__, phrases
from assistant.app import cli
from assistant.app.parser import UNIT_COMMANDS
from assistant.ipc import control_client
from assistant.ipc.commands import Command
from assistant.voice.controls.control_socket import ControlSocket
from tests.support import damaged_models
from tests.support.command_handler_standin import CommandHandlerStandin
from tests.support.processes import process_ids
from tests.support.standins import clip, needs_photographs

pytestmark = pytest.mark.timed

ROOT = Path(__file__).parents[2]

PUBLIC_COMMANDS = [command.value for command in Command if command.is_public]


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def complaint(*arguments: object, exit_code: int = 1) -> str:
    """The output of a failing command: exactly one line on stderr, and nothing on stdout."""
    done = command(*arguments)
    assert done.returncode == exit_code, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("emotion-assistant: ")
    return line


@pytest.fixture
def short_clip(tmp_path: Path) -> str:
    return clip(str(tmp_path / "grey.avi"), [np.full((240, 320), 90, np.uint8)] * 12)


def test_replay_prints_json_alone(short_clip: str) -> None:
    done = command("replay", short_clip, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"summary": {"frames": 12, "seconds": 1.1, "people": 0}}
    ]


def test_replay_reads_as_a_sentence_without_json(short_clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", short_clip]) == 0
    assert capsys.readouterr().out == "12 frames, 1.1 s, 0 people\n"


def test_replay_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((240, 320, 3), 90, np.uint8))
    assert cli.main(["replay", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"summary": {"frames": 20, "seconds": 1.9, "people": 0}}


def test_bad_sources_are_one_line(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("not a video\n" * 100)
    (tmp_path / "empty").mkdir()
    assert "none.mp4: No such file" in complaint("replay", tmp_path / "none.mp4", "--json")
    assert "no pictures in this folder" in complaint("replay", tmp_path / "empty")
    assert "not a video that can be read" in complaint("replay", text)


def test_bad_models_are_one_line(tmp_path: Path, short_clip: str) -> None:
    cut, other, shape = (damaged_models.copy(tmp_path, name) for name in ("cut", "other", "shape"))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    other.with_suffix(".json").write_bytes(
        damaged_models.find_model("emotion-small-int8").with_suffix(".json").read_bytes()
    )
    damaged_models.rewrite_card(shape, labels=["happy", "sad", "neutral"], thresholds={}, prior={}, self_test=[])
    assert "does not match its card" in complaint("replay", short_clip, "--model", cut)
    assert "does not match its card" in complaint("replay", short_clip, "--model", other)
    assert "its card says" in complaint("replay", short_clip, "--model", shape)
    assert "no shipped model is called 'emotion-giant'" in complaint("replay", short_clip, "--model", "emotion-giant")
    assert "detector.model is empty" in complaint("replay", short_clip, "--detector", "yunet")


def test_wrong_settings_are_all_listed_and_exit_78(tmp_path: Path) -> None:
    settings = tmp_path / "my.toml"
    settings.write_text("[camera]\nfsp = 3\n[voice]\nrate_wpm = 9000\n")
    done = command("run", "--config", settings)
    assert done.returncode == 78
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first == f"emotion-assistant: {settings}: line 2: unknown setting camera.fsp; did you mean camera.fps?"
    assert second.endswith("voice.rate_wpm is 9000; allowed: a whole number from 80 to 450")


def test_a_language_without_a_locale_file_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('[announcements]\nlocale = "tlh"\n')
    line = complaint("config", "--config", tmp_path / "my.toml", exit_code=78)
    assert "announcements.locale is 'tlh'; allowed: ar, de, en" in line


def test_wrong_usage_is_2_and_names_the_choice(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["replay"], ["run", "--camera", "kodak"], ["fly"]):
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
        assert caught.value.code == 2
        assert "usage: emotion-assistant" in capsys.readouterr().err


def test_a_traceback_comes_only_with_debug(tmp_path: Path) -> None:
    done = command("replay", tmp_path / "none.mp4", "--debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_unexpected_error_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(options: object) -> object:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(cli, "settings_of", broken)
    assert cli.main(["config"]) == 1
    assert capsys.readouterr().err.startswith("emotion-assistant: unexpected ZeroDivisionError: division by zero;")
    with pytest.raises(ZeroDivisionError):
        cli.main(["config", "--debug"])


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for argument, expected in (("--version", f"emotion-assistant {__version__}\n"), ("--help", "examples:")):
        with pytest.raises(SystemExit) as caught:
            cli.main([argument])
        assert caught.value.code == 0
        assert expected in capsys.readouterr().out


def test_the_effective_settings_are_printed_as_toml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "my.toml").write_text("[voice]\nrate_wpm = 240\n")
    assert cli.main(["config", "--config", str(tmp_path / "my.toml"), "--voice", "printed", "--model", "x.tflite"]) == 0
    printed = tomllib.loads(capsys.readouterr().out)
    assert printed["voice"]["rate_wpm"] == 240
    assert printed["voice"]["engine"] == "printed"
    assert printed["model"]["file"] == "x.tflite"


def test_say_prints_with_the_printed_voice(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["say", "--voice", "printed", "looks", "happy"]) == 0
    assert capsys.readouterr().out == "looks happy\n"


def test_say_without_a_sound_device_fails_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "aplay").write_text("#!/bin/sh\necho 'aplay: main:852: audio open error: No such file' >&2\nexit 1\n")
    (tmp_path / "aplay").chmod(0o755)
    done = command("say", "hello", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "audio open error" in done.stderr
    assert "emotion-assistant doctor" in done.stderr, "what to do"
    assert len(done.stderr.splitlines()) == 1


@contextlib.contextmanager
def running(*arguments: object, part: str = "run", **environment: str) -> Iterator[subprocess.Popen[str]]:
    voice = ("--voice", "printed") if part == "run" else ()
    child = subprocess.Popen(
        [sys.executable, "-m", "assistant", part, *voice, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )  # fmt: skip
    try:
        yield child
    finally:
        child.terminate()
        child.communicate(timeout=30)


def until(child: subprocess.Popen[str], text: str) -> list[str]:
    """The lines that the assistant prints up to one that contains `text`."""
    lines = []
    assert child.stdout is not None
    for line in child.stdout:
        lines.append(line.strip())
        if text in line:
            return lines
    raise AssertionError(f"{text!r} was not printed, only {lines}")


def end(child: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[float, str]:
    """Seconds from the signal to the end of the process, and the rest of its output."""
    began = time.monotonic()
    child.send_signal(number)
    rest, _ = child.communicate(timeout=30)
    return time.monotonic() - began, rest


@needs_photographs
def test_a_second_assistant_is_refused_with_the_process_of_the_first() -> None:
    with running("--camera", "demo") as first:
        until(first, "Ready.")
        second = command("run", "--camera", "demo", "--voice", "printed")
        assert second.returncode == 1
        assert second.stdout == ""
        pattern = r"emotion-assistant: an assistant is running already: process \d+ \(.*assistant.*voice.*\); .*\n"
        assert re.fullmatch(pattern, second.stderr)
        assert first.poll() is None


@needs_photographs
def test_a_long_path_of_the_temporary_folder_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 118)
    folder.mkdir()
    control = str(tmp_path / "control.sock")
    with running("--camera", "demo", TMPDIR=str(folder), EMOTION_ASSISTANT_CONTROL=control) as child:
        assert until(child, "One person looks happy.")[0] == "Ready."


@needs_photographs
def test_run_announces_a_face_and_ends_within_two_seconds() -> None:
    with running("--camera", "demo") as child:
        assert until(child, "One person looks happy.")[0] == "Ready."
        seconds, rest = end(child)
    assert "Stopping." in rest
    assert seconds < 2
    assert child.returncode == 0


@needs_photographs
def test_run_is_ready_once_vision_and_voice_are(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        with running("--camera", "demo", NOTIFY_SOCKET=str(tmp_path / "notify")):
            assert manager.recv(100) == b"READY=1"
            assert control_client.send_command("facts").ok, "the voice takes commands"


def test_run_without_a_camera_announces_it_keeps_trying_and_still_ends() -> None:
    with running("--camera", "opencv", "--source", "63") as child:
        assert until(child, "Camera not found.") == ["Camera not found. I keep looking."]
        assert child.poll() is None
        seconds, rest = end(child, signal.SIGINT)
    assert "Stopping." in rest
    assert seconds < 2
    assert child.returncode == 0


def test_run_falls_back_to_the_second_model_and_announces_it(tmp_path: Path) -> None:
    with running("--camera", "opencv", "--source", "63", "--model", tmp_path / "gone.tflite") as child:
        until(child, "Using the second expression model.")


def test_the_whole_assistant_speaks_the_language_of_its_settings(tmp_path: Path) -> None:
    settings, german = tmp_path / "my.toml", phrases.load("de")
    settings.write_text('[announcements]\nlocale = "de"\n')
    with running("--config", settings, "--camera", "opencv", "--source", "63") as child:
        assert until(child, german.fault("camera")) == [german.fault("camera")]
        assert control_client.send_command("mute").text == german.status("muted")


def test_the_children_of_a_killed_assistant_announce_its_end_and_end() -> None:
    with running("--camera", "folder", "--source", ROOT) as child:
        until(child, "Camera not found.")
        child.kill()
        rest, _ = child.communicate(timeout=30)  # ends when vision and voice, which hold the same pipe, have ended
    assert "Stopping." in rest
    assert "The vision part stopped." in rest


def test_a_service_with_wrong_settings_announces_it_and_goes_on(tmp_path: Path) -> None:
    settings = tmp_path / "my.toml"
    settings.write_text("[camera]\nfsp = 3\n")
    with running("--config", settings, "--camera", "opencv", "--source", "63", NOTIFY_SOCKET="@none") as child:
        assert until(child, "Settings are wrong.") == ["Settings are wrong. Using the standard ones."]
        until(child, "Line 2 of the settings is wrong.")
        until(child, "Camera not found.")


def test_vision_exited_reports_a_failure_and_not_a_success(tmp_path: Path) -> None:
    socket = str(tmp_path / "voice.sock")
    voice = subprocess.Popen(
        [sys.executable, "-m", "assistant", "voice", "--voice", "printed"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "EMOTION_ASSISTANT_SOCKET": socket},
    )  # fmt: skip
    try:
        while not Path(socket).exists():
            os.sched_yield()
        for result in ("success", "core-dump", "success"):
            assert command("vision-exited", result, EMOTION_ASSISTANT_SOCKET=socket).returncode == 0
        assert until(voice, "The vision part stopped.") == ["The vision part stopped."]
        voice.terminate()
        assert voice.communicate(timeout=30)[0] == ""
    finally:
        voice.kill()
        voice.communicate()
    assert command("vision-exited", "signal", EMOTION_ASSISTANT_SOCKET=socket).returncode == 0, (
        "there is no voice process"
    )


def test_a_separate_voice_process_survives_vision(tmp_path: Path) -> None:
    socket = str(tmp_path / "voice.sock")
    voice = subprocess.Popen(
        [sys.executable, "-m", "assistant", "voice", "--voice", "printed"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "EMOTION_ASSISTANT_SOCKET": socket},
    )  # fmt: skip
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            began = time.monotonic()
            with running(
                "--camera", "opencv", "--source", "63", part="vision", EMOTION_ASSISTANT_SOCKET=socket
            ) as vision:
                assert until(voice, "Camera not found.")
                assert time.monotonic() - began < 20, "by the second vision too, whatever the first has announced"
                seconds, _ = end(vision, number)
            assert seconds < 2
            assert until(voice, "Stopping.")
        assert voice.poll() is None
        voice.terminate()
        assert voice.wait(10) == 0
        assert not Path(socket).exists()
    finally:
        voice.kill()
        voice.communicate()


def test_a_voice_or_vision_process_that_crashes_is_restarted_and_announced() -> None:
    with running("--camera", "opencv", "--source", "63") as child:
        until(child, "Camera not found.")
        os.kill(process_ids(child.pid)["voice"], signal.SIGKILL)
        until(child, "The voice is back.")
        os.kill(process_ids(child.pid)["vision"], signal.SIGSEGV)
        began = time.monotonic()
        until(child, "The vision part stopped.")
        assert time.monotonic() - began < 2, "at once, not after missing heartbeats"
        until(child, "The vision part is back.")
        until(child, "Camera not found.")
        seconds, rest = end(child)
    assert "Stopping." in rest
    assert seconds < 2


def test_a_path_that_no_file_could_name_is_one_wrong_setting() -> None:
    assert "camera.source is 'a\\nb'" in complaint("run", "--camera", "folder", "--source", "a\nb", exit_code=78)


def test_the_demo_fails_at_once_where_it_cannot_write(tmp_path: Path) -> None:
    began = time.monotonic()
    done = command("demo", "--wav", tmp_path / "none" / "demo.wav")
    assert done.returncode == 1
    assert "cannot write what is heard" in done.stderr
    assert time.monotonic() - began < 15


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CommandHandlerStandin]:
    """A stand-in for a running assistant, at its control socket."""
    path = tmp_path / "control.sock"
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(path))
    handler = CommandHandlerStandin()
    with contextlib.closing(ControlSocket(path, handler.handle)):
        yield handler


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["ask"], "ask"),
        *((["ask", what], what) for what in ("ask", "more", "aim")),
        *(([name], name) for name in sorted({*PUBLIC_COMMANDS} - {"wrong"})),
    ],
)
def test_each_verb_sends_its_command_to_the_running_assistant(
    handler: CommandHandlerStandin, arguments: list[str], asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 0
    assert handler.next() == asked
    assert capsys.readouterr() == (f"{asked}!\n", "")


def test_status_as_json(handler: CommandHandlerStandin, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"muted": True, "volume": 80}


def test_a_command_that_fails_is_one_line_and_exit_1(
    handler: CommandHandlerStandin, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["wrong"]) == 1
    assert capsys.readouterr() == ("", "emotion-assistant: wrong!\n")


def test_without_a_running_assistant_every_request_is_an_error() -> None:
    for arguments in (["ask"], ["status", "--json"], ["shutdown"]):
        assert "not running (no " in complaint(*arguments)
    line = complaint("mute")
    assert line.endswith("control.sock); start it with: emotion-assistant run")


def test_help_lists_what_a_person_starts_and_not_what_only_units_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert (f"\n    {name} " in text) is (name not in UNIT_COMMANDS), name
        with pytest.raises(SystemExit) as caught:
            cli.main([name, "--help"])
        assert caught.value.code == 0, name


def test_every_request_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    for name in ("ask", *PUBLIC_COMMANDS):
        assert f"    {name} " in text
    with pytest.raises(SystemExit) as caught:
        cli.main(["ask", "nicely"])
    assert caught.value.code == 2
