"""Covered faces: how covers are drawn, how the judge is fitted, and what the shipped one says of real faces."""

import itertools
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import assembly
from assistant.config import Detector as DetectorSettings
from assistant.config import Settings
from assistant.records import ModelError
from assistant.vision import cover, detectors, preprocess
from convert import cover as fitting
from convert import covers, muxspace
from convert.datasets import DatasetError
from convert.detection import pictures

POINTS = (preprocess.SHAPE * 4 + 60).astype(np.float32)


def drawn(kind: str, strength: int, seed: int = 1) -> np.ndarray:
    """Where a cover changes a grey picture: bool [320, 320]."""
    grey = np.full((320, 320), 128, np.uint8)
    covers.cover(np.random.default_rng(seed), grey, POINTS, kind, strength)
    return np.abs(grey.astype(int) - 128) > 0


@pytest.mark.parametrize("kind", covers.KINDS)
def test_a_stronger_cover_hides_more(kind: str) -> None:
    hidden = [np.mean([drawn(kind, strength, seed).mean() for seed in range(6)]) for strength in covers.STRENGTHS]
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
        covers.cover(np.random.default_rng(seed), grey, POINTS, "thing", 3, prints=[halves])
        (x, y), reach = POINTS[3:].mean(axis=0).astype(int), 12
        part = grey[y - reach : y + reach, x - reach : x + reach]
        printed.append(np.isin(part, (0, 255)).mean() > 0.8)
    assert np.mean(printed) == pytest.approx(covers.PRINTED, abs=0.15)


@given(st.floats(0, 1), st.floats(0, 1))
def test_features_do_not_depend_on_light(low: float, high: float) -> None:
    grain = np.random.default_rng(3).integers(0, 256, (12, 12)).astype(np.float32)
    crop = cv2.resize(grain, (48, 48), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    gain, lift = 0.4 + 0.3 * high, 60 * low
    first, second = (cover.features(picture.astype(np.uint8)) for picture in (crop, crop * gain + lift))
    assert first.shape == (cover.LENGTH,)
    assert float(first @ second / np.linalg.norm(first) / np.linalg.norm(second)) > 0.97


def test_two_layers_find_what_no_line_separates() -> None:
    pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
    random = np.random.default_rng(1)
    features = random.standard_normal((9000, 6)).astype(np.float32) * 3 + 1
    truth = np.abs(features[:, 2] - 1) > 2
    judge = fitting.layers(features[1000:], truth[1000:], seed=1, noise=0.2)
    assert ((judge.score(features[:1000]) > 0) == truth[:1000]).mean() > 0.9
    assert judge.score(features[0]) == pytest.approx(judge.score(features[:1])[0], abs=1e-4)


def numbers(units: int = 2, **changed: object) -> dict[str, object]:
    """The table of a judge that says 0 of everything, with some entries changed."""
    judge = {"hidden": [[0.0] * cover.LENGTH] * units, "lifts": [0.0] * units, "weights": [0.0] * units}
    return {**judge, "bias": 0.0, "threshold": 0.0, **changed}


def test_the_second_layer_counts_what_is_above_zero(tmp_path: Path) -> None:
    (tmp_path / "cover.json").write_text(json.dumps(numbers(lifts=[2.0, -3.0], weights=[1.5, 7.0], bias=-1.0)))
    judge = cover.Cover(tmp_path / "cover.json")
    crop = np.zeros((48, 48), np.uint8)
    assert judge.score(crop) == 1.5 * 2 - 1
    assert judge(crop)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps(numbers(bias="x")),
        json.dumps(numbers()).replace('"bias": 0.0', '"bias": 1' + "0" * 400),
        json.dumps(numbers(hidden=[[1.0]] * 2)),
        json.dumps(numbers(hidden=3)),
        json.dumps(numbers(lifts=[0.0])),
        json.dumps(numbers(weights=0.0)),
        json.dumps(numbers(weights=[float("nan"), 0.0])),
        json.dumps(numbers(threshold=float("inf"))),
    ],
    ids=range(12),
)
def test_a_broken_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cover.json"
    file.write_text(text)
    with pytest.raises(ModelError) as caught:
        cover.Cover(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_shipped_judge_knows_masks_from_beards(data: Path) -> None:
    """On people that it was not fitted on."""
    detector, judge, random = detectors.make(DetectorSettings(driver="own")), cover.Cover(), np.random.default_rng(7)
    prints = fitting._prints(data / "faces" / "train")
    called: dict[str, list[bool]] = {}
    for picture in muxspace.load(data / "muxspace", ("happy", "neutral"), 60, half="report"):
        base = fitting._framed(picture.grey, 100, fitting.ROOM)
        face = fitting._middle(detector, base)
        if face is None or face.landmarks is None:
            continue
        for kind, changed in fitting._variants(random, base, np.array(face.landmarks, np.float32), prints):
            found = fitting._middle(detector, changed)
            if found is not None:
                called.setdefault(kind.split()[0], []).append(judge(preprocess.face(changed, found)))
    shares = {kind: float(np.mean(each)) for kind, each in called.items()}
    assert len(called["plain"]) > 100
    assert shares["plain"] < 0.04
    assert shares["worn"] < 0.04
    for kind in ("mask", "scarf", "hand", "thing"):
        assert shares[kind] > 0.9, (kind, shares)


def test_fitting_writes_a_judge_with_its_figures(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
    monkeypatch.setattr(fitting, "_masks", lambda folder, detector: np.zeros((0, cover.LENGTH), np.float32))
    monkeypatch.setattr(fitting, "EPOCHS", 6)
    figures = fitting.fit(data, tmp_path / "cover.json", each=12)
    assert figures["fitted_on"]["drawn"] > 100
    assert {"plain", "worn", "small plain", "small worn"} <= set(figures["held_out"])
    assert isinstance(cover.Cover(tmp_path / "cover.json").score(np.zeros((48, 48), np.uint8)), float)


def test_rooms_that_are_missing_or_no_pictures_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(DatasetError, match="images: no pictures of rooms"):
        fitting._prints(tmp_path)
    names = [name for name in (f"ho_{n}.jpg" for n in range(9)) if not pictures.is_held_out(name)]
    (tmp_path / "images" / names[0]).write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=f"{names[0]}: this picture cannot be read"):
        fitting._prints(tmp_path)


def test_halves_are_apart_by_person_and_about_equal() -> None:
    people = ["".join(letters) for letters in itertools.product("abcdefghi", repeat=3)]
    names = [f"{person}_{number:04d}.jpg" for person in people for number in (1, 22)]
    assert all(muxspace.half_of(names[at]) == muxspace.half_of(names[at + 1]) for at in range(0, len(names), 2))
    assert 0.4 < np.mean([muxspace.half_of(name) == "tuning" for name in names]) < 0.6
    assert 0.15 < np.mean([muxspace.share(name) < 0.2 for name in names]) < 0.25


def test_every_pipeline_that_is_put_together_has_the_judge() -> None:
    assert isinstance(assembly.pipeline(Settings()).covered, cover.Cover)
    running, _ = assembly.best_pipeline(Settings())
    assert isinstance(running.covered, cover.Cover)
