"""An actor of a scene as a picture with a matte: stills aligned by their landmarks, with cross-fades, head turns,
talking and occlusions, on a drawn head and shoulders.
"""

import math
from itertools import pairwise

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from assistant.vision.faces import preprocess
from convert.scenarios.render import morph
from convert.scenarios.render.assets import Still
from convert.scenarios.script.degradations import PATCH
from convert.scenarios.script.scene import Actor, Appearance, is_within
from convert.synthesis import occlusions

Picture = NDArray[np.float32]

WHOLE = (slice(None), slice(None))
"""All rows and columns of the canvas."""
CANVAS_WIDTH, CANVAS_HEIGHT = 360, 420
"""Size of an actor's picture in pixels."""
EYES_CENTRE = np.array([180.0, 150.0])
"""Point between the eyes on the canvas."""
TEMPLATE_SCALE = 50.0 / (preprocess.LANDMARK_TEMPLATE[1, 0] - preprocess.LANDMARK_TEMPLATE[0, 0])
"""Scale from the template to the canvas, with the eyes 50 pixels apart: about as in the stills, which are so hardly
enlarged."""
LANDMARKS = (
    preprocess.LANDMARK_TEMPLATE - preprocess.LANDMARK_TEMPLATE[:2].mean(axis=0)
) * TEMPLATE_SCALE + EYES_CENTRE
"""Landmarks of every aligned still on the canvas."""
FACE_WIDTH_PX, FACE_CENTRE = 112.0, (180.0, 165.0)
"""Width and centre of the face's box on the canvas."""
HEAD_CENTRE, HEAD_AXES = (180.0, 152.0), (70.0, 92.0)
"""Centre and half axes of the ellipse of the head on the canvas."""
HEAD_REGION = (slice(50, 264), slice(88, 272))
"""Rows and columns of the canvas in which a head is, however it is turned; that of an actor who moves as in a clip is
drawn only there, which takes a quarter of the time."""
FEATHER_PX = 7.0
"""Width of the soft edge of the head's matte."""
BRIGHTNESS_FACTORS = (0.7, 1.4)
"""Smallest and largest factor by which the stills of a person are adjusted to the same mean grey level."""
HALF_WIDTH_PX, HALF_DEPTH_PX = 66.0, 82.0
"""Half width and half depth of a head seen from above, which is modelled as an ellipse."""
NOSE_HEIGHT_PX, NOSE_WIDTH_PX = 18.0, 15.0
"""Height of the nose above the ellipse of the head, and the standard deviation of its Gaussian profile."""
MOUTH_OPENING_PX, LAUGHTER_HZ = 9.0, 4.5
"""Largest opening of a talking or laughing mouth, pixels, and how often a second it opens in laughter."""


class ActorSprite:
    """The picture of an actor at any time.

    random: for clothes and occlusions. texture: grey uint8 [H, W], from which an occluding patch is cut.
    """

    def __init__(self, actor: Actor, stills: dict[str, Still], random: Generator, texture: NDArray[np.uint8]) -> None:
        self.actor = actor
        names = dict.fromkeys([*(each.still for each in actor.appearances), *actor.talking_stills])
        heads = {name: _aligned(stills[name]) for name in names}
        means = {name: float((grey * matte).sum() / matte.sum()) for name, (grey, matte) in heads.items()}
        mean = float(np.mean(list(means.values())))
        first = heads[next(iter(names))]
        body, matte = _body(random, first[0])
        self._region = WHOLE if actor.head is None else HEAD_REGION
        self._origin = (self._region[1].start or 0, self._region[0].start or 0)
        seed = int(random.integers(2**31))
        self._heads, self._occluded, self._points = {}, {}, {}
        for name, (grey, head) in heads.items():
            balanced = grey * np.clip(mean / max(means[name], 1.0), *BRIGHTNESS_FACTORS)
            balanced = balanced if actor.head is None else balanced.astype(np.float32)
            self._heads[name] = np.dstack([balanced, head])[self._region]
            self._occluded[name] = np.dstack([_occluded(actor, balanced, seed, texture), head])[self._region]
            matrix = preprocess.similarity_transform(stills[name].landmarks, LANDMARKS)
            self._points[name] = stills[name].landmarks @ matrix[:, :2].T + matrix[:, 2] - self._origin
        self._body = np.dstack([body, matte])

    def picture(self, at: float) -> tuple[Picture, Picture]:
        """Grey picture and matte (0 to 1) at a time in seconds, both float32 [CANVAS_HEIGHT, CANVAS_WIDTH]."""
        heads = self._occluded if self.actor.is_occluded(at) else self._heads
        is_talking = self.actor.is_talking(at) and _fade_share(self.actor.appearances, at) in (0.0, 1.0)
        head = self._talking(heads, at) if is_talking else self._between(heads, at)
        if is_within(self.actor.laughter, at):
            head = open_mouth(head, MOUTH_OPENING_PX * abs(math.sin(math.pi * LAUGHTER_HZ * at)), self._origin)
        yaw = self.actor.yaw_deg_at(at)
        if abs(yaw) > 1:
            head = turn_head(head, yaw, self._origin)
        share = head[..., 1:]
        whole = self._body.astype(head.dtype)
        part = whole[self._region]
        part *= 1 - share
        part[..., 0] += head[..., 0] * share[..., 0]
        part[..., 1] += share[..., 0]
        return whole[..., 0], np.minimum(whole[..., 1], 1)

    def _between(self, heads: dict[str, Picture], at: float) -> Picture:
        """Cross-fade of two consecutive appearances, or the movement from one to the other."""
        before, after, share = _cross_fade(self.actor.appearances, at)
        if share in (0.0, 1.0):
            return heads[after.still if share else before.still]
        if self.actor.morphs:
            eased = share * share * (3 - 2 * share)
            points = self._points[before.still], self._points[after.still]
            return morph.morph(heads[before.still], heads[after.still], *points, eased)
        return np.asarray((1 - share) * heads[before.still] + share * heads[after.still], np.float32)

    def _talking(self, heads: dict[str, Picture], at: float) -> Picture:
        """The face with the mouth moving as in a clip; or an alternation between the stills, with the mouth opening and
        closing in the same rhythm."""
        if self.actor.mouth is not None:
            opening = MOUTH_OPENING_PX * self.actor.mouth.opening_at(at)
            return open_mouth(self._between(heads, at), opening, self._origin)
        stills, phase = self.actor.talking_stills, at * self.actor.talking_hz
        number, share = int(phase), 0.5 - 0.5 * math.cos(math.pi * (phase % 1))
        one, other = stills[number % len(stills)], stills[(number + 1) % len(stills)]
        head = np.asarray((1 - share) * heads[one] + share * heads[other], np.float32)
        loudness = 0.6 + 0.4 * math.sin(0.9 * at)
        return open_mouth(head, MOUTH_OPENING_PX * loudness * abs(math.sin(math.pi * phase)), self._origin)


def _cross_fade(appearances: tuple[Appearance, ...], at: float) -> tuple[Appearance, Appearance, float]:
    """The appearances before and after a time, and the weight of the second."""
    for before, after in pairwise(appearances):
        if at < after.at + after.fade_s / 2:
            share = (at - after.at) / after.fade_s + 0.5
            return before, after, min(max(share, 0.0), 1.0)
    return appearances[-1], appearances[-1], 0.0


def _fade_share(appearances: tuple[Appearance, ...], at: float) -> float:
    return _cross_fade(appearances, at)[2]


def _aligned(still: Still) -> tuple[Picture, Picture]:
    """A still aligned to the canvas by its landmarks, and the matte of the head, limited to the area of the still."""
    matrix = preprocess.similarity_transform(still.landmarks, LANDMARKS)
    size = (CANVAS_WIDTH, CANVAS_HEIGHT)
    grey = cv2.warpAffine(still.grey, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full_like(still.grey, 255), matrix, size)
    inside = cv2.erode(inside, np.ones((3, 3), np.uint8))
    inside[0], inside[-1] = 0, 0
    depth = np.minimum(cv2.distanceTransform(inside, cv2.DIST_L2, 5) / FEATHER_PX, 1)
    return grey.astype(np.float32), np.asarray(depth * _ellipse(HEAD_CENTRE, HEAD_AXES), np.float32)


def _ellipse(centre: tuple[float, float], axes: tuple[float, float], soft: float = FEATHER_PX) -> Picture:
    """A matte of an ellipse: 1 inside, 0 outside, with a soft edge."""
    made = np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), np.float32)
    cv2.ellipse(made, (centre, (2 * axes[0] - soft, 2 * axes[1] - soft), 0.0), 1.0, -1)
    return np.asarray(cv2.GaussianBlur(made, (0, 0), soft / 2), np.float32)


def _body(random: Generator, head: Picture) -> tuple[Picture, Picture]:
    """Hair, neck, chin and shoulders in uniform greys with grain, and their matte. head: for the grey level of the
    skin."""
    skin = float(np.median(head[165:185, 150:210]))
    hair, cloth = random.uniform(15, 90), random.uniform(25, 210)
    layers = (
        (hair, _ellipse((180.0, 148.0), (69.0, 90.0))),
        (0.7 * skin, _ellipse((180.0, 262.0), (36.0, 46.0))),
        (0.9 * skin, _ellipse((180.0, 176.0), (58.0, 63.0))),
        (cloth, _ellipse((180.0, 402.0), (150.0, 128.0))),
    )
    grey, matte = (
        np.full((CANVAS_HEIGHT, CANVAS_WIDTH), cloth, np.float32),
        np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), np.float32),
    )
    for level, share in layers:
        grey = grey * (1 - share) + np.float32(level) * share
        matte = np.maximum(matte, share)
    folds = 10 * np.sin(np.linspace(0, random.uniform(10, 40), CANVAS_WIDTH, dtype=np.float32) + random.uniform(0, 6))
    grain = cv2.GaussianBlur(random.standard_normal((CANVAS_HEIGHT, CANVAS_WIDTH), np.float32), (0, 0), 1.2) * 14
    return np.clip(grey + folds * layers[-1][1] + grain, 0, 255), matte


def _occluded(actor: Actor, grey: Picture, seed: int, texture: NDArray[np.uint8]) -> Picture:
    """The head with the actor's occlusion drawn over it, which is the same on all stills."""
    if not actor.occlusion:
        return grey
    random = np.random.default_rng(seed)
    made = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    if actor.occlusion == PATCH:
        wide, high = {1: (70, 44), 2: (90, 72), 3: (104, 82)}[actor.occlusion_strength]
        part = cv2.resize(texture, (CANVAS_WIDTH, CANVAS_HEIGHT))
        centre = LANDMARKS[3:].mean(axis=0) + np.array([random.uniform(-6, 6), 10 - 0.25 * high])
        share = np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), np.float32)
        corners = cv2.boxPoints((tuple(map(float, centre)), (wide, high), float(random.uniform(-15, 15))))
        cv2.fillPoly(share, [np.rint(corners).astype(np.int32)], 1.0)
        share = cv2.GaussianBlur(share, (0, 0), 1.5)
        return np.asarray(made * (1 - share) + part * share, np.float32)
    occlusions.draw_occlusion(random, made, LANDMARKS.astype(np.float32), actor.occlusion, actor.occlusion_strength)
    return made.astype(np.float32)


def turn_head(head: Picture, yaw_deg: float, origin: tuple[int, int] = (0, 0)) -> Picture:
    """A head (grey and matte, float32 [H, W, 2]) turned to the picture's right by `yaw_deg`. origin: column and row of
    the canvas at its upper left corner.

    The picture is mapped onto an upright elliptic cylinder with a nose, which is rotated, and its visible part is
    projected back. A point at the angle a of the ellipse is moved to x = width * sin a * cos yaw + depth * cos a * sin
    yaw = reach * sin(a + lead).
    """
    angle, (middle, _) = math.radians(yaw_deg), HEAD_CENTRE
    (left, top), (tall, wide) = origin, head.shape[:2]
    columns = np.arange(left, left + wide, dtype=np.float32)[None, :] - middle
    rows = np.repeat(np.arange(top, top + tall, dtype=np.float32)[:, None], wide, axis=1)
    across, along = HALF_WIDTH_PX * math.cos(angle), HALF_DEPTH_PX * math.sin(angle)
    reach, lead = math.hypot(across, along), math.atan2(along, across)
    source_angle = np.arcsin(np.clip(columns / reach, -1, 1)) - lead
    is_visible = (np.abs(source_angle) < math.pi / 2) & (np.abs(columns) < reach)
    source = np.where(is_visible, HALF_WIDTH_PX * np.sin(source_angle), 3.0 * CANVAS_WIDTH)
    source = np.repeat(source.astype(np.float32), tall, axis=0)
    nose = LANDMARKS[2]
    height = np.exp(-((source + middle - nose[0]) ** 2 + (rows - nose[1]) ** 2) / (2 * NOSE_WIDTH_PX**2))
    source -= np.float32(NOSE_HEIGHT_PX * math.sin(angle)) * height.astype(np.float32)
    columns, rows = source + np.float32(middle - left), rows - np.float32(top)
    made = cv2.remap(head, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(made, np.float32)


def open_mouth(head: Picture, open_px: float, origin: tuple[int, int] = (0, 0)) -> Picture:
    """A head (grey and matte) with the lower lip and chin moved down by `open_px` pixels, dark between the lips.

    origin: as for `turn_head`.
    """
    mouth = LANDMARKS[3:].mean(axis=0) - origin
    rows, columns = np.mgrid[0 : head.shape[0], 0 : head.shape[1]].astype(np.float32)
    below = rows - mouth[1]
    near = np.exp(-(((columns - mouth[0]) / 26) ** 2))
    drop = np.clip((below + 2) / 8, 0, 1) * np.clip((60 - below) / 40, 0, 1) * near * open_px
    made = cv2.remap(head, columns, (rows - drop).astype(np.float32), cv2.INTER_LINEAR)
    gap = np.exp(-(((columns - mouth[0]) / 14) ** 2) - ((below - 0.5 * open_px) / max(0.5 * open_px, 1.0)) ** 2)
    made[..., 0] *= 1 - 0.6 * min(open_px / MOUTH_OPENING_PX, 1) * gap
    return np.asarray(made, np.float32)
