"""Cameras: real files through the real drivers; the Pi's driver on a stand-in for picamera2 that keeps its promises."""

import contextlib
import dataclasses
import errno
import itertools
import sys
import threading
import types
import weakref
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.config.settings import CameraSettings
from assistant.errors import CameraBusyError, CameraError, CameraExhaustedError, SourceError
from assistant.records import Frame
from assistant.vision.cameras import open_camera, v4l2
from assistant.vision.cameras.capture import Capture
from assistant.vision.cameras.picamera2 import converter
from tests.support.standins import ScriptedCamera, clip, needs_photographs


def frames(settings: CameraSettings) -> list[Frame]:
    camera, seen = open_camera(settings), []
    while (frame := camera.read()) is not None:
        seen.append(frame)
    camera.close()
    camera.close()
    return seen


@pytest.mark.parametrize("name", ["clip.avi", "clip.mkv"])
def test_a_clip_has_its_own_time(tmp_path: Path, name: str) -> None:
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
def test_what_is_no_video_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not a video that can be read") as caught:
        open_camera(CameraSettings(driver="opencv", source=str(path)))
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
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


def test_a_device_gives_frames_on_the_clock_until_it_is_unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    class Device:
        """cv2.VideoCapture of a camera that is unplugged after five frames."""

        def __init__(self, *_: object) -> None:
            self.left, self.asked = 5, {}

        def isOpened(self) -> bool:
            return True

        def set(self, key: int, value: float) -> bool:
            self.asked[key] = value
            return True

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
    assert camera.read().image.size == 0, "what could not be read is an empty picture"
    camera.close()


def test_a_folder_shows_each_picture_for_a_while_in_the_order_of_names(tmp_path: Path) -> None:
    for index, name in enumerate(("b.png", "a.jpg", "c.PNG")):
        cv2.imwrite(str(tmp_path / name), np.full((30, 40, 3), 50 * index, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture, and not looked at")
    seen = frames(CameraSettings(driver="folder", source=str(tmp_path), picture_s=0.5, fps=10))
    assert len(seen) == 15
    np.testing.assert_allclose([frame.at for frame in seen], np.arange(15) / 10)
    assert [int(frame.image.mean()) for frame in seen[::5]] == [50, 0, 100]


def test_folders_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no pictures in this folder"):
        open_camera(CameraSettings(driver="folder", source=str(tmp_path)))
    with pytest.raises(SourceError, match="no such folder"):
        open_camera(CameraSettings(driver="folder", source=str(tmp_path / "none")))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG but not really")
    with pytest.raises(SourceError, match=r"broken\.png: not a picture"):
        open_camera(CameraSettings(driver="folder", source=str(tmp_path))).read()


@needs_photographs
def test_the_demo_shows_two_people_and_a_place_without_anybody() -> None:
    seen = frames(CameraSettings(driver="demo"))
    assert 20 <= seen[-1].at <= 30
    assert {frame.image.shape for frame in seen} == {(480, 640, 3)}
    assert len({frame.image.tobytes() for frame in seen}) > 100


def test_the_demo_without_its_photographs_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.vision.cameras.demo.util.find_spec", lambda name: None)
    with pytest.raises(SourceError, match=r"pip install 'emotion-assistant\[demo\]'"):
        open_camera(CameraSettings(driver="demo"))


class FakePicamera2:
    """picamera2.Picamera2 as far as the driver uses it: grants NV12 whatever is asked, as the virtual camera does."""

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


def test_a_pi_camera_that_is_absent_or_strange_is_closed_again(picamera2: type[FakePicamera2]) -> None:
    picamera2.granted = "SRGGB10"
    with pytest.raises(CameraError, match="SRGGB10"):
        open_camera(PI)
    assert picamera2.opened[0].calls[-1] == "close"
    picamera2.fails = RuntimeError("Camera __init__ sequence did not complete.")
    with pytest.raises(CameraError, match="sequence did not complete.*check its cable"):
        open_camera(PI)


def test_nothing_is_left_of_a_closed_pi_camera(picamera2: type[FakePicamera2]) -> None:
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


def test_colour_is_asked_for_and_taken_from_what_is_granted(picamera2: type[FakePicamera2]) -> None:
    frame = open_camera(PI, colour=True).read()
    assert picamera2.opened[0].asked["main"] == {"format": "RGB888", "size": (640, 480)}
    assert frame.image.shape == (480, 640, 3)  # from NV12, which the stand-in grants
    assert np.ptp(frame.image) <= 1


def test_yuv_keeps_the_luma_without_the_padding() -> None:
    raw = np.zeros((6, 8), np.uint8)
    raw[:4, :6] = 9
    assert (converter("YUV420", (6, 4))(raw) == 9).all()


def frame(value: int, at: float = 0.0) -> Frame:
    return Frame(np.full((2, 3), value, np.uint8), at, value)


def test_only_the_newest_frame_is_kept_and_the_others_are_counted() -> None:
    given, go_on = threading.Event(), threading.Event()

    class Fast(ScriptedCamera):
        def read(self) -> Frame | None:
            item = super().read()
            if item is None:
                given.set()
                go_on.wait(10)
            return item

    capture = Capture(lambda: Fast([frame(value) for value in range(5)]), repeat=False).start()
    assert given.wait(10)
    newest = capture.take(0)
    assert newest is not None
    assert newest.image[0, 0] == 4
    assert capture.dropped == 4
    assert capture.take(0) is None
    go_on.set()
    assert capture.close()
    assert capture.has_ended


def test_a_lost_camera_is_opened_again_and_was_closed_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.vision.cameras.capture.FIRST_RETRY_S", 0.001)
    opened, turn = [], threading.Semaphore(1)  # only the newest frame is kept: the next one comes when it was taken

    def opening() -> ScriptedCamera:
        if len(opened) == 1:
            opened.append(None)
            raise CameraError("busy")
        turn.acquire(timeout=10)
        opened.append(ScriptedCamera([frame(len(opened)), CameraError("unplugged")]))
        return opened[-1]

    capture = Capture(opening).start()
    for number in (0, 2, 3):
        taken = capture.take(10)
        assert taken is not None
        assert taken.image[0, 0] == number
        turn.release()
    assert capture.close()
    assert all(camera is None or camera.is_closed for camera in opened)


def test_without_repeat_the_first_trouble_ends_it_and_says_why() -> None:
    def refuse() -> ScriptedCamera:
        raise SourceError("no such clip")

    capture = Capture(refuse, repeat=False).start()
    assert capture.take(10) is None
    assert capture.has_ended
    assert capture.error == "no such clip"


def test_a_clip_is_played_in_its_own_time() -> None:
    pictures = [frame(number, at) for number, at in enumerate((0.0, 0.05, 0.5, 0.3))]
    capture = Capture(lambda: ScriptedCamera(pictures, is_live=False), clock=lambda: 7.0, repeat=False)
    capture._stop = Waits(9)
    capture._run()
    assert capture._stop.waited == pytest.approx([0, 0.05, 0.5, 0.3])
    assert capture.error == ""
    late = iter(np.arange(7, 1000, 0.04))
    capture = Capture(lambda: ScriptedCamera(pictures, is_live=False), clock=lambda: float(next(late)), repeat=False)
    capture._stop = Waits(9)
    capture._run()
    assert capture._stop.waited[:2] == [0, 0], "what is late already is not held back"


@pytest.mark.parametrize(
    ("degrees", "shape", "corner"), [(0, (2, 3), 1), (90, (3, 2), 4), (180, (2, 3), 6), (270, (3, 2), 3)]
)
def test_a_box_worn_on_its_side_turns_the_picture(degrees: int, shape: tuple[int, int], corner: int) -> None:
    image = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    capture = Capture(lambda: ScriptedCamera([Frame(image, 0.0, 1)]), rotate_deg=degrees, repeat=False).start()
    taken = capture.take(10)
    assert taken is not None
    assert taken.image.shape == shape
    assert taken.image[0, 0] == corner


def test_close_reports_a_read_that_never_returns() -> None:
    reading, release = threading.Event(), threading.Event()

    class Hanging(ScriptedCamera):
        def read(self) -> Frame | None:
            reading.set()
            release.wait(10)
            return None

    capture = Capture(lambda: Hanging([])).start()
    assert reading.wait(10)
    assert not capture.close(0.01)
    release.set()


def test_auto_takes_the_pi_camera_only_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, picamera2: type[FakePicamera2]
) -> None:
    monkeypatch.setattr("assistant.vision.cameras.importlib.util.find_spec", lambda name: object())
    open_camera(dataclasses.replace(PI, driver="auto")).close()
    assert len(picamera2.opened) == 1


class Waits:
    """A stop event that counts waits instead of waiting."""

    def __init__(self, most: int) -> None:
        self.waited: list[float] = []
        self.most = most

    def is_set(self) -> bool:
        return len(self.waited) >= self.most

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return self.is_set()


def test_tries_come_ever_more_rarely_and_begin_anew_after_pictures() -> None:
    once = ScriptedCamera([frame(1), CameraError("gone")])
    script = iter(
        [
            CameraError("gone"),
            ValueError("numpy.dtype size changed"),
            CameraError("gone"),
            once,
            *[CameraError("gone")] * 9,
        ]
    )

    def opening() -> ScriptedCamera:
        item = next(script)
        if isinstance(item, Exception):
            raise item
        return item

    capture = Capture(opening)
    capture._stop = Waits(6)
    capture._run()
    assert capture._stop.waited == [0.5, 1, 2, 0.5, 1, 2]


def _grain(number: int) -> Frame:
    return Frame(np.random.default_rng(number).integers(0, 256, (48, 64), dtype=np.uint8), 0.0, number)


def _ticking(step_s: float) -> Callable[[], float]:
    """A clock that moves on by `step_s` with each look."""
    ticks = itertools.count()
    return lambda: next(ticks) * step_s


@pytest.mark.parametrize("seq", [lambda number: 7, lambda number: number], ids=["stale", "frozen"])
def test_the_same_picture_again_and_again_is_no_picture(seq: Callable[[int], int]) -> None:
    same = _grain(1).image
    frames: list[Frame | Exception] = [_grain(0), *(Frame(same, 0.0, seq(number)) for number in range(200))]
    capture = Capture(lambda: ScriptedCamera(frames), clock=_ticking(0.05), repeat=False).start()
    taken = 0
    while not capture.has_ended:
        taken += capture.take(0.1) is not None
    taken += capture.take(0) is not None
    assert capture.close()
    assert "same picture for 2 s" in capture.error
    assert taken + capture.dropped == 2  # the first, and the first of those that are alike


def test_a_still_scene_with_a_sensors_noise_is_none_such() -> None:
    rng, still = np.random.default_rng(3), np.full((48, 64), 120, np.int16)
    still[10:30, 20:40] = 60
    frames = [Frame((still + rng.integers(-1, 2, still.shape)).astype(np.uint8), 0.0, number) for number in range(300)]
    capture = Capture(lambda: ScriptedCamera(frames), clock=_ticking(0.05), repeat=False).start()
    seen = 0
    while not capture.has_ended:
        seen += capture.take(0.1) is not None
    seen += capture.take(0) is not None
    assert capture.error == ""
    assert seen + capture.dropped == 300


def test_a_black_picture_may_be_like_the_last_one() -> None:
    frames = [Frame(np.zeros((48, 64), np.uint8), 0.0, number) for number in range(100)]
    capture = Capture(lambda: ScriptedCamera(frames), clock=_ticking(0.1), repeat=False).start()
    while not capture.has_ended:
        capture.take(0.1)
    assert capture.error == ""
    assert capture.dropped > 0 or capture.take(0) is None


@pytest.mark.parametrize(
    ("image", "what"),
    [
        (None, "no picture but NoneType"),
        (np.zeros((0, 0), np.uint8), "nothing; was it unplugged"),
        (np.zeros((48, 64), np.float32), "no picture but float32"),
        (np.zeros((48, 64, 2), np.uint8), "the shape"),
        (np.zeros(300, np.uint8), "the shape"),
        (np.broadcast_to(np.uint8(7), (4320, 7680)), "7680x4320"),
        (np.broadcast_to(np.uint8(7), (16, 8193)), "8193x16"),
        (np.broadcast_to(np.uint8(7), (640, 1)), "1x640"),
    ],
)
def test_what_is_no_picture_is_passed_over_and_said(monkeypatch: pytest.MonkeyPatch, image: object, what: str) -> None:
    monkeypatch.setattr("assistant.vision.cameras.capture.UNUSABLE_PAUSE_S", 0.0)
    capture = Capture(lambda: ScriptedCamera([Frame(image, 0.0, 1)] * 3), repeat=False).start()  # type: ignore[arg-type]
    assert capture.take(10) is None
    assert capture.has_ended
    assert what in capture.error
    assert capture.close()
    capture = Capture(lambda: ScriptedCamera([Frame(image, 0.0, 1), _grain(2)]), repeat=False).start()  # type: ignore[arg-type]
    taken = capture.take(10)
    assert taken is not None
    assert taken.image.shape == (48, 64)
    assert capture.close()
    assert capture.error == ""


def test_a_camera_that_gives_no_pictures_for_long_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.vision.cameras.capture.UNUSABLE_PAUSE_S", 0.0)
    monkeypatch.setattr("assistant.vision.cameras.capture.FIRST_RETRY_S", 0.001)
    opened: list[ScriptedCamera] = []

    def opening() -> ScriptedCamera:
        frames = (
            [Frame(np.zeros((0, 0), np.uint8), 0.0, number) for number in range(200)] if not opened else [_grain(1)]
        )
        opened.append(ScriptedCamera(frames))
        return opened[-1]

    capture = Capture(opening, clock=_ticking(0.05)).start()
    taken = capture.take(10)
    assert taken is not None
    assert taken.image.shape == (48, 64)
    assert opened[0].is_closed
    assert next(opened[0].frames, None) is not None  # not because it had ended
    assert capture.close()


def test_a_frozen_camera_is_no_fresher_for_being_opened_again() -> None:
    same, opened = _grain(1).image, []

    def opening() -> ScriptedCamera:
        if len(opened) == 4:
            raise SystemExit
        opened.append(ScriptedCamera([Frame(same, 0.0, number) for number in range(200)]))
        return opened[-1]

    capture = Capture(opening, clock=_ticking(0.05))
    capture._stop.wait = lambda seconds=0: False  # type: ignore[method-assign,assignment]
    with contextlib.suppress(SystemExit):
        capture._run()
    assert len(opened) == 4
    assert capture.take(0) is not None
    assert capture.dropped == 0, "of all that the four gave the first alone was new"


def test_pictures_that_are_mostly_none_are_torn_until_they_are_whole_again() -> None:
    now = [0.0]
    capture = Capture(lambda: ScriptedCamera([]), clock=lambda: now[0])

    def read(seconds: float, of_three: int) -> list[float]:
        """Ten reads a second of which so many in three are pictures: when they were torn."""
        torn = []
        for number in range(round(seconds * 10)):
            capture._count(number % 3 < of_three)
            if capture.is_torn:
                torn.append(now[0])
            now[0] += 0.1
        return torn

    assert read(20, 2) == []
    torn = read(10, 1)
    assert 2.0 < torn[0] - 20 < 6.0
    assert read(4, 2)[-1] - 30 <= 2.01
    assert not capture.is_torn


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel that shows a codec, an image processor, and two USB cameras with their second devices."""
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


def test_without_a_name_the_first_device_that_gives_pictures_is_the_camera(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Device:
        """Opens whatever it is; 11 alone gives pictures."""

        def __init__(self, number: int, api: int) -> None:
            self.number = number

        def isOpened(self) -> bool:
            return True

        def set(self, key: int, value: float) -> bool:
            return True

        def read(self) -> tuple[bool, np.ndarray | None]:
            return (True, np.ones((4, 6, 3), np.uint8)) if self.number == works else (False, None)

        def release(self) -> None:
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Device)
    monkeypatch.setattr(Path, "exists", lambda self: True)
    for works in (11, 2):  # it was plugged in again, and has another number now
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
def test_who_is_refused_buffers_has_another_program_before_him(
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


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (RuntimeError("Failed to acquire camera: Device or resource busy"), CameraBusyError),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), CameraExhaustedError),
        (RuntimeError("Camera __init__ sequence did not complete."), CameraError),
    ],
)
def test_a_pi_camera_that_is_held_by_others_or_spent_is_known(
    picamera2: type[FakePicamera2], monkeypatch: pytest.MonkeyPatch, trouble: Exception, kind: type[CameraError]
) -> None:
    def start(self: FakePicamera2) -> None:
        raise trouble

    monkeypatch.setattr(picamera2, "start", start)
    capture = Capture(lambda: open_camera(CameraSettings(driver="picamera2")), repeat=False).start()
    assert capture.take(10) is None
    assert capture.has_ended
    assert (capture.is_busy, capture.is_exhausted) == (kind is CameraBusyError, kind is CameraExhaustedError)
    assert "\n" not in capture.error
