"""The frames that all peers are given: clips of people, and an empty room, as raw files, so that nothing is decoded.

A clip's frames are taken at FPS and played to its end, backwards, and so on, until there are enough: nothing jumps.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

FPS = 10
"""Frames a second: those of the profile of a Pi 4."""
SIZE = (640, 480)
"""Width and height in pixels of a frame, as the device's camera gives it."""
CHUNK = 20
"""Frames that a peer is given before the next one's turn."""
NOISE = 2.0
"""Standard deviation of the grey levels in an empty room, from frame to frame."""


@dataclass(frozen=True)
class Scene:
    """One recording."""

    key: str
    title: str
    clip: str
    """File in EMOTION_VIDEOS; empty: a room, drawn."""
    chunks: int
    warm_up: int
    """Chunks that are played first and not counted."""
    is_paced: bool = False
    """Whether a frame comes when it is due, FPS a second, as from a camera; else as soon as it is asked for."""


SCENES = (
    Scene("two", "two faces", "two-people-head-pose.mp4", 4, 1),
    Scene("signing", "signing", "one-person-signing-help.mkv", 4, 1),
    Scene("one", "one face", "one-person-smiling.mp4", 4, 1),
    Scene("empty", "empty room", "", 6, 3),
    Scene("live", "one face, live", "one-person-smiling.mp4", 3, 1, is_paced=True),
    Scene("live_empty", "empty room, live", "", 4, 2, is_paced=True),
)
PEOPLE = ("two", "signing", "one")
"""The scenes that make the figures of the clips."""


@dataclass(frozen=True)
class Frames:
    """The raw files of a scene: uint8 [frames, height, width, 3], in the order of the channels that their names say."""

    bgr: Path
    rgb: Path
    width: int
    height: int
    fps: int = FPS


def write(scene: Scene, clips: Path, to: Path) -> Frames:
    """Write the frames of a scene into a folder. Raises ValueError where the clip cannot be read."""
    count = scene.chunks * CHUNK
    images = _played(_read(clips / scene.clip), count) if scene.clip else room(count)
    files = to / f"{scene.key}.bgr", to / f"{scene.key}.rgb"
    images.tofile(files[0])
    images[..., ::-1].tofile(files[1])
    return Frames(*files, images.shape[2], images.shape[1])


def _read(clip: Path) -> NDArray[np.uint8]:
    """The frames of a clip at FPS."""
    capture = cv2.VideoCapture(str(clip))
    rate, frames, number = capture.get(cv2.CAP_PROP_FPS) or FPS, [], 0
    while (read := capture.read())[0]:
        if number >= len(frames) * rate / FPS:
            frames.append(fitted(np.asarray(read[1], np.uint8)))
        number += 1
    capture.release()
    if len(frames) < 2:
        raise ValueError(f"{clip}: no clip that can be read")
    return np.asarray(frames, np.uint8)


def fitted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture [H, W, 3] at SIZE: as large as fits, extended by its outermost rows or columns."""
    scale = min(SIZE[0] / image.shape[1], SIZE[1] / image.shape[0])
    width, height = round(image.shape[1] * scale), round(image.shape[0] * scale)
    inside = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    left, top = (SIZE[0] - width) // 2, (SIZE[1] - height) // 2
    right, bottom = SIZE[0] - width - left, SIZE[1] - height - top
    return np.asarray(cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE), np.uint8)


def _played(frames: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """So many frames: forwards, backwards, forwards, without the ends twice."""
    return frames[there_and_back(len(frames), count)]


def there_and_back(length: int, count: int) -> list[int]:
    """Indices of so many frames of a clip that is played to its end and back."""
    period = 2 * (length - 1)
    return [min(each % period, period - each % period) for each in range(count)]


def room(count: int, seed: int = 28) -> NDArray[np.uint8]:
    """An empty room, uint8 [count, 480, 640, 3]: wall, floor, window, shelves with books, table; the camera stands
    still, its noise does not."""
    drawn, random = np.empty((SIZE[1], SIZE[0], 3), np.uint8), np.random.default_rng(seed)
    drawn[:] = np.linspace(150, 190, SIZE[0])[None, :, None]
    drawn[340:] = (70, 95, 120)
    cv2.rectangle(drawn, (60, 60), (230, 240), (235, 225, 210), -1)
    cv2.rectangle(drawn, (60, 60), (230, 240), (90, 90, 90), 6)
    cv2.line(drawn, (145, 60), (145, 240), (90, 90, 90), 4)
    for y in (90, 170, 250):
        cv2.rectangle(drawn, (380, y + 60), (610, y + 68), (60, 80, 110), -1)
        x = 385
        while x < 590:
            width, height = (int(each) for each in random.integers((8, 30), (20, 58)))
            colour = [int(each) for each in random.integers(30, 220, 3)]
            cv2.rectangle(drawn, (x, y + 60 - height), (x + width, y + 59), colour, -1)
            x += width + 2
    cv2.rectangle(drawn, (150, 350), (470, 370), (50, 75, 100), -1)
    for x in (165, 445):
        cv2.rectangle(drawn, (x, 370), (x + 12, 475), (45, 70, 95), -1)
    drawn = cv2.GaussianBlur(drawn, (3, 3), 0)
    noise = random.normal(0, NOISE, (8, SIZE[1], SIZE[0], 1))
    return np.stack([np.clip(drawn + noise[each % 8], 0, 255).astype(np.uint8) for each in range(count)])
