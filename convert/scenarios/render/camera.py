"""A scene as a camera: every frame is made when it is asked for, the same one for the same scene, cast and moment."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Frame
from convert.scenarios.render.faces import Cast
from convert.scenarios.render.player import CENTRE, FACE_PX, HIGH, WIDE, Picture, Player
from convert.scenarios.script.scene import HEIGHT, WIDTH, Scene, Way

ROOM_SCALE = 1.35
"""The background is larger than the frame, so that it can move behind it."""
ROLL_DEG = 4.0
CALM = 0.85
"""Share of a jolt that is left a frame later."""


class SceneCamera:
    """Gives a scene's frames, BGR uint8 [HEIGHT, WIDTH, 3] without colour; `at` counts from 0, in seconds."""

    is_live = False

    def __init__(self, scene: Scene, cast: Cast) -> None:
        self.scene = scene
        random = np.random.default_rng(scene.seed)
        room = cast.rooms[scene.room]
        self._room = _enlarged(room if random.random() < 0.5 else room[:, ::-1])
        self._players = [Player(actor, cast.stills, random, room) for actor in scene.actors]
        self._phases = random.uniform(0, 2 * math.pi, 3 + len(scene.actors))
        self._jolts = _jolts(random, scene.frames, scene.effects.shake_px)
        self._flicker = random.uniform(-1, 1, scene.frames) * scene.effects.flicker
        self._grain = (random.standard_normal((HEIGHT + 64, WIDTH + 64)) * scene.effects.noise).astype(np.float32)
        self._shifts = random.integers(0, 64, (scene.frames, 2))
        self._streak = _streak(random, scene.effects.streak_px)
        self._seq = 0

    def read(self) -> Frame | None:
        """The next frame, or None after the last."""
        if self._seq >= self.scene.frames:
            return None
        number, self._seq = self._seq, self._seq + 1
        image = cv2.cvtColor(self.grey(number), cv2.COLOR_GRAY2BGR)
        return Frame(np.asarray(image, np.uint8), number / self.scene.fps, self._seq)

    def close(self) -> None:
        """Nothing is open."""

    def grey(self, number: int) -> NDArray[np.uint8]:
        """The frame of that number, counted from 0: uint8 [HEIGHT, WIDTH]."""
        at, effects = number / self.scene.fps, self.scene.effects
        jolt = self._jolts[number]
        made = self._background(at, jolt)
        there = [(index, player.actor.place(at)) for index, player in enumerate(self._players)
                 if player.actor.is_there(at)]  # fmt: skip
        for index, way in sorted(there, key=lambda each: each[1].width):
            moved = way._replace(x=way.x + float(jolt[0]), y=way.y + float(jolt[1]))
            roll = ROLL_DEG * math.sin(0.7 * at + self._phases[3 + index])
            _paste(made, *self._players[index].picture(at), moved, roll)
        if effects.blur_px:
            made = np.asarray(cv2.GaussianBlur(made, (0, 0), effects.blur_px), np.float32)
        if self._streak is not None:
            made = np.asarray(cv2.filter2D(made, -1, self._streak), np.float32)
        light = effects.gain * (1 + self._flicker[number])
        if (gamma := effects.gamma(at)) != 1:
            made = np.power(np.clip(made, 0, 255) / 255, np.float32(gamma)) * 255
        top, left = self._shifts[number]
        made = made * np.float32(light) + self._grain[top : top + HEIGHT, left : left + WIDTH]
        return np.clip(np.rint(made), 0, 255).astype(np.uint8)

    def _background(self, at: float, jolt: NDArray[np.float64]) -> Picture:
        """The part of the room that is seen: it drifts and comes a little nearer and farther."""
        height, width = self._room.shape
        room_x, room_y = (width - WIDTH) / 2, (height - HEIGHT) / 2
        zoom = 1.06 + 0.04 * math.sin(0.25 * at + self._phases[2])
        turn = self.scene.effects.pan_px_s * at
        dx = 0.75 * room_x * math.sin(turn / max(room_x, 1) + self._phases[0])
        dy = 0.75 * room_y * math.sin(0.6 * turn / max(room_y, 1) + self._phases[1])
        left, top = width / 2 + dx - WIDTH / 2 / zoom, height / 2 + dy - HEIGHT / 2 / zoom
        move = np.array([[zoom, 0, jolt[0] - zoom * left], [0, zoom, jolt[1] - zoom * top]])
        seen = cv2.warpAffine(self._room, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        return np.asarray(seen, np.float32)


def _paste(frame: Picture, grey: Picture, matte: Picture, way: Way, roll_deg: float) -> None:
    """Lay a player's picture upon the frame where the way has the face."""
    scale, middle = way.width / FACE_PX, np.array(CENTRE)
    if scale < 0.6:  # warpAffine samples one pixel in so many: average first
        half = (WIDE // 2, HIGH // 2)
        grey, matte = (cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (grey, matte))
        scale, middle = 2 * scale, (middle + 0.5) / 2 - 0.5
    angle = math.radians(roll_deg)
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shift = np.array([way.x, way.y]) - turn @ middle
    height, width = grey.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ turn.T + shift
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)), (WIDTH, HEIGHT)).astype(int)
    if left >= right or top >= bottom:
        return
    move = np.column_stack([turn, shift - (left, top)])
    size = (int(right - left), int(bottom - top))
    face = cv2.warpAffine(grey, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(matte, move, size)
    part = frame[top:bottom, left:right]
    part += share * (face - part)


def _enlarged(room: NDArray[np.uint8]) -> Picture:
    factor = ROOM_SCALE * max(WIDTH / room.shape[1], HEIGHT / room.shape[0])
    size = (round(room.shape[1] * factor), round(room.shape[0] * factor))
    return cv2.resize(room, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)


def _jolts(random: np.random.Generator, frames: int, most: float) -> NDArray[np.float64]:
    """Offsets [frames, 2] of a hand that shakes, in pixels."""
    made, now = np.zeros((frames, 2)), np.zeros(2)
    for index in range(frames):
        now = CALM * now + random.normal(0, 0.5, 2)
        made[index] = np.clip(now, -1, 1) * most
    return made


def _streak(random: np.random.Generator, length: float) -> NDArray[np.float32] | None:
    """The path of a point during the exposure as a kernel that sums to 1; None where nothing moves."""
    angle = random.uniform(0, math.pi)
    if not length:
        return None
    reach = np.array([math.cos(angle), math.sin(angle)]) * length / 2
    side = 2 * math.ceil(length / 2) + 1
    start, end = np.rint(side // 2 - reach).astype(int), np.rint(side // 2 + reach).astype(int)
    kernel = np.zeros((side, side), np.float32)
    cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1.0, 1, cv2.LINE_AA)
    return np.asarray(kernel / kernel.sum(), np.float32)
