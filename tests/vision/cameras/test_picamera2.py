"""The Pi's camera driver on a fake picamera2 that behaves as the real one does."""

import contextlib
import dataclasses
import errno
import sys
import types
import weakref

import cv2
import numpy as np
import pytest

from assistant.config.settings import CameraSettings
from assistant.errors import CameraBusyError, CameraError, CameraExhaustedError
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.capture import Capture
from assistant.vision.cameras.picamera2 import converter, yuv_converter


class FakePicamera2:
    """picamera2.Picamera2 as far as the driver uses it; grants NV12 whatever is asked, as the virtual camera does."""

    granted = "NV12"
    fails: Exception | None = None
    opened: list["FakePicamera2"]

    def __init__(self, number: int) -> None:
        if isinstance(self.fails, RuntimeError):
            raise self.fails
        self.calls: list[str] = []
        type(self).opened.append(self)

    def create_video_configuration(self, **asked: object) -> dict[str, object]:
        self.asked = asked
        return asked

    def configure(self, configuration: dict[str, object]) -> None:
        self.calls.append("configure")

    def camera_configuration(self) -> dict[str, dict[str, object]]:
        return {"main": {"format": self.granted, "size": (640, 480)}}

    def start(self) -> None:
        self.calls.append("start")

    def capture_array(self, stream: str, wait: float) -> np.ndarray:
        if self.fails:
            raise self.fails
        assert wait <= 2.0
        return np.vstack([np.full((480, 640), 90, np.uint8), np.full((240, 640), 128, np.uint8)])

    def cancel_all_and_flush(self) -> None:
        self.calls.append("flush")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    module = types.ModuleType("picamera2")
    module.Picamera2 = type("Picamera2", (FakePicamera2,), {"opened": []})
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return module.Picamera2


PI = CameraSettings(driver="picamera2", fps=10)


def test_the_pi_camera_gives_luma_in_the_format_that_was_granted(picamera2: type[FakePicamera2]) -> None:
    camera = open_camera(PI, lambda: 5.0)
    frame = camera.read()
    assert frame.image.shape == (480, 640)
    assert (frame.image == 90).all()
    assert (frame.at, frame.seq, camera.is_live) == (5.0, 1, True)
    asked = picamera2.opened[0].asked
    assert asked["controls"] == {"FrameDurationLimits": (100_000, 100_000)}
    assert asked["queue"] is False
    camera.close()
    camera.close()
    assert picamera2.opened[0].calls == ["configure", "start", "stop", "close"]


def test_a_pi_camera_that_stalls_is_an_error_and_the_late_request_is_flushed(picamera2: type[FakePicamera2]) -> None:
    camera = open_camera(PI)
    picamera2.fails = TimeoutError("late")
    with pytest.raises(CameraError, match="no picture within 2 s"):
        camera.read()
    assert "flush" in picamera2.opened[0].calls


def test_a_pi_camera_that_is_absent_or_of_an_unknown_format_is_closed_again(picamera2: type[FakePicamera2]) -> None:
    picamera2.granted = "SRGGB10"
    with pytest.raises(CameraError, match="SRGGB10"):
        open_camera(PI)
    assert picamera2.opened[0].calls[-1] == "close"
    picamera2.fails = RuntimeError("Camera __init__ sequence did not complete.")
    with pytest.raises(CameraError, match="sequence did not complete.*check its cable"):
        open_camera(PI)


def test_closing_a_pi_camera_frees_it(picamera2: type[FakePicamera2]) -> None:
    camera = open_camera(PI)
    held = picamera2.opened.pop()
    held.itself = held  # as the real one does, with its buffers and a pipe
    gone = weakref.ref(held)
    del held
    camera.close()
    assert gone() is None


def test_without_picamera2_it_names_the_apt_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="apt install python3-picamera2"):
        open_camera(PI)


@pytest.mark.parametrize("granted", ["RGB888", "BGR888", "XRGB8888", "XBGR8888"])
def test_colours_come_out_as_blue_green_red(granted: str) -> None:
    blue, green, red = 200, 100, 50
    memory = {
        "RGB888": [blue, green, red],
        "BGR888": [red, green, blue],
        "XRGB8888": [blue, green, red, 0],
        "XBGR8888": [red, green, blue, 0],
    }
    raw = np.tile(np.array(memory[granted], np.uint8), (4, 8, 1))
    image = converter(granted, (6, 4))(raw)
    assert image.shape == (4, 6, 3)
    assert image[0, 0].tolist() == [blue, green, red]


def test_colour_is_requested_and_converted_from_the_granted_format(picamera2: type[FakePicamera2]) -> None:
    frame = open_camera(PI, colour=True).read()
    assert picamera2.opened[0].asked["main"] == {"format": "RGB888", "size": (640, 480)}
    assert frame.image.shape == (480, 640, 3)  # from NV12, which the stand-in grants
    assert np.ptp(frame.image) <= 1


def test_yuv_keeps_the_luma_without_the_padding() -> None:
    raw = np.zeros((6, 8), np.uint8)
    raw[:4, :6] = 9
    assert (converter("YUV420", (6, 4))(raw) == 9).all()


@pytest.mark.parametrize("stride", [6, 8, 64])
@pytest.mark.parametrize("granted", ["YUV420", "YVU420", "NV12", "NV21"])
def test_the_colour_planes_are_converted_whatever_the_padding_of_their_rows(granted: str, stride: int) -> None:
    width, height = 6, 4
    painted = np.zeros((height, width, 3), np.uint8)
    painted[:2], painted[2:, :4], painted[2:, 4:] = (200, 60, 30), (20, 150, 60), (30, 30, 220)
    planar = cv2.cvtColor(painted, cv2.COLOR_BGR2YUV_I420).ravel()
    luma, blue, red = (
        planes.reshape(-1, width // size)
        for planes, size in zip(np.split(planar, (height * width, height * width * 5 // 4)), (1, 2, 2), strict=True)
    )
    raw = np.full(height * 3 // 2 * stride, 77, np.uint8)  # the padding is never zero
    raw[: height * stride].reshape(height, stride)[:, :width] = luma
    chroma = raw[height * stride :]
    order = (blue, red) if granted in ("YUV420", "NV12") else (red, blue)
    if granted in ("YUV420", "YVU420"):
        for plane, content in zip(chroma.reshape(2, height // 2, stride // 2), order, strict=True):
            plane[:, : width // 2] = content
    else:
        chroma.reshape(height // 2, stride)[:, :width] = np.dstack(order).reshape(height // 2, width)
    to_colour = yuv_converter(granted, (width, height))
    assert to_colour
    seen = to_colour(raw.reshape(-1, stride))
    assert (seen.shape, seen.flags.c_contiguous) == ((height, width, 3), True)
    assert np.abs(seen.astype(int) - painted).max() <= 8
    assert np.array_equal(converter(granted, (width, height), colour=True)(raw.reshape(-1, stride)), seen)


def test_a_grey_frame_makes_its_colours_only_when_asked(picamera2: type[FakePicamera2]) -> None:
    with contextlib.closing(Capture(lambda: open_camera(PI), rotate_deg=90).start()) as capture:
        frame = capture.take(10)
    assert frame is not None
    assert frame.image.shape == (640, 480)
    assert frame.colour is not None
    assert frame.colour().shape == (640, 480, 3)
    assert open_camera(PI, colour=True).read().colour is None
    picamera2.granted = "RGB888"
    assert open_camera(PI).read().colour is None


def test_auto_takes_the_pi_camera_only_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, picamera2: type[FakePicamera2]
) -> None:
    monkeypatch.setattr("assistant.vision.cameras.importlib.util.find_spec", lambda name: object())
    open_camera(dataclasses.replace(PI, driver="auto")).close()
    assert len(picamera2.opened) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RuntimeError("Failed to acquire camera: Device or resource busy"), CameraBusyError),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), CameraExhaustedError),
        (RuntimeError("Camera __init__ sequence did not complete."), CameraError),
    ],
)
def test_a_busy_and_an_exhausted_pi_camera_are_distinguished(
    picamera2: type[FakePicamera2], monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[CameraError]
) -> None:
    def start(self: FakePicamera2) -> None:
        raise error

    monkeypatch.setattr(picamera2, "start", start)
    capture = Capture(lambda: open_camera(CameraSettings(driver="picamera2")), repeat=False).start()
    assert capture.take(10) is None
    assert capture.has_ended
    assert (capture.is_busy, capture.is_exhausted) == (kind is CameraBusyError, kind is CameraExhaustedError)
    assert "\n" not in capture.error
