"""Accuracy of a classifier with and without alignment (faces rotated upright by their landmarks): on FER-2013, on
rotated pictures of muxspace (of the report half, on which nothing was tuned), and on a video clip of tilted heads.

The published figures are those on FER-2013's unaligned pictures; these are additional.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Box, Face
from assistant.system.progress import track
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces import preprocess
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data import muxspace
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import DatasetError
from convert.data.pictures import Pictures
from convert.expression.evaluation.testset import probabilities, truth_of
from convert.synthesis.affine import CROP_SCALE, enlarge_crop

TILTS_DEG = (0, 30, -30)
"""Angles by which the muxspace pictures are rotated."""
EXPRESSIONS = ("happy", "neutral", "surprise")
"""The labels of muxspace that have enough pictures."""
MAX_PER_EXPRESSION = 400
"""Largest number of muxspace pictures per label."""
LONG_SIDE_PX = 320
"""Long side of the pictures that the detector is run on."""
SPLITS = ("PublicTest", "PrivateTest")
"""Splits of FER-2013 that are evaluated."""


def align_faces(images: Pictures, detector: FaceDetector) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Align FER-2013 pictures uint8 [N, 48, 48].

    Returns the pictures, unchanged where the detector finds no face, and bool [N], whether it found one.
    """
    made, found = np.array(images[:]), np.zeros(len(images), bool)
    for index, image in enumerate(track(images, "alignment", "faces")):
        larger, room = enlarge_crop(image)
        face = central_face(detector, larger)
        if face is not None and face.landmarks is not None:
            # landmarks in the coordinates of the small picture, which is aligned without an enlargement in between
            points = (np.array(face.landmarks) - room + 0.5) / CROP_SCALE - 0.5
            if preprocess.is_plausible(points):
                made[index], found[index] = preprocess.align(image, points), True
    return made, found


def evaluate_alignment(
    model: Path, detector: FaceDetector, faces: Faces, wild: Path, clip: Path | None
) -> dict[str, Any]:
    """Accuracy with and without alignment, ready for JSON.

    wild: the folder of muxspace. clip: a video of tilted heads, left out where None. Raises ModelError or DatasetError.
    """
    classifier = ExpressionClassifier(model, threads=1)
    pictures = muxspace.load(wild, EXPRESSIONS, MAX_PER_EXPRESSION, half="report")  # first: the rest takes minutes
    return {
        "model": model.stem,
        "fer2013": {split: _on_fer2013(classifier, detector, faces.of(split)) for split in SPLITS},
        "muxspace": _on_muxspace(classifier, detector, pictures),
        "clip": _on_clip(classifier, detector, clip) if clip else None,
    }


def _on_fer2013(classifier: ExpressionClassifier, detector: FaceDetector, tested: Faces) -> dict[str, Any]:
    _, truth, counts = truth_of(classifier.labels, tested)
    aligned, found = align_faces(tested.images, detector)
    is_correct = {
        name: probabilities(classifier, images).argmax(axis=1)[counts] == truth[counts]
        for name, images in (("as_given", tested.images), ("aligned", aligned))
    }
    figures = {name: float(each.mean()) for name, each in is_correct.items()}
    return {"pictures": int(counts.sum()), "face_found": float(found[counts].mean()), **figures}


def _on_muxspace(
    classifier: ExpressionClassifier, detector: FaceDetector, pictures: Sequence[muxspace.Picture]
) -> dict[str, dict[str, Any]]:
    """For each tilt: mean recall of the expressions, cropped and aligned."""
    made = {}
    for tilt in TILTS_DEG:
        is_correct: dict[str, dict[str, list[bool]]] = {
            way: {e: [] for e in EXPRESSIONS} for way in ("cropped", "aligned")
        }
        for picture in track(pictures, f"faces tilted by {tilt} degrees", "faces"):
            frame = frame_with_margin(picture.grey, tilt)
            face = central_face(detector, frame)
            if face is not None:
                for way, crop in _crops(classifier, frame, face, detector.crop_margin).items():
                    label = classifier.labels[int(classifier.probabilities(crop).argmax())]
                    is_correct[way][picture.expression].append(label == picture.expression)
        found = sum(map(len, is_correct["cropped"].values()))
        made[f"{tilt:+d}"] = {"pictures": len(pictures), "face_found": found / len(pictures)} | {
            way: float(np.mean([np.mean(each) if each else 0.0 for each in parts.values()]))
            for way, parts in is_correct.items()
        }
    return made


def _on_clip(classifier: ExpressionClassifier, detector: FaceDetector, clip: Path) -> dict[str, Any]:
    """The share of crops that are classified as each expression; the clip has no ground truth."""
    labels: dict[str, Counter[str]] = {"cropped": Counter(), "aligned": Counter()}
    for frame in _frames(clip):
        for face in detector.find(frame, preprocess.to_grey(frame)):
            picture = preprocess.to_grey(frame) if classifier.input.is_grey else frame
            for way, crop in _crops(classifier, picture, face, detector.crop_margin).items():
                labels[way][classifier.labels[int(classifier.probabilities(crop).argmax())]] += 1
    return {
        "name": clip.name,
        "crops": labels["aligned"].total(),
        **{way: {name: count / each.total() for name, count in each.most_common()} for way, each in labels.items()},
    }


def _crops(
    classifier: ExpressionClassifier, picture: NDArray[np.uint8], face: Face, margin: float
) -> dict[str, NDArray[np.uint8]]:
    """Crops, as the classifier takes them, of a face in a picture uint8 [H, W] or [H, W, 3]: cut out along its box, and
    aligned by its landmarks."""
    return {
        "cropped": classifier.input.face_crop(picture, replace(face, landmarks=None), margin),
        "aligned": classifier.input.face_crop(picture, face, margin),
    }


def frame_with_margin(grey: NDArray[np.uint8], tilt_deg: float = 0.0) -> NDArray[np.uint8]:
    """A face picture uint8 [H, W] with a margin of repeated edges, rotated about its centre, LONG_SIDE_PX long."""
    room = max(grey.shape) // 3
    padded = cv2.copyMakeBorder(grey, room, room, room, room, cv2.BORDER_REPLICATE)
    factor = LONG_SIDE_PX / max(padded.shape)
    padded = cv2.resize(padded, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    height, width = padded.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt_deg, 1.0)
    return np.asarray(cv2.warpAffine(padded, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def central_face(detector: FaceDetector, grey: NDArray[np.uint8]) -> Face | None:
    """The detected face nearest to the centre of a picture, None where there is none."""
    middle = grey.shape[1] / 2, grey.shape[0] / 2

    def distance(box: Box) -> float:
        return math.dist(middle, box.center)

    return min(detector.find(grey, grey), key=lambda face: distance(face.box), default=None)


def _frames(clip: Path) -> Iterator[NDArray[np.uint8]]:
    video = cv2.VideoCapture(str(clip))
    if not video.isOpened():
        raise DatasetError(f"{clip}: this clip cannot be read")
    while (read := video.read())[0]:
        yield np.asarray(read[1], np.uint8)


def as_text(report: dict[str, Any]) -> str:
    """The report as text, one line per figure."""
    lines = [report["model"]]
    for split, row in report["fer2013"].items():
        lines.append(
            f"FER-2013 {split}: as given {row['as_given']:.2%}, aligned {row['aligned']:.2%} "
            f"(face found in {row['face_found']:.1%} of {row['pictures']})"
        )
    for tilt, row in report["muxspace"].items():
        lines.append(
            f"muxspace, tilted by {tilt} degrees: cropped {row['cropped']:.2%}, aligned {row['aligned']:.2%} "
            f"(face found in {row['face_found']:.1%} of {row['pictures']})"
        )
    tilted = [row for tilt, row in report["muxspace"].items() if int(tilt)]
    means = {way: sum(row[way] for row in tilted) / len(tilted) for way in ("cropped", "aligned")}
    lines.append(f"muxspace, tilted either way: cropped {means['cropped']:.2%}, aligned {means['aligned']:.2%}")
    if clip := report["clip"]:
        for way in ("cropped", "aligned"):
            shares = ", ".join(f"{name} {share:.0%}" for name, share in clip[way].items())
            lines.append(f"{clip['name']}, {clip['crops']} faces, {way}: {shares}")
    return "\n".join(lines)
