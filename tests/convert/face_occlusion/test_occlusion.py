"""Occluded faces: drawn occlusions, training of the occlusion classifier, and the shipped one on real faces."""

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
from convert.data.boxes import is_held_out
from convert.data.fer2013_labels import DatasetError
from convert.face_occlusion import dataset
from convert.synthesis import occlusions

LANDMARKS = (preprocess.LANDMARK_TEMPLATE * 4 + 60).astype(np.float32)


def occluded_pixels(kind: str, strength: int, seed: int = 1) -> np.ndarray:
    """The pixels of a grey picture that an occlusion changes, bool [320, 320]."""
    grey = np.full((320, 320), 128, np.uint8)
    occlusions.draw_occlusion(np.random.default_rng(seed), grey, LANDMARKS, kind, strength)
    return np.abs(grey.astype(int) - 128) > 0


@pytest.mark.parametrize("kind", occlusions.KINDS)
def test_a_stronger_occlusion_hides_more_pixels(kind: str) -> None:
    hidden = [
        np.mean([occluded_pixels(kind, strength, seed).mean() for seed in range(6)])
        for strength in occlusions.STRENGTHS
    ]
    assert hidden == sorted(hidden)
    assert hidden[0] < hidden[2]


@pytest.mark.parametrize("kind", ["mask", "scarf", "hand", "object"])
def test_the_mouth_is_hidden_and_the_eyes_are_not(kind: str) -> None:
    for seed in range(6):
        changed = occluded_pixels(kind, 1, seed)
        (mouth_x, mouth_y), eyes = LANDMARKS[3:].mean(axis=0).astype(int), LANDMARKS[:2].astype(int)
        assert changed[mouth_y - 4 : mouth_y + 5, mouth_x - 8 : mouth_x + 9].mean() > 0.6
        assert all(not changed[y - 3 : y + 4, x - 3 : x + 4].any() for x, y in eyes)


def test_a_share_of_the_occlusions_has_a_print() -> None:
    halves = np.zeros((90, 120), np.uint8)
    halves[:, 60:] = 255
    flat, printed = [np.full((320, 320), 128, np.uint8) for _ in range(120)], []
    for seed, grey in enumerate(flat):
        occlusions.draw_occlusion(np.random.default_rng(seed), grey, LANDMARKS, "object", 3, prints=[halves])
        (x, y), reach = LANDMARKS[3:].mean(axis=0).astype(int), 12
        part = grey[y - reach : y + reach, x - reach : x + reach]
        printed.append(np.isin(part, (0, 255)).mean() > 0.8)
    assert np.mean(printed) == pytest.approx(occlusions.PRINT_PROBABILITY, abs=0.15)


@pytest.fixture(scope="module")
def classifier() -> occlusion.OcclusionClassifier:
    return occlusion.OcclusionClassifier()


def face_crop(frame: np.ndarray, kind: str, strength: int) -> np.ndarray:
    """The crop uint8 [48, 48] of the face in a grey picture, without an occlusion for kind ""."""
    (face,) = detectors.open_detector(DetectorSettings(driver="tflite")).find(frame, frame)
    assert face.landmarks is not None
    changed = frame.copy()
    if kind:
        occlusions.draw_occlusion(
            np.random.default_rng(4), changed, np.array(face.landmarks, np.float32), kind, strength
        )
    return preprocess.face_crop(changed, face)


@pytest.mark.parametrize("light", [0.45, 0.7, 1.0, 1.15])
@pytest.mark.parametrize("kind", ["", "mask", "scarf", "hand", "object"])
def test_the_shipped_classifier_is_correct_on_a_photograph_at_all_brightnesses(
    astronaut: np.ndarray, classifier: occlusion.OcclusionClassifier, kind: str, light: float
) -> None:
    grey = preprocess.to_grey(astronaut)
    crop = np.clip(face_crop(grey, kind, 3) * light, 0, 255).astype(np.uint8)
    assert classifier(crop) == bool(kind)
    assert classifier(crop) == classifier(np.ascontiguousarray(crop[:, ::-1])), "the same for the mirrored crop"


def with_card(folder: Path, like: str = occlusion.DEFAULT_MODEL, **changed: object) -> Path:
    """A copy of a shipped model with some entries of its card changed."""
    model = model_file.find_model(like)
    (folder / "occlusion.tflite").write_bytes(model.read_bytes())
    card = json.loads(model.with_suffix(".json").read_text("utf-8"))
    (folder / "occlusion.json").write_text(json.dumps({**card, **changed}))
    return folder / "occlusion.tflite"


def test_a_face_is_occluded_if_its_score_reaches_the_threshold(
    tmp_path: Path, classifier: occlusion.OcclusionClassifier
) -> None:
    crop = np.random.default_rng(2).integers(0, 256, (48, 48)).astype(np.uint8)
    score = classifier.score(crop)
    for above in (-1.0, 0.5, 1):
        assert occlusion.OcclusionClassifier(with_card(tmp_path, threshold=score + above))(crop) == (above < 0)


@pytest.mark.parametrize("threshold", [None, "0", True, float("nan"), float("inf"), 21, [0.0]], ids=str)
def test_an_invalid_threshold_is_a_one_line_error(tmp_path: Path, threshold: object) -> None:
    file = with_card(tmp_path, threshold=threshold)
    with pytest.raises(ModelError, match="threshold is ") as caught:
        occlusion.OcclusionClassifier(file)
    assert str(file.with_suffix(".json")) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"maps \[1, 48, 48, 1\] to \[1, 8\]; expected"):
        occlusion.OcclusionClassifier(with_card(tmp_path, "emotion-small-int8", threshold=0.0))


def test_a_classifier_that_fails_reports_the_error_until_it_works_again(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier, crop = occlusion.OcclusionClassifier(), np.full((48, 48), 90, np.uint8)
    with monkeypatch.context() as broken:
        broken.setattr(classifier.model, "run", lambda tensor: [np.full((1, 1), np.nan, np.float32)])
        assert not classifier(crop)
        assert classifier.error == f"{classifier.path}: the model returned nan"
    classifier(crop)
    assert classifier.error == ""


def test_the_shipped_classifier_distinguishes_occlusions_from_accessories(
    data: Path, classifier: occlusion.OcclusionClassifier
) -> None:
    """On people who are not in its training data."""
    detector, random = detectors.open_detector(DetectorSettings(driver="tflite")), np.random.default_rng(7)
    prints = dataset.room_pictures(data)
    classified: dict[str, list[bool]] = {}
    for picture in muxspace.load(data / "muxspace", ("happy", "neutral"), 36, half="report"):
        base = dataset._place_in_frame(picture.grey, 100, dataset.PICTURE_SCALE)
        face = dataset._central_face(detector, base)
        if face is None or face.landmarks is None:
            continue
        for kind, changed in dataset._variants(random, base, np.array(face.landmarks, np.float32), prints):
            found = dataset._central_face(detector, changed)
            if found is not None:
                classified.setdefault(kind.split()[0], []).append(classifier(preprocess.face_crop(changed, found)))
    shares = {kind: float(np.mean(each)) for kind, each in classified.items()}
    assert len(classified["bare"]) > 60
    assert shares["bare"] < 0.04
    assert shares["accessories"] < 0.04
    for kind in ("mask", "scarf", "hand", "object"):
        assert shares[kind] > 0.9, (kind, shares)


@pytest.mark.training
def test_training_writes_a_classifier_and_a_card_with_figures(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e .[convert]")
    from convert.face_occlusion import train as occlusion_training

    few = np.random.default_rng(1).integers(0, 256, (5, 48, 48)).astype(np.uint8)
    monkeypatch.setattr(dataset, "mask_crops", lambda data: few)
    card = occlusion_training.train(data, tmp_path / "occlusion.tflite", limit=8, epochs=1)
    assert card["training"]["synthetic_crops"] > 100
    assert card["training"]["mask_crops"] == 5
    assert {"bare", "accessories"} <= set(card["held_out"])
    assert any(kind.startswith("small ") for kind in card["held_out"])
    assert json.loads((tmp_path / "occlusion.json").read_text("utf-8")) == json.loads(json.dumps(card))
    assert math.isfinite(
        occlusion.OcclusionClassifier(tmp_path / "occlusion.tflite").score(np.zeros((48, 48), np.uint8))
    )


@pytest.mark.training
def test_mask_crops_are_used_if_the_network_classifies_them_as_occluded(monkeypatch: pytest.MonkeyPatch) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e .[convert]")
    from convert.face_occlusion import train as occlusion_training

    simple = [keras.Input((48, 48, 1)), keras.layers.AveragePooling2D(6), keras.layers.Flatten(), keras.layers.Dense(1)]
    monkeypatch.setattr(occlusion_training, "build", lambda: keras.Sequential(simple))
    random = np.random.default_rng(3)
    crops = random.integers(90, 160, (900, 48, 48)).astype(np.uint8)
    is_occluded = np.arange(900) % 2 == 1
    crops[is_occluded, 24:] //= 2  # a dark cloth
    masks = np.concatenate([crops[801::2][:40], crops[800::2][:20]])  # a third of them is not occluded
    net, masks_used = occlusion_training.fit(crops[:800], is_occluded[:800], masks, seed=1, epochs=4)
    predicted = net.predict(preprocess.normalize(crops[800:]), verbose=0)[:, 0] > 0
    assert (predicted == is_occluded[800:]).mean() > 0.95
    assert 36 <= masks_used <= 44
    assert occlusion_training.fit(crops[:800], is_occluded[:800], masks[:0], seed=1, epochs=1)[1] == 0


def test_rooms_that_are_missing_or_unreadable_are_reported_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "faces" / "train" / "images"
    folder.mkdir(parents=True)
    with pytest.raises(DatasetError, match="images: no pictures of rooms"):
        dataset.room_pictures(tmp_path)
    names = [name for name in (f"ho_{n}.jpg" for n in range(9)) if not is_held_out(name)]
    (folder / names[0]).write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=f"{names[0]}: not a picture that can be read"):
        dataset.room_pictures(tmp_path)


def test_muxspace_halves_share_no_person_and_are_about_equal() -> None:
    people = ["".join(letters) for letters in itertools.product("abcdefghi", repeat=3)]
    names = [f"{person}_{number:04d}.jpg" for person in people for number in (1, 22)]
    assert all(muxspace.half_of(names[at]) == muxspace.half_of(names[at + 1]) for at in range(0, len(names), 2))
    assert 0.4 < np.mean([muxspace.half_of(name) == "tuning" for name in names]) < 0.6
    assert 0.15 < np.mean([muxspace.person_hash(name) < 0.2 for name in names]) < 0.25


def test_every_pipeline_of_the_factory_has_the_occlusion_classifier() -> None:
    assert isinstance(factory.parts(Settings()).occlusion, occlusion.OcclusionClassifier)
    assert factory.make_pipeline(Settings()).status.has_occlusion_classifier
    parts, _ = factory.best_parts(Settings())
    assert isinstance(parts.occlusion, occlusion.OcclusionClassifier)
    assert parts.pipeline(Settings()).status.has_occlusion_classifier


def test_without_the_occlusion_classifier_the_pipeline_works_and_a_fault_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(occlusion, "DEFAULT_MODEL", str(tmp_path / "gone.tflite"))
    parts, faults = factory.best_parts(Settings())
    assert parts.occlusion is None
    assert not parts.pipeline(Settings()).status.has_occlusion_classifier
    assert list(faults) == ["occlusion"]
    assert "gone.tflite: no such model file" in faults["occlusion"]
