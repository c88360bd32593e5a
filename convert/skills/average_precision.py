"""AP50: how well a detector ranks right boxes before wrong ones, averaged over the classes, as COCO computes it."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from assistant.records import Box
from convert.skills.object_pictures import Observed, Truth

MIN_IOU = 0.5
"""Intersection over union from which a box is that of the thing."""
RECALLS = np.linspace(0, 1, 101)
"""At which the precision is read."""


def ap50(pictures: Sequence[Observed]) -> float:
    """The mean, over the classes that are on the pictures, of the precision at 101 levels of recall."""
    hits: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for picture in pictures:
        for each in picture.truth:
            counts[each.label] += 1
        left = list(picture.truth)
        for thing in picture.found:
            hits[thing.label].append((thing.score, claim(left, thing.label, thing.box)))
    return float(np.mean([_average(hits[label], count) for label, count in counts.items()]))


def claim(left: list[Truth], label: str, box: Box) -> bool:
    """Whether a box of that class is one of the things `left`, which then is no longer left."""
    same = [each for each in left if each.label == label]
    best = max(same, key=lambda each: each.box.iou(box), default=None)
    if best is None or best.box.iou(box) < MIN_IOU:
        return False
    left.remove(best)
    return True


def _average(hits: list[tuple[float, bool]], count: int) -> float:
    if not hits:
        return 0.0
    right = np.cumsum([is_right for _, is_right in sorted(hits, key=lambda hit: -hit[0])])
    precision = right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(right / count, RECALLS)
    return float(np.mean([envelope[index] if index < len(envelope) else 0.0 for index in at]))
