"""From which score on a thing is said, class by class, for each detector.

`emotion-convert evaluate-skills things` chooses these on one half of the pictures (EMOTION_THINGS) and reports on the
other half what they give; a test compares the two. A class that is missing here is never said by `what`: what a wearer
does not meet or has no use for (a traffic light without its colour, the tie of somebody), or what a thing nearby is
taken for: a car seen from above was an airplane.
"""

GROUPS: dict[str, tuple[str, ...]] = {
    "people": ("person",),
    "street": ("bicycle", "car", "motorcycle", "bus", "train", "truck", "bench"),
    "animals": ("cat", "dog", "bird", "horse"),
    "furniture": (
        "chair", "couch", "bed", "dining_table", "toilet", "sink", "refrigerator", "oven", "microwave", "toaster",
        "potted_plant",
    ),
    "devices": ("tv", "laptop", "mouse", "remote", "keyboard", "cell_phone", "clock", "hair_drier"),
    "dishes": ("bottle", "wine_glass", "cup", "fork", "knife", "spoon", "bowl", "vase", "scissors", "toothbrush"),
    "carried": ("backpack", "umbrella", "handbag", "suitcase", "book", "teddy_bear"),
    "food": ("banana", "apple", "sandwich", "orange", "broccoli", "carrot", "pizza", "donut", "cake", "hot_dog"),
}  # fmt: skip
"""Classes that share a threshold: of each alone, people apart, half of the pictures have too few to choose one."""
SAID = frozenset(label for labels in GROUPS.values() for label in labels)
"""What `what` may say."""

_BY_GROUP = {
    "yolox": {
        "people": 0.5, "street": 0.75, "animals": 0.5, "furniture": 0.55, "devices": 0.75, "dishes": 0.75,
        "carried": 0.5, "food": 0.55,
    },
    "nanodet": {
        "people": 0.5, "street": 0.6, "animals": 0.5, "furniture": 0.7, "devices": 0.55, "dishes": 0.6,
        "carried": 0.5, "food": 0.55,
    },
}  # fmt: skip
MIN_SCORES: dict[str, dict[str, float]] = {
    detector: {label: score for group, score in scores.items() for label in GROUPS[group]}
    for detector, scores in _BY_GROUP.items()
}
"""The mean score of two looks from which a thing is said, by detector and class."""
FOLLOW_SHARE = 0.7
"""`find` follows a thing from this share of MIN_SCORES on: the wearer has said what it is, and hears it come nearer. It
is named only from MIN_SCORES on."""
FIND_OTHER_SCORE = 0.6
"""The score from which `find` names a thing that `what` never says."""
