"""Vision's half of the preview: the newest frame is sent, and nothing that the window does holds the loop up."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from assistant.phrases import load
from assistant.records import Box, Face, Frame, Priority, Reading, Track, Utterance
from assistant.vision.preview import feed as feed_module
from assistant.vision.preview.feed import PreviewFeed
from assistant.vision.preview.message import Preview, read
from assistant.vision.step import Step

STEP = Step((Track(1, Face(Box(10, 20, 30, 40), 0.9)),), (Reading(1, 0.0, (0.7, 0.3)),))
LIMIT_S = 10.0


def frame(level: int, width: int = 64) -> Frame:
    return Frame(np.full((48, width), level, np.uint8), level / 10, level)


class Window:
    """The other end, as far as the test needs it."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._listener.settimeout(LIMIT_S)

    @contextlib.contextmanager
    def connected(self) -> Iterator[IO[bytes]]:
        connection, _ = self._listener.accept()
        connection.settimeout(LIMIT_S)
        with connection, connection.makefile("rb") as stream:
            yield stream

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "preview.sock"


@pytest.fixture
def feed(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PreviewFeed]:
    monkeypatch.setattr(feed_module, "RETRY_S", 0.0)
    with contextlib.closing(PreviewFeed(path, lambda: ("happy", "sad"), load("en"), 175)) as made:
        yield made


def next_of(stream: IO[bytes]) -> Preview:
    preview = read(stream)
    assert preview is not None
    return preview


def test_a_frame_arrives_with_its_faces_and_the_last_sentence(feed: PreviewFeed, path: Path) -> None:
    window = Window(path)
    feed.say(Utterance("Ready.", Priority.ANSWER, "status"))
    feed.offer(frame(7), STEP, None)
    with window.connected() as stream:
        preview = next_of(stream)
    assert (preview.picture == 7).all()
    assert preview.picture.shape == (48, 64)
    assert [(each.box, each.bars) for each in preview.faces] == [(Box(10, 20, 30, 40), (("happy", 0.7), ("sad", 0.3)))]
    assert preview.said == "Ready."


def test_of_a_camera_that_gives_grey_with_colour_at_hand_the_window_shows_colour(feed: PreviewFeed, path: Path) -> None:
    window, coloured = Window(path), np.full((48, 64, 3), (10, 20, 30), np.uint8)
    feed.offer(Frame(np.full((48, 64), 21, np.uint8), 0.1, 1, lambda: coloured), STEP, None)
    with window.connected() as stream:
        assert (next_of(stream).picture == (10, 20, 30)).all()


def test_a_sentence_is_shown_while_no_new_frame_comes(feed: PreviewFeed, path: Path) -> None:
    window = Window(path)
    feed.offer(frame(7), STEP, None)
    with window.connected() as stream:
        assert next_of(stream).said == ""
        feed.say(Utterance("The camera is lost.", Priority.FAULT, "camera"))
        assert next_of(stream).said == "The camera is lost."


def test_a_large_frame_is_sent_smaller_with_its_boxes(feed: PreviewFeed, path: Path) -> None:
    window = Window(path)
    feed.offer(frame(7, width=2560), STEP, None)
    with window.connected() as stream:
        preview = next_of(stream)
    assert preview.picture.shape == (24, 1280)
    assert preview.faces[0].box == Box(5, 10, 15, 20)


def test_a_window_that_takes_nothing_does_not_hold_up_the_loop_and_the_newest_frame_follows(
    feed: PreviewFeed, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "MIN_INTERVAL_S", 0.0)
    window = Window(path)
    for level in range(200):  # more than the socket holds
        feed.offer(Frame(np.full((480, 640), level, np.uint8), level / 10, level), Step(), None)
    with window.connected() as stream:
        levels = [next_of(stream).picture[0, 0]]
        while levels[-1] != 199:
            levels.append(next_of(stream).picture[0, 0])
    assert len(levels) < 200
    assert levels == sorted(levels)


def test_a_window_that_ends_and_comes_again_gets_frames_again(feed: PreviewFeed, path: Path) -> None:
    window, is_read = Window(path), threading.Event()
    feed.offer(frame(1), STEP, None)
    with window.connected() as stream:
        next_of(stream)
    window.close()
    path.unlink()
    again = Window(path)

    def offer() -> None:
        while not is_read.wait(0.01):
            feed.offer(frame(2), STEP, None)

    offering = threading.Thread(target=offer)
    offering.start()
    with again.connected() as stream:
        assert (next_of(stream).picture == 2).all()
    is_read.set()
    offering.join()


def test_what_cannot_be_drawn_ends_neither_thread(
    feed: PreviewFeed, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    window = Window(path)
    feed.offer(Frame(np.zeros((0, 0), np.uint8), 0.0, 0), STEP, None)  # what a camera gives that fails
    feed.say(Utterance("Ready.", Priority.ANSWER, "status"))
    with contextlib.suppress(OSError), window.connected() as stream:
        read(stream)
    feed.offer(frame(3), STEP, None)
    with window.connected() as stream:
        assert (next_of(stream).picture == 3).all()


def test_without_a_window_nothing_happens(feed: PreviewFeed) -> None:
    feed.say(Utterance("Ready.", Priority.ANSWER, "status"))
    feed.offer(frame(1), STEP, None)
    feed.close()
    feed.close()
