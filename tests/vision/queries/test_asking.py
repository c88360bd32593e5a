"""Asking a running assistant: two processes, a real detector and model, the command line at the other end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant import phrases
from assistant.app import cli
from assistant.ipc import control_client
from tests.support.processes import hang, process_ids
from tests.support.standins import needs_photographs

pytestmark = pytest.mark.timed

EN = phrases.load("en")
WAIT_S = 20.0


class Running:
    """An assistant whose camera is a folder of pictures, and whose voice is the printed one."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "assistant", "run", "--camera", "folder", "--source", str(folder)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*command, "--voice", "printed"], stdout=pipe, stderr=pipe, text=True)

    def until(self, text: str) -> list[str]:
        """The lines up to the one that holds a text."""
        assert self.process.stdout
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line.strip())
            if text in line:
                return lines
        pytest.fail(f"ended without {text!r}: {lines} {self.process.stderr.read() if self.process.stderr else ''}")

    def stop(self) -> tuple[str, str]:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=WAIT_S)


@pytest.fixture
def smiling(tmp_path: Path, astronaut: NDArray[np.uint8]) -> Iterator[Running]:
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "1.png"), astronaut)
    running = Running(tmp_path / "pictures")
    yield running
    running.stop()


@needs_photographs
def test_every_question_is_answered_and_every_setting_obeyed(
    smiling: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    smiling.until("looks happy")
    assert cli.main(["ask"]) == 0
    assert capsys.readouterr().out.startswith("Looks happy.")
    assert smiling.until("Looks happy.")[-1].startswith("Looks happy. Ahead")
    for command, expected in (
        (["why"], "Looks happy,"),
        (["ask", "aim"], EN.text("aim", "up")),
        (["wrong"], EN.status("rejected")),
        (["quieter"], EN.status("quieter")),
        (["faster"], EN.status("faster")),
        (["mute"], EN.status("muted")),
        (["unmute"], EN.status("unmuted")),
    ):
        assert cli.main(command) == 0
        assert expected in capsys.readouterr().out
        smiling.until(expected)
    assert cli.main(["status", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts == {
        "vision": True,
        "camera": True,
        "lens_covered": False,
        "faults": [],
        "muted": False,
        "volume": 90,
        "rate_wpm": 200,
    }
    smiling.until(EN.status("running"))
    kept = json.loads((Path(os.environ["XDG_STATE_HOME"]) / "emotion-assistant" / "voice.json").read_text())
    assert (kept["volume"], kept["rate_wpm"]) == (90, 200)
    assert cli.main(["repeat"]) == 0
    out, _ = smiling.stop()
    assert out.strip().endswith(EN.status("stopping"))


@needs_photographs
def test_an_answer_comes_within_half_a_second(smiling: Running) -> None:
    smiling.until("looks happy")
    took = []
    for _ in range(10):
        began = time.monotonic()
        assert control_client.send_command("ask").ok
        took.append(time.monotonic() - began)
    assert sorted(took)[-2] < 0.5, took


@needs_photographs
def test_a_vision_process_that_hangs_is_answered_for(smiling: Running) -> None:
    smiling.until("looks happy")
    vision = process_ids(smiling.process.pid)["vision"]
    hang(vision)
    try:
        reply = control_client.send_command("ask")
        assert (reply.ok, reply.text) == (False, EN.status("no_answer"))
    finally:
        os.kill(vision, signal.SIGCONT)


def test_without_a_running_assistant_the_error_names_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask"]) == 1
    assert "not running" in capsys.readouterr().err
