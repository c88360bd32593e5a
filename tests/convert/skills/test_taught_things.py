"""The experiment with taught things: its set, and how its answers are counted."""

import cv2
import numpy as np

from convert.skills import taught_things
from convert.skills.drawn_things import HEIGHT, WIDTH, drawn_things
from convert.skills.taught_things import Answer


def test_there_are_twelve_things_each_of_its_own() -> None:
    things = drawn_things()
    assert len(things) == 12
    for thing in things.values():
        assert thing.image.shape == (HEIGHT, WIDTH, 3)
        assert set(np.unique(thing.mask)) <= {0, 255}
        assert (thing.mask > 0).mean() > 0.1
    assert len({thing.image.tobytes() for thing in things.values()}) == 12


def test_a_thing_with_much_on_it_is_found_where_it_is_held_again() -> None:
    random, thing = np.random.default_rng(1), drawn_things()["pills"]
    held = [taught_things._held(thing, random) for _ in range(3)]
    again = taught_things._scene("pills", thing, 200, np.full((480, 640, 3), 90, np.uint8), random)
    features = cv2.AKAZE.create(threshold=3e-4)
    found, other = taught_things.answers({"pills": held, "tin": [held[0]]}, [again], features)
    assert found.is_right
    assert found.matches >= taught_things.MIN_MATCHES
    assert not other.is_right  # the thing is not there, whatever matches


def test_one_half_chooses_the_bar_for_the_other() -> None:
    right = [Answer("a", True, 20, True), Answer("b", True, 20, True), Answer("b", True, 10, True)]
    wrong = [Answer("a", False, 12, False), Answer("b", False, 15, False), Answer("b", False, 30, False)]
    made = taught_things.figures([*right, *wrong], ["a", "b"])
    assert made["bar"] == 13
    assert (made["tuning"]["precision"], made["tuning"]["recall"]) == (1.0, 1.0)
    assert (made["report"]["right"], made["report"]["said"], made["report"]["there"]) == (1, 3, 2)
    assert "13 matches" in taught_things.as_text({"akaze": made})
