"""Slices of an expression model: how well it reads faces with glasses, with beards, in more and less light, and of each
skin tone, and the gap between the best and the worst.

FER-2013 labels none of these, and is grey. So glasses and beards are drawn on the faces of the split, whose labels
stand, and light is what a camera would have made of the same faces two stops further; the gap is what that changes.
Skin tone is measured as the individual typology angle (ITA) of the cheeks, in colour frames of YouTube Faces (on which
the detector was trained, the expression models were not). They have no labels of expressions: what is measured is the
share of faces that are accepted and read the same at a fifth of the light as in full light.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from assistant.system.progress import track
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces import light, quality
from assistant.vision.faces.preprocess import LANDMARK_TEMPLATE, to_grey
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data import boxes, muxspace, picture_files
from convert.data.fer2013 import Faces
from convert.expression.evaluation import metrics, testset
from convert.synthesis import accessories

Picture = NDArray[np.uint8]
SEED = 1
LANDMARKS = ((LANDMARK_TEMPLATE - 24) / 0.9 + 24).astype(np.float32)
"""Landmarks of a FER-2013 picture, which is cropped closer than an aligned face."""
NOISE = 2.0
"""Standard deviation of a camera's noise in little light, grey levels."""
STOP = 2 ** (1 / 2.2)
"""Factor on grey levels that stands for twice the light."""
ITA_LIMITS = {"light": 28.0, "intermediate": 10.0, "dark": -math.inf}
"""Lowest individual typology angle of each group, in degrees (Chardon et al. 1991; "light" includes "very light", and
"dark" is "tan", "brown" and "dark")."""
DIM_GAIN, SURE = 0.2, 0.6
"""Share of the grey levels that is left in little light; probability from which a reading counts."""
FACE_WIDTH_PX, FRAME = 110.0, (640, 480)
"""Width of a YouTube face in the frame, and the frame's width and height."""


def _exposed(stops: float) -> Callable[[Generator, Picture], Picture]:
    def change(random: Generator, image: Picture) -> Picture:
        levels = image.astype(np.float32) * STOP**stops
        if stops < 0:
            levels += random.standard_normal(image.shape, np.float32) * NOISE
        return light.raise_contrast(np.clip(np.rint(levels), 0, 255).astype(np.uint8))

    return change


def _drawn(draw: Callable[[Generator, Picture, NDArray[np.float32]], None]) -> Callable[[Generator, Picture], Picture]:
    def change(random: Generator, image: Picture) -> Picture:
        made = image.copy()
        draw(random, made, LANDMARKS)
        return made

    return change


SLICES: dict[str, dict[str, Callable[[Generator, Picture], Picture]]] = {
    "glasses": {"as they are": lambda _, image: image, "glasses drawn": _drawn(accessories.draw_glasses)},
    "beard": {"as they are": lambda _, image: image, "beard drawn": _drawn(accessories.draw_beard)},
    "light": {
        "as they are": lambda _, image: image,
        **{f"{stops:+d} stops": _exposed(stops) for stops in (-4, -2, 2)},
    },
}
"""By name: the parts of each slice of FER-2013, and what is done to a picture for each."""


def figures(
    classifier: ExpressionClassifier, tested: Faces, detector: FaceDetector, faces: Path | None
) -> dict[str, Any]:
    """The slices, ready for JSON: for each its parts and `gap`, the share of the best minus that of the worst.

    tested: the pictures of a split. faces: the folder `faces/train` with its boxes.csv; no skin tones where it is None.
    """
    _, truth, is_counted = testset.truth_of(classifier.labels, tested)
    images, truth = testset.own_crops(tested.images)[is_counted], truth[is_counted]
    known: dict[str, dict[str, Any]] = {}
    made = {}
    for name, parts in SLICES.items():
        for part, change in parts.items():
            if part not in known:
                random = np.random.default_rng(SEED)
                changed = np.stack([change(random, image) for image in images])
                right = testset.probabilities(classifier, changed, part).argmax(axis=1) == truth
                known[part] = _share(int(right.sum()), len(right))
        made[name] = _with_gap({part: known[part] for part in parts})
    if faces is not None and (tones := skin_tones(classifier, detector, faces)):
        made["skin tone at a fifth of the light"] = tones
    return made


def skin_tones(classifier: ExpressionClassifier, detector: FaceDetector, faces: Path) -> dict[str, Any]:
    """By group of skin tone: the share of faces, one of each person of the report half, that are accepted and read the
    same at a fifth of the light as in full light, of those that are read with some certainty there. Empty without such
    faces."""
    people: dict[str, boxes.AnnotatedPicture] = {}
    for picture in boxes.read_annotations(faces):
        name = picture.path.name
        if name.startswith("yt_") and len(picture.boxes) and muxspace.half_of(name) == "report":
            people.setdefault(muxspace.person_of(name), picture)
    counts = {group: [0, 0] for group in ITA_LIMITS}
    for picture in track(list(people.values()), "skin tones", "faces"):
        colour = picture_files.colour(picture.path)
        angle = typology_angle(colour, picture.boxes[0])
        full = _frame(to_grey(colour) if classifier.input.is_grey else colour, picture.boxes[0])
        before = _reading(classifier, detector, full)
        if before is None or not math.isfinite(angle):
            continue
        group = next(group for group, least in ITA_LIMITS.items() if angle >= least)
        after = _reading(classifier, detector, np.rint(full * DIM_GAIN).astype(np.uint8), is_sure=False)
        counts[group][0] += after == before
        counts[group][1] += 1
    return _with_gap({group: _share(*row) for group, row in counts.items() if row[1]})


def typology_angle(colour: NDArray[np.uint8], box: NDArray[np.float32]) -> float:
    """The individual typology angle, in degrees, of the cheeks of the face in `box` of a BGR picture uint8 [H, W, 3]:
    atan((L* - 50) / b*); NaN where they lie outside of the picture. Smaller is darker; uneven light moves it."""
    x, y, width, height = box
    rows = slice(max(0, round(y + 0.5 * height)), max(0, round(y + 0.65 * height)))
    sides = ((0.2, 0.35), (0.65, 0.8))
    columns = (slice(max(0, round(x + a * width)), max(0, round(x + b * width))) for a, b in sides)
    pixels = np.concatenate([colour[rows, each].reshape(-1, 3) for each in columns])
    if not len(pixels):
        return math.nan
    lab = cv2.cvtColor((pixels[np.newaxis] / 255).astype(np.float32), cv2.COLOR_BGR2LAB)[0]
    return math.degrees(math.atan2(float(np.median(lab[:, 0])) - 50, float(np.median(lab[:, 2]))))


def as_text(slices: dict[str, Any]) -> list[str]:
    """Lines of text: each slice, its parts and its gap."""
    lines = []
    for name, made in slices.items():
        lines.append(f"{name}: {100 * made['gap']:.1f} points between the best and the worst")
        lines += [
            f"  {part:16} {row['share']:.2%} of {row['pictures']} ({row['interval_95'][0]:.1%} to "
            f"{row['interval_95'][1]:.1%})"
            for part, row in made["parts"].items()
        ]
    return lines


def _reading(
    classifier: ExpressionClassifier, detector: FaceDetector, frame: Picture, *, is_sure: bool = True
) -> str | None:
    """The expression of the face nearest to the middle of a frame; None where it is not found, not accepted, or, if
    asked for, not sure."""
    middle, grey = (FRAME[0] / 2, FRAME[1] / 2), to_grey(frame)
    found = min(detector.find(frame, grey), key=lambda face: math.dist(face.box.center, middle), default=None)
    if found is None:
        return None
    crop, reason = quality.assess_face(
        grey, found, detector.crop_margin, None, image=frame, input_format=classifier.input
    )
    if reason:
        return None
    scores = classifier.probabilities(crop)
    return classifier.labels[int(scores.argmax())] if scores.max() >= SURE or not is_sure else None


def _frame(picture: Picture, box: NDArray[np.float32]) -> Picture:
    """A frame of FRAME around a face of a picture, which is FACE_WIDTH_PX wide in its middle."""
    factor = FACE_WIDTH_PX / float(box[2])
    if factor < 0.6:  # warpAffine does not average
        picture = np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        return _frame(picture, np.asarray(box / 2, np.float32))
    center = box[:2] + box[2:] / 2
    move = np.array([[factor, 0, FRAME[0] / 2 - factor * center[0]], [0, factor, FRAME[1] / 2 - factor * center[1]]])
    return np.asarray(cv2.warpAffine(picture, move, FRAME, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _share(hits: int, pictures: int) -> dict[str, Any]:
    return {
        "share": round(hits / pictures, metrics.DIGITS),
        "interval_95": list(metrics.bootstrap_interval(hits, pictures)),
        "pictures": pictures,
    }


def _with_gap(parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    shares = [row["share"] for row in parts.values()]
    return {"parts": parts, "gap": round(max(shares) - min(shares), metrics.DIGITS) if shares else 0.0}
