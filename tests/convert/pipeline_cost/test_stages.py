"""The stage table of a clip, and the calls that a step is compared with."""

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.app.api import with_source
from assistant.config.settings import Settings
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.inference.model_file import TFLiteModel
from convert import cli
from convert.pipeline_cost import stages
from convert.pipeline_cost.network_calls import recorded_calls, repeat
from tests.instructions.__main__ import TOLERANCE, compare

STAGES = {"grey", "detect", "track", "read", "decide", "snapshot", "decode", "health", "queue"}


@pytest.mark.videos
def test_every_stage_of_a_clip_is_timed_and_compared_with_the_calls(
    clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = str(clips / "one-person-smiling.mp4")
    assert cli.main(["benchmark", "pipeline", clip, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["stages_ms"]) == STAGES
    assert all(0 <= each["p50"] <= each["p95"] for each in report["stages_ms"].values())
    assert report["ratio"] > 1
    assert report["frames"] > 40
    text = stages.as_text(report)
    assert "█" in text
    assert f"{report['ratio']:.2f} times as long" in text


@pytest.mark.videos
def test_the_calls_are_those_that_the_step_made(clips: Path) -> None:
    settings = with_source(Settings(), clips / "one-person-smiling.mp4")
    pipeline, camera = factory.make_pipeline(settings), open_camera(settings.camera)
    run_raw = TFLiteModel.run_raw
    with recorded_calls() as calls:
        for _ in range(10):
            frame = camera.read()
            assert frame is not None
            calls.clear()
            step = pipeline.step(frame)
        assert [model.path.stem for model, _ in calls] == [
            "face-detector-int8", "face-cover-int8", "emotion-cnn-int8"
        ]  # fmt: skip
        assert len(step.readings) == 1
        answers = [model.run_raw(tensor) for model, tensor in list(calls)]
        calls = calls[:3]
    repeat(frame, calls, settings.detector.long_side)
    for (model, _), outputs in zip(calls, answers, strict=True):
        again = [model.interpreter.get_tensor(output["index"]) for output in model.outputs]
        assert all(np.array_equal(*pair) for pair in zip(outputs, again, strict=True))
    assert TFLiteModel.run_raw is run_raw


def test_pipeline_asks_for_one_clip(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["benchmark", "pipeline"])
    assert "one clip" in capsys.readouterr().err


@pytest.mark.parametrize(("more", "is_same", "lines"), [(1.0, True, 0), (1.04, True, 2), (1.04, False, 1)])
def test_the_gate_tells_what_has_become_more(more: float, is_same: bool, lines: int) -> None:
    record = {"clip": "a.mp4", "ratio": 1.1, "step_million": 50.0}
    measured = {"clip": "a.mp4", "ratio": 1.1 * more, "step_million": 50.0 * more}
    assert TOLERANCE < 0.04
    assert len(compare(measured, record, is_same_environment=is_same)) == lines
