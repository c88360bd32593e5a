"""Faces with and without covers, as the assistant sees them: what the judge of covered faces learns from.

Covers are drawn on faces of muxspace, of the detector's training pictures and, small, of FER-2013, glasses and beards
on others; faces with real masks, and the rooms that some covers bear as a print, come from the detector's training
pictures too. Only the tuning half of muxspace and FER-2013's Training are used.
"""

import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.records import Face
from assistant.vision import detectors
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces import preprocess
from convert.data import boxes, fer2013, muxspace, picture_files
from convert.data.fer2013 import DatasetError
from convert.face_detector import matching, pictures
from convert.synthesis import accessories, occlusions

EXPRESSIONS = ("happy", "neutral", "surprise", "sad", "angry")
MOST_EACH = 100_000
"""All there are."""
MOST_SMALL = 4000
"""Of FER-2013, drawn from Training. Without them, and without prints, a judge of edges called 11 % of small bare faces
covered and overlooked 9 % of the covers; with both 8 and 4 %."""
FACES_PX, SMALL_PX = (32.0, 170.0), (32.0, 80.0)
"""Widths of the faces."""
ROOM, SMALL_ROOM = 1.75, 1.1
"""Widths of the pictures, in those of the faces."""
SMALL, MET = "small ", "met "
"""How the kinds of small faces begin, and of those met in films and photographs."""
MET_IN = ("yt_", "th_", "hs_")
"""How the names of these begin. Without them the judge called 5 to 15 % of the faces in them covered: many with a beard
or thick glasses, old ones and dark ones, of which muxspace has few."""
MET_PX = 32
"""The least width of a face that is cut out of one."""
MASKS, ROOMS = "fm_", "ho_*.jpg"
"""How the names of the pictures with masks begin, and which are pictures of rooms."""
SAME = 0.4
"""Intersection over union from which a face that is found is the annotated one."""


@dataclass(frozen=True)
class Samples:
    """crops uint8 [N, 48, 48], covered bool [N], kinds: what was done to each, shares: of whom, in [0, 1)."""

    crops: NDArray[np.uint8]
    covered: NDArray[np.bool_]
    kinds: NDArray[np.str_]
    shares: NDArray[np.float64]


def drawn(data: Path, seed: int, each: int = MOST_EACH) -> Samples:
    """Bare faces and the same with covers; each: at most so many of each origin. Raises DatasetError."""
    random, detector = np.random.default_rng(seed), detectors.open_detector(DetectorSettings(driver="tflite"))
    return _drawn(_faces(data, random, each), detector, random, prints(data))


def masks(data: Path) -> NDArray[np.uint8]:
    """Crops uint8 [N, 48, 48] of people most of whom wear a mask. Raises DatasetError."""
    return _masks(data / "faces" / "train", detectors.open_detector(DetectorSettings(driver="tflite")))


def _faces(data: Path, random: Generator, each: int) -> Iterator[tuple[NDArray[np.uint8], float, str]]:
    """Pictures uint8 [480, 640] of one face, of whom (a share), and how their kinds begin."""
    for picture in muxspace.load(data / "muxspace", EXPRESSIONS, each, half="tuning"):
        yield _framed(picture.grey, random.uniform(*FACES_PX), ROOM), muxspace.share(picture.name), ""
    training = fer2013.load(data).of("Training")
    images = training.images[fer2013.is_trainable(training)]
    for image in images[random.permutation(len(images))[: min(MOST_SMALL, each)]]:
        yield _framed(image, random.uniform(*SMALL_PX), SMALL_ROOM), fer2013.picture_id(image) / 2**64, SMALL
    for name, face in itertools.islice(_met(data / "faces" / "train"), each):
        yield _framed(face, random.uniform(*FACES_PX), ROOM), _share(name), MET


def _met(folder: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Faces with their surroundings, uint8 [S, S], and whose they are, as far as the file's name tells."""
    for picture in boxes.read(folder):
        if not picture.path.name.startswith(MET_IN):
            continue
        grey, owner = picture_files.grey(picture.path), re.sub(r"_\d+$", "", picture.path.stem)
        for (x, y, width, height), source in zip(picture.boxes.tolist(), picture.sources, strict=True):
            if source != boxes.IGNORE and width >= MET_PX:
                side = round(max(width, height) * ROOM)
                middle = x + width / 2, y + height / 2
                yield owner, _cut(grey, middle, side)


def _cut(grey: NDArray[np.uint8], middle: tuple[float, float], side: int) -> NDArray[np.uint8]:
    move = np.array([[1, 0, side / 2 - middle[0]], [0, 1, side / 2 - middle[1]]])
    return np.asarray(cv2.warpAffine(grey, move, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _share(name: str) -> float:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64


def _drawn(
    faces: Iterator[tuple[NDArray[np.uint8], float, str]], detector: FaceDetector, random: Generator,
    prints: list[NDArray[np.uint8]],
) -> Samples:  # fmt: skip
    rows = []
    for base, share, begin in faces:
        face = _middle(detector, base)
        if face is None or face.landmarks is None:
            continue
        points = np.array(face.landmarks, np.float32)
        for kind, changed in _variants(random, base, points, prints):
            seen = _worse(random, changed)
            found = _middle(detector, seen)
            if found is not None:
                crop = preprocess.face_crop(seen, found)
                rows.append((crop, kind not in ("plain", "worn"), begin + kind, share))
    if not rows:
        raise DatasetError("no face was found in the pictures of muxspace and FER-2013")
    crops, is_covered, kinds, shares = zip(*rows, strict=True)
    return Samples(np.stack(crops), np.array(is_covered), np.array(kinds), np.array(shares))


def _variants(
    random: Generator, base: NDArray[np.uint8], points: NDArray[np.float32], prints: list[NDArray[np.uint8]]
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    yield "plain", base
    worn = base.copy()
    (accessories.glasses if random.random() < 0.5 else accessories.beard)(random, worn, points)
    yield "worn", worn
    for _ in range(3):
        kind, strength = str(random.choice(occlusions.KINDS)), int(random.choice(occlusions.STRENGTHS))
        changed = base.copy()
        occlusions.cover(random, changed, points, kind, strength, prints=prints)
        yield f"{kind} {strength}", changed


def prints(data: Path) -> list[NDArray[np.uint8]]:
    """Pictures of rooms, uint8 [H, W], without those that are held out: scenes are set in these."""
    folder = data / "faces" / "train" / "images"
    files = [file for file in sorted(folder.glob(ROOMS)) if not pictures.is_held_out(file.name)]
    if not files:
        raise DatasetError(f"{folder}: no pictures of rooms ({ROOMS}) for covers to bear")
    return [picture_files.grey(file) for file in files]


def _masks(folder: Path, detector: FaceDetector) -> NDArray[np.uint8]:
    """Crops uint8 [N, 48, 48] of the annotated faces in the pictures with masks that the detector finds."""
    made = []
    for picture in boxes.read(folder):
        if not picture.path.name.startswith(MASKS):
            continue
        grey = picture_files.grey(picture.path)
        areas = picture.boxes[:, 2] * picture.boxes[:, 3]
        for face in detector.find(grey, grey):
            common = matching.shared(np.array(face.box, np.float32), picture.boxes)
            if (common / (areas + face.box.area - common)).max(initial=0) >= SAME:
                made.append(preprocess.face_crop(grey, face))
    return np.stack(made) if made else np.zeros((0, preprocess.CROP_SIDE, preprocess.CROP_SIDE), np.uint8)


def _framed(grey: NDArray[np.uint8], face_px: float, room: float) -> NDArray[np.uint8]:
    factor = face_px * room / max(grey.shape)
    how = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=how)[:480, :640]
    down, across = 480 - small.shape[0], 640 - small.shape[1]
    edges = (down // 2, down - down // 2, across // 2, across - across // 2)
    return np.asarray(cv2.copyMakeBorder(small, *edges, cv2.BORDER_REPLICATE), np.uint8)


def _worse(random: Generator, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Less light, some noise, now and then soft."""
    if random.random() < 0.3:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), random.uniform(0.3, 2)), np.uint8)
    noise = random.normal(0, random.uniform(0, 5), grey.shape)
    return np.clip(np.rint(grey * random.uniform(0.5, 1.25) + noise), 0, 255).astype(np.uint8)


def _middle(detector: FaceDetector, grey: NDArray[np.uint8]) -> Face | None:
    def off(face: Face) -> float:
        x, y = face.box.center
        return abs(x - 320) + abs(y - 240)

    return min(detector.find(grey, grey), key=off, default=None)
