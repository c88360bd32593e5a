"""Child processes: their output and environment. Limits and cancellation are tested with the players and voices."""

import threading
from pathlib import Path

import pytest

from assistant.system.child_process import run_child
from tests.support.captured_audio import FakePrograms


def test_the_output_is_returned_and_the_environment_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = FakePrograms(tmp_path, monkeypatch)
    tool.install('#!/bin/sh\necho "$GREETING"\n{cat}\n', "parrot")
    done = run_child(["parrot"], b"polly", 5, threading.Event(), {"GREETING": "hello", "PATH": str(tool.bin)})
    assert done is not None
    assert done.output == b"hello\npolly"
    assert 0 < done.seconds < 5
