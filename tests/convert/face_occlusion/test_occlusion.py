"""Covered faces: how covers are drawn, how the judge is fitted, and what the shipped one says of real faces."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from assistant.config.settings import DetectorSettings, Settings
from assistant.errors import ModelError
from assistant.vision import detectors, factory
from assistant.vision.faces import preprocess
from assistant.vision.inference import model_file, occlusion
from convert.data import muxspace
from convert.data.fer2013 import DatasetError
from convert.face_detector import pictures
from convert.face_occlusion import dataset
from convert.synthesis import occlusions

POINTS = (preprocess.LANDMARK_TEMPLATE * 4 + 60).astype(np.float32)


def drawn(kind: str, strength: int, seed: int = 1) -> np.ndarray:
    """Where a cover changes a grey picture: bool [320, 320]."""
    grey = np.full((320, 320), 128, np.uint8)
    occlusions.cover(np.random.default_rng(seed), grey, POINTS, kind, strength)
    return np.abs(grey.astype(int) - 128) > 0


@pytest.mark.parametrize("kind", occlusions.KINDS)
def test_a_stronger_cover_hides_more(kind: str) -> None:
    hidden = [np.mean([drawn(kind, strength, seed).mean() for seed in range(6)]) for strength in occlusions.STRENGTHS]
    assert hidden == sorted(hidden)
    assert hidden[0] < hidden[2]


@pytest.mark.parametrize("kind", ["mask", "scarf", "hand", "thing"])
def test_the_mouth_is_hidden_and_the_eyes_are_not(kind: str) -> None:
    for seed in range(6):
        changed = drawn(kind, 1, seed)
        (mouth_x, mouth_y), eyes = POINTS[3:].mean(axis=0).astype(int), POINTS[:2].astype(int)
        assert changed[mouth_y - 4 : mouth_y + 5, mouth_x - 8 : mouth_x + 9].mean() > 0.6
        assert all(not changed[y - 3 : y + 4, x - 3 : x + 4].any() for x, y in eyes)


def test_some_covers_bear_a_print() -> None:
    halves = np.zeros((90, 120), np.uint8)
    halves[:, 60:] = 255
    flat, printed = [np.full((320, 320), 128, np.uint8) for _ in range(120)], []
    for seed, grey in enumerate(flat):
        occlusions.cover(np.random.default_rng(seed), grey, POINTS, "thing", 3, prints=[halves])
        (x, y), reach = POINTS[3:].mean(axis=0).astype(int), 12
        part = grey[y - reach : y + reach, x - reach : x + reach]
        printed.append(np.isin(part, (0, 255)).mean() > 0.8)
    assert np.mean(printed) == pytest.approx(occlusions.PRINTED, abs=0.15)


@pytest.fixture(scope="module")
def judge() -> occlusion.OcclusionClassifier:
    return occlusion.OcclusionClassifier()


def worn(frame: np.ndarray, kind: str, strength: int) -> np.ndarray:
    """The crop uint8 [48, 48] of the face in a grey picture, bare for kind "", seen through a face's own landmarks."""
    (face,) = detectors.open_detector(DetectorSettings(driver="tflite")).find(frame, frame)
    assert face.landmarks is not None
    changed = frame.copy()
    if kind:
        occlusions.cover(np.random.default_rng(4), changed, np.array(face.landmarks, np.float32), kind, strength)
    return preprocess.face_crop(changed, face)


@pytest.mark.parametrize("light", [0.45, 0.7, 1.0, 1.15])
@pytest.mark.parametrize("kind", ["", "mask", "scarf", "hand", "thing"])
def test_the_shipped_judge_is_right_about_a_photograph_in_any_light(
    astronaut: np.ndarray, judge: occlusion.OcclusionClassifier, kind: str, light: float
) -> None:
    grey = preprocess.to_grey(astronaut)
    crop = np.clip(worn(grey, kind, 3) * light, 0, 255).astype(np.uint8)
    assert judge(crop) == bool(kind)
    assert judge(crop) == judge(np.ascontiguousarray(crop[:, ::-1])), "and in a mirror"


def given_card(folder: Path, like: str = occlusion.DEFAULT_MODEL, **changed: object) -> Path:
    """A copy of a shipped model with some entries of its card changed."""
    model = model_file.find_model(like)
    (folder / "judge.tflite").write_bytes(model.read_bytes())
    card = json.loads(model.with_suffix(".json").read_text("utf-8"))
    (folder / "judge.json").write_text(json.dumps({**card, **changed}))
    return folder / "judge.tflite"


def test_a_face_is_covered_from_the_threshold_on(tmp_path: Path, judge: occlusion.OcclusionClassifier) -> None:
    crop = np.random.default_rng(2).integers(0, 256, (48, 48)).astype(np.uint8)
    score = judge.score(crop)
    for above in (-1.0, 0.5, 1):
        assert occlusion.OcclusionClassifier(given_card(tmp_path, threshold=score + above))(crop) == (above < 0)


@pytest.mark.parametrize("threshold", [None, "0", True, float("nan"), float("inf"), 21, [0.0]], ids=str)
def test_a_threshold_that_is_none_is_refused_in_one_line(tmp_path: Path, threshold: object) -> None:
    file = given_card(tmp_path, threshold=threshold)
    with pytest.raises(ModelError, match="threshold is ") as caught:
        occlusion.OcclusionClassifier(file)
    assert str(file.with_suffix(".json")) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_of_another_kind_is_no_judge(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"maps \[1, 48, 48, 1\] to \[1, 8\]; expected"):
        occlusion.OcclusionClassifier(given_card(tmp_path, "emotion-small-int8", threshold=0.0))


def test_a_judge_that_fails_at_work_tells_why_until_it_judges_again(monkeypatch: pytest.MonkeyPatch) -> None:
    judge, crop = occlusion.OcclusionClassifier(), np.full((48, 48), 90, np.uint8)
    with monkeypatch.context() as broken:
        broken.setattr(judge.model, "run", lambda tensor: [np.full((1, 1), np.nan, np.float32)])
        assert not judge(crop)
        assert judge.error == f"{judge.path}: the model returned nan"
    judge(crop)
    assert judge.error == ""


def test_the_shipped_judge_knows_masks_from_beards(data: Path, judge: occlusion.OcclusionClassifier) -> None:
    """On people that it was not fitted on."""
    detector, random = detectors.open_detector(DetectorSettings(driver="tflite")), np.random.default_rng(7)
    prints = dataset.prints(data)
    called: dict[str, list[bool]] = {}
    for picture in muxspace.load(data / "muxspace", ("happy", "neutral"), 60, half="report"):
        base = dataset._framed(picture.grey, 100, dataset.ROOM)
        face = dataset._middle(detector, base)
        if face is None or face.landmarks is None:
            continue
        for kind, changed in dataset._variants(random, base, np.array(face.landmarks, np.float32), prints):
            found = dataset._middle(detector, changed)
            if found is not None:
                called.setdefault(kind.split()[0], []).append(judge(preprocess.face_crop(changed, found)))
    shares = {kind: float(np.mean(each)) for kind, each in called.items()}
    assert len(called["plain"]) > 100
    assert shares["plain"] < 0.04
    assert shares["worn"] < 0.04
    for kind in ("mask", "scarf", "hand", "thing"):
        assert shares[kind] > 0.9, (kind, shares)


def test_fitting_writes_a_judge_with_its_figures(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e .[convert]")
    from convert.face_occlusion import train as fitting

    few = np.random.default_rng(1).integers(0, 256, (5, 48, 48)).astype(np.uint8)
    monkeypatch.setattr(dataset, "masks", lambda data: few)
    card = fitting.fit(data, tmp_path / "judge.tflite", each=8, epochs=1)
    assert card["training"]["drawn"] > 100
    assert card["training"]["of_masks"] == 5
    assert {"plain", "worn"} <= set(card["held_out"])
    assert any(kind.startswith("small ") for kind in card["held_out"])
    assert json.loads((tmp_path / "judge.json").read_text("utf-8")) == json.loads(json.dumps(card))
    assert math.isfinite(occlusion.OcclusionClassifier(tmp_path / "judge.tflite").score(np.zeros((48, 48), np.uint8)))


def test_masks_are_learned_from_where_the_judge_is_sure_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e .[convert]")
    from convert.face_occlusion import train as fitting

    simple = [keras.Input((48, 48, 1)), keras.layers.AveragePooling2D(6), keras.layers.Flatten(), keras.layers.Dense(1)]
    monkeypatch.setattr(fitting, "network", lambda: keras.Sequential(simple))
    random = np.random.default_rng(3)
    crops = random.integers(90, 160, (900, 48, 48)).astype(np.uint8)
    covered = np.arange(900) % 2 == 1
    crops[covered, 24:] //= 2  # a dark cloth
    masks = np.concatenate([crops[801::2][:40], crops[800::2][:20]])  # some of those people wear none
    net, sure = fitting.taught(crops[:800], covered[:800], masks, seed=1, epochs=4)
    said = net.predict(preprocess.normalize(crops[800:]), verbose=0)[:, 0] > 0
    assert (said == covered[800:]).mean() > 0.95
    assert 36 <= sure <= 44
    assert fitting.taught(crops[:800], covered[:800], masks[:0], seed=1, epochs=1)[1] == 0


def test_rooms_that_are_missing_or_no_pictures_are_told_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "faces" / "train" / "images"
    folder.mkdir(parents=True)
    with pytest.raises(DatasetError, match="images: no pictures of rooms"):
        dataset.prints(tmp_path)
    names = [name for name in (f"ho_{n}.jpg" for n in range(9)) if not pictures.is_held_out(name)]
    (folder / names[0]).write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=f"{names[0]}: this picture cannot be read"):
        dataset.prints(tmp_path)


def test_halves_are_apart_by_person_and_about_equal() -> None:
    people = ["".join(letters) for letters in itertools.product("abcdefghi", repeat=3)]
    names = [f"{person}_{number:04d}.jpg" for person in people for number in (1, 22)]
    assert all(muxspace.half_of(names[at]) == muxspace.half_of(names[at + 1]) for at in range(0, len(names), 2))
    assert 0.4 < np.mean([muxspace.half_of(name) == "tuning" for name in names]) < 0.6
    assert 0.15 < np.mean([muxspace.share(name) < 0.2 for name in names]) < 0.25


def test_every_pipeline_that_is_put_together_has_the_judge() -> None:
    assert isinstance(factory.pipeline(Settings()).covered, occlusion.OcclusionClassifier)
    running, _ = factory.best_pipeline(Settings())
    assert isinstance(running.covered, occlusion.OcclusionClassifier)


def test_without_the_judge_the_assistant_goes_on_and_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(occlusion, "SHIPPED", str(tmp_path / "gone.tflite"))
    running, troubles = factory.best_pipeline(Settings())
    assert running.covered is None
    assert list(troubles) == ["occlusion"]
    assert "gone.tflite: no such model file" in troubles["occlusion"]
