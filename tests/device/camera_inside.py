"""Runs the assistant's picamera2 driver unchanged inside the root; prints one JSON object with all results."""

import contextlib
import dataclasses
import itertools
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import virtual_camera

from assistant.config.settings import CameraSettings, DetectorSettings
from assistant.errors import CameraError
from assistant.vision import detectors
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.capture import Capture
from assistant.vision.faces import preprocess

SETTINGS = CameraSettings(driver="picamera2", fps=10)
ROUNDS, FRAMES = 20, 5


def read_frames(*, colour: bool) -> dict[str, Any]:
    """Open, configure, read: the requested and the granted format, the pictures' form, and the faces in them."""
    began = time.monotonic()
    with contextlib.closing(open_camera(SETTINGS, colour=colour)) as camera:
        opened_s = time.monotonic() - began
        granted = camera._camera.camera_configuration()["main"]
        frames = [camera.read() for _ in range(FRAMES)]
        read_ms = 1000 * (time.monotonic() - began - opened_s) / FRAMES
    image = frames[-1].image
    faces = detectors.open_detector(DetectorSettings()).find(image, preprocess.to_grey(image))
    return {
        "asked": "RGB888" if colour else "YUV420",
        "granted": {key: granted[key] for key in ("format", "size", "stride", "framesize")},
        "shape": image.shape,
        "dtype": str(image.dtype),
        "seq": [frame.seq for frame in frames],
        "times_rise": all(a.at < b.at for a, b in itertools.pairwise(frames)),
        "faces": [[*face.box, face.score] for face in faces],
        "patches": [[round(float(each)) for each in patch] for patch in patches(image)],
        "opened_s": round(opened_s, 3),
        "read_ms": round(read_ms, 1),
    }


def patches(image: Any) -> list[Any]:
    """The mean colours (blue, green, red) of the four squares that the test has painted at the bottom of the
    picture."""
    if image.ndim == 2:
        image = np.stack([image] * 3, axis=-1)
    return [image[430:470, 40 + 160 * index : 120 + 160 * index].mean(axis=(0, 1)) for index in range(4)]


def reopened() -> list[dict[str, int]]:
    """Open, read one picture and close, ROUNDS times: the open files and threads of the process after each round."""
    held = []
    for _ in range(ROUNDS):
        with contextlib.closing(open_camera(SETTINGS)) as camera:
            assert camera.read().image.shape == (480, 640)
        held.append({
            "fds": len(list(Path("/proc/self/fd").iterdir())),
            "threads": len(list(Path("/proc/self/task").iterdir())),
            "python_threads": threading.active_count(),
        })  # fmt: skip
    return held


def captured() -> dict[str, Any]:
    """The capture thread with this camera: the newest frame each time, and whether it closes in time."""
    capture = Capture(lambda: open_camera(SETTINGS)).start()
    seen = [frame.seq for frame in (capture.take(2.0) for _ in range(10)) if frame is not None]
    return {"seen": seen, "error": capture.error, "closed": capture.close()}


def refused(**changes: Any) -> str:
    """The driver's error for a camera that cannot be opened; empty where it can."""
    try:
        open_camera(dataclasses.replace(SETTINGS, **changes)).close()
    except CameraError as err:
        return str(err)
    return ""


def main() -> None:
    virtual_camera.patch()  # before the driver imports picamera2
    grey, colour = read_frames(colour=False), read_frames(colour=True)
    with contextlib.closing(open_camera(SETTINGS)):
        busy = refused()
    with contextlib.closing(open_camera(dataclasses.replace(SETTINGS, driver="auto"))) as camera:
        auto = type(camera).__name__
    report = {"grey": grey, "colour": colour, "busy": busy, "absent": refused(source="7"), "auto": auto}
    report |= {"reopened": reopened(), "captured": captured()}
    print("REPORT " + json.dumps(report))


main()
