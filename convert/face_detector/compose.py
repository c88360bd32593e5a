"""Training frames for the face detector: pictures turned, scaled, pasted, covered and lit in ever new ways.

A frame is one of: a scene (a picture over a background), a mosaic of four scenes, a person cut out along a matte and
put before another background, heads pasted over a background beside patches that are no heads, or a background alone.
Every draw comes from the generator that is handed in: the same generator, the same frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from convert.face_detector.pictures import Picture
from convert.synthesis import accessories, prints
from convert.synthesis.affine import how, intersect, moved, warp
from convert.synthesis.lighting import lit

LEAST_FACE = 16.0
"""Pixels of the narrower side; smaller faces are neither learned nor held against the network."""
LEAST_VISIBLE = 0.5
"""Share of a face's box inside the frame from which it counts as a face."""
EASY = 0.05
"""What a picture without faces counts for even where nothing in it looks like one."""
MAX_ENLARGED = 2.5
"""A small face is not blown up further than this."""


@dataclass(frozen=True)
class Mixture:
    """How often what is made (shares; the rest of 1 are single scenes; without mattes cutouts are heads), and how far.

    tilt_deg: largest rotation, drawn in half of the scenes, the others stay within a third of it; gamma: largest, and
    inverse of the smallest; noise: largest standard deviation in grey levels; covered, glasses, beards: share of the
    faces of which a part is hidden, or that are given these; printed: share of the frames with drawn faces in them, on
    clothes or on walls; cut: how far over the frame's edge the centre of a face may be drawn, in face sizes.
    """

    mosaic: float = 0.2
    cutout: float = 0.1
    heads: float = 0.15
    empty: float = 0.06
    tilt_deg: float = 45.0
    gamma: float = 3.0
    noise: float = 16.0
    covered: float = 0.2
    glasses: float = 0.12
    beards: float = 0.08
    printed: float = 0.2
    cut: float = 0.25


@dataclass
class Frame:
    """Grey uint8 [H, W], boxes float32 [n, 4], landmarks float32 [n, 5, 2], ignored float32 [m, 4]; as in Picture."""

    grey: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    ignored: NDArray[np.float32]


class Composer:
    """Makes frames out of pictures. weights: how often pictures of an origin are drawn, relative to each other.
    hardness: of pictures without faces, by name, how hard they are (0 to 1); none: all alike. crops: pictures that show
    a face and hardly more, of which only heads are made."""

    def __init__(
        self,
        pictures: Sequence[Picture],
        mixture: Mixture,
        weights: dict[str, float],
        hardness: dict[str, float] | None = None,
        crops: Sequence[Picture] = (),
    ) -> None:
        self.mixture = mixture
        self.backgrounds = [picture for picture in pictures if not len(picture.boxes) and not len(picture.ignored)]
        self.subjects = [picture for picture in pictures if len(picture.boxes)]
        self.crops = crops
        self.cutouts = [picture for picture in self.subjects if picture.matte is not None]
        share = np.array([weights.get(picture.origin, 1.0) for picture in self.subjects])
        counts = {each.origin: sum(other.origin == each.origin for other in self.subjects) for each in self.subjects}
        share /= [counts[picture.origin] for picture in self.subjects]
        self.share = share / share.sum()
        hard = np.array([EASY + (hardness or {}).get(picture.name, 0.0) for picture in self.backgrounds])
        self.background_share = hard / hard.sum() if len(hard) else hard

    def frame(self, random: Generator, width: int, height: int) -> Frame:
        """A new training frame of that size in pixels."""
        m, draw = self.mixture, random.random()
        if draw < m.mosaic:
            made = self._mosaic(random, width, height)
        elif draw < m.mosaic + m.cutout and self.cutouts:
            made = self._cutout(random, width, height)
        elif draw < m.mosaic + m.cutout + m.heads:
            made = self._heads(random, width, height)
        elif draw < m.mosaic + m.cutout + m.heads + m.empty:
            made = _nobody(self._background(random, width, height))
        else:
            made = self._scene(random, width, height)
        made = _within(made)
        if random.random() < m.printed:
            self._print(random, made)
        self._wear(random, made)
        self._cover(random, made)
        made.grey = lit(random, made.grey, m.gamma, m.noise)
        return made

    def _subject(self, random: Generator) -> Picture:
        return self.subjects[random.choice(len(self.subjects), p=self.share)]

    def _head(self, random: Generator) -> Picture:
        """A picture whose face is cut out: half of them crops that show nothing else, where there are any."""
        if self.crops and random.random() < 0.5:
            return self.crops[int(random.integers(len(self.crops)))]
        return self._subject(random)

    def _background(self, random: Generator, width: int, height: int) -> NDArray[np.uint8]:
        """A part of a picture without faces, or a plain grey, filling the frame."""
        if not self.backgrounds or random.random() < 0.1:
            return np.full((height, width), random.integers(256), np.uint8)
        grey = self.backgrounds[random.choice(len(self.backgrounds), p=self.background_share)].grey
        factor = max(width / grey.shape[1], height / grey.shape[0]) * random.uniform(1, 2)
        left = random.uniform(0, grey.shape[1] * factor - width)
        top = random.uniform(0, grey.shape[0] * factor - height)
        flip = -1 if random.random() < 0.5 else 1
        move = np.array([[factor * flip, 0, -left if flip > 0 else grey.shape[1] * factor - left], [0, factor, -top]])
        return cv2.warpAffine(grey, move, (width, height), flags=how(factor), borderMode=cv2.BORDER_REPLICATE)

    def _scene(self, random: Generator, width: int, height: int) -> Frame:
        picture = self._subject(random)
        move = self._placed(random, picture, width, height)
        grey = warp(picture.grey, move, width, height)
        if random.random() < 0.6:
            inside = warp(np.full_like(picture.grey, 255), move, width, height, border=cv2.BORDER_CONSTANT)
            grey = np.where(inside > 127, grey, self._background(random, width, height))
        return Frame(grey, *moved(picture, move))

    def _mosaic(self, random: Generator, width: int, height: int) -> Frame:
        cut_x, cut_y = (round(side * random.uniform(0.35, 0.65)) for side in (width, height))
        whole = _nobody(np.empty((height, width), np.uint8))
        for left, right in ((0, cut_x), (cut_x, width)):
            for top, bottom in ((0, cut_y), (cut_y, height)):
                part = _within(self._scene(random, right - left, bottom - top))
                whole.grey[top:bottom, left:right] = part.grey
                _join(whole, part, left, top)
        return whole

    def _cutout(self, random: Generator, width: int, height: int) -> Frame:
        picture = self.cutouts[random.integers(len(self.cutouts))]
        move = self._placed(random, picture, width, height)
        assert picture.matte is not None
        share = warp(picture.matte, move, width, height, border=cv2.BORDER_CONSTANT).astype(np.float32) / 255
        person = warp(picture.grey, move, width, height)
        grey = person * share + self._background(random, width, height) * (1 - share)
        return Frame(np.rint(grey).astype(np.uint8), *moved(picture, move))

    def _heads(self, random: Generator, width: int, height: int) -> Frame:
        """Heads, and patches of background of the same outline: neither the outline nor the seam tells a face."""
        whole = _nobody(self._background(random, width, height))
        taken: list[NDArray[np.float32]] = []
        for _ in range(random.integers(1, 5)):
            picture = self._head(random)
            index = int(random.integers(len(picture.boxes)))
            size = _size(random, min(width, height) * 0.6)
            centre = random.uniform((0, 0), (width, height))
            reach = np.array([*(centre - 0.9 * size), 1.8 * size, 1.8 * size], np.float32)
            if any(intersect(reach, other) for other in taken):
                continue
            taken.append(reach)
            move = self._at(random, picture, index, centre, size)
            outline = np.zeros((height, width), np.uint8)
            axes = (0.75 * size * random.uniform(0.9, 1.1), 0.85 * size * random.uniform(0.9, 1.1))
            cv2.ellipse(outline, (tuple(centre), (2 * axes[0], 2 * axes[1]), 0), 255, -1)
            inside = warp(np.full_like(picture.grey, 255), move, width, height, border=cv2.BORDER_CONSTANT)
            soft = cv2.blur(np.minimum(outline, inside), (5, 5)).astype(np.float32) / 255
            is_head = random.random() < 0.75
            pasted = warp(picture.grey, move, width, height) if is_head else self._background(random, width, height)
            whole.grey = np.rint(pasted * soft + whole.grey * (1 - soft)).astype(np.uint8)
            if is_head:
                boxes, landmarks, _ = moved(picture, move)
                one = Frame(whole.grey, boxes[index : index + 1], landmarks[index : index + 1], whole.ignored[:0])
                _join(whole, one, 0, 0)
                others = np.delete(boxes, index, axis=0)
                near = [box for box in others if intersect(reach, box)]
                whole.ignored = np.concatenate([whole.ignored, np.array(near, np.float32).reshape(-1, 4)])
        return whole

    def _placed(self, random: Generator, picture: Picture, width: int, height: int) -> NDArray[np.float64]:
        """The map that brings one of a picture's faces to a random size and place in the frame."""
        index = int(random.integers(len(picture.boxes)))
        size = _size(random, min(width, height) * 0.85)
        room = np.array([width, height]) + (2 * self.mixture.cut - 1) * size
        middle = np.array([width, height]) / 2
        centre = middle + (random.random(2) - 0.5) * np.maximum(room, 0.2 * size)
        return self._at(random, picture, index, centre, size)

    def _at(
        self, random: Generator, picture: Picture, index: int, centre: NDArray[np.float64], size: float
    ) -> NDArray[np.float64]:
        box = picture.boxes[index].astype(np.float64)
        scale = min(size / math.sqrt(box[2] * box[3]), MAX_ENLARGED)
        most = self.mixture.tilt_deg if random.random() < 0.5 else self.mixture.tilt_deg / 3
        angle = math.radians(random.uniform(-most, most))
        flip = -1.0 if random.random() < 0.5 else 1.0
        squeeze = random.uniform(0.9, 1.1)
        turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        turn = turn @ np.diag([flip * squeeze, 1 / squeeze])
        return np.column_stack([turn, centre - turn @ (box[:2] + box[2:] / 2)])

    def _print(self, random: Generator, made: Frame) -> None:
        """Drawn faces where no face is: below one, as on a jumper, or anywhere."""
        height, width = made.grey.shape
        for _ in range(random.integers(1, 4)):
            size = 1.5 * _size(random, min(width, height) * 0.4)
            x, y = random.uniform(0, width), random.uniform(0, height)
            if len(made.boxes) and random.random() < 0.6:
                box = made.boxes[random.integers(len(made.boxes))]
                size = float(box[2]) * random.uniform(0.8, 2.6)
                x = box[0] + box[2] * random.uniform(0, 1)
                y = box[1] + box[3] * random.uniform(1.05, 1.6) + 0.5 * size
            reach = np.array([x - 0.55 * size, y - 0.55 * size, 1.1 * size, 1.1 * size], np.float32)
            if not any(intersect(reach, other) for other in (*made.boxes, *made.ignored)):
                prints.stamp(random, made.grey, self._printed(random), (x, y), size)

    def _printed(self, random: Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Something that is printed: drawn, or made of the photograph of a face."""
        if random.random() < 0.25:
            return prints.draw(random)
        picture = self._head(random)
        index = int(random.integers(len(picture.boxes)))
        x, y, width, height = picture.boxes[index]
        left, top = max(0, round(x)), max(0, round(y))
        face = picture.grey[top : max(1, round(y + height)), left : max(1, round(x + width))]
        if min(face.shape) <= 10:
            return prints.draw(random)
        return prints.poster(random, face, picture.landmarks[index] - np.array([left, top], np.float32))

    def _wear(self, random: Generator, made: Frame) -> None:
        """Give some of the faces whose landmarks are known glasses, or a beard."""
        for points in made.landmarks[np.isfinite(made.landmarks).all(axis=(1, 2))]:
            draw = random.random()
            if draw < self.mixture.glasses:
                accessories.glasses(random, made.grey, points)
            elif draw > 1 - self.mixture.beards:
                accessories.beard(random, made.grey, points)

    def _cover(self, random: Generator, made: Frame) -> None:
        """Hide a part of some faces behind something else: a hand, a scarf, somebody's shoulder."""
        for x, y, width, height in made.boxes:
            if random.random() >= self.mixture.covered:
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
            rows = slice(max(0, top), max(0, min(made.grey.shape[0], top + patch_height)))
            columns = slice(max(0, left), max(0, min(made.grey.shape[1], left + patch_width)))
            part = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
            target = made.grey[rows, columns]
            if target.size:
                target[outline[part] > 0] = patch[part][outline[part] > 0]


def _size(random: Generator, most: float) -> float:
    """A face size in pixels, uniform in its logarithm."""
    return math.exp(random.uniform(math.log(LEAST_FACE + 4), math.log(max(most, LEAST_FACE + 5))))


def _nobody(grey: NDArray[np.uint8]) -> Frame:
    return Frame(grey, np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty((0, 4), np.float32))


def _join(whole: Frame, part: Frame, left: int, top: int) -> None:
    move = np.array([left, top], np.float32)
    shift = np.array([left, top, 0, 0], np.float32)
    whole.boxes = np.concatenate([whole.boxes, part.boxes + shift]).astype(np.float32)
    whole.landmarks = np.concatenate([whole.landmarks, part.landmarks + move]).astype(np.float32)
    whole.ignored = np.concatenate([whole.ignored, part.ignored + shift]).astype(np.float32)


def _within(made: Frame) -> Frame:
    """Boxes cut at the frame's edge; a face that is mostly outside, or too small, is ignored, or gone."""
    height, width = made.grey.shape
    corner = np.clip(made.boxes[:, :2], 0, [width, height])
    far = np.clip(made.boxes[:, :2] + made.boxes[:, 2:], 0, [width, height])
    cut = np.concatenate([corner, far - corner], axis=1).astype(np.float32)
    visible = np.prod(cut[:, 2:], axis=1) / np.maximum(np.prod(made.boxes[:, 2:], axis=1), 1e-6)
    is_face = (visible >= LEAST_VISIBLE) & (cut[:, 2:].min(axis=1, initial=1e9) >= LEAST_FACE)
    is_gone = visible <= 0.05
    ignored = np.concatenate([made.ignored, cut[~is_face & ~is_gone]]).astype(np.float32)
    return Frame(made.grey, cut[is_face], made.landmarks[is_face], ignored)
