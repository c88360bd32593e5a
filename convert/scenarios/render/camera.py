"""A camera that renders the frames of a scene as they are read; the same scene and assets give the same frames."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Frame
from convert.scenarios.render.assets import Assets
from convert.scenarios.render.sprite import (
    CANVAS_HEIGHT,
    CANVAS_WIDTH,
    FACE_CENTRE,
    FACE_WIDTH_PX,
    ActorSprite,
    Picture,
)
from convert.scenarios.script.scene import HEIGHT, WIDTH, PositionKeyframe, Scene
from convert.synthesis.shake import shake_offsets

ROOM_SCALE = 1.35
"""Size of the background relative to the frame, which moves over it."""
MAX_ROLL_DEG = 4.0
"""Largest roll by which faces sway, in either direction."""


class SceneCamera:
    """A camera of a scene's frames, BGR uint8 [height, width, 3] in shades of grey; `at` is in seconds from 0."""

    is_live = False

    def __init__(self, scene: Scene, assets: Assets) -> None:
        self.scene = scene
        random = np.random.default_rng(scene.seed)
        room = assets.rooms[scene.room]
        self._room = _enlarged(room if random.random() < 0.5 else room[:, ::-1])
        self._width, self._height = scene.size
        self._sprites = [ActorSprite(actor, assets.stills, random, room) for actor in scene.actors]
        self._phases = random.uniform(0, 2 * math.pi, 3 + len(scene.actors))
        self._offsets = shake_offsets(random, scene.frames, scene.effects.shake_px)
        self._flicker = random.uniform(-1, 1, scene.frames) * scene.effects.flicker
        grain = random.standard_normal((self._height + 64, self._width + 64))
        self._grain = (grain * scene.effects.noise).astype(np.float32)
        self._grain_shifts = random.integers(0, 64, (scene.frames, 2))
        self._motion_blur = _motion_blur_kernel(random, scene.effects.motion_blur_px / scene.shrink)
        self._seq = 0

    def read(self) -> Frame | None:
        """The next frame, or None after the last."""
        if self._seq >= self.scene.frames:
            return None
        index, self._seq = self._seq, self._seq + 1
        image = cv2.cvtColor(self.grey(index), cv2.COLOR_GRAY2BGR)
        return Frame(np.asarray(image, np.uint8), index / self.scene.fps, self._seq)

    def close(self) -> None:
        """Nothing is open."""

    def grey(self, index: int) -> NDArray[np.uint8]:
        """The frame `index`, from 0 on, uint8 [height, width]."""
        at, effects = index / self.scene.fps, self.scene.effects
        offset = self._offsets[index]
        frame = self._background(at, offset)
        present = [(actor, sprite.actor.position_at(at)) for actor, sprite in enumerate(self._sprites)
                   if sprite.actor.is_present(at)]  # fmt: skip
        for actor, position in sorted(present, key=lambda each: each[1].width):  # the nearest person last
            shaken = position._replace(x=position.x + float(offset[0]), y=position.y + float(offset[1]))
            sprite = self._sprites[actor]
            roll = MAX_ROLL_DEG * math.sin(0.7 * at + self._phases[3 + actor]) + sprite.actor.pose_at(at).roll_deg
            _paste(frame, *sprite.picture(at), self._in_the_frame(shaken), roll)
        if effects.blur_px:
            frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), effects.blur_px / self.scene.shrink), np.float32)
        if self._motion_blur is not None:
            frame = np.asarray(cv2.filter2D(frame, -1, self._motion_blur), np.float32)
        gain = effects.gain * (1 + self._flicker[index])
        if (gamma := effects.gamma_at(at)) != 1:
            frame = np.power(np.clip(frame, 0, 255) / 255, np.float32(gamma)) * 255
        top, left = self._grain_shifts[index]
        frame = frame * np.float32(gain) + self._grain[top : top + self._height, left : left + self._width]
        return np.clip(np.rint(frame), 0, 255).astype(np.uint8)

    def _background(self, at: float, offset: NDArray[np.float64]) -> Picture:
        """The part of the room in view, which drifts and is zoomed in and out slightly."""
        height, width = self._room.shape
        room_x, room_y = (width - WIDTH) / 2, (height - HEIGHT) / 2
        zoom = 1.06 + 0.04 * math.sin(0.25 * at + self._phases[2])
        panned = self.scene.effects.pan_px_s * at
        dx = 0.75 * room_x * math.sin(panned / max(room_x, 1) + self._phases[0])
        dy = 0.75 * room_y * math.sin(0.6 * panned / max(room_y, 1) + self._phases[1])
        left, top = width / 2 + dx - WIDTH / 2 / zoom, height / 2 + dy - HEIGHT / 2 / zoom
        matrix = np.array([[zoom, 0, offset[0] - zoom * left], [0, zoom, offset[1] - zoom * top]]) / self.scene.shrink
        view = cv2.warpAffine(self._room, matrix, self.scene.size, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(view, np.float32)

    def _in_the_frame(self, position: PositionKeyframe) -> PositionKeyframe:
        """A position in pixels of the frame."""
        at, *values = position
        return PositionKeyframe(at, *(value / self.scene.shrink for value in values))


def _paste(frame: Picture, grey: Picture, matte: Picture, position: PositionKeyframe, roll_deg: float) -> None:
    """Paste an actor's picture along its matte into the frame, with the face at `position`."""
    scale, middle = position.width / FACE_WIDTH_PX, np.array(FACE_CENTRE)
    if scale < 0.6:  # warpAffine does not average: shrink the picture first, to avoid aliasing
        half = (CANVAS_WIDTH // 2, CANVAS_HEIGHT // 2)
        grey, matte = (cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (grey, matte))
        scale, middle = 2 * scale, (middle + 0.5) / 2 - 0.5
    angle = math.radians(roll_deg)
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shift = np.array([position.x, position.y]) - turn @ middle
    height, width = grey.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ turn.T + shift
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)), frame.shape[::-1]).astype(int)
    if left >= right or top >= bottom:
        return
    matrix = np.column_stack([turn, shift - (left, top)])
    size = (int(right - left), int(bottom - top))
    face = cv2.warpAffine(grey, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(matte, matrix, size)
    part = frame[top:bottom, left:right]
    part += alpha * (face - part)


def _enlarged(room: NDArray[np.uint8]) -> Picture:
    factor = ROOM_SCALE * max(WIDTH / room.shape[1], HEIGHT / room.shape[0])
    size = (round(room.shape[1] * factor), round(room.shape[0] * factor))
    return cv2.resize(room, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)


def _motion_blur_kernel(random: np.random.Generator, length: float) -> NDArray[np.float32] | None:
    """Motion blur as a kernel that sums to 1: a straight line of `length` pixels; None for a length of 0."""
    angle = random.uniform(0, math.pi)
    if not length:
        return None
    reach = np.array([math.cos(angle), math.sin(angle)]) * length / 2
    side = 2 * math.ceil(length / 2) + 1
    start, end = np.rint(side // 2 - reach).astype(int), np.rint(side // 2 + reach).astype(int)
    kernel = np.zeros((side, side), np.float32)
    cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1.0, 1, cv2.LINE_AA)
    return np.asarray(kernel / kernel.sum(), np.float32)
