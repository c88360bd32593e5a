"""The stage table of a clip, and the calls that a step is compared with."""

import dataclasses
import importlib.util
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.app.api import with_source
from assistant.config.settings import Settings
from assistant.vision import factory, readings
from assistant.vision.cameras import demo, image_health, open_camera
from assistant.vision.faces import quality
from assistant.vision.inference.model_file import TFLiteModel
from convert import cli
from convert.pipeline_cost import allocations, stages
from convert.pipeline_cost.network_calls import BareCalls, recorded_calls
from tests.instructions.__main__ import TOLERANCE, compare
from tests.support.standins import needs_photographs

STAGES = [
    "decode", "grey", "motion", "health", "detect", "track", "crop", "quality", "classify", "decide", "snapshot",
    "queue",
]  # fmt: skip


@pytest.mark.videos
def test_every_stage_of_a_clip_is_timed_and_compared_with_the_calls(
    clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = str(clips / "one-person-smiling.mp4")
    assert cli.main(["benchmark", "pipeline", clip, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["stage"] for each in report["stages"]] == STAGES
    assert all(0 <= each["p50_ms"] <= each["p95_ms"] for each in report["stages"])
    assert 0 < sum(each["core_share"] for each in report["stages"]) < 1
    assert report["ratio"] > 1
    assert report["frames"] > 40
    text = stages.as_text(report)
    assert "█" in text
    assert f"{report['ratio']:.2f} times as long" in text
    assert f"{report['ratio_again']:.2f} times as long" in text


@pytest.mark.videos
def test_the_calls_are_those_that_the_step_made(clips: Path) -> None:
    settings = with_source(Settings(), clips / "one-person-smiling.mp4")
    pipeline, camera = factory.make_pipeline(settings), open_camera(settings.camera)
    invoke = TFLiteModel.invoke
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
    bare = BareCalls(settings.detector.long_side)
    bare.networks(bare.grey(frame), calls)
    for (model, _), outputs in zip(calls, answers, strict=True):
        again = [model.interpreter.get_tensor(output["index"]) for output in model.outputs]
        assert all(np.array_equal(*pair) for pair in zip(outputs, again, strict=True))
    assert TFLiteModel.invoke is invoke


def test_pipeline_takes_one_clip_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["pipeline", "a.mp4", "b.mp4"], ["--chart", "a.png"]):
        with pytest.raises(SystemExit):
            cli.main(["benchmark", *arguments])
    assert "one clip" in capsys.readouterr().err
    assert cli.main(["benchmark", "pipeline", "missing.mp4"]) == 1
    assert "missing.mp4" in capsys.readouterr().err


def test_a_chart_replaces_no_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a clip")
    with pytest.raises(SystemExit) as caught:
        cli.main(["benchmark", "pipeline", str(clip), "--chart", str(clip)])
    assert caught.value.code == 2
    assert "does not end in .png" in capsys.readouterr().err
    assert clip.read_bytes() == b"a clip"


@needs_photographs
def test_without_a_clip_the_photographs_are_the_clip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "MAX_FRAMES", 20)
    monkeypatch.setattr(
        "assistant.vision.cameras.demo.SHOTS", (demo.SHOTS[0], dataclasses.replace(demo.SHOTS[1], seconds=3))
    )
    chart = tmp_path / "stages.png"
    counted = ["--allocations"] if importlib.util.find_spec("memray") else []
    assert cli.main(["benchmark", "pipeline", *counted, "--chart", str(chart), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["clip"], report["frames"]) == ("photographs.mp4", 10)
    assert cv2.imread(str(chart)).shape[1] > 500
    if not counted:
        pytest.skip("memray is not installed: allocations were not counted")
    made = report["allocations"]
    assert (
        {"grey", "detect", "crop", "quality", "classify", "health"}
        <= set(made["stages"])
        <= {*STAGES, "read", allocations.OTHER}
    )
    assert sum(each["bytes"] for each in made["stages"].values()) == pytest.approx(made["bytes"], abs=20)
    assert 50 < made["allocations"] < 1000
    assert made["bytes"] < 3e6
    assert all(each["bytes"] >= made["large_bytes"] for each in made["large"])
    text = stages.as_text(report)
    assert "KB and more, which may grow with the frame:" in text


def test_the_stage_of_an_allocation_is_the_next_lap_of_the_innermost_function_that_has_any() -> None:
    lines = Path(quality.__file__).read_text("utf-8").splitlines()
    crop, judged = (next(number for number, line in enumerate(lines, 1) if text in line) for text in (
        "crop = preprocess.face_crop(grey, face, margin)", "reason = rejection_reason(face, crop, grey, is_occluded"
    ))  # fmt: skip
    outer = [("read", readings.__file__, 1), ("run", "/elsewhere/threading.py", 1)]
    assert allocations.stage_of([("assess_face", quality.__file__, crop), *outer]) == "crop"
    assert (
        allocations.stage_of([("sharpness", quality.__file__, 1), ("assess_face", quality.__file__, judged)])
        == "quality"
    )
    assert allocations.stage_of([("update", image_health.__file__, 5)]) == "health"
    assert allocations.stage_of(outer) == allocations.OTHER


@pytest.mark.parametrize(("more", "is_same", "lines"), [(1.0, True, 0), (1.04, True, 3), (1.04, False, 1)])
def test_the_gate_tells_what_has_become_more(more: float, is_same: bool, lines: int) -> None:
    record = {"clip": "a.mp4", "ratio": 1.1, "step_million": 50.0, "replay_million": 4000.0}
    measured = {"clip": "a.mp4", **{name: value * more for name, value in record.items() if name != "clip"}}
    assert TOLERANCE < 0.04
    assert len(compare(measured, record, is_same_environment=is_same)) == lines


def test_a_count_that_the_record_lacks_is_not_compared() -> None:
    measured = {"clip": "a.mp4", "replay_million": 4000.0}
    assert compare(measured, {"clip": "a.mp4", "replay_million": 3900.0}, is_same_environment=True) == []
    assert compare(measured, {"clip": "a.mp4"}, is_same_environment=True) == []
