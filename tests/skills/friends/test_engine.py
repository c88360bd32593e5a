"""The engine of the friends, as its process runs it: requests in, what JSON can hold out."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from assistant.config.settings import FriendsSettings, Settings
from assistant.errors import SkillError
from assistant.skills.friends import weights
from assistant.skills.friends.engine import FriendsEngine, open_engine
from assistant.skills.friends.recognizer import SFACE_SHA256


def with_model(file: Path | str) -> Settings:
    return dataclasses.replace(Settings(), friends=FriendsSettings(model=str(file)))


@pytest.fixture(scope="module")
def engine(sface: Path) -> FriendsEngine:
    return open_engine(with_model(sface))


def test_an_embedding_with_the_hash_of_its_model(engine: FriendsEngine) -> None:
    face = np.random.default_rng(1).integers(0, 255, (112, 112, 3)).astype(np.uint8)
    answer = json.loads(json.dumps(engine.handle({"op": "embed"}, face)))
    assert len(answer["embedding"]) == 128
    assert answer["model"] == SFACE_SHA256
    assert answer["maybe"] < answer["name"]
    assert "embedding" not in engine.handle({"op": "about"}, None)


def test_requests_with_which_it_cannot_work(engine: FriendsEngine) -> None:
    with pytest.raises(SkillError, match="unknown request"):
        engine.handle({"op": "name"}, None)
    with pytest.raises(SkillError, match="wants a picture") as failed:
        engine.handle({"op": "embed"}, None)
    assert failed.value.reason == "no_picture"


def test_a_recognizer_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    monkeypatch.setattr(weights, "INSTALLED", tmp_path / "none.onnx")
    with pytest.raises(SkillError, match="install.sh --friends") as failed:
        open_engine(Settings())
    assert failed.value.reason == "missing"
    monkeypatch.setenv(weights.VARIABLE, str(tmp_path / "gone.onnx"))
    with pytest.raises(SkillError, match="gone.onnx"):
        open_engine(Settings())
