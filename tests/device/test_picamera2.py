"""The picamera2 driver, unchanged, on libcamera's virtual camera in a Debian root: `make camera-test`."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.vision.cameras.demo import photograph
from tests.device import roots

pytestmark = pytest.mark.timeout(900)  # the first run makes the root

DEFINITION = """\
%YAML 1.1
---
"Virtual0":
  supported_formats:
  - {width: 640, height: 480, frame_rates: [10, 30]}
  frames: {path: "/srv/frames/"}
  location: "CameraLocationFront"
  model: "a folder of pictures"
"""
FACE = (254, 52, 82, 92)
"""Box of the photographed face in the picture (x, y, width, height), drawn by hand."""
COLOURS = ((200, 40, 40), (40, 180, 40), (40, 40, 200), (220, 220, 220))
"""Blue, green, red and white squares at the bottom of the picture, in that order."""


def picture() -> NDArray[np.uint8]:
    """NASA's portrait of Eileen Collins above four coloured squares."""
    image = np.full((480, 640, 3), 96, np.uint8)
    image[:420, 110:530] = cv2.resize(photograph("astronaut"), (420, 420), interpolation=cv2.INTER_AREA)
    for index, colour in enumerate(COLOURS):
        image[425:475, 30 + 160 * index : 130 + 160 * index] = colour
    return image


@pytest.fixture(scope="module")
def report() -> Iterator[dict[str, Any]]:
    """The results of camera_inside.py inside the root."""
    if os.environ.get("EMOTION_DEVICE") != "1":
        pytest.skip("takes a Debian root and minutes: make camera-test")
    if reason := roots.missing("camera", roots.native()):
        pytest.skip(reason)
    try:
        tar = roots.make("camera", roots.native())
    except roots.RootError as err:
        pytest.skip(f"no Debian root: {err}")
    with roots.scratch() as root:
        roots.unpack(tar, root)
        furnish(root)
        began = time.monotonic()
        with roots.mounted(root):
            where = {"PYTHONPATH": "/srv/product:/srv/test"}
            done = roots.inside(
                root, "/srv/venv/bin/python", "/srv/test/camera_inside.py", timeout=120, environment=where
            )
        found: dict[str, Any] = json.loads(done.stdout.partition("REPORT ")[2].splitlines()[0])
        print(f"\nthe whole inside the root: {time.monotonic() - began:.1f} s")
        yield found


def furnish(root: Path) -> None:
    """The product, the test's two files, and the camera with its pictures into the root."""
    for part in ("assistant", "models"):
        shutil.copytree(roots.REPOSITORY / part, root / "srv/product" / part)
    for file in ("virtual_camera.py", "camera_inside.py"):
        (root / "srv/test").mkdir(exist_ok=True)
        shutil.copy(Path(__file__).with_name(file), root / "srv/test" / file)
    definition = root / "usr/share/libcamera/pipeline/virtual/virtual.yaml"
    definition.parent.mkdir(parents=True, exist_ok=True)
    definition.write_text(DEFINITION, "utf-8")
    frames = root / "srv/frames"
    frames.mkdir()
    noise = np.random.default_rng(7)
    for index in range(4):  # no other file may be here: libcamera would try to open it for ever
        grainy = np.clip(picture() + noise.normal(0, 3, (480, 640, 1)), 0, 255).astype(np.uint8)
        assert cv2.imwrite(str(frames / f"{index}.jpg"), grainy, [cv2.IMWRITE_JPEG_QUALITY, 95])


def iou(a: list[float], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    tall = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0.0, wide) * max(0.0, tall)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def test_the_granted_format_is_read_back_and_converted(report: dict[str, Any]) -> None:
    for name, asked, shape in (("grey", "YUV420", [480, 640]), ("colour", "RGB888", [480, 640, 3])):
        seen = report[name]
        print(f"{name}: asked for {seen['asked']}, granted {seen['granted']}, gives {seen['shape']}, "
              f"opened in {seen['opened_s']} s, {seen['read_ms']} ms a picture")  # fmt: skip
        assert seen["asked"] == asked
        assert seen["granted"]["format"] == "NV12"  # the virtual camera has nothing else
        assert tuple(seen["granted"]["size"]) == (640, 480)
        assert (seen["shape"], seen["dtype"]) == (shape, "uint8")
        assert seen["seq"] == [1, 2, 3, 4, 5]
        assert seen["times_rise"]


def test_colours_are_right(report: dict[str, Any]) -> None:
    print(f"colours painted {COLOURS}, seen {report['colour']['patches']}")
    for painted, seen in zip(COLOURS, report["colour"]["patches"], strict=True):
        assert np.abs(np.subtract(painted, seen)).max() <= 20
    for painted, (grey, *_) in zip(COLOURS, report["grey"]["patches"], strict=True):
        assert abs(np.dot(painted, (0.114, 0.587, 0.299)) - grey) <= 20


@pytest.mark.parametrize("name", ["grey", "colour"])
def test_the_detector_finds_the_photographed_face(report: dict[str, Any], name: str) -> None:
    print(f"faces in {name}: {report[name]['faces']}")
    (face,) = report[name]["faces"]
    assert iou(face[:4], FACE) > 0.5


def test_nothing_is_left_after_opening_and_closing_twenty_times(report: dict[str, Any]) -> None:
    held = report["reopened"]
    print(f"after each of {len(held)} rounds: {[(each['fds'], each['threads']) for each in held]} (handles, threads)")
    assert len(held) == 20
    for what in ("fds", "threads", "python_threads"):
        assert max(each[what] for each in held[1:]) <= held[0][what], [each[what] for each in held]


def test_the_capture_thread_runs_on_it(report: dict[str, Any]) -> None:
    captured = report["captured"]
    print(f"captured: {captured}")
    assert len(captured["seen"]) == 10
    assert captured["seen"] == sorted(set(captured["seen"]))
    assert (captured["error"], captured["closed"]) == ("", True)


def test_an_absent_or_busy_camera_is_a_one_line_error_with_advice(report: dict[str, Any]) -> None:
    print(f"absent: {report['absent']}\nbusy: {report['busy']}")
    assert report["absent"].startswith("Pi camera 7: ")
    assert report["busy"].startswith("Pi camera 0: ")
    assert "No camera number 7" in report["absent"]
    assert "busy" in report["busy"]
    assert all("program" in report[name] and "\n" not in report[name] for name in ("absent", "busy"))


def test_auto_chooses_picamera2_where_it_is_installed(report: dict[str, Any]) -> None:
    assert report["auto"] == "PiCamera"
