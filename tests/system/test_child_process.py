"""Child processes: their output and environment. Limits and cancellation are tested with the players and voices."""

import threading
from pathlib import Path

import pytest

from assistant.errors import VoiceError
from assistant.system import child_process
from assistant.system.child_process import run_child
from tests.support.captured_audio import FakePrograms


def test_the_output_is_returned_and_the_environment_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = FakePrograms(tmp_path, monkeypatch)
    tool.install('#!/bin/sh\necho "$GREETING"\n{cat}\n', "parrot")
    done = run_child(["parrot"], b"polly", 5, threading.Event(), {"GREETING": "hello", "PATH": str(tool.bin)})
    assert done is not None
    assert done.output == b"hello\npolly"
    assert 0 < done.seconds < 5


@pytest.mark.parametrize("stream", ["1", "2"])
def test_one_that_writes_without_end_is_killed_before_the_memory_is_full(
    stream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "MAX_OUTPUT_BYTES", 1 << 20)
    tool = FakePrograms(tmp_path, monkeypatch)
    tool.install(f"#!/bin/sh\nwhile :; do echo a word of many >&{stream}; done\n", "chatterbox")
    with pytest.raises(VoiceError, match="chatterbox wrote more than 1 MiB and was killed"):
        run_child(["chatterbox"], b"", 600, threading.Event())


def test_one_that_does_not_read_its_input_may_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = FakePrograms(tmp_path, monkeypatch)
    tool.install("#!/bin/sh\nexec <&-\necho deaf\n", "deaf")
    done = run_child(["deaf"], b"x" * (1 << 20), 60, threading.Event())
    assert done is not None
    assert done.output == b"deaf\n"
