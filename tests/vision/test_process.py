"""Vision's process before it can look: it says what is missing, lives, and goes on once it can."""

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
from assistant.ipc.messages import Ended, Message
from assistant.records import Fate, FaultName, Priority, Utterance
from assistant.system.process_setup import EXIT_RESTART
from assistant.vision import process
from assistant.vision.cameras.lens_cover import LensCover
from assistant.vision.loop import Live
from tests.support.scripted_pipeline import pipeline
from tests.support.standins import picture

EN = phrases.load("en")


class Link:
    """Notes what the voice would hear of vision."""

    is_working = is_heard = True

    def __init__(self) -> None:
        self.said: list[str] = []
        self.withdrawn: list[str] = []
        self.beats: list[tuple[bool, tuple[FaultName, ...]]] = []
        self.covers: list[bool] = []

    def send(self, message: Message) -> None:
        raise AssertionError(message)

    def say(self, utterance: Utterance) -> None:
        self.said.append(utterance.text)

    def withdraw(self, topic: str) -> None:
        self.withdrawn.append(topic)

    def close(self) -> None:
        pass

    def heartbeat(
        self, at: float, *, camera: bool = False, faults: Sequence[FaultName] = (), is_covered: bool = False
    ) -> None:
        assert at > 0
        self.beats.append((camera, tuple(faults)))
        self.covers.append(is_covered)


class Notes:
    """A service manager that is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def ready(self) -> None:
        self.told.append("ready")

    def status(self, text: str) -> None:
        self.told.append(text)

    def alive(self) -> None:
        self.told.append("alive")


def test_without_a_detector_it_says_so_and_lives_until_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "DETECTOR_RETRY_S", 0.05)
    monkeypatch.setattr(process, "HEARTBEAT_S", 0.01)
    found, tries = (object(), {}), []

    def pipeline(settings: Settings) -> object:
        tries.append(settings)
        if len(tries) < 3:
            raise DetectorError("no file")
        return found

    monkeypatch.setattr("assistant.vision.factory.best_pipeline", pipeline)
    link, notes = Link(), Notes()
    assert process._pipeline(Settings(), threading.Event(), notes, FaultAnnouncer(EN, link.say), link) is found  # type: ignore[arg-type]
    assert link.said == [EN.fault("detector"), EN.fault("detector", is_over=True)]
    assert set(link.beats) == {(False, ("detector",))}, (
        "a voice that hears nothing would say that vision is still starting"
    )
    assert {"ready", "faults: detector", "alive"} <= set(notes.told)


def test_told_to_stop_it_stops_waiting_for_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def pipeline(settings: Settings) -> object:
        stop.set()
        raise DetectorError("no file")

    monkeypatch.setattr("assistant.vision.factory.best_pipeline", pipeline)
    link = Link()
    assert process._pipeline(Settings(), stop, Notes(), FaultAnnouncer(EN, link.say), link) is None  # type: ignore[arg-type]


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Link:
    """What `see` talks to; it looks with the stand-ins' pipeline."""
    made = Link()
    monkeypatch.setattr("assistant.ipc.link.Client", lambda path, ears: made)
    monkeypatch.setattr("assistant.vision.factory.best_pipeline", lambda settings: (pipeline(), {}))
    return made


def test_the_picture_of_a_camera_worn_on_its_side_is_turned(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), picture("happy", (640, 480)))
    shapes = []
    monkeypatch.setattr(Live, "run", lambda live: shapes.append(live.capture.take(10).image.shape[:2]))
    for degrees in (0, 90):
        camera = CameraSettings(driver="folder", source=str(tmp_path), rotate=degrees)
        assert process.see(Settings(camera=camera), threading.Event()) == 0
    assert shapes == [(480, 640), (640, 480)]


def test_what_ends_being_true_is_withdrawn_from_the_voice(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Live, "run", lambda live: live.withdraw("person 1"))
    process.see(Settings(camera=CameraSettings(driver="folder", source=str(tmp_path))), threading.Event())
    assert link.withdrawn == ["person 1"]


def test_a_process_that_has_grown_says_so_and_is_started_again(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("assistant.system.resource_guard.ResourceGuard.exceeded", lambda guard: "250 open files")
    stop = threading.Event()
    assert process.see(Settings(camera=CameraSettings(driver="folder", source=str(tmp_path))), stop) == EXIT_RESTART
    assert link.said[-1:] == [EN.fault("memory")]
    assert stop.is_set()


def test_what_became_of_an_utterance_reaches_the_eyes() -> None:
    utterance, came = Utterance("Looks happy.", Priority.CHANGE, "person 1"), []
    ears = process._Ears()
    ears(Ended(utterance, Fate.EXPIRED, 1.0))  # before there are any
    ears.live = SimpleNamespace(ended=lambda *what: came.append(what))  # type: ignore[assignment]
    ears(Ended(utterance, Fate.EXPIRED, 1.0))
    assert came == [(utterance, Fate.EXPIRED)]


@pytest.mark.parametrize(
    ("is_stuck", "is_working", "told"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_whoever_watches_hears_only_of_a_driver_and_a_link_that_work(
    is_stuck: bool, is_working: bool, told: bool
) -> None:
    client, notes = Link(), Notes()
    client.heartbeat = lambda *about, **more: None  # type: ignore[method-assign]
    client.is_working = is_working
    capture = SimpleNamespace(is_open=True, is_stuck=lambda: is_stuck)
    process._Heartbeat(client, capture, notes, threading.Event())(None)  # type: ignore[arg-type]
    assert ("alive" in notes.told) is told


def test_a_heartbeat_tells_which_faults_stand_and_whether_the_camera_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr(process, "ResourceGuard", lambda: SimpleNamespace(exceeded=lambda: ""))
    link, notes = Link(), Notes()
    faults = FaultAnnouncer(EN, link.say)
    capture = SimpleNamespace(is_open=True, is_stuck=lambda: False)
    beat = process._Heartbeat(link, capture, notes, threading.Event())  # type: ignore[arg-type]
    beat(None)
    beat.live = SimpleNamespace(faults=faults, pipeline=SimpleNamespace(lens=LensCover()))  # type: ignore[assignment]
    for name in (FaultName.BLACK, FaultName.UNDERVOLTAGE):
        faults.begin(name, 1.0)
    beat(None)
    faults.end(FaultName.BLACK, 2.0)
    capture.is_open = False
    beat(None)
    assert link.beats == [(True, ()), (True, ("black", "undervoltage")), (False, ("undervoltage",))]
    assert [text for text in notes.told if ":" in text] == ["faults: black, undervoltage", "faults: undervoltage"]


def test_a_heartbeat_tells_at_once_that_the_lens_is_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ResourceGuard", lambda: SimpleNamespace(exceeded=lambda: ""))
    link, lens = Link(), LensCover()
    capture = SimpleNamespace(is_open=True, is_stuck=lambda: False)
    beat = process._Heartbeat(link, capture, Notes(), threading.Event())  # type: ignore[arg-type]
    beat.live = SimpleNamespace(faults=FaultAnnouncer(EN, link.say), pipeline=SimpleNamespace(lens=lens))  # type: ignore[assignment]
    for is_covered in (False, False, True, True, False):
        lens.is_covered = is_covered
        beat(None)
    assert link.covers == [False, True, False], "the others are not due yet"
