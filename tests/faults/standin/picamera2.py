"""A stand-in for picamera2 that works, or misbehaves as the test writes into $FAULTS/camera.

After `out of memory` it cannot be opened again by a process that has had it open.
"""

import errno
import os
import time
from pathlib import Path

import cv2
import numpy as np

FOLDER = Path(os.environ["FAULTS"])
OPENED = []


def steered() -> str:
    file = FOLDER / "camera"
    return file.read_text("utf-8") if file.exists() else ""


class Picamera2:
    def __init__(self, number: int) -> None:
        if steered() == "busy":
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        if (FOLDER / "out of memory").exists() and OPENED:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        OPENED.append(number)
        self.face, self.random = cv2.imread(str(FOLDER / "face.png"), 0), np.random.default_rng(1)

    def create_video_configuration(self, **asked):
        return asked

    def configure(self, asked) -> None:
        self.size = asked["main"]["size"]

    def camera_configuration(self):
        return {"main": {"format": "YUV420", "size": self.size}}

    def start(self) -> None:
        pass

    def capture_array(self, name: str, wait: float):
        if steered() == "times out":
            time.sleep(wait)
            raise TimeoutError("no picture")
        time.sleep(0.1)
        luma = np.clip(self.face + self.random.normal(0, 2, self.face.shape), 0, 255).astype(np.uint8)
        return np.vstack([luma, np.full((self.face.shape[0] // 2, self.face.shape[1]), 128, np.uint8)])

    def cancel_all_and_flush(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass
