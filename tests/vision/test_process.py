"""The vision process: it announces missing parts, goes on once it can, and reports that it works."""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest

from assistant import phrases
from assistant.config.settings import CameraSettings, Settings
from assistant.errors import DetectorError
from assistant.faults import FaultAnnouncer
from assistant.ipc.messages import Message, UtteranceEnded
from assistant.records import Fate, FaultName, Priority, Utterance
from assistant.system.process_setup import EXIT_RESTART
from assistant.vision import process
from assistant.vision.factory import VisionParts
from assistant.vision.loop import VisionLoop
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face, picture

EN = phrases.load("en")


class Link:
    """A link that stores the messages to the voice process."""

    is_working = is_voice_alive = True

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.withdrawn: list[str] = []
        self.beats: list[tuple[bool, tuple[FaultName, ...]]] = []
        self.covers: list[bool] = []

    def send(self, message: Message) -> None:
        raise AssertionError(message)

    def speak(self, utterance: Utterance) -> None:
        self.texts.append(utterance.text)

    def withdraw(self, topic: str) -> None:
        self.withdrawn.append(topic)

    def close(self) -> None:
        pass

    def heartbeat(
        self,
        at: float,
        *,
        is_camera_open: bool = False,
        faults: Sequence[FaultName] = (),
        is_lens_covered: bool = False,
    ) -> None:
        assert at > 0
        self.beats.append((is_camera_open, tuple(faults)))
        self.covers.append(is_lens_covered)


class Notes:
    """A service manager that stores the notifications."""

    def __init__(self) -> None:
        self.notifications: list[str] = []

    def ready(self) -> None:
        self.notifications.append("ready")

    def status(self, text: str) -> None:
        self.notifications.append(text)

    def alive(self) -> None:
        self.notifications.append("alive")


def test_a_missing_detector_is_announced_and_loaded_as_soon_as_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "DETECTOR_RETRY_S", 0.05)
    monkeypatch.setattr(process, "HEARTBEAT_S", 0.01)
    found, tries = (object(), {}), []

    def best_parts(settings: Settings) -> object:
        tries.append(settings)
        if len(tries) < 3:
            raise DetectorError("no file")
        return found

    monkeypatch.setattr("assistant.vision.factory.best_parts", best_parts)
    link, notes = Link(), Notes()
    assert process._load_parts(Settings(), threading.Event(), notes, FaultAnnouncer(EN, link.speak), link) is found  # type: ignore[arg-type]
    assert link.texts == [EN.fault("detector"), EN.fault("detector", is_over=True)]
    assert set(link.beats) == {(False, ("detector",))}, (
        "a voice that hears nothing would say that vision is still starting"
    )
    assert {"ready", "faults: detector", "alive"} <= set(notes.notifications)


def test_a_stop_ends_the_wait_for_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def best_parts(settings: Settings) -> object:
        stop.set()
        raise DetectorError("no file")

    monkeypatch.setattr("assistant.vision.factory.best_parts", best_parts)
    link = Link()
    assert process._load_parts(Settings(), stop, Notes(), FaultAnnouncer(EN, link.speak), link) is None  # type: ignore[arg-type]


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Link:
    """The link of a vision process that runs with stand-ins."""
    made, parts = Link(), VisionParts(ScriptedDetector(lambda frame: [face(280)]), ScriptedClassifier())
    monkeypatch.setattr("assistant.ipc.link.LinkClient", lambda path, ears: made)
    monkeypatch.setattr("assistant.vision.factory.best_parts", lambda settings: (parts, {}))
    return made


def test_the_picture_of_a_camera_worn_on_its_side_is_turned(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), picture("happy", (640, 480)))
    shapes = []
    monkeypatch.setattr(VisionLoop, "run", lambda loop: shapes.append(loop.capture.take(10).image.shape[:2]))
    for degrees in (0, 90):
        camera = CameraSettings(driver="folder", source=str(tmp_path), rotate=degrees)
        assert process.run_vision(Settings(camera=camera), threading.Event()) == 0
    assert shapes == [(480, 640), (640, 480)]


def test_what_is_no_longer_true_is_withdrawn_from_the_voice(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(VisionLoop, "run", lambda loop: loop.withdraw("person 1"))
    process.run_vision(Settings(camera=CameraSettings(driver="folder", source=str(tmp_path))), threading.Event())
    assert link.withdrawn == ["person 1"]


def test_a_process_that_has_grown_announces_it_and_is_started_again(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("assistant.system.resource_guard.ResourceGuard.exceeded", lambda guard: "250 open files")
    stop = threading.Event()
    assert (
        process.run_vision(Settings(camera=CameraSettings(driver="folder", source=str(tmp_path))), stop) == EXIT_RESTART
    )
    assert link.texts[-1:] == [EN.fault("memory")]
    assert stop.is_set()


def test_the_fate_of_an_utterance_reaches_the_loop() -> None:
    utterance, came = Utterance("Looks happy.", Priority.CHANGE, "person 1"), []
    requests = process._Requests()
    requests(UtteranceEnded(utterance, Fate.EXPIRED, 1.0))  # before there is a loop
    requests.loop = SimpleNamespace(ended=lambda *what: came.append(what))  # type: ignore[assignment]
    requests(UtteranceEnded(utterance, Fate.EXPIRED, 1.0))
    assert came == [(utterance, Fate.EXPIRED)]


@pytest.mark.parametrize(
    ("is_stuck", "is_working", "notifications"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_the_watchdog_is_fed_only_while_driver_and_link_work(
    is_stuck: bool, is_working: bool, notifications: bool
) -> None:
    client, notes = Link(), Notes()
    client.heartbeat = lambda *about, **more: None  # type: ignore[method-assign]
    client.is_working = is_working
    capture = SimpleNamespace(is_open=True, is_stuck=lambda: is_stuck)
    process._Heartbeat(client, capture, notes, threading.Event())(None)  # type: ignore[arg-type]
    assert ("alive" in notes.notifications) is notifications


def test_a_heartbeat_has_the_active_faults_and_whether_the_camera_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr(process, "ResourceGuard", lambda: SimpleNamespace(exceeded=lambda: ""))
    link, notes = Link(), Notes()
    faults = FaultAnnouncer(EN, link.speak)
    capture = SimpleNamespace(is_open=True, is_stuck=lambda: False)
    heartbeat = process._Heartbeat(link, capture, notes, threading.Event())  # type: ignore[arg-type]
    heartbeat(None)
    status = SimpleNamespace(is_lens_covered=False)
    heartbeat.loop = SimpleNamespace(faults=faults, pipeline=SimpleNamespace(status=status))  # type: ignore[assignment]
    for name in (FaultName.BLACK, FaultName.UNDERVOLTAGE):
        faults.begin(name, 1.0)
    heartbeat(None)
    faults.end(FaultName.BLACK, 2.0)
    capture.is_open = False
    heartbeat(None)
    assert link.beats == [(True, ()), (True, ("black", "undervoltage")), (False, ("undervoltage",))]
    assert [text for text in notes.notifications if ":" in text] == [
        "faults: black, undervoltage",
        "faults: undervoltage",
    ]


def test_a_heartbeat_reports_at_once_that_the_lens_is_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ResourceGuard", lambda: SimpleNamespace(exceeded=lambda: ""))
    link, status = Link(), SimpleNamespace(is_lens_covered=False)
    capture = SimpleNamespace(is_open=True, is_stuck=lambda: False)
    heartbeat = process._Heartbeat(link, capture, Notes(), threading.Event())  # type: ignore[arg-type]
    loop = SimpleNamespace(faults=FaultAnnouncer(EN, link.speak), pipeline=SimpleNamespace(status=status))
    heartbeat.loop = loop  # type: ignore[assignment]
    for is_covered in (False, False, True, True, False):
        status.is_lens_covered = is_covered
        heartbeat(None)
    assert link.covers == [False, True, False], "the others are not due yet"


def test_memory_of_the_start_and_of_the_search_is_given_back_in_time(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now, released = [1000.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(process, "release_start_pages", lambda: released.append(("start", now[0] - 1000)))
    heartbeat = process._Heartbeat(
        link, SimpleNamespace(is_open=True, is_stuck=lambda: False), Notes(), threading.Event()
    )  # type: ignore[arg-type]
    heartbeat.release_search = lambda: released.append(("search", now[0] - 1000))
    for seconds in range(0, 200, 5):
        now[0] = 1000.0 + seconds
        heartbeat(SimpleNamespace(tracks=() if seconds <= 50 else ("somebody",)))  # type: ignore[arg-type]
    assert released[0] == ("start", process.START_PAGES_S)
    assert [name for name, _ in released].count("start") == 1
    first = next(at for name, at in released if name == "search")
    assert first == 50 + process.SEARCH_KEPT_S
