"""Printed faces on clothes and walls (skulls, smileys and others): negatives in the training of the face detector."""

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

CANVAS_SIDE = 96
"""Side in pixels of a print."""


def draw_print(random: Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A drawn print: grey uint8 [96, 96], and the mask of its ink, uint8 [96, 96], 0 or 255.

    It is light on dark or dark on light, filled or an outline; its eyes are sockets or dots, its mouth is teeth, a
    smile, a line or missing.
    """
    paper, ink = int(random.integers(0, 110)), int(random.integers(150, 256))
    if random.random() < 0.35:
        paper, ink = ink, paper
    grey, mask = np.full((CANVAS_SIDE, CANVAS_SIDE), paper, np.uint8), np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    is_filled = random.random() < 0.75
    wide, tall = round(random.uniform(24, 40)), round(random.uniform(28, 44))
    stroke = -1 if is_filled else int(random.integers(1, 4))
    features = paper if is_filled else ink
    for canvas, value in ((grey, ink), (mask, 255)):
        cv2.ellipse(canvas, (48, 44), (wide, tall), 0, 0, 360, value, stroke)
    if random.random() < 0.5:  # a jaw
        jaw = round(wide * random.uniform(0.5, 0.8))
        for canvas, value in ((grey, ink), (mask, 255)):
            cv2.rectangle(canvas, (48 - jaw, 60), (48 + jaw, 44 + tall + 6), value, stroke)
    if not is_filled:
        mask[:] = np.where(grey == ink, 255, 0)
    _eyes(random, grey, mask, features, wide)
    _nose(random, grey, mask, features)
    _mouth(random, grey, mask, features, wide)
    return grey, mask


def posterize_face(
    random: Generator, face: NDArray[np.uint8], landmarks: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A print made from a photograph of a face, grey uint8 [H, W], whose light and dark parts become ink and paper.

    landmarks: [5, 2]; if given, some prints are skulls. Returns grey and mask as `draw_print`, with softer edges.
    """
    small = cv2.resize(face, (CANVAS_SIDE, CANVAS_SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), random.uniform(0.5, 1.5))
    hardness = random.uniform(0.08, 0.4)  # in 1 / grey levels: from many shades to two tones
    light = 1 / (1 + np.exp(-np.clip(hardness * (small - np.percentile(small, random.uniform(30, 60))), -30, 30)))
    if landmarks is not None and np.isfinite(landmarks).all() and random.random() < 0.6:
        within = landmarks * (CANVAS_SIDE / np.array(face.shape[::-1]))
        light = _skull(random, light.astype(np.float32), within.astype(np.float32))
    is_inverted = random.random() < 0.2
    inked = 1 - light if is_inverted else light
    ink, paper = random.uniform(130, 255), random.uniform(0, 80)
    shades = random.uniform(0.75, 1.1, (4, 4)).astype(np.float32)
    folds = cv2.resize(shades, (CANVAS_SIDE, CANVAS_SIDE), interpolation=cv2.INTER_CUBIC)
    grey = cv2.GaussianBlur((paper + inked * (ink - paper)) * folds, (0, 0), random.uniform(0.3, 1.2))
    outline = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    cv2.ellipse(outline, (48, 48), (42, 47), 0, 0, 360, 255, -1)
    is_solid = random.random() < 0.4  # the paper around the ink is opaque too
    mask = outline if is_solid else outline * inked
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8), np.clip(np.rint(mask), 0, 255).astype(np.uint8)


def _skull(random: Generator, light: NDArray[np.float32], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Draw dark eye sockets, a nose hole and teeth into light float32 [96, 96], values from 0 to 1."""
    result, eye_distance = light.copy(), float(np.hypot(*(landmarks[1] - landmarks[0])))
    dark = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    for eye in landmarks[:2]:
        size = (eye_distance * random.uniform(0.6, 0.9), eye_distance * random.uniform(0.45, 0.75))
        cv2.ellipse(dark, (tuple(map(float, eye)), size, 0.0), 1.0, -1)
        if random.random() < 0.6:
            cv2.ellipse(dark, (tuple(map(float, eye)), (0.4 * eye_distance, 0.2 * eye_distance), 0.0), 0.0, -1)
    half = eye_distance * random.uniform(0.1, 0.2)
    corners = np.rint(landmarks[2] + half * np.array([[0, -2], [-1, 1], [1, 1]])).astype(np.int32)
    cv2.fillPoly(dark, [corners], 1.0)
    mouth = landmarks[3:].mean(axis=0)
    wide, deep = eye_distance * random.uniform(0.5, 0.8), eye_distance * random.uniform(0.12, 0.3)
    for x in np.arange(mouth[0] - wide, mouth[0] + wide, max(3.0, eye_distance * random.uniform(0.12, 0.25))):
        cv2.line(dark, (round(x), round(mouth[1] - deep)), (round(x), round(mouth[1] + deep)), 1.0, 1)
    cv2.line(dark, (round(mouth[0] - wide), round(mouth[1])), (round(mouth[0] + wide), round(mouth[1])), 1.0, 2)
    dark = cv2.GaussianBlur(dark, (0, 0), random.uniform(0.5, 2.0)) * random.uniform(0.6, 1.0)
    result = np.maximum(result, random.uniform(0.0, 0.8))  # everything else is bone
    return np.asarray(result * (1 - dark), np.float32)


def _eyes(random: Generator, grey: NDArray[np.uint8], mask: NDArray[np.uint8], value: int, wide: int) -> None:
    apart, height = round(wide * random.uniform(0.35, 0.55)), round(random.uniform(36, 44))
    size = (round(random.uniform(2, 0.4 * wide)), round(random.uniform(2, 0.4 * wide)))
    slant = random.uniform(-30, 30)
    for side in (-1, 1):
        for canvas, ink in ((grey, value), (mask, 255)):
            cv2.ellipse(canvas, (48 + side * apart, height), size, side * slant, 0, 360, ink, -1)
    if min(size) > 4 and random.random() < 0.4:  # an eye inside the socket
        for side in (-1, 1):
            inner = (size[0] // 2 + 1, size[1] // 3 + 1)
            cv2.ellipse(grey, (48 + side * apart, height), inner, side * slant, 0, 360, 255 - value, -1)


def _nose(random: Generator, grey: NDArray[np.uint8], mask: NDArray[np.uint8], value: int) -> None:
    if random.random() < 0.3:
        return
    half, top = round(random.uniform(2, 7)), round(random.uniform(48, 54))
    corners = np.array([[48, top], [48 - half, top + 2 * half], [48 + half, top + 2 * half]], np.int32)
    for canvas, ink in ((grey, value), (mask, 255)):
        cv2.fillPoly(canvas, [corners], ink)


def _mouth(random: Generator, grey: NDArray[np.uint8], mask: NDArray[np.uint8], value: int, wide: int) -> None:
    draw, half, height = random.random(), round(wide * random.uniform(0.3, 0.7)), round(random.uniform(66, 76))
    for canvas, ink in ((grey, value), (mask, 255)):
        if draw < 0.5:  # teeth
            step, deep = 3 + round(10 * draw), round(4 + 10 * draw)
            for x in range(48 - half, 48 + half + 1, step):
                cv2.line(canvas, (x, height - deep), (x, height + deep), ink, 1)
            cv2.line(canvas, (48 - half, height), (48 + half, height), ink, 1)
        elif draw < 0.75:  # a smile or a frown
            cv2.ellipse(canvas, (48, height), (half, 8), 0 if draw < 0.65 else 180, 0, 180, ink, 2)
        elif draw < 0.9:
            cv2.line(canvas, (48 - half, height), (48 + half, height), ink, 2)


def paste_print(
    random: Generator,
    grey: NDArray[np.uint8],
    print_and_mask: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    centre: tuple[float, float],
    size: float,
) -> None:
    """Paste a print of `size` pixels into grey uint8 [H, W], in place, slightly rotated and sheared, as on cloth."""
    drawn, mask = print_and_mask
    angle, scale = math.radians(random.uniform(-25, 25)), size / CANVAS_SIDE
    bend = np.array([[1, random.uniform(-0.2, 0.2)], [random.uniform(-0.2, 0.2), random.uniform(0.8, 1.2)]])
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ bend
    move = np.column_stack([turn, np.array(centre) - turn @ (CANVAS_SIDE / 2, CANVAS_SIDE / 2)])
    height, width = grey.shape
    if scale < 0.6:
        drawn, mask = cv2.GaussianBlur(drawn, (0, 0), 0.4 / scale), cv2.GaussianBlur(mask, (0, 0), 0.4 / scale)
    share = cv2.warpAffine(mask, move, (width, height)).astype(np.float32) * (random.uniform(0.6, 1.0) / 255)
    value = cv2.warpAffine(drawn, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
    grey[:] = np.rint(value * share + grey * (1 - share)).astype(np.uint8)
