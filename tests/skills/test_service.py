"""The process of an engine, a real one: it answers, refuses, and dies without taking anybody with it."""

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.errors import SkillCancelledError, SkillError
from assistant.skills import limits, protocol, service
from assistant.skills.client import EngineClient
from assistant.skills.session import SkillName
from tests.skills.conftest import ROOT, EngineBench
from tests.support.skill_engine import TinyEngine


def ask(bench: EngineBench, limit_s: float = 20.0, **request: Any) -> Mapping[str, Any]:
    return bench.client.ask(SkillName.READ, request, None, limit_s, threading.Event())


def test_a_picture_reaches_the_engine_as_it_is_and_its_process_stays(engine: EngineBench) -> None:
    image = np.arange(480 * 640 * 3, dtype=np.uint8).reshape(480, 640, 3)
    child = engine.start()
    for picture in (image, image[:, :, 0], image[::2, ::2]):  # the last two are not contiguous
        answer = engine.client.ask(SkillName.READ, {}, picture, 20.0, threading.Event())
        assert answer["sum"] == int(picture.sum(dtype=np.int64))
        assert answer["shape"] == list(picture.shape)
        assert answer["pid"] == child.pid
    assert ask(engine)["sum"] == 0


@pytest.mark.parametrize(
    ("do", "reason", "said"),
    [
        ("die", "failed", "its process ended"),
        ("refuse", "no_picture", "too dark"),
        ("bug", "failed", "ZeroDivisionError"),
        ("long", "failed", "an answer of more than"),
    ],
)
def test_what_goes_wrong_in_an_engine_is_a_reason_and_the_next_process_answers(
    engine: EngineBench, do: str, reason: str, said: str
) -> None:
    child = engine.start()
    with pytest.raises(SkillError, match=said) as caught:
        ask(engine, do=do)
    assert caught.value.reason == reason
    if do == "die":
        assert child.wait(10) == -signal.SIGKILL
        child = engine.start()
    assert ask(engine)["pid"] == child.pid


def test_an_engine_that_hangs_is_late_and_ends_itself(engine: EngineBench) -> None:
    child = engine.start()
    ask(engine)
    began = time.monotonic()
    with pytest.raises(SkillError) as caught:
        ask(engine, 0.2, do="hang")
    assert caught.value.reason == "late"
    assert time.monotonic() - began < 2
    assert child.wait(10) == 1
    assert child.stderr
    assert b"in handle" in child.stderr.read()  # where it hung is in the log
    engine.start()
    assert ask(engine)["sum"] == 0


def test_an_engine_that_was_stopped_by_a_signal_is_late_and_nobody_waits_longer(engine: EngineBench) -> None:
    child = engine.start()
    ask(engine)
    os.kill(child.pid, signal.SIGSTOP)
    began = time.monotonic()
    before, protocol.START_LIMIT_S = protocol.START_LIMIT_S, 0.2
    try:
        with pytest.raises(SkillError) as caught:
            ask(engine)
    finally:
        protocol.START_LIMIT_S = before
    assert (caught.value.reason, time.monotonic() - began < 2) == ("late", True)


def test_memory_that_is_not_enough_is_said_and_the_process_ends_to_free_it(engine: EngineBench) -> None:
    child = engine.start(limit_mib=300)
    answer = ask(engine)
    assert answer["oom_score_adj"] >= 500
    assert answer["nice"] >= limits.NICE
    with pytest.raises(SkillError) as caught:
        ask(engine, do="eat")
    assert caught.value.reason == "memory"
    assert child.wait(10) == 0
    engine.start(limit_mib=300)
    assert ask(engine)["sum"] == 0


def test_memory_that_is_not_enough_for_the_picture_is_said_too(engine: EngineBench) -> None:
    child = engine.start()
    ask(engine)
    resource.prlimit(child.pid, resource.RLIMIT_DATA, (1 << 20, 1 << 20))  # less than it has already
    with pytest.raises(SkillError) as caught:
        engine.client.ask(SkillName.READ, {}, np.zeros((3000, 3000, 3), np.uint8), 20.0, threading.Event())
    assert (caught.value.reason, child.wait(10)) == ("memory", 0)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (MemoryError(), "memory"),
        (RuntimeError("std::bad_alloc"), "memory"),
        (ImportError("libopenblas.so: cannot map zero-fill pages"), "memory"),
        (ImportError("no module named onnxruntime"), "missing"),
        (RuntimeError("no such layer"), "missing"),
    ],
)
def test_want_of_memory_is_found_behind_what_an_engine_says(engine: EngineBench, cause: Exception, reason: str) -> None:
    def open_engine() -> TinyEngine:
        if isinstance(cause, ImportError):
            raise cause
        raise SkillError("the file cannot be used", "missing") from cause

    serving = threading.Thread(target=service.serve, args=(engine.listener, open_engine, threading.Event()))
    serving.start()
    with pytest.raises(SkillError) as caught:
        ask(engine)
    assert caught.value.reason == reason
    serving.join(20)
    assert not serving.is_alive()


def test_weights_that_are_missing_are_said_and_the_next_process_may_find_them(engine: EngineBench) -> None:
    child = engine.start(environment={"TINY_ENGINE_MISSING": "no file /opt/x.onnx"})
    with pytest.raises(SkillError, match=r"no file /opt/x\.onnx") as caught:
        ask(engine)
    assert caught.value.reason == "missing"
    assert child.wait(10) == 0
    engine.start()
    assert ask(engine)["sum"] == 0


def test_a_cancelled_request_returns_at_once_and_the_process_lives(engine: EngineBench) -> None:
    child, cancel = engine.start(), threading.Event()
    ask(engine)
    threading.Timer(0.1, cancel.set).start()
    with pytest.raises(SkillCancelledError):
        engine.client.ask(SkillName.READ, {"do": "hang"}, None, 30.0, cancel)
    assert child.poll() is None


def test_without_a_socket_the_skill_is_not_set_up(tmp_path: Any) -> None:
    with pytest.raises(SkillError, match="is the skill set up") as caught:
        EngineClient(tmp_path).ask(SkillName.READ, {}, None, 1.0, threading.Event())
    assert caught.value.reason == "missing"


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\n",
        b"[]\n",
        b'{"request": {}, "shape": [1e9, 3], "limit_s": 1}\n',
        b'{"request": {}, "shape": [99999, 99999, 3], "limit_s": 1}\n',
        b"x" * (protocol.MAX_REQUEST_BYTES + 2),
    ],
)
def test_a_hostile_client_is_refused_and_the_next_one_served(engine: EngineBench, line: bytes) -> None:
    engine.start()
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(engine.path))
        raw.sendall(line)
        raw.settimeout(20)
        with pytest.raises(SkillError):
            protocol.decode_reply(raw.makefile("rb").readline().rstrip(b"\n"))
    with socket.socket(socket.AF_UNIX) as raw:  # one that goes away in the middle of a picture
        raw.connect(str(engine.path))
        raw.sendall(b'{"request": {}, "shape": [100, 100], "limit_s": 1}\nxxx')
    assert ask(engine)["sum"] == 0


def test_it_ends_when_nobody_asks_and_when_it_is_told_to(engine: EngineBench) -> None:
    service.serve(engine.listener, TinyEngine, threading.Event(), idle_s=0.05)
    stop = threading.Event()
    stop.set()
    service.serve(engine.listener, TinyEngine, stop)


def test_it_takes_the_socket_that_systemd_passes(tmp_path: Path) -> None:
    activate = shutil.which("systemd-socket-activate")
    if activate is None:
        pytest.skip("systemd-socket-activate is not installed")
    path = tmp_path / "read.sock"
    command = [activate, "-l", str(path), "--", sys.executable, "-m", "tests.support.skill_engine"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as child:
        assert child.stderr
        assert b"Listening on" in child.stderr.readline()
        answer = EngineClient(tmp_path).ask(SkillName.READ, {}, None, 20.0, threading.Event())
        assert answer["pid"] == child.pid  # it has become the engine
        child.kill()


def test_a_process_without_a_passed_socket_says_who_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    with pytest.raises(SkillError, match=r"emotion-assistant-skill@\.socket"):
        service.passed_socket(None)


def test_no_engine_may_take_more_than_its_share_of_a_small_machine() -> None:
    for skill, limit in limits.MEMORY_LIMITS.items():
        assert limits.memory_limit(skill, 8 << 30) == limit
        assert limits.memory_limit(skill, 416 << 20) <= 250 << 20
