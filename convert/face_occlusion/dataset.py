"""The training set of the occlusion classifier: crops of occluded and unoccluded faces, cut out as in the assistant.

Occlusions are drawn on faces of muxspace, of the detector's training pictures and, at small sizes, of FER-2013; glasses
and beards are drawn on unoccluded ones. Faces with real masks, and the pictures of rooms that are printed on some
occlusions, are from the detector's training pictures. Of muxspace only the tuning half is used, of FER-2013 only
Training.
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
from assistant.system.progress import track
from assistant.vision import detectors
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces import preprocess
from convert.data import fer2013, muxspace, picture_files
from convert.data.boxes import IGNORED_SOURCE, ROOM_PREFIX, intersection_areas, is_held_out, read_annotations
from convert.data.fer2013_labels import DatasetError
from convert.synthesis import accessories, occlusions

EXPRESSIONS = ("happy", "neutral", "surprise", "sad", "angry")
"""Labels of the muxspace pictures that are used."""
MAX_PICTURES = 100_000
"""Default limit of the pictures of each origin: all of them."""
MAX_SMALL_FACES = 4000
"""Number of small faces, from FER-2013's Training. Without these and without prints, a classifier of edges called 11 %
of the small bare faces occluded and missed 9 % of the occlusions; with both, 8 and 4 %."""
FACE_WIDTHS_PX, SMALL_WIDTHS_PX = (32.0, 170.0), (32.0, 80.0)
"""Smallest and largest width of the faces and of the small faces in a frame."""
PICTURE_SCALE, SMALL_PICTURE_SCALE = 1.75, 1.1
"""Width of a picture and of a small picture, in widths of the face in it."""
BARE, ACCESSORIES = "bare", "accessories"
"""Kinds of unoccluded faces: unchanged, and with drawn glasses or a drawn beard."""
SMALL, WILD = "small ", "wild "
"""Prefixes of the kinds of small faces, and of faces in video frames and photographs."""
WILD_PREFIXES = ("yt_", "th_", "hs_")
"""Beginnings of the file names of video frames and photographs. Without these pictures the classifier called 5 to 15 %
of the faces in them occluded: many with a beard or thick glasses, old people and dark skin, of which muxspace has
few."""
MIN_WILD_WIDTH_PX = 32
"""Width of the smallest face that is cut out of a video frame or photograph."""
MASK_PREFIX = "fm_"
"""Beginning of the file names of pictures of people with masks."""
MASK_MIN_IOU = 0.4
"""Smallest IoU at which a detection is matched with an annotated face."""
FRAME_HEIGHT, FRAME_WIDTH = 480, 640
"""Size in pixels of the frames in which faces are detected."""


@dataclass(frozen=True)
class OcclusionCrops:
    """Crops of faces with their labels."""

    crops: NDArray[np.uint8]
    """[N, 48, 48], cut out as in the assistant."""
    is_occluded: NDArray[np.bool_]
    """[N]: whether the face is occluded."""
    kinds: NDArray[np.str_]
    """[N]: optional prefix and BARE, ACCESSORIES, or the kind and strength of the occlusion, such as "mask 2"."""
    person_hashes: NDArray[np.float64]
    """[N]: a hash of the person or picture, uniform in [0, 1), for splits without common people."""


def synthetic_crops(data: Path, seed: int, limit: int = MAX_PICTURES) -> OcclusionCrops:
    """Unoccluded faces, and the same faces with drawn occlusions.

    data: the folder of the data sets. limit: largest number of pictures of each origin. Raises DatasetError.
    """
    random, detector = np.random.default_rng(seed), detectors.open_detector(DetectorSettings(driver="tflite"))
    return _synthetic_crops(_face_frames(data, random, limit), detector, random, room_pictures(data))


def mask_crops(data: Path) -> NDArray[np.uint8]:
    """Crops uint8 [N, 48, 48] of people most of whom wear a mask, without labels. Raises DatasetError."""
    return _mask_crops(data / "faces" / "train", detectors.open_detector(DetectorSettings(driver="tflite")))


def _face_frames(data: Path, random: Generator, limit: int) -> Iterator[tuple[NDArray[np.uint8], float, str]]:
    """Frames uint8 [480, 640] of one face, the hash of its person, and the prefix of its kinds."""
    for picture in muxspace.load(data / "muxspace", EXPRESSIONS, limit, half="tuning"):
        frame = _place_in_frame(picture.grey, random.uniform(*FACE_WIDTHS_PX), PICTURE_SCALE)
        yield frame, muxspace.person_hash(picture.name), ""
    training = fer2013.load(data).of("Training")
    images = training.images[fer2013.is_trainable(training)]
    for image in images[random.permutation(len(images))[: min(MAX_SMALL_FACES, limit)]]:
        frame = _place_in_frame(image, random.uniform(*SMALL_WIDTHS_PX), SMALL_PICTURE_SCALE)
        yield frame, fer2013.picture_id(image) / 2**64, SMALL
    for name, face in itertools.islice(_wild_faces(data / "faces" / "train"), limit):
        yield _place_in_frame(face, random.uniform(*FACE_WIDTHS_PX), PICTURE_SCALE), _hash_share(name), WILD


def _wild_faces(folder: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """(person, face): faces with a margin, uint8 [S, S], and the person's name as far as it is in the file's name."""
    for picture in read_annotations(folder):
        if not picture.path.name.startswith(WILD_PREFIXES):
            continue
        grey, person = picture_files.grey(picture.path), re.sub(r"_\d+$", "", picture.path.stem)
        for (x, y, width, height), source in zip(picture.boxes.tolist(), picture.sources, strict=True):
            if source != IGNORED_SOURCE and width >= MIN_WILD_WIDTH_PX:
                side = round(max(width, height) * PICTURE_SCALE)
                yield person, _cut_square(grey, (x + width / 2, y + height / 2), side)


def _cut_square(grey: NDArray[np.uint8], centre: tuple[float, float], side: int) -> NDArray[np.uint8]:
    matrix = np.array([[1, 0, side / 2 - centre[0]], [0, 1, side / 2 - centre[1]]])
    return np.asarray(cv2.warpAffine(grey, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _hash_share(name: str) -> float:
    """A hash of a name, uniform in [0, 1)."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64


def _synthetic_crops(
    faces: Iterator[tuple[NDArray[np.uint8], float, str]], detector: FaceDetector, random: Generator,
    prints: list[NDArray[np.uint8]],
) -> OcclusionCrops:  # fmt: skip
    rows = []
    for base, person_hash, prefix in track(faces, "occlusions", "faces"):
        face = _central_face(detector, base)
        if face is None or face.landmarks is None:
            continue
        landmarks = np.array(face.landmarks, np.float32)
        for kind, changed in _variants(random, base, landmarks, prints):
            degraded = _degrade(random, changed)
            found = _central_face(detector, degraded)
            if found is not None:
                crop = preprocess.face_crop(degraded, found)
                rows.append((crop, kind not in (BARE, ACCESSORIES), prefix + kind, person_hash))
    if not rows:
        raise DatasetError("no face was found in the pictures of muxspace and FER-2013")
    crops, is_occluded, kinds, person_hashes = zip(*rows, strict=True)
    return OcclusionCrops(np.stack(crops), np.array(is_occluded), np.array(kinds), np.array(person_hashes))


def _variants(
    random: Generator, base: NDArray[np.uint8], landmarks: NDArray[np.float32], prints: list[NDArray[np.uint8]]
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """(kind, frame): a frame unchanged, with an accessory, and with three random occlusions."""
    yield BARE, base
    accessorized = base.copy()
    draw = accessories.draw_glasses if random.random() < 0.5 else accessories.draw_beard
    draw(random, accessorized, landmarks)
    yield ACCESSORIES, accessorized
    for _ in range(3):
        kind, strength = str(random.choice(occlusions.KINDS)), int(random.choice(occlusions.STRENGTHS))
        occluded = base.copy()
        occlusions.draw_occlusion(random, occluded, landmarks, kind, strength, prints=prints)
        yield f"{kind} {strength}", occluded


def room_pictures(data: Path) -> list[NDArray[np.uint8]]:
    """Pictures of rooms, uint8 [H, W], without the held-out ones, which are the backgrounds of the scenarios."""
    folder = data / "faces" / "train" / "images"
    files = [file for file in sorted(folder.glob(f"{ROOM_PREFIX}*.jpg")) if not is_held_out(file.name)]
    if not files:
        raise DatasetError(f"{folder}: no pictures of rooms ({ROOM_PREFIX}*.jpg) for occlusions to bear")
    return [picture_files.grey(file) for file in files]


def _mask_crops(folder: Path, detector: FaceDetector) -> NDArray[np.uint8]:
    """Crops uint8 [N, 48, 48] of the annotated faces in the pictures with masks that the detector finds."""
    crops = []
    for picture in track(read_annotations(folder), "masks", "pictures"):
        if not picture.path.name.startswith(MASK_PREFIX):
            continue
        grey = picture_files.grey(picture.path)
        areas = picture.boxes[:, 2] * picture.boxes[:, 3]
        for face in detector.find(grey, grey):
            common = intersection_areas(np.array(face.box, np.float32), picture.boxes)
            if (common / (areas + face.box.area - common)).max(initial=0) >= MASK_MIN_IOU:
                crops.append(preprocess.face_crop(grey, face))
    return np.stack(crops) if crops else np.zeros((0, preprocess.CROP_SIDE, preprocess.CROP_SIDE), np.uint8)


def _place_in_frame(grey: NDArray[np.uint8], face_px: float, picture_scale: float) -> NDArray[np.uint8]:
    """A frame with a picture of a face at its centre, resized so that the face is `face_px` wide."""
    factor = face_px * picture_scale / max(grey.shape)
    interpolation = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=interpolation)[:FRAME_HEIGHT, :FRAME_WIDTH]
    down, across = FRAME_HEIGHT - small.shape[0], FRAME_WIDTH - small.shape[1]
    edges = (down // 2, down - down // 2, across // 2, across - across // 2)
    return np.asarray(cv2.copyMakeBorder(small, *edges, cv2.BORDER_REPLICATE), np.uint8)


def _degrade(random: Generator, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame with random exposure, noise and, in three of ten cases, blur."""
    if random.random() < 0.3:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), random.uniform(0.3, 2)), np.uint8)
    noise = random.normal(0, random.uniform(0, 5), grey.shape)
    return np.clip(np.rint(grey * random.uniform(0.5, 1.25) + noise), 0, 255).astype(np.uint8)


def _central_face(detector: FaceDetector, grey: NDArray[np.uint8]) -> Face | None:
    """The detected face nearest to the centre of the frame."""

    def distance(face: Face) -> float:
        x, y = face.box.center
        return abs(x - 320) + abs(y - 240)

    return min(detector.find(grey, grey), key=distance, default=None)
