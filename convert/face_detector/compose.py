"""Composition of training frames for the face detector from pictures, with random geometry, occlusions and lighting.

A frame is one of: a scene (a picture over a background), a mosaic of four scenes, a person cut out along a matte and
put before another background, heads pasted over a background beside patches without a head, or a background alone. All
random numbers come from the generator that is passed in: the same state of the generator gives the same frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from convert.data.boxes import is_overlapping
from convert.face_detector.pictures import Picture
from convert.face_detector.recipe import FrameMixture
from convert.synthesis import accessories, printed_faces
from convert.synthesis.affine import interpolation_for, warp
from convert.synthesis.lighting import vary_lighting

MIN_FACE_PX = 16.0
"""Shorter side of the smallest face that is trained on; smaller ones are ignored by the loss."""
MIN_VISIBLE_SHARE = 0.5
"""A face counts as a face if at least this share of its box is inside the frame."""
MIN_BACKGROUND_WEIGHT = 0.05
"""Sampling weight of a picture without faces in which the detector has no false positive."""
MAX_ENLARGEMENT = 2.5
"""Largest factor by which a face is enlarged."""


@dataclass
class TrainingFrame:
    """A composed frame and its annotation."""

    grey: NDArray[np.uint8]
    """[H, W]."""
    boxes: NDArray[np.float32]
    """[n, 4]: left, top, width, height in pixels."""
    landmarks: NDArray[np.float32]
    """[n, 5, 2] in pixels, NaN where unknown."""
    ignored: NDArray[np.float32]
    """[m, 4]: boxes of regions that are neither face nor background."""


class Composer:
    """Composes training frames from pictures.

    origin_weights: relative frequency of each origin (data set). hardness: for hard negative mining, the score (0 to 1)
    of the hardest false positive in each picture without faces, by name; None: all have the same weight. crops:
    pictures that are cropped around a face, used for pasted heads only.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        mixture: FrameMixture,
        origin_weights: dict[str, float],
        hardness: dict[str, float] | None = None,
        crops: Sequence[Picture] = (),
    ) -> None:
        self.mixture = mixture
        self.backgrounds = [picture for picture in pictures if not len(picture.boxes) and not len(picture.ignored)]
        self.subjects = [picture for picture in pictures if len(picture.boxes)]
        self.crops = crops
        self.cutouts = [picture for picture in self.subjects if picture.matte is not None]
        weights = np.array([origin_weights.get(picture.origin, 1.0) for picture in self.subjects])
        counts = {each.origin: sum(other.origin == each.origin for other in self.subjects) for each in self.subjects}
        weights /= [counts[picture.origin] for picture in self.subjects]
        self.subject_probabilities = weights / weights.sum()
        hard = np.array(
            [MIN_BACKGROUND_WEIGHT + (hardness or {}).get(picture.name, 0.0) for picture in self.backgrounds]
        )
        self.background_probabilities = hard / hard.sum() if len(hard) else hard

    def frame(self, random: Generator, width: int, height: int) -> TrainingFrame:
        """A new training frame of `width` by `height` pixels."""
        m, draw = self.mixture, random.random()
        if draw < m.mosaic:
            frame = self._mosaic(random, width, height)
        elif draw < m.mosaic + m.cutout and self.cutouts:
            frame = self._cutout(random, width, height)
        elif draw < m.mosaic + m.cutout + m.heads:
            frame = self._heads(random, width, height)
        elif draw < m.mosaic + m.cutout + m.heads + m.empty:
            frame = _without_faces(self._background(random, width, height))
        else:
            frame = self._scene(random, width, height)
        frame = _clip_to_frame(frame)
        if random.random() < m.printed_faces:
            self._add_printed_faces(random, frame)
        self._add_accessories(random, frame)
        self._add_occlusions(random, frame)
        frame.grey = vary_lighting(random, frame.grey, m.gamma, m.noise)
        return frame

    def _subject(self, random: Generator) -> Picture:
        return self.subjects[random.choice(len(self.subjects), p=self.subject_probabilities)]

    def _head_source(self, random: Generator) -> Picture:
        """A picture from which a head is cut: one of the crops, if there are any, in half of the cases."""
        if self.crops and random.random() < 0.5:
            return self.crops[int(random.integers(len(self.crops)))]
        return self._subject(random)

    def _background(self, random: Generator, width: int, height: int) -> NDArray[np.uint8]:
        """A random part of a picture without faces, or a uniform grey: uint8 [height, width]."""
        if not self.backgrounds or random.random() < 0.1:
            return np.full((height, width), random.integers(256), np.uint8)
        grey = self.backgrounds[random.choice(len(self.backgrounds), p=self.background_probabilities)].grey
        factor = max(width / grey.shape[1], height / grey.shape[0]) * random.uniform(1, 2)
        left = random.uniform(0, grey.shape[1] * factor - width)
        top = random.uniform(0, grey.shape[0] * factor - height)
        flip = -1 if random.random() < 0.5 else 1
        matrix = np.array([[factor * flip, 0, -left if flip > 0 else grey.shape[1] * factor - left], [0, factor, -top]])
        interpolation = interpolation_for(factor)
        return cv2.warpAffine(grey, matrix, (width, height), flags=interpolation, borderMode=cv2.BORDER_REPLICATE)

    def _scene(self, random: Generator, width: int, height: int) -> TrainingFrame:
        picture = self._subject(random)
        matrix = self._placement(random, picture, width, height)
        grey = warp(picture.grey, matrix, width, height)
        if random.random() < 0.6:
            inside = warp(np.full_like(picture.grey, 255), matrix, width, height, border=cv2.BORDER_CONSTANT)
            grey = np.where(inside > 127, grey, self._background(random, width, height))
        return TrainingFrame(grey, *picture.transformed(matrix))

    def _mosaic(self, random: Generator, width: int, height: int) -> TrainingFrame:
        cut_x, cut_y = (round(side * random.uniform(0.35, 0.65)) for side in (width, height))
        whole = _without_faces(np.empty((height, width), np.uint8))
        for left, right in ((0, cut_x), (cut_x, width)):
            for top, bottom in ((0, cut_y), (cut_y, height)):
                part = _clip_to_frame(self._scene(random, right - left, bottom - top))
                whole.grey[top:bottom, left:right] = part.grey
                _add_annotation(whole, part, left, top)
        return whole

    def _cutout(self, random: Generator, width: int, height: int) -> TrainingFrame:
        picture = self.cutouts[random.integers(len(self.cutouts))]
        matrix = self._placement(random, picture, width, height)
        assert picture.matte is not None
        alpha = warp(picture.matte, matrix, width, height, border=cv2.BORDER_CONSTANT).astype(np.float32) / 255
        person = warp(picture.grey, matrix, width, height)
        grey = person * alpha + self._background(random, width, height) * (1 - alpha)
        return TrainingFrame(np.rint(grey).astype(np.uint8), *picture.transformed(matrix))

    def _heads(self, random: Generator, width: int, height: int) -> TrainingFrame:
        """Heads, and patches of background with the same outline, so that outline and seam do not identify a face."""
        whole = _without_faces(self._background(random, width, height))
        taken: list[NDArray[np.float32]] = []
        for _ in range(random.integers(1, 5)):
            picture = self._head_source(random)
            index = int(random.integers(len(picture.boxes)))
            size = _random_size(random, min(width, height) * 0.6)
            centre = random.uniform((0, 0), (width, height))
            extent = np.array([*(centre - 0.9 * size), 1.8 * size, 1.8 * size], np.float32)
            if any(is_overlapping(extent, other) for other in taken):
                continue
            taken.append(extent)
            matrix = self._random_map(random, picture, index, centre, size)
            outline = np.zeros((height, width), np.uint8)
            axes = (0.75 * size * random.uniform(0.9, 1.1), 0.85 * size * random.uniform(0.9, 1.1))
            cv2.ellipse(outline, (tuple(centre), (2 * axes[0], 2 * axes[1]), 0), 255, -1)
            inside = warp(np.full_like(picture.grey, 255), matrix, width, height, border=cv2.BORDER_CONSTANT)
            alpha = cv2.blur(np.minimum(outline, inside), (5, 5)).astype(np.float32) / 255
            is_head = random.random() < 0.75
            pasted = warp(picture.grey, matrix, width, height) if is_head else self._background(random, width, height)
            whole.grey = np.rint(pasted * alpha + whole.grey * (1 - alpha)).astype(np.uint8)
            if is_head:
                boxes, landmarks, _ = picture.transformed(matrix)
                head = slice(index, index + 1)
                _add_annotation(whole, TrainingFrame(whole.grey, boxes[head], landmarks[head], whole.ignored[:0]), 0, 0)
                others = np.delete(boxes, index, axis=0)
                near = [box for box in others if is_overlapping(extent, box)]
                whole.ignored = np.concatenate([whole.ignored, np.array(near, np.float32).reshape(-1, 4)])
        return whole

    def _placement(self, random: Generator, picture: Picture, width: int, height: int) -> NDArray[np.float64]:
        """An affine map [2, 3] that moves one of a picture's faces to a random size and position in the frame."""
        index = int(random.integers(len(picture.boxes)))
        size = _random_size(random, min(width, height) * 0.85)
        room = np.array([width, height]) + (2 * self.mixture.truncation - 1) * size
        middle = np.array([width, height]) / 2
        centre = middle + (random.random(2) - 0.5) * np.maximum(room, 0.2 * size)
        return self._random_map(random, picture, index, centre, size)

    def _random_map(
        self, random: Generator, picture: Picture, index: int, centre: NDArray[np.float64], size: float
    ) -> NDArray[np.float64]:
        """An affine map [2, 3] with random tilt, mirroring and aspect ratio that moves a face to a centre and size."""
        box = picture.boxes[index].astype(np.float64)
        scale = min(size / math.sqrt(box[2] * box[3]), MAX_ENLARGEMENT)
        limit = self.mixture.tilt_deg if random.random() < 0.5 else self.mixture.tilt_deg / 3
        angle = math.radians(random.uniform(-limit, limit))
        flip = -1.0 if random.random() < 0.5 else 1.0
        squeeze = random.uniform(0.9, 1.1)
        turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        turn = turn @ np.diag([flip * squeeze, 1 / squeeze])
        return np.column_stack([turn, centre - turn @ (box[:2] + box[2:] / 2)])

    def _add_printed_faces(self, random: Generator, frame: TrainingFrame) -> None:
        """Paste printed faces (negatives) that overlap no face: below one, as on clothes, or anywhere."""
        height, width = frame.grey.shape
        for _ in range(random.integers(1, 4)):
            size = 1.5 * _random_size(random, min(width, height) * 0.4)
            x, y = random.uniform(0, width), random.uniform(0, height)
            if len(frame.boxes) and random.random() < 0.6:
                box = frame.boxes[random.integers(len(frame.boxes))]
                size = float(box[2]) * random.uniform(0.8, 2.6)
                x = box[0] + box[2] * random.uniform(0, 1)
                y = box[1] + box[3] * random.uniform(1.05, 1.6) + 0.5 * size
            extent = np.array([x - 0.55 * size, y - 0.55 * size, 1.1 * size, 1.1 * size], np.float32)
            if not any(is_overlapping(extent, other) for other in (*frame.boxes, *frame.ignored)):
                printed_faces.paste_print(random, frame.grey, self._printed_face(random), (x, y), size)

    def _printed_face(self, random: Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """A printed face and its mask, drawn or made from the photograph of a face."""
        if random.random() < 0.25:
            return printed_faces.draw_print(random)
        picture = self._head_source(random)
        index = int(random.integers(len(picture.boxes)))
        x, y, width, height = picture.boxes[index]
        left, top = max(0, round(x)), max(0, round(y))
        face = picture.grey[top : max(1, round(y + height)), left : max(1, round(x + width))]
        if min(face.shape) <= 10:
            return printed_faces.draw_print(random)
        landmarks = picture.landmarks[index] - np.array([left, top], np.float32)
        return printed_faces.posterize_face(random, face, landmarks)

    def _add_accessories(self, random: Generator, frame: TrainingFrame) -> None:
        """Draw glasses or a beard on some of the faces whose landmarks are known."""
        for landmarks in frame.landmarks[np.isfinite(frame.landmarks).all(axis=(1, 2))]:
            draw = random.random()
            if draw < self.mixture.glasses:
                accessories.draw_glasses(random, frame.grey, landmarks)
            elif draw > 1 - self.mixture.beards:
                accessories.draw_beard(random, frame.grey, landmarks)

    def _add_occlusions(self, random: Generator, frame: TrainingFrame) -> None:
        """Occlude a part of some faces with a patch of background."""
        for x, y, width, height in frame.boxes:
            if random.random() >= self.mixture.occluded:
                continue
            patch_width, patch_height = (max(4, round(side * random.uniform(0.25, 0.6))) for side in (width, height))
            left = round(x + random.uniform(-0.1, 0.9) * width - patch_width / 2 + 0.1 * width)
            top = round(y + random.uniform(0.1, 1.0) * height - patch_height / 2)
            patch = self._background(random, patch_width, patch_height)
            outline = np.zeros((patch_height, patch_width), np.uint8)
            if random.random() < 0.5:
                outline[:] = 1
            else:
                cv2.ellipse(outline, ((patch_width / 2, patch_height / 2), (patch_width, patch_height), 0), 1, -1)
            rows = slice(max(0, top), max(0, min(frame.grey.shape[0], top + patch_height)))
            columns = slice(max(0, left), max(0, min(frame.grey.shape[1], left + patch_width)))
            part = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
            target = frame.grey[rows, columns]
            if target.size:
                target[outline[part] > 0] = patch[part][outline[part] > 0]


def _random_size(random: Generator, largest: float) -> float:
    """A face size in pixels, log-uniform up to `largest`."""
    return math.exp(random.uniform(math.log(MIN_FACE_PX + 4), math.log(max(largest, MIN_FACE_PX + 5))))


def _without_faces(grey: NDArray[np.uint8]) -> TrainingFrame:
    none = np.empty((0, 4), np.float32)
    return TrainingFrame(grey, none, np.empty((0, 5, 2), np.float32), none)


def _add_annotation(whole: TrainingFrame, part: TrainingFrame, left: int, top: int) -> None:
    """Add the annotation of a part whose top left corner is at (left, top) of the whole frame."""
    shift = np.array([left, top, 0, 0], np.float32)
    whole.boxes = np.concatenate([whole.boxes, part.boxes + shift]).astype(np.float32)
    whole.landmarks = np.concatenate([whole.landmarks, part.landmarks + shift[:2]]).astype(np.float32)
    whole.ignored = np.concatenate([whole.ignored, part.ignored + shift]).astype(np.float32)


def _clip_to_frame(frame: TrainingFrame) -> TrainingFrame:
    """Clip boxes to the frame. Faces that are mostly outside or too small become ignored regions; those that are
    outside altogether are dropped."""
    height, width = frame.grey.shape
    corner = np.clip(frame.boxes[:, :2], 0, [width, height])
    far = np.clip(frame.boxes[:, :2] + frame.boxes[:, 2:], 0, [width, height])
    clipped = np.concatenate([corner, far - corner], axis=1).astype(np.float32)
    visible = np.prod(clipped[:, 2:], axis=1) / np.maximum(np.prod(frame.boxes[:, 2:], axis=1), 1e-6)
    is_face = (visible >= MIN_VISIBLE_SHARE) & (clipped[:, 2:].min(axis=1, initial=1e9) >= MIN_FACE_PX)
    is_outside = visible <= 0.05
    ignored = np.concatenate([frame.ignored, clipped[~is_face & ~is_outside]]).astype(np.float32)
    return TrainingFrame(frame.grey, clipped[is_face], frame.landmarks[is_face], ignored)
