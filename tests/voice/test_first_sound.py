"""From a question to its first sound: by the captured sound of a real voice, with espeak-ng and a player program."""

import contextlib
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import phrases
from assistant.config.settings import Settings, VoiceSettings
from assistant.ipc.commands import Command
from assistant.ipc.control_client import NotRunningError, send_command
from assistant.ipc.link import LinkClient
from assistant.ipc.messages import Answer, Message, Question
from assistant.people import PersonView
from assistant.records import Box
from assistant.system.child_process import python_command
from assistant.vision.queries.answers import Answers
from assistant.vision.queries.snapshot import SceneSnapshot
from assistant.voice.process import run_voice
from tests.support.captured_audio import FakePrograms, Played, sounding
from tests.support.fake_voices import WAIT_S

pytestmark = pytest.mark.timed

BY_COMMAND_S = 0.4
"""Longest time from the start of `emotion-assistant ask` to the first sound."""
BY_PRESS_S = 0.2
"""Longest time from a press, which is carried out as a command of the control socket is, to the first sound."""
TRIES = 8
"""The best of these counts."""
PYTHON_S = 0.02
"""Python starts within this on an idle machine. Where it takes longer, because other programs keep every core busy or
because the machine is slow, the limits above are as many times as long."""
HEAVY = (
    "argparse",
    "logging",
    "dataclasses",
    "inspect",
    "tomllib",
    "tempfile",
    "assistant.config",
    "assistant.phrases",
)
"""What a command for the running assistant must not import: each of these is a part of the time to the first sound."""

PLAYER = """#!{python} -IS
import json, os, sys, time
began, samples = time.monotonic(), sys.stdin.buffer.read()
rate = int(sys.argv[sys.argv.index("-r") + 1])
with open(f"{folder}/new", "w") as target:
    json.dump([sys.argv[1:], samples.hex(), rate, began, began], target)
os.rename(target.name, f"{folder}/{{began:.6f}}.json")
os.write(os.open("{folder}/heard", os.O_WRONLY), b".")
time.sleep(len(samples) / 2 / rate)
"""
"""Notes what it plays before it has played it: a sound that is cut off counts as well."""


class Asked:
    """A voice process in a thread, a vision with two people in view, and the sounds that are played."""

    def __init__(self, folder: Path, programs: FakePrograms) -> None:
        self._programs, self._stop = programs, threading.Event()
        os.mkfifo(programs.folder / "heard")
        self._heard = os.open(programs.folder / "heard", os.O_RDWR)
        language = phrases.load("en")
        people = tuple(PersonView(n, Box(200 * n, 200, 80, 80), "happy", "happy", 0.9, 0.0) for n in (1, 2))
        answers = Answers(language, ("happy",))

        def reply(message: Message) -> None:
            if isinstance(message, Question):
                answer = answers.answer(message.command, SceneSnapshot(5.0, people), 5.0)
                self.vision.send(Answer(message.question_id, answer.utterance))

        path = folder / "voice.sock"
        settings = Settings(voice=VoiceSettings(engine="espeak"))
        self.vision = LinkClient(path, reply)
        self._thread = threading.Thread(target=run_voice, args=(settings, path, language, self._stop))
        self._thread.start()
        self.vision.heartbeat(time.monotonic(), is_camera_open=True)

    def wait_until_ready(self) -> None:
        late = time.monotonic() + WAIT_S
        while time.monotonic() < late:
            with contextlib.suppress(NotRunningError):
                if send_command(Command.FACTS).facts.get("vision"):
                    return
            os.sched_yield()
        raise AssertionError("the voice does not see vision")

    def first_sound(self, since: float) -> tuple[Played, float]:
        """The sound that began after `since`, and the seconds from then to what is heard of it."""
        while not (played := [each for each in self._programs.played() if each.began > since]):
            assert select.select([self._heard], [], [], WAIT_S)[0], "nothing was played"
            os.read(self._heard, 1)
        send_command(Command.CANCEL)
        begins, _ = sounding(played[0].pcm)
        return played[0], played[0].began + begins - since

    def close(self) -> None:
        self._stop.set()
        self._thread.join(WAIT_S)
        self.vision.close()
        os.close(self._heard)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        pytest.skip("the program espeak-ng is not installed")
    programs = FakePrograms(tmp_path, monkeypatch)
    programs.install(PLAYER)
    (programs.bin / "espeak-ng").symlink_to(espeak)
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(tmp_path / "c.sock"))
    monkeypatch.setenv("PYTHONPATH", str(Path(phrases.__file__).parents[1]))
    bench = Asked(tmp_path, programs)
    try:
        bench.wait_until_ready()
        yield bench
    finally:
        bench.close()


def slowness() -> float:
    """How many times as long as on an idle machine Python takes to start; at least 1."""
    began = time.monotonic()
    for _ in range(5):
        subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)
    return max(1.0, (time.monotonic() - began) / 5 / PYTHON_S)


def test_a_question_on_the_command_line_is_answered_soon_after_the_process_has_started(asked: Asked) -> None:
    seconds: list[float] = []
    limit_s = BY_COMMAND_S * slowness()
    while len(seconds) < TRIES and min(seconds, default=WAIT_S) > limit_s:
        began = time.monotonic()
        done = subprocess.Popen(python_command("-m", "assistant", "ask"), stdout=subprocess.PIPE, text=True)
        _, after_s = asked.first_sound(began)
        assert done.communicate(timeout=WAIT_S)[0] == "Looks happy. Two people. Nearest, ahead.\n"
        seconds.append(after_s)
    print(f"first sound of `ask`: {min(seconds):.2f} s, at most {limit_s:.2f} s")
    assert min(seconds) <= limit_s


def test_a_press_is_answered_at_once(asked: Asked) -> None:
    seconds: list[float] = []
    limit_s = BY_PRESS_S * slowness()
    while len(seconds) < TRIES and min(seconds, default=WAIT_S) > limit_s:
        began = time.monotonic()
        assert send_command(Command.ASK).ok
        seconds.append(asked.first_sound(began)[1])
    print(f"first sound after a press: {min(seconds):.2f} s, at most {limit_s:.2f} s")
    assert min(seconds) <= limit_s


@pytest.mark.parametrize("arguments", [["ask"], ["ask", "more"], ["why"], ["mute"]], ids=" ".join)
def test_a_command_for_the_running_assistant_imports_nothing_that_it_does_not_need(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(tmp_path / "c.sock"))
    code = (
        "import sys; at_start = set(sys.modules); from assistant.app.main import main; "
        f"assert main({arguments!r}) == 1; print(*sorted(set(sys.modules) - at_start))"
    )
    done = subprocess.run(python_command("-c", code), capture_output=True, text=True, check=True)
    assert set(HEAVY) & set(done.stdout.split()) == set()
    assert "not running" in done.stderr
