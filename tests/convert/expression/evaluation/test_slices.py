"""Slices of an expression model: skin tone from colour, drawn glasses and beards, light, and the gap."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.records import Box, Face
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from convert.expression.evaluation import slices
from tests.support import drawn_faces
from tests.support.standins import ScriptedDetector

BOX = np.array([20, 20, 80, 80], np.float32)


@pytest.mark.parametrize(
    ("bgr", "group"), [((170, 195, 235), "light"), ((100, 130, 165), "intermediate"), ((50, 70, 105), "dark")]
)
def test_the_skin_tone_is_that_of_the_cheeks(bgr: tuple[int, int, int], group: str) -> None:
    colour = np.full((120, 120, 3), 255, np.uint8)
    cv2.rectangle(colour, (20, 20), (100, 100), bgr, -1)
    cv2.rectangle(colour, (50, 20), (68, 100), (0, 0, 0), -1)  # the nose, in shadow
    angle = slices.typology_angle(colour, BOX)
    assert next(name for name, least in slices.ITA_LIMITS.items() if angle >= least) == group
    assert np.isnan(slices.typology_angle(colour[:10], BOX))


def test_each_slice_is_measured_on_all_judged_pictures_and_the_gap_is_from_best_to_worst(tmp_path: Path) -> None:
    tested = drawn_faces.dataset().of("PrivateTest")
    classifier = ExpressionClassifier(find_model("emotion-small-int8"))
    faces = tmp_path / "train"
    (faces / "images").mkdir(parents=True)
    rows = ["image,x,y,w,h,source"]
    for person in range(12):
        picture = np.repeat(cv2.resize(tested.images[person], (120, 120))[:, :, np.newaxis], 3, axis=2)
        cv2.imwrite(str(faces / "images" / f"yt_Person{person}_1.png"), picture)
        rows.append(f"images/yt_Person{person}_1.png,20,20,80,80,yt")
    (faces / "boxes.csv").write_text("\n".join(rows) + "\n")
    found = ScriptedDetector(lambda index: [Face(Box(265, 185, 110, 110), 0.9)])
    made = slices.figures(classifier, tested, found, faces)
    for name, parts in slices.SLICES.items():
        assert set(made[name]["parts"]) == set(parts)
        shares = [row["share"] for row in made[name]["parts"].values()]
        assert made[name]["gap"] == pytest.approx(max(shares) - min(shares), abs=1e-6)
    plain = {name: each["parts"]["as they are"] for name, each in made.items() if "as they are" in each["parts"]}
    assert len({row["share"] for row in plain.values()}) == 1
    text = "\n".join(slices.as_text(made))
    assert "glasses drawn" in text
    assert "points between the best and the worst" in text


def test_without_the_detectors_pictures_there_are_no_skin_tones() -> None:
    tested = drawn_faces.dataset().of("PrivateTest")
    classifier = ExpressionClassifier(find_model("emotion-small-int8"))
    made = slices.figures(classifier, tested, ScriptedDetector(lambda index: []), None)
    assert set(made) == set(slices.SLICES)
