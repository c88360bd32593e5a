"""A detector that is only needed now and then holds no memory in between."""

import numpy as np

from assistant.config.settings import DetectorSettings, Settings
from assistant.records import Face
from assistant.vision import factory
from assistant.vision.detectors import open_detector
from assistant.vision.detectors.on_demand import OnDemandDetector
from tests.support.standins import ScriptedDetector, face

GREY = np.zeros((240, 320), np.uint8)


def test_it_is_opened_for_the_first_picture_and_for_the_first_after_it_was_let_go() -> None:
    opened: list[ScriptedDetector] = []

    def opens() -> ScriptedDetector:
        opened.append(ScriptedDetector(lambda frame: [face(280)]))
        return opened[-1]

    detector = OnDemandDetector(opens, ScriptedDetector(lambda frame: []))
    assert opened == []
    for expected in (1, 1):
        assert [type(each) for each in detector.find(GREY, GREY)] == [Face]
        assert len(opened) == expected
    assert detector.release()
    assert not detector.release()
    assert len(opened) == 1
    detector.find(GREY, GREY)
    assert len(opened) == 2


def test_it_is_like_the_detector_that_it_opens() -> None:
    near = open_detector(DetectorSettings())
    lazy = OnDemandDetector(lambda: near, near)
    for name in ("crop_margin", "needs_colour", "has_landmarks"):
        assert getattr(lazy, name) == getattr(near, name)


def test_the_search_of_the_assistant_lets_its_detector_go_and_finds_as_before() -> None:
    parts = factory.parts(Settings())
    assert parts.rescan is not None
    fine = parts.rescan._fine
    assert isinstance(fine, OnDemandDetector)
    assert fine._detector is None, "not loaded at the start"
    found = parts.rescan.update(GREY, 0.0)
    assert fine._detector is not None
    parts.rescan.release()
    assert fine._detector is None
    parts.rescan.reset()
    assert parts.rescan.update(GREY, 0.0) == found
