"""The camera, picture by picture, with a clock that the test moves."""

import numpy as np
from numpy.typing import NDArray

from convert.playground.choices import Choice
from convert.playground.live import LiveSession
from tests.convert.playground.shown import empty_room


def test_a_face_is_told_once_when_it_has_been_seen_long_enough(astronaut: NDArray[np.uint8]) -> None:
    now = 100.0
    session, spoken = LiveSession(Choice().settings(), lambda: now), list[tuple[float, str]]()
    for _ in range(16):
        view = session.step(astronaut)
        spoken += [(round(now - 100, 2), text) for text in view.spoken]
        now += 0.15
    assert [text for _, text in spoken] == ["One person looks happy."]
    assert 0.5 < spoken[0][0] < 2.0
    assert [face.words for face in view.faces] == ["Looks happy."]
    assert view.faces[0].probabilities is not None


def test_what_is_no_longer_there_is_told(astronaut: NDArray[np.uint8]) -> None:
    now = 0.0
    session, spoken = LiveSession(Choice().settings(), lambda: now), list[str]()
    for number in range(32):
        spoken += session.step(astronaut if number < 12 else empty_room()).spoken
        now += 0.15
    assert spoken == ["One person looks happy.", "Nobody in view."]
