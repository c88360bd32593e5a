"""Which things two looks agree on. Pure."""

from collections.abc import Sequence

from assistant.records import Box
from assistant.skills.things.detection import Thing

SAME_PLACE_IOU = 0.3
"""Of the boxes of a thing in two looks a second apart: whoever wears the camera has moved a little."""
OTHER_NAME_IOU = 0.7
"""Two things of different classes whose boxes overlap so much are one, and only the likelier name is said: a sofa is a
chair, too."""


def agreeing(first: Sequence[Thing], second: Sequence[Thing]) -> list[Thing]:
    """The things of the second look that the first has too: same class, much the same place. The score is the mean of
    both; the highest first, and of two names for one thing only the better."""
    left = list(first)
    both: list[Thing] = []
    for thing in sorted(second, key=lambda each: -each.score):
        same = [each for each in left if each.label == thing.label]
        before = max(same, key=lambda each: each.box.iou(thing.box), default=None)
        if before is not None and before.box.iou(thing.box) >= SAME_PLACE_IOU:
            left.remove(before)
            both.append(thing._replace(score=(thing.score + before.score) / 2))
    kept: list[Thing] = []
    for thing in sorted(both, key=lambda each: -each.score):
        if all(thing.box.iou(each.box) < OTHER_NAME_IOU for each in kept):
            kept.append(thing)
    return kept


def largest_first(things: Sequence[Thing]) -> list[Thing]:
    """The things with the largest box first: in a picture, that is mostly the nearest."""
    return sorted(things, key=lambda each: -each.box.area)


def centre_share(box: Box, width: int) -> float:
    """Where a box's centre lies, from -1 (left edge) to 1 (right edge)."""
    return min(1.0, max(-1.0, 2 * box.center[0] / width - 1))
