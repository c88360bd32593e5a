"""Vision's process before it can look: it says what is missing, lives, and goes on once it can."""

import threading

import pytest

from assistant import see
from assistant.config import Settings
from assistant.faults import Faults
from assistant.records import DetectorError, Fault


class Link:
    """Notes what the voice would hear of vision."""

    def __init__(self) -> None:
        self.sent: list[Fault] = []
        self.faults: list[str] = []

    def send(self, message: Fault) -> None:
        self.sent.append(message)

    def heartbeat(self, at: float, *, camera: bool = False, faults: str = "") -> None:
        assert at > 0
        assert not camera
        self.faults.append(faults)


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
    monkeypatch.setattr(see, "DETECTOR_RETRY_S", 0.05)
    monkeypatch.setattr(see, "HEARTBEAT_S", 0.01)
    found, tries = (object(), {}), []

    def pipeline(settings: Settings) -> object:
        tries.append(settings)
        if len(tries) < 3:
            raise DetectorError("no file")
        return found

    monkeypatch.setattr("assistant.assembly.best_pipeline", pipeline)
    link, notes = Link(), Notes()
    assert see._pipeline(Settings(), threading.Event(), notes, Faults(), link) is found  # type: ignore[arg-type]
    assert [(each.name, each.is_over) for each in link.sent] == [("detector", False), ("detector", True)]
    assert set(link.faults) == {"detector"}, "a voice that hears nothing would say that vision is still starting"
    assert {"ready", "faults: detector", "alive"} <= set(notes.told)


def test_told_to_stop_it_stops_waiting_for_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def pipeline(settings: Settings) -> object:
        stop.set()
        raise DetectorError("no file")

    monkeypatch.setattr("assistant.assembly.best_pipeline", pipeline)
    assert see._pipeline(Settings(), stop, Notes(), Faults(), Link()) is None  # type: ignore[arg-type]
