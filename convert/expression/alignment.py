"""How much turning faces upright by their landmarks changes a classifier's accuracy: on FER-2013, on rotated pictures
of muxspace (of the half that nothing was tuned on), and on a clip of tilted heads.

Published figures stay those on FER-2013's pictures as given; the figures here stand beside them.
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
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces import preprocess
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data import muxspace
from convert.data.fer2013 import DatasetError, Faces
from convert.expression.evaluation.testset import probabilities, truth_of
from convert.synthesis.affine import CROP_SCALE, enlarge_crop

TILTS_DEG = (0, 30, -30)
"""Rotations of the muxspace pictures."""
EXPRESSIONS = ("happy", "neutral", "surprise")
"""The labels of muxspace that have enough pictures."""
MAX_PER_EXPRESSION = 400
LONG_SIDE_PX = 320
"""Long side of the pictures that the detector searches."""
SPLITS = ("PublicTest", "PrivateTest")


def align_faces(images: NDArray[np.uint8], detector: FaceDetector) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """FER-2013 pictures uint8 [N, 48, 48], aligned where the detector finds their face; and where it did, bool [N].

    The others stay as they are.
    """
    made, found = images.copy(), np.zeros(len(images), bool)
    for index, image in enumerate(images):
        larger, room = enlarge_crop(image)
        face = central_face(detector, larger)
        if face is not None and face.landmarks is not None:
            # the landmarks in the small picture: aligning from there loses nothing that it had
            points = (np.array(face.landmarks) - room + 0.5) / CROP_SCALE - 0.5
            if preprocess.is_plausible(points):
                made[index], found[index] = preprocess.align(image, points), True
    return made, found


def evaluate_alignment(
    model: Path, detector: FaceDetector, faces: Faces, wild: Path, clip: Path | None
) -> dict[str, Any]:
    """Accuracy as given and aligned, ready for JSON. wild: the folder of muxspace; clip: one with tilted heads.

    Raises ModelError or DatasetError.
    """
    classifier = ExpressionClassifier(model, threads=1)
    return {
        "model": model.stem,
        "fer2013": {split: _on_fer2013(classifier, detector, faces.of(split)) for split in SPLITS},
        "muxspace": _on_muxspace(
            classifier, detector, muxspace.load(wild, EXPRESSIONS, MAX_PER_EXPRESSION, half="report")
        ),
        "clip": _on_clip(classifier, detector, clip) if clip else None,
    }


def _on_fer2013(classifier: ExpressionClassifier, detector: FaceDetector, tested: Faces) -> dict[str, Any]:
    _, truth, counts = truth_of(classifier.labels, tested)
    aligned, found = align_faces(tested.images, detector)
    right = {
        name: probabilities(classifier, images).argmax(axis=1)[counts] == truth[counts]
        for name, images in (("as_given", tested.images), ("aligned", aligned))
    }
    figures = {name: float(each.mean()) for name, each in right.items()}
    return {"pictures": int(counts.sum()), "face_found": float(found[counts].mean()), **figures}


def _on_muxspace(
    classifier: ExpressionClassifier, detector: FaceDetector, pictures: Sequence[muxspace.Picture]
) -> dict[str, dict[str, Any]]:
    """For each tilt: mean over the expressions of the share that is read right."""
    made = {}
    for tilt in TILTS_DEG:
        right: dict[str, dict[str, list[bool]]] = {way: {e: [] for e in EXPRESSIONS} for way in ("cropped", "aligned")}
        for picture in pictures:
            frame = frame_with_margin(picture.grey, tilt)
            face = central_face(detector, frame)
            if face is not None:
                for way, crop in _crops(frame, face, detector.crop_margin).items():
                    said = classifier.labels[int(classifier.probabilities(crop).argmax())]
                    right[way][picture.expression].append(said == picture.expression)
        seen = sum(map(len, right["cropped"].values()))
        made[f"{tilt:+d}"] = {"pictures": len(pictures), "face_found": seen / len(pictures)} | {
            way: float(np.mean([np.mean(each) if each else 0.0 for each in parts.values()]))
            for way, parts in right.items()
        }
    return made


def _on_clip(classifier: ExpressionClassifier, detector: FaceDetector, clip: Path) -> dict[str, Any]:
    """The share of crops whose first choice is each expression."""
    said: dict[str, Counter[str]] = {"cropped": Counter(), "aligned": Counter()}
    for frame in _frames(clip):
        for face in detector.find(frame, preprocess.to_grey(frame)):
            for way, crop in _crops(preprocess.to_grey(frame), face, detector.crop_margin).items():
                said[way][classifier.labels[int(classifier.probabilities(crop).argmax())]] += 1
    return {
        "name": clip.name,
        "crops": said["aligned"].total(),
        **{way: {name: count / each.total() for name, count in each.most_common()} for way, each in said.items()},
    }


def _crops(grey: NDArray[np.uint8], face: Face, margin: float) -> dict[str, NDArray[np.uint8]]:
    return {
        "cropped": preprocess.face_crop(grey, replace(face, landmarks=None), margin),
        "aligned": preprocess.face_crop(grey, face, margin),
    }


def frame_with_margin(grey: NDArray[np.uint8], tilt_deg: float = 0.0) -> NDArray[np.uint8]:
    """A face picture with room around it, repeated from its edges, turned about its middle, LONG_SIDE_PX long."""
    room = max(grey.shape) // 3
    wider = cv2.copyMakeBorder(grey, room, room, room, room, cv2.BORDER_REPLICATE)
    factor = LONG_SIDE_PX / max(wider.shape)
    wider = cv2.resize(wider, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    height, width = wider.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt_deg, 1.0)
    return np.asarray(cv2.warpAffine(wider, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def central_face(detector: FaceDetector, grey: NDArray[np.uint8]) -> Face | None:
    """The face nearest to the middle of a picture of one face."""
    middle = grey.shape[1] / 2, grey.shape[0] / 2

    def off(box: Box) -> float:
        return math.dist(middle, box.center)

    return min(detector.find(grey, grey), key=lambda face: off(face.box), default=None)


def _frames(clip: Path) -> Iterator[NDArray[np.uint8]]:
    video = cv2.VideoCapture(str(clip))
    if not video.isOpened():
        raise DatasetError(f"{clip}: this clip cannot be read")
    while (read := video.read())[0]:
        yield np.asarray(read[1], np.uint8)


def as_text(report: dict[str, Any]) -> str:
    """The report as lines to read."""
    lines = [report["model"]]
    for split, seen in report["fer2013"].items():
        lines.append(
            f"FER-2013 {split}: as given {seen['as_given']:.2%}, aligned {seen['aligned']:.2%} "
            f"(face found in {seen['face_found']:.1%} of {seen['pictures']})"
        )
    for tilt, seen in report["muxspace"].items():
        lines.append(
            f"muxspace, tilted by {tilt} degrees: cropped {seen['cropped']:.2%}, aligned {seen['aligned']:.2%} "
            f"(face found in {seen['face_found']:.1%} of {seen['pictures']})"
        )
    tilted = [seen for tilt, seen in report["muxspace"].items() if int(tilt)]
    means = {way: sum(seen[way] for seen in tilted) / len(tilted) for way in ("cropped", "aligned")}
    lines.append(f"muxspace, tilted either way: cropped {means['cropped']:.2%}, aligned {means['aligned']:.2%}")
    if clip := report["clip"]:
        for way in ("cropped", "aligned"):
            shares = ", ".join(f"{name} {share:.0%}" for name, share in clip[way].items())
            lines.append(f"{clip['name']}, {clip['crops']} faces, {way}: {shares}")
    return "\n".join(lines)
