"""The training pictures of the face detector: grey, with face boxes converted to one convention.

The data sets have different conventions: from the brows, the forehead or the hairline to the chin or below. Here a box
extends from ear to ear and from hairline to chin, as far as this follows from landmarks (annotated or by a teacher).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Face
from assistant.system.progress import track
from convert.data import picture_files
from convert.data.boxes import AnnotatedPicture, iou, read_annotations
from convert.data.fer2013_labels import DatasetError
from convert.data.pictures import Pictures
from convert.synthesis.affine import CROP_SCALE, enlarge_crop, transform_boxes, transform_landmarks

MAX_SIDE_PX = 400
"""Largest long side of a picture in memory; training frames need no more detail of a face."""
HAIRLINE_SHARE = 0.05
"""Share of its height by which a box that ends below the hairline is extended at the top. YuNet's boxes and those
around 68 landmarks begin 1.08 eye-mouth distances above the eyes (medians over 264 and 1,466 upright faces)."""
MASK_BOX_CONVERSION = (0.0, -0.28, 0.97, 1.19)
"""Conversion of the boxes of the mask pictures (brows to below the chin) to the convention here: shift of x and y as
shares of the size, scale of width and height; medians over 797 boxes in which a teacher found landmarks."""
TEACHER_MIN_IOU = 0.35
"""Smallest IoU at which a teacher's detection is matched with an annotated face."""
CROP_MIN_SCORE = 0.8
"""Smallest score of the teacher with which a face crop is used."""

Teacher = Callable[[NDArray[np.uint8]], list[Face]]
"""A detector with landmarks: BGR uint8 [H, W, 3] to faces."""


@dataclass(frozen=True)
class Picture:
    """A grey picture in memory with its faces, in pixels of that picture."""

    name: str
    """The file's name."""
    grey: NDArray[np.uint8]
    """[H, W]."""
    boxes: NDArray[np.float32]
    """[n, 4]: left, top, width, height."""
    landmarks: NDArray[np.float32]
    """[n, 5, 2], NaN where unknown."""
    ignored: NDArray[np.float32]
    """[m, 4]: boxes of regions that are neither face nor background."""
    matte: NDArray[np.uint8] | None = None
    """[H, W]: matte of the people in the picture (0 to 255), None if there is none."""

    @property
    def origin(self) -> str:
        """The data set: the letters of the name before the first underscore."""
        return self.name.partition("_")[0]

    def transformed(
        self, matrix: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Boxes, landmarks and ignored regions under an affine map [2, 3]."""
        return (
            transform_boxes(self.boxes, matrix),
            transform_landmarks(self.landmarks, matrix),
            transform_boxes(self.ignored, matrix),
        )


def load(folder: Path, origins: Sequence[str] = (), teacher: Teacher | None = None) -> list[Picture]:
    """The pictures of a folder with a boxes.csv; origins: only of these data sets. Raises DatasetError.

    teacher: its landmarks are used for faces without annotated ones, and its boxes for those of the mask pictures.
    """
    chosen = [each for each in read_annotations(folder) if not origins or each.path.name.partition("_")[0] in origins]
    if not chosen:
        raise DatasetError(f"{folder}: no picture of the origins {', '.join(origins)}")
    return [_load(each, teacher) for each in track(chosen, "loading", "pictures")]


def _load(annotated: AnnotatedPicture, teacher: Teacher | None) -> Picture:
    image, is_face = picture_files.colour(annotated.path), annotated.is_face
    boxes, landmarks = annotated.boxes[is_face].copy(), annotated.landmarks[is_face].copy()
    is_mask_box = np.array([source == "kaggle_facemask" for source in annotated.sources], bool)[is_face]
    is_below_hairline = np.array([source in ("yunet", "udacity_ytf") for source in annotated.sources], bool)[is_face]
    boxes[is_mask_box] = _convert_mask_boxes(boxes[is_mask_box])
    if teacher is not None and np.isnan(landmarks).any():
        for face in teacher(image):
            overlaps = iou(np.array(face.box, np.float32), boxes)
            if overlaps.size and overlaps.max() >= TEACHER_MIN_IOU and np.isnan(landmarks[overlaps.argmax()]).any():
                index = int(overlaps.argmax())
                landmarks[index] = face.landmarks
                if is_mask_box[index]:
                    boxes[index], is_below_hairline[index] = face.box, True
    boxes[is_below_hairline, 1] -= HAIRLINE_SHARE * boxes[is_below_hairline, 3]
    boxes[is_below_hairline, 3] *= 1 + HAIRLINE_SHARE
    matte_file = annotated.path.parents[1] / "masks" / f"{annotated.path.stem}.png"
    matte = picture_files.grey(matte_file) if matte_file.is_file() else None
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    factor = min(1.0, MAX_SIDE_PX / max(grey.shape))
    size = (round(grey.shape[1] * factor), round(grey.shape[0] * factor))
    ignored = annotated.boxes[~is_face]
    return Picture(
        annotated.path.name,
        cv2.resize(grey, size, interpolation=cv2.INTER_AREA),
        boxes * np.float32(factor),
        landmarks * np.float32(factor),
        ignored * np.float32(factor),
        None if matte is None else cv2.resize(matte, size, interpolation=cv2.INTER_AREA),
    )


def load_crops(images: Pictures, teacher: Teacher, limit: int) -> list[Picture]:
    """Up to `limit` of the face crops uint8 [N, S, S] in which the teacher finds one face, with its landmarks."""
    found: list[Picture] = []
    for index, image in enumerate(track(images, "landmarks of crops", "faces")):
        if len(found) == limit:
            break
        enlarged, margin = enlarge_crop(image)
        faces = [face for face in teacher(cv2.cvtColor(enlarged, cv2.COLOR_GRAY2BGR)) if face.score >= CROP_MIN_SCORE]
        if len(faces) == 1 and faces[0].landmarks is not None:
            x, y, width, height = faces[0].box
            left, top = x - margin, y - margin - HAIRLINE_SHARE * height
            box = np.array([[left, top, width, height * (1 + HAIRLINE_SHARE)]]) / CROP_SCALE
            points = (np.array([faces[0].landmarks]) - margin) / CROP_SCALE
            none = np.empty((0, 4), np.float32)
            found.append(Picture(f"crop_{index}", image, box.astype(np.float32), points.astype(np.float32), none))
    return found


def _convert_mask_boxes(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    shift_x, shift_y, wide, tall = MASK_BOX_CONVERSION
    x, y, width, height = boxes.T
    left, top = x + (shift_x + (1 - wide) / 2) * width, y + shift_y * height
    return np.stack([left, top, width * wide, height * tall], axis=1)
