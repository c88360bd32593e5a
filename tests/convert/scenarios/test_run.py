"""Scenes in worker processes, and reruns of recorded scenes."""

import multiprocessing
import os
import time
from dataclasses import replace

import pytest

from assistant.config.settings import Settings
from assistant.errors import AssistantError
from assistant.ipc.commands import Command
from assistant.records import Box, Face, Reading, Thresholds
from convert.scenarios import rerun, run
from convert.scenarios.script.ground_truth import GroundTruth


def test_a_rerun_has_the_same_frame_size_and_questions() -> None:
    wide = Face(Box(600, 200, 160, 160), 0.9)  # in the middle of 1280 pixels, at the right of 640
    other = Face(Box(100, 200, 160, 160), 0.9)
    records = []
    for index in range(100):
        at, here = index / 10, (other, wide) if index >= 30 else (other,)
        readings = tuple(Reading(track_id, at, (0.95, 0.05)) for track_id in range(1, len(here) + 1))
        records.append(run.FrameRecord(at, here, readings))
    questions = ((0.5, Command.ASK),)
    outcome = run.Outcome(
        GroundTruth("s", "pair", 10, (), questions),
        (),
        (),
        tuple(records),
        ("happy", "neutral"),
        Thresholds(),
        100,
        (720, 1280),
    )
    texts = [line.text for line in rerun.rerun(outcome, Settings())]
    assert texts[-1].startswith("Ahead"), texts
    first = rerun.rerun(outcome, Settings())[0]
    alone = rerun.rerun(replace(outcome, truth=replace(outcome.truth, questions=())), Settings())[0]
    assert first.started_at is not None
    assert alone.started_at is not None
    assert first.started_at > alone.started_at  # it waits for the end of the answer


def test_a_killed_worker_is_a_one_line_error() -> None:
    with pytest.raises(AssistantError, match="was killed, perhaps for its memory"):
        list(run._outcomes([_Deadly(), _Deadly()], 2))  # type: ignore[list-item]


def test_an_error_does_not_wait_for_running_scenes() -> None:
    with pytest.raises(AttributeError):
        list(run._outcomes([_NotATask(), _Endless()], 2))  # type: ignore[list-item]
    assert multiprocessing.active_children() == []


class _NotATask:
    """Unpickled as an int, which is not a task."""

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return int, ()


class _Endless:
    """Blocks the process that unpickles it for an hour."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return time.sleep, (3600,)


class _Deadly:
    """Ends the process that unpickles it."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (9,)
