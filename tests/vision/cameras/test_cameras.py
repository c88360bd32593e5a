"""Camera drivers on real files and folders, and on fake V4L2 devices."""

import errno
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.config.settings import CameraSettings
from assistant.errors import CameraBusyError, CameraError, SourceError
from assistant.records import Frame
from assistant.vision.cameras import open_camera, v4l2
from tests.support.standins import clip, needs_photographs


def frames(settings: CameraSettings) -> list[Frame]:
    camera, seen = open_camera(settings), []
    while (frame := camera.read()) is not None:
        seen.append(frame)
    camera.close()
    camera.close()
    return seen


@pytest.mark.parametrize("name", ["clip.avi", "clip.mkv"])
def test_a_clip_is_read_in_its_own_time(tmp_path: Path, name: str) -> None:
    pictures = [np.full((120, 160), 20 * index, np.uint8) for index in range(10)]
    seen = frames(CameraSettings(driver="opencv", source=clip(str(tmp_path / name), pictures, fps=12.5)))
    assert [frame.seq for frame in seen] == list(range(1, 11))
    np.testing.assert_allclose([frame.at for frame in seen], np.arange(10) / 12.5, atol=0.002)
    for index, frame in enumerate(seen):
        assert frame.image.shape == (120, 160, 3)
        assert abs(float(frame.image.mean()) - 20 * index) < 4


def test_a_clip_is_not_live(tmp_path: Path) -> None:
    source = clip(str(tmp_path / "clip.avi"), [np.zeros((120, 160), np.uint8)])
    assert not open_camera(CameraSettings(source=source)).is_live


@pytest.mark.parametrize("content", [b"this is a text\n" * 50, b"", b"\0" * 5000])
def test_a_file_that_is_not_a_video_is_a_one_line_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not a video that can be read") as caught:
        open_camera(CameraSettings(driver="opencv", source=str(path)))
    assert "\n" not in str(caught.value)


def test_a_video_without_a_first_picture_is_not_called_cut_off(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    size = (20000).to_bytes(2, "little") * 2
    path = tmp_path / "huge.gif"
    path.write_bytes(b"GIF89a" + size + b"\xf0\0\0" + bytes(6) + b"," + bytes(4) + size + b"\0\x02\x02\x4c\x01\0;")
    with pytest.raises(SourceError, match="not a video that can be read"):
        open_camera(CameraSettings(driver="opencv", source=str(path)))
    assert not caplog.messages


def test_a_missing_source_is_a_one_line_error(tmp_path: Path) -> None:
    for source, error in (
        (str(tmp_path / "none.mp4"), SourceError),
        ("/dev/video-none", CameraError),
        ("77", CameraError),
    ):
        with pytest.raises(error, match="No such file|does not exist"):
            open_camera(CameraSettings(driver="opencv", source=source))
    with pytest.raises(SourceError, match="not a video file"):
        open_camera(CameraSettings(driver="opencv", source=str(tmp_path)))
    with pytest.raises(CameraError, match="gives no picture"):
        open_camera(CameraSettings(driver="opencv", source="/dev/null"))


def test_a_device_delivers_frames_with_clock_time_until_it_is_unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    class Device:
        """cv2.VideoCapture of a camera that is unplugged after five frames."""

        def __init__(self, *_: object) -> None:
            self.left, self.asked = 5, {}

        def isOpened(self) -> bool:
            return True

        def set(self, key: int, value: float) -> bool:
            self.asked[key] = value
            return True

        def get(self, key: int) -> float:
            return 0.0

        def read(self) -> tuple[bool, np.ndarray | None]:
            self.left -= 1
            return (True, np.full((4, 6, 3), self.left, np.uint8)) if self.left >= 0 else (False, None)

        def release(self) -> None:
            self.left = -1

    monkeypatch.setattr(cv2, "VideoCapture", Device)
    ticks = iter(range(100, 200))
    camera = open_camera(CameraSettings(driver="opencv", source="/dev/null"), lambda: float(next(ticks)))
    assert camera.is_live
    assert camera._capture.asked[cv2.CAP_PROP_BUFFERSIZE] == 1
    assert [(camera.read().at, frame) for frame in range(3)] == [(100.0, 0), (101.0, 1), (102.0, 2)]
    assert camera.read().image.size == 0, "a failed read is an empty picture"
    camera.close()


class YuyvDevice:
    """cv2.VideoCapture of a camera that gives YUYV, which OpenCV makes BGR of unless it is asked not to."""

    PICTURE = cv2.GaussianBlur(np.random.default_rng(5).integers(0, 256, (48, 64, 3)).astype(np.uint8), (0, 0), 4)
    fourcc, is_raw_shape = cv2.VideoWriter.fourcc(*"YUYV"), True

    def __init__(self, *_: object) -> None:
        self.is_converted = True

    def isOpened(self) -> bool:
        return True

    def get(self, key: int) -> float:
        return float(self.fourcc) if key == cv2.CAP_PROP_FOURCC else 0.0

    def set(self, key: int, value: float) -> bool:
        if key == cv2.CAP_PROP_CONVERT_RGB:
            self.is_converted = bool(value)
        return True

    def read(self) -> tuple[bool, np.ndarray]:
        raw = cv2.cvtColor(self.PICTURE, cv2.COLOR_BGR2YUV_YUYV)
        if self.is_converted:
            return True, cv2.cvtColor(raw, cv2.COLOR_YUV2BGR_YUYV)
        return True, raw if self.is_raw_shape else raw.reshape(1, -1)

    def release(self) -> None:
        pass


def test_of_a_camera_that_gives_yuyv_the_luma_is_the_grey_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", YuyvDevice)
    grey = open_camera(CameraSettings(driver="opencv", source="/dev/null")).read()
    colour = open_camera(CameraSettings(driver="opencv", source="/dev/null"), colour=True).read()
    assert (grey.image.shape, colour.image.shape, colour.colour) == ((48, 64), (48, 64, 3), None)
    by_way_of_colours = cv2.cvtColor(colour.image, cv2.COLOR_BGR2GRAY)
    assert np.abs(grey.image.astype(int) - by_way_of_colours).max() <= 2
    assert grey.colour is not None
    np.testing.assert_array_equal(grey.colour(), colour.image)


@pytest.mark.parametrize(("fourcc", "is_raw_shape"), [("MJPG", True), ("YUYV", False)])
def test_a_camera_that_gives_no_yuyv_after_all_stays_in_colours(
    fourcc: str, is_raw_shape: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(YuyvDevice, "fourcc", cv2.VideoWriter.fourcc(*fourcc))
    monkeypatch.setattr(YuyvDevice, "is_raw_shape", is_raw_shape)
    monkeypatch.setattr(cv2, "VideoCapture", YuyvDevice)
    frame = open_camera(CameraSettings(driver="opencv", source="/dev/null")).read()
    assert frame.image.shape == (48, 64, 3)


def test_a_folder_shows_each_picture_for_a_while_in_the_order_of_names(tmp_path: Path) -> None:
    for index, name in enumerate(("b.png", "a.jpg", "c.PNG")):
        cv2.imwrite(str(tmp_path / name), np.full((30, 40, 3), 50 * index, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture")
    seen = frames(CameraSettings(driver="folder", source=str(tmp_path), picture_s=0.5, fps=10))
    assert len(seen) == 15
    np.testing.assert_allclose([frame.at for frame in seen], np.arange(15) / 10)
    assert [int(frame.image.mean()) for frame in seen[::5]] == [50, 0, 100]


def test_folders_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no pictures in this folder"):
        open_camera(CameraSettings(driver="folder", source=str(tmp_path)))
    with pytest.raises(SourceError, match="no such folder"):
        open_camera(CameraSettings(driver="folder", source=str(tmp_path / "none")))
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    for name in ("pipe.png", "loop.png"):
        with pytest.raises(SourceError, match=f"{name}: not a regular file; give a picture or a folder"):
            open_camera(CameraSettings(driver="folder", source=str(tmp_path / name)))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG but not really")
    with pytest.raises(SourceError, match=r"broken\.png: not a picture"):
        open_camera(CameraSettings(driver="folder", source=str(tmp_path))).read()


@needs_photographs
def test_the_demo_shows_two_people_and_a_view_without_a_face() -> None:
    seen = frames(CameraSettings(driver="demo"))
    assert 20 <= seen[-1].at <= 30
    assert {frame.image.shape for frame in seen} == {(480, 640, 3)}
    assert len({frame.image.tobytes() for frame in seen}) > 100


def test_the_demo_without_its_photographs_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.vision.cameras.demo.util.find_spec", lambda name: None)
    with pytest.raises(SourceError, match=r"pip install 'emotion-assistant\[demo\]'"):
        open_camera(CameraSettings(driver="demo"))


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /sys with a codec, an image processor, and two USB cameras with their second devices."""
    for name, text in (
        ("video10", "bcm2835-codec-decode"), ("video2", "HD Webcam: HD Webcam"), ("video20", "pispbe-input"),
        ("video3", "HD Webcam: HD Webcam"), ("video11", "USB Camera"), ("v4l-subdev0", "imx708"),
    ):  # fmt: skip
        (tmp_path / "class/video4linux" / name).mkdir(parents=True)
        (tmp_path / "class/video4linux" / name / "name").write_text(text + "\n")
    monkeypatch.setenv("EMOTION_ASSISTANT_SYS", str(tmp_path))
    return tmp_path


def test_the_devices_that_may_be_cameras_in_the_order_of_their_numbers(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert v4l2.camera_numbers() == ["2", "3", "11"]
    monkeypatch.setenv("EMOTION_ASSISTANT_SYS", str(system / "none"))
    assert v4l2.camera_numbers() == []
    with pytest.raises(CameraError, match="there is no /dev/video"):
        open_camera(CameraSettings(driver="opencv"))


def test_without_a_source_the_first_device_that_delivers_pictures_is_opened(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Device:
        """Every device opens; one alone delivers pictures."""

        def __init__(self, number: int, api: int) -> None:
            self.number = number

        def isOpened(self) -> bool:
            return True

        def set(self, key: int, value: float) -> bool:
            return True

        def get(self, key: int) -> float:
            return 0.0

        def read(self) -> tuple[bool, np.ndarray | None]:
            return (True, np.ones((4, 6, 3), np.uint8)) if self.number == works else (False, None)

        def release(self) -> None:
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Device)
    monkeypatch.setattr(Path, "exists", lambda self: True)
    for works in (11, 2):  # plugged in again, it may have another number
        camera = open_camera(CameraSettings(driver="opencv"))
        assert camera.source == str(works)  # type: ignore[attr-defined]
        camera.close()
    works = 99
    with pytest.raises(CameraError, match="camera 2: gives no picture"):
        open_camera(CameraSettings(driver="opencv"))
    monkeypatch.setattr(v4l2, "is_busy", lambda path: path.name == "video3")
    with pytest.raises(CameraBusyError, match="camera 3: another program"):
        open_camera(CameraSettings(driver="opencv"))


@pytest.mark.parametrize(("code", "busy"), [(errno.EBUSY, True), (errno.ENOTTY, False), (None, False)])
def test_a_device_that_refuses_buffers_is_in_use_by_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None, busy: bool
) -> None:
    asked = []

    def ioctl(file: int, request: int, argument: bytearray) -> int:
        asked.append((request, len(argument)))
        if code:
            raise OSError(code, "no")
        return 0

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    (tmp_path / "video0").write_text("")
    assert v4l2.is_busy(tmp_path / "video0") is busy
    assert asked == [(0xC0145608, 20)]
    assert not v4l2.is_busy(tmp_path / "none")
