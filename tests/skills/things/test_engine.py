"""The engine of the things, as its process runs it: with the real weights where these are there."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from assistant.config.settings import Settings, ThingsSettings
from assistant.errors import SkillError
from assistant.records import Box
from assistant.skills.things import nanodet, self_test, weights, yolox
from assistant.skills.things.detection import Thing
from assistant.skills.things.engine import EXPECTED, ThingsEngine, open_engine
from assistant.vision.cameras.picture_file import read_picture


def with_model(file: Path | str) -> Settings:
    return dataclasses.replace(Settings(), things=ThingsSettings(model=str(file)))


@pytest.fixture(scope="module", params=["yolox", "nanodet"])
def engine(request: pytest.FixtureRequest, weights_folder: Path) -> ThingsEngine:
    if request.param == "nanodet":
        pytest.importorskip("ncnn")
    return open_engine(with_model(weights_folder / (yolox.FILE if request.param == "yolox" else nanodet.FILE)))


def test_a_cup_of_coffee_on_a_table(engine: ThingsEngine, things_folder: Path) -> None:
    picture = read_picture(things_folder / "sk_coffee.png", colour=True)
    answer = json.loads(json.dumps(engine.handle({"op": "detect", "min_score": 0.4}, picture)))
    assert answer["detector"] == engine.name
    cups = [Box(*box) for label, score, *box in answer["things"] if label == "cup" and score > 0.6]
    assert [round(cup.iou(Box(160, 60, 310, 260)), 1) >= 0.6 for cup in cups] == [True]


def test_grey_pictures_too(engine: ThingsEngine) -> None:
    clock = self_test.clock()[:, :, 1]
    found = engine.handle({"op": "detect", "min_score": 0.5}, np.ascontiguousarray(clock))["things"]
    assert [thing[0] for thing in found] == ["clock"]


@pytest.mark.parametrize(
    ("request_", "image", "why"),
    [
        ({"op": "read"}, self_test.clock(), "unknown request"),
        ({"op": "detect"}, None, "wants a picture"),
        ({"op": "detect"}, np.zeros((0, 4, 3), np.uint8), "wants a picture"),
        ({"op": "detect", "min_score": "low"}, self_test.clock(), "min_score"),
        ({"op": "detect", "min_score": True}, self_test.clock(), "min_score"),
    ],
)
def test_requests_with_which_it_cannot_work(request_: dict[str, object], image: object, why: str) -> None:
    class Blind:
        def find(self, image: object, min_score: float) -> list[Thing]:
            raise AssertionError

    with pytest.raises(SkillError, match=why):
        ThingsEngine(Blind(), "yolox").handle(request_, image)  # type: ignore[arg-type]


def test_a_file_with_one_other_bit_is_refused_unparsed(weights_folder: Path, tmp_path: Path) -> None:
    content = bytearray((weights_folder / yolox.FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / yolox.FILE).write_bytes(content)
    with pytest.raises(SkillError, match=r"SHA-256 .* run install.sh --things") as failed:
        open_engine(with_model(tmp_path / yolox.FILE))
    assert failed.value.reason == "missing"


def test_nanodet_needs_both_of_its_files(weights_folder: Path, tmp_path: Path) -> None:
    shutil.copy(weights_folder / nanodet.FILE, tmp_path)
    with pytest.raises(SkillError, match="nanodet-plus-m_416.bin: cannot be read"):
        open_engine(with_model(tmp_path / nanodet.FILE))


def test_a_detector_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    monkeypatch.setattr(weights, "INSTALLED", tmp_path / "none.onnx")
    with pytest.raises(SkillError, match="install.sh --things") as failed:
        open_engine(Settings())
    assert failed.value.reason == "missing"
    monkeypatch.setenv(weights.VARIABLE, str(tmp_path))
    with pytest.raises(SkillError, match=r"yolox_nano.onnx: cannot be read"):
        open_engine(Settings())


def test_a_fifo_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(SkillError, match="cannot be read"):
        open_engine(with_model(tmp_path / "pipe.onnx"))


SCORE, BOX = EXPECTED["yolox"]


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        ([Thing("clock", SCORE + 0.05, BOX._replace(x=BOX.x + 3))], ""),
        ([], "sees nothing"),
        ([Thing("clock", SCORE, BOX), Thing("cup", 0.4, BOX)], "sees clock, cup"),
        ([Thing("clock", 0.5, BOX)], "is 0.50 sure"),
        ([Thing("clock", SCORE, BOX._replace(x=100))], "sees the clock at"),
    ],
)
def test_a_runtime_that_computes_something_else_is_found(found: list[Thing], wrong: str) -> None:
    assert self_test.mismatch(found, SCORE, BOX).startswith(wrong)
    assert bool(self_test.mismatch(found, SCORE, BOX)) == bool(wrong)
