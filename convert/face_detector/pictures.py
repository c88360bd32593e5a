"""The pictures that the face detector learns from: grey, with faces drawn by one rule, split into two parts.

Sources draw faces differently: from the brows to below the chin, or from the forehead, or from the hairline. Here a box
goes from ear to ear and from hairline to chin, as far as landmarks (of people, or of a teacher) tell.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Face
from convert.data import boxes as annotations
from convert.data import picture_files
from convert.data.boxes import IGNORE, Annotated
from convert.data.fer2013 import DatasetError
from convert.face_detector import matching

MAX_SIDE = 400
"""Pictures are kept in memory at this long side at most, in pixels; no training frame shows more of a face."""
HAIRLINE = 0.05
"""What a box that ends below the hairline lacks at its top, a share of its height. YuNet's boxes and those around 68
landmarks begin 1.08 eye-mouth distances above the eyes (medians over 264 and 1,466 upright faces)."""
MASK_BOX = (0.0, -0.28, 0.97, 1.19)
"""The boxes of the mask pictures (brows to below the chin) as (shift, shift, scale, scale) of (x, y, width, height) to
ours, by the medians over 797 of them in which a teacher found landmarks."""
SAME_FACE = 0.35
"""Intersection over union from which a teacher's face is the annotated one."""

CROP_SCALE, CROP_SCORE = 4, 0.8
"""Face crops are enlarged by this before a teacher looks at them; faces of which it is less sure are left out."""

Teacher = Callable[[NDArray[np.uint8]], list[Face]]
"""A detector with landmarks: BGR uint8 [H, W, 3] to faces."""


@dataclass(frozen=True)
class Picture:
    """Grey uint8 [H, W] with its faces: boxes float32 [n, 4] (left, top, width, height), landmarks float32 [n, 5, 2]
    with NaN where unknown, ignored float32 [m, 4]: regions that are neither face nor background. matte: uint8 [H, W],
    where people are, if that is known."""

    name: str
    grey: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    ignored: NDArray[np.float32]
    matte: NDArray[np.uint8] | None = None

    @property
    def origin(self) -> str:
        """The data set it comes from: the letters before the first underscore."""
        return self.name.partition("_")[0]


def is_held_out(name: str) -> bool:
    """Whether a picture (its file name) belongs to the tenth of train that nothing is trained on.

    All pictures of a person whom the name tells are on the same side.
    """
    stem = Path(name).stem
    group = re.sub(r"_?\d+$", "", stem) if stem.startswith("yt_") else stem
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:4]) % 10 == 0


def load(folder: Path, origins: Sequence[str] = (), teacher: Teacher | None = None) -> list[Picture]:
    """The pictures of a folder with a boxes.csv, of these origins only if any are named. Raises DatasetError.

    With a teacher faces without landmarks get those that it sees, and where a box is drawn by another rule, its box.
    """
    chosen = [each for each in annotations.read(folder) if not origins or each.path.name.partition("_")[0] in origins]
    if not chosen:
        raise DatasetError(f"{folder}: no picture of the origins {', '.join(origins)}")
    return [_load(each, teacher) for each in chosen]


def _load(each: Annotated, teacher: Teacher | None) -> Picture:
    image = picture_files.colour(each.path)
    is_face = np.array([source != IGNORE for source in each.sources], bool)
    boxes, landmarks = each.boxes[is_face].copy(), each.landmarks[is_face].copy()
    by_masks = np.array([source == "kaggle_facemask" for source in each.sources], bool)[is_face]
    below_hairline = np.array([source in ("yunet", "udacity_ytf") for source in each.sources], bool)[is_face]
    boxes[by_masks] = _redrawn(boxes[by_masks])
    if teacher is not None and np.isnan(landmarks).any():
        for face in teacher(image):
            near = overlaps(np.array(face.box, np.float32), boxes)
            if near.size and near.max() >= SAME_FACE and np.isnan(landmarks[near.argmax()]).any():
                index = int(near.argmax())
                landmarks[index] = face.landmarks
                if by_masks[index]:
                    boxes[index], below_hairline[index] = face.box, True
    boxes[below_hairline, 1] -= HAIRLINE * boxes[below_hairline, 3]
    boxes[below_hairline, 3] *= 1 + HAIRLINE
    mask_file = each.path.parents[1] / "masks" / f"{each.path.stem}.png"
    matte = picture_files.grey(mask_file) if mask_file.is_file() else None
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    factor = min(1.0, MAX_SIDE / max(grey.shape))
    size = (round(grey.shape[1] * factor), round(grey.shape[0] * factor))
    ignored = each.boxes[~is_face]
    return Picture(
        each.path.name,
        cv2.resize(grey, size, interpolation=cv2.INTER_AREA),
        boxes * np.float32(factor),
        landmarks * np.float32(factor),
        ignored * np.float32(factor),
        None if matte is None else cv2.resize(matte, size, interpolation=cv2.INTER_AREA),
    )


def enlarged(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """A face crop, grey uint8 [S, S], as a detector can find it: enlarged by CROP_SCALE, its edges repeated all around;
    and how far, in pixels of the result."""
    large = cv2.resize(image, None, fx=CROP_SCALE, fy=CROP_SCALE, interpolation=cv2.INTER_CUBIC)
    room = large.shape[0] // 3
    return np.asarray(cv2.copyMakeBorder(large, room, room, room, room, cv2.BORDER_REPLICATE), np.uint8), room


def crops(images: NDArray[np.uint8], teacher: Teacher, most: int) -> list[Picture]:
    """Up to `most` of some face crops, grey uint8 [N, S, S], in which a teacher finds one face, with its landmarks."""
    found: list[Picture] = []
    for index, image in enumerate(images):
        if len(found) == most:
            break
        framed, room = enlarged(image)
        faces = [face for face in teacher(cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR)) if face.score >= CROP_SCORE]
        if len(faces) == 1 and faces[0].landmarks is not None:
            x, y, width, height = faces[0].box
            box = np.array([[x - room, y - room - HAIRLINE * height, width, height * (1 + HAIRLINE)]]) / CROP_SCALE
            points = (np.array([faces[0].landmarks]) - room) / CROP_SCALE
            none = np.empty((0, 4), np.float32)
            found.append(Picture(f"crop_{index}", image, box.astype(np.float32), points.astype(np.float32), none))
    return found


def overlaps(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union float32 [n] of a box [4] with boxes [n, 4], all (left, top, width, height)."""
    shared = matching.shared(box, boxes)
    return np.asarray(shared / (np.prod(box[2:]) + np.prod(boxes[:, 2:], axis=1) - shared), np.float32)


def _redrawn(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    shift_x, shift_y, wide, tall = MASK_BOX
    x, y, width, height = boxes.T
    left, top = x + (shift_x + (1 - wide) / 2) * width, y + shift_y * height
    return np.stack([left, top, width * wide, height * tall], axis=1)
