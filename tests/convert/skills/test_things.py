"""The measurement of the things: its counts on drawn-up observations, and what it finds of the shipped thresholds."""

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import AssistantError
from assistant.records import Box
from assistant.skills.things.detection import Thing
from assistant.skills.things.looking import Group
from assistant.skills.things.thresholds import MIN_SCORES
from convert.skills import things
from convert.skills.average_precision import ap50
from convert.skills.object_pictures import HALVES, Observed, Truth, look, read_boxes
from convert.skills.sources import Sources

LEFT, RIGHT = Box(10, 100, 200, 200), Box(430, 100, 200, 200)


def observed(found: list[Thing], *truth: Truth) -> Observed:
    return Observed("a.jpg", "tuning", 640, list(truth), found, (found, found), list(truth))


def test_a_sentence_is_right_where_such_a_thing_is_in_that_direction() -> None:
    cup = [Truth("cup", LEFT)]
    assert things.is_right(Group("cup", "left", (Box(0, 0, 20, 20),)), cup, 640)
    assert not things.is_right(Group("cup", "ahead", (RIGHT,)), cup, 640)
    assert things.is_right(Group("cup", "ahead", (LEFT._replace(x=30),)), cup, 640)
    assert not things.is_right(Group("bowl", "left", (LEFT,)), cup, 640)


def test_what_is_said_of_pictures() -> None:
    scores = {"cup": 0.5, "bowl": 0.5, "person": 0.5}
    pictures = [
        observed([Thing("cup", 0.9, LEFT), Thing("bowl", 0.8, RIGHT)], Truth("cup", LEFT), Truth("chair", RIGHT)),
        observed([Thing("cup", 0.4, LEFT)], Truth("cup", LEFT)),
    ]
    figures = things.said(pictures, scores)
    assert (figures["right"], figures["sentences"], figures["precision"]) == (1, 2, 0.5)
    assert (figures["household_said"], figures["household_128_px"]) == (1, 3)
    low, high = figures["interval_95"]
    assert low < 0.5 < high


def test_people_are_counted_at_least() -> None:
    crowd = [Thing("person", 0.9, Box(10 + 50 * number, 100, 40, 200)) for number in range(2)]
    there = [Truth("person", each.box) for each in crowd]
    three = [*there, Truth("person", Box(120, 100, 40, 200))]
    for truth, kind in ((there, "exact"), (three, "more_are_there"), (there[:1], "fewer_are_there")):
        counted = things.said([observed(crowd, *truth)], {"person": 0.5})["at_least_so_many_people"]
        assert [name for name, count in counted.items() if count] == [kind]


def test_the_lowest_threshold_that_suffices_is_chosen() -> None:
    right = [observed([Thing("cup", 0.62, LEFT)], Truth("cup", LEFT)) for _ in range(8)]
    wrong = [observed([Thing("cup", 0.58, LEFT)]) for _ in range(4)]
    assert things.choose(right)["cup"] == 0.5
    chosen = things.choose([*right, *wrong])
    assert chosen["cup"] == 0.6
    assert chosen["bowl"] == 0.6  # of the group
    assert chosen["person"] == things.GRID[-1]  # nothing speaks for less


def test_ap50_of_a_detector_that_is_right_and_of_one_that_is_not() -> None:
    truth = (Truth("cup", LEFT), Truth("bowl", RIGHT))
    assert ap50([observed([Thing("cup", 0.9, LEFT), Thing("bowl", 0.1, RIGHT)], *truth)]) == 1
    assert ap50([observed([Thing("cup", 0.9, LEFT), Thing("bowl", 0.9, LEFT)], *truth)]) == 0.5
    later = [Thing("cup", 0.9, RIGHT), Thing("cup", 0.8, LEFT)]
    assert ap50([observed(later, Truth("cup", LEFT))]) == pytest.approx(0.5)


def test_a_look_differs_a_little_and_the_same_each_time() -> None:
    image = np.full((120, 160, 3), 100, np.uint8)
    first, turn = look(image, np.random.default_rng(1))
    again, _ = look(image, np.random.default_rng(1))
    assert (first == again).all()
    assert first.shape == image.shape
    assert np.abs(turn[:, :2] - np.eye(2)).max() < 0.13


def test_boxes_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text("image,class,x,y,w,h\na.jpg,ghost,1,1,1,1\n")
    with pytest.raises(AssistantError, match="ghost"):
        read_boxes(tmp_path)
    with pytest.raises(AssistantError, match="EMOTION_THINGS"):
        things.measure(Sources(None, None, None))


@pytest.mark.measured
def test_the_shipped_thresholds_are_those_chosen_and_keep_what_they_promise(
    things_folder: Path, weights_folder: Path
) -> None:
    figures = things.measure_detector(weights_folder / things.FILES["yolox"], things_folder)
    assert figures["chosen"] == MIN_SCORES["yolox"]
    report = figures[HALVES[1]]
    assert report["precision"] >= 0.9
    assert report["household_recall"] >= 0.5
