"""How near a thing surely is, by the size of its box. Pure.

A box tells a distance only with the size of the thing, and things of one class differ in size: of each class the
longest side that is usual at most is known here, so that what is called close is at most CLOSE_M away, were it the
largest of its kind. Seen from its end, or cut off by the edge, a thing looks smaller, and is nearer still. Farther away
nothing is said: a small box may be a small thing nearby.
"""

import math

from assistant.records import Box

CLOSE_M = 1.0
"""Metres: an arm's length and one step."""
LONGEST_M = {
    "backpack": 0.6, "umbrella": 1.1, "handbag": 0.5, "tie": 0.6, "suitcase": 0.8, "bottle": 0.35, "wine_glass": 0.25,
    "cup": 0.15, "fork": 0.22, "knife": 0.35, "spoon": 0.25, "bowl": 0.3, "banana": 0.22, "apple": 0.1,
    "sandwich": 0.25, "orange": 0.1, "broccoli": 0.2, "carrot": 0.25, "hot_dog": 0.22, "pizza": 0.4, "donut": 0.12,
    "cake": 0.35, "chair": 1.2, "potted_plant": 1.5, "toilet": 0.8, "tv": 1.5, "laptop": 0.45, "mouse": 0.13,
    "remote": 0.25, "keyboard": 0.48, "cell_phone": 0.17, "microwave": 0.6, "oven": 0.9, "toaster": 0.4, "sink": 0.8,
    "book": 0.35, "clock": 0.6, "vase": 0.5, "scissors": 0.25, "teddy_bear": 0.6, "hair_drier": 0.3,
    "toothbrush": 0.22, "sports_ball": 0.25, "frisbee": 0.28, "cat": 0.6,
}  # fmt: skip
"""Metres, of the larger ones that are sold for use at home; estimated, not measured. What is missing here (people,
cars, furniture longer than the picture) is never called close."""


def is_close(label: str, box: Box, width: int, height: int, fov_deg: float) -> bool:
    """Whether a thing of that class is at most CLOSE_M away, in a picture of that size whose longer side spans
    `fov_deg` degrees."""
    longest = LONGEST_M.get(label)
    if longest is None:
        return False
    focal = max(width, height) / 2 / math.tan(math.radians(fov_deg / 2))
    return longest * focal <= CLOSE_M * max(box.width, box.height)
