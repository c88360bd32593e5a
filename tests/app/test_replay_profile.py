"""`replay --profile`: the same lines as without, and a table on stderr whose stages are those of the frames."""

import contextlib
import threading
from pathlib import Path

import pytest

from assistant import phrases
from assistant.app import cli, replay_profile
from assistant.app.replay import ReplaySummary, replay
from assistant.app.replay_profile import ReplayProfile
from assistant.config.settings import Settings
from assistant.records import Frame
from assistant.vision.pipeline import Pipeline
from tests.support.standins import ScriptedCamera, ScriptedClassifier, ScriptedDetector, clip, face, picture

STAGES = ["decode", "grey", "detect", "track", "crop", "quality", "classify", "decide", "snapshot", "queue"]


def play(profile: ReplayProfile) -> ReplaySummary:
    settings = Settings()
    line = Pipeline(ScriptedDetector(lambda frame: [face(40)]), ScriptedClassifier(), settings, phrases.load("en"))
    *_, summary = replay(profile, line, settings, on_step=profile.on_step)
    assert isinstance(summary, ReplaySummary)
    return summary


def frames(count: int) -> list[Frame]:
    return [Frame(picture("happy"), number / 10, number) for number in range(count)]


def test_every_stage_of_every_frame_is_in_the_table() -> None:
    profile = ReplayProfile(ScriptedCamera(frames(20), is_live=False))
    assert play(profile).frames == 20
    *lines, last = profile.table().splitlines()[1:]
    rows = [line.split() for line in lines]
    assert last == "frames: 20, of which 100% processed, 100% searched, 100% read"
    assert [row[0] for row in rows] == [*STAGES, "together"]
    assert {row[1] for row in rows} == {"20"}


def test_a_long_recording_tells_a_table_every_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(replay_profile, "INTERVAL_S", 0.0)
    with caplog.at_level("INFO", "assistant.app.replay_profile"):
        play(ReplayProfile(ScriptedCamera(frames(2), is_live=False)))
    assert caplog.messages[-1].startswith("stages so far\nstage")


def test_the_lines_are_those_without_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = clip(str(tmp_path / "clip.avi"), [picture("happy")] * 5)
    assert cli.main(["replay", recording]) == 0
    plain = capsys.readouterr()
    assert plain.err == ""
    assert cli.main(["replay", recording, "--profile"]) == 0
    told = capsys.readouterr()
    assert told.out == plain.out
    assert told.err.splitlines()[0].split() == ["stage", "frames", "p50", "ms", "p95", "ms", "of", "a", "core"]


def test_run_hands_it_to_the_vision_process_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[list[str]] = []

    class Supervisor:
        is_ready = is_working = True

        def __init__(self, name: str, arguments: list[str], *more: object, **callbacks: object) -> None:
            started.append([name, *arguments])

        def terminate(self) -> None: ...

        def close(self, timeout_s: float) -> bool:
            return True

    monkeypatch.setattr("assistant.app.run.ProcessSupervisor", Supervisor)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "my.toml").write_text("", "utf-8")
    stop = threading.Event()
    stop.set()
    monkeypatch.setattr(cli, "stop_on_signal", lambda: contextlib.nullcontext(stop))
    for option in ("--profile", "--debug"):
        assert cli.main(["run", option, "--config", str(tmp_path / "my.toml")]) == 0
    assert [name for name, *_ in started] == ["vision", "voice", "vision", "voice"]
    assert ["--profile" in arguments for arguments in started] == [True, False, False, False]
