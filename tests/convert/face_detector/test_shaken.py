"""Pictures without a face before a shaking hand: what counts as a phantom."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from assistant.config.settings import Settings
from assistant.records import Face
from assistant.vision.factory import load_phrases
from assistant.vision.pipeline import Pipeline
from convert.face_detector import shaken
from convert.synthesis import faceless
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face


@pytest.mark.parametrize("kind", faceless.KINDS)
def test_the_same_seed_draws_the_same_thing_and_another_one_another(kind: str) -> None:
    wall = faceless.backdrop(np.random.default_rng(1), 120, 160)
    one, same, other = (faceless.draw(np.random.default_rng(seed), kind, wall) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, same)
    assert (one != wall).any()
    assert (one != other).any()
    assert (one.shape, one.dtype) == ((120, 160), np.uint8)


def test_a_picture_fills_the_frame_and_shakes_for_four_seconds() -> None:
    picture = np.zeros((100, 300), np.uint8)
    picture[:, 150:] = 200
    camera = shaken.ShakenCamera(picture, 3)
    frames = [frame for _ in range(100) if (frame := camera.read()) is not None]
    assert len(frames) == 40
    assert [frame.at for frame in frames] == pytest.approx([number / 10 for number in range(40)])
    edges = [int((frame.image[240, :, 0] > 100).argmax()) for frame in frames]
    assert max(edges) - min(edges) > 4
    assert all(abs(edge - 320) <= shaken.SHAKE_PX + 3 for edge in edges)


@pytest.mark.parametrize(
    ("script", "phantoms"),
    [(lambda frame: [face(280)], 1), (lambda frame: [], 0), (lambda frame: [face(280)] if frame < 3 else [], 0)],
)
def test_a_person_announced_of_a_picture_is_a_phantom(
    monkeypatch: pytest.MonkeyPatch, script: Callable[[int], list[Face]], phantoms: int
) -> None:
    def pipeline(settings: Settings) -> Pipeline:
        return Pipeline(ScriptedDetector(script), ScriptedClassifier(), settings, load_phrases(settings))

    monkeypatch.setattr(shaken.factory, "parts", lambda settings: SimpleNamespace(pipeline=pipeline))
    monkeypatch.setattr(faceless, "KINDS", {"pottery": faceless.KINDS["pottery"]})
    made = shaken.evaluate(Settings(), None, 1)
    row = made["kinds"]["all"]
    assert (row["pictures"], row["person"] + row["expression"]) == (1, phantoms)
    assert f"of {row['pictures']} pictures" in shaken.as_text(made)
