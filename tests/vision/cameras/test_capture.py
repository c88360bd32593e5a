"""The capture thread: newest frame, reopening, hangs, unusable and repeated pictures."""

import contextlib
import itertools
import threading
from collections.abc import Callable

import numpy as np
import pytest

from assistant.errors import CameraError, SourceError
from assistant.records import Frame
from assistant.vision.cameras.capture import Capture
from tests.support.standins import ScriptedCamera


def frame(value: int, at: float = 0.0) -> Frame:
    return Frame(np.full((2, 3), value, np.uint8), at, value)


class Waits:
    """A stop event that records waits instead of waiting."""

    def __init__(self, max_waits: int) -> None:
        self.waited: list[float] = []
        self.max_waits = max_waits

    def is_set(self) -> bool:
        return len(self.waited) >= self.max_waits

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return self.is_set()


def _grain(number: int) -> Frame:
    return Frame(np.random.default_rng(number).integers(0, 256, (48, 64), dtype=np.uint8), 0.0, number)


def _ticking(step_s: float) -> Callable[[], float]:
    """A clock that advances by `step_s` at each call."""
    ticks = itertools.count()
    return lambda: next(ticks) * step_s


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


def test_a_lost_camera_is_closed_and_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_without_repeat_the_first_error_ends_the_capture_and_is_kept() -> None:
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
    assert capture._stop.waited[:2] == [0, 0], "a late frame is not held back"


@pytest.mark.parametrize(
    ("degrees", "shape", "corner"), [(0, (2, 3), 1), (90, (3, 2), 4), (180, (2, 3), 6), (270, (3, 2), 3)]
)
def test_the_picture_is_rotated_for_a_box_worn_on_its_side(degrees: int, shape: tuple[int, int], corner: int) -> None:
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


def test_retries_back_off_and_start_again_after_a_picture() -> None:
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


@pytest.mark.parametrize("seq", [lambda number: 7, lambda number: number], ids=["stale", "frozen"])
def test_a_repeated_picture_is_an_error_and_not_offered(seq: Callable[[int], int]) -> None:
    same = _grain(1).image
    frames: list[Frame | Exception] = [_grain(0), *(Frame(same, 0.0, seq(number)) for number in range(200))]
    capture = Capture(lambda: ScriptedCamera(frames), clock=_ticking(0.05), repeat=False).start()
    taken = 0
    while not capture.has_ended:
        taken += capture.take(0.1) is not None
    taken += capture.take(0) is not None
    assert capture.close()
    assert "same picture for 2 s" in capture.error
    assert taken + capture.dropped == 2  # the first picture, and the first of the repeated ones


def test_a_still_scene_with_sensor_noise_is_not_a_repeated_picture() -> None:
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
def test_an_unusable_picture_is_skipped_and_named(monkeypatch: pytest.MonkeyPatch, image: object, what: str) -> None:
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


def test_a_camera_without_usable_pictures_is_reopened(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_reopening_does_not_make_a_frozen_picture_new() -> None:
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
    assert capture.dropped == 0, "of the pictures of the four cameras only the first was new"


def test_mostly_unusable_pictures_are_torn_until_most_are_usable() -> None:
    now = [0.0]
    capture = Capture(lambda: ScriptedCamera([]), clock=lambda: now[0])

    def read(seconds: float, of_three: int) -> list[float]:
        """Ten reads a second, of which `of_three` in three are usable; the times at which the pictures were torn."""
        torn = []
        for number in range(round(seconds * 10)):
            capture._update_torn(number % 3 < of_three)
            if capture.is_torn:
                torn.append(now[0])
            now[0] += 0.1
        return torn

    assert read(20, 2) == []
    torn = read(10, 1)
    assert 2.0 < torn[0] - 20 < 6.0
    assert read(4, 2)[-1] - 30 <= 2.01
    assert not capture.is_torn
