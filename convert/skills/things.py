"""How right the skill of things is: the detectors' AP50, and what `what` says of two looks, for each half of the
pictures. Thresholds are chosen on the tuning half; the figures are those of the other.

A sentence such as "Cup, on the left." is right where such a thing is in that direction, or its box is that of one. A
stricter figure is told beside it: whether each box is that of a thing of its class (IoU at least 0.5).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from assistant.config.settings import Settings, ThingsSettings
from assistant.skills.things import nanodet, yolox
from assistant.skills.things.engine import open_engine
from assistant.skills.things.labels import HOUSEHOLD, PERSON
from assistant.skills.things.looking import Group, groups
from assistant.skills.things.thresholds import GROUPS, MIN_SCORES
from assistant.skills.things.what import MAX_COUNTED, MAX_THINGS
from assistant.vision.faces import geometry
from convert.skills.average_precision import MIN_IOU, ap50, claim
from convert.skills.intervals import interval
from convert.skills.measurement import Measurement, Report
from convert.skills.object_pictures import HALVES, Observed, Truth, observe
from convert.skills.sources import Sources, needed

FILES = {"yolox": yolox.FILE, "nanodet": nanodet.FILE}
LARGE_PX = 128
"""The square root of the area from which a household thing should be found."""
TARGET, GRID = 0.95, (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
"""On the tuning half, the lowest of these scores is chosen at which so many of the sentences are right: more than is
promised, because few sentences choose."""
MIN_SENTENCES = 6
"""A class of which the tuning half has fewer sentences takes the threshold of its group."""

Least = Callable[[str], float]
"""From a label to the mean score of two looks from which it is said."""


def measure(sources: Sources) -> Report:
    """Raises AssistantError where pictures or the detectors are missing."""
    folder = needed(sources.things, "EMOTION_THINGS") / "objects"
    weights = needed(sources.weights, "EMOTION_WEIGHTS")
    names = [name for name in FILES if name == "yolox" or find_spec("ncnn")]
    return {name: measure_detector(weights / FILES[name], folder) for name in names}


def measure_detector(file: Path, folder: Path) -> Report:
    """The figures of the detector of that file on the pictures of a folder with boxes.csv."""
    engine = open_engine(replace(Settings(), things=ThingsSettings(model=str(file))))
    pictures = observe(folder, engine.detector)
    tuning, report = ([each for each in pictures if each.half == half] for half in HALVES)
    shipped, chosen = MIN_SCORES[engine.name], choose(tuning)
    return {
        "file": file.name,
        "pictures": len(pictures),
        "ap50": round(ap50(pictures), 3),
        "chosen": chosen,
        "is_shipped": chosen == shipped,
        **{half: said(part, shipped) for half, part in zip(HALVES, (tuning, report), strict=True)},
    }


def sentences(picture: Observed, least: Least) -> list[Group]:
    """What `what` and its `what_more` say of a picture, in their order."""
    return groups([thing for thing in picture.agreed if thing.score >= least(thing.label)], picture.width)


def is_right(group: Group, truth: Sequence[Truth], width: int) -> bool:
    """Whether there is such a thing in that direction, or one of the boxes is that of one."""
    return bool(meant(group, truth, width))


def meant(group: Group, truth: Sequence[Truth], width: int) -> list[Truth]:
    """The things that a sentence may mean."""
    return [
        each
        for each in truth
        if each.label == group.label
        and (
            geometry.direction(each.box, width) == group.where
            or any(each.box.iou(box) >= MIN_IOU for box in group.boxes)
        )
    ]


def choose(pictures: Sequence[Observed]) -> dict[str, float]:
    """The threshold of each class that may be said, by the rule of TARGET, GRID and MIN_SENTENCES."""
    chosen: dict[str, float] = {}
    for labels in GROUPS.values():
        counts = {label: [_count(pictures, label, score) for score in GRID] for label in labels}
        together = [
            (sum(right), sum(said))
            for right, said in (zip(*row, strict=True) for row in zip(*counts.values(), strict=True))
        ]
        for label, own in counts.items():
            chosen[label] = _lowest(own if own[0][1] >= MIN_SENTENCES else together)
    return chosen


def _count(pictures: Sequence[Observed], label: str, score: float) -> tuple[int, int]:
    """How many sentences about a class are right with that threshold, of how many."""
    right = total = 0
    for picture in pictures:
        for group in sentences(picture, lambda each: score if each == label else 2.0):
            right += is_right(group, picture.second_truth, picture.width)
            total += 1
    return right, total


def _lowest(counts: Sequence[tuple[int, int]]) -> float:
    return next(
        (score for score, (right, total) in zip(GRID, counts, strict=True) if total and right >= TARGET * total),
        GRID[-1],
    )


def said(pictures: Sequence[Observed], scores: dict[str, float]) -> Report:
    """The figures of what is said of some pictures with those thresholds."""
    first = first_right = right = total = boxes = boxes_right = large = large_said = 0
    people = {"exact": 0, "more_are_there": 0, "fewer_are_there": 0}
    for picture in pictures:
        told = sentences(picture, lambda label: scores.get(label, 2.0))
        verdicts = [is_right(group, picture.second_truth, picture.width) for group in told]
        right, total = right + sum(verdicts), total + len(verdicts)
        first, first_right = first + len(verdicts[:MAX_THINGS]), first_right + sum(verdicts[:MAX_THINGS])
        left = list(picture.second_truth)
        for group in told:
            hits = [claim(left, group.label, box) for box in group.boxes]
            boxes, boxes_right = boxes + len(hits), boxes_right + sum(hits)
            if group.label == PERSON and 1 < len(group.boxes) <= MAX_COUNTED:
                there = len(meant(group, picture.second_truth, picture.width))
                size = len(group.boxes)
                people["exact" if there == size else "more_are_there" if there > size else "fewer_are_there"] += 1
        wanted = [each for each in picture.second_truth if each.label in HOUSEHOLD and each.box.area >= LARGE_PX**2]
        large += len(wanted)
        large_said += sum(any(each in meant(group, wanted, picture.width) for group in told) for each in wanted)
    return {
        "pictures": len(pictures), "ap50": round(ap50(pictures), 3),
        "sentences": total, "right": right, "precision": _share(right, total), "interval_95": _interval(right, total),
        "first_three": first, "first_three_right": first_right, "first_three_precision": _share(first_right, first),
        "boxes": boxes, "boxes_right": boxes_right, "box_precision": _share(boxes_right, boxes),
        "household_128_px": large, "household_said": large_said, "household_recall": _share(large_said, large),
        "household_interval_95": _interval(large_said, large), "at_least_so_many_people": people,
    }  # fmt: skip


def _share(right: int, total: int) -> float:
    return round(right / total, 3) if total else 0.0


def _interval(right: int, total: int) -> list[float]:
    return [round(bound, 3) for bound in interval(right, total)] if total else [0.0, 1.0]


def as_text(report: Report) -> str:
    """The figures, a few lines for each detector and half."""
    lines = []
    for name, figures in report.items():
        fits = "" if figures["is_shipped"] else " (the shipped thresholds are NOT those that the tuning half chooses)"
        lines.append(
            f"things, {name} ({figures['file']}): AP50 {figures['ap50']} of {figures['pictures']} pictures{fits}"
        )
        for half in HALVES:
            part = figures[half]
            lines.append(
                f"  {half}: {part['right']} of {part['sentences']} sentences right, {part['precision']} "
                f"{part['interval_95']}; the first three of each answer {part['first_three_precision']}; boxes "
                f"{part['box_precision']}; household things of {LARGE_PX} px said {part['household_said']} of "
                f"{part['household_128_px']}, {part['household_recall']} {part['household_interval_95']}; at least so "
                f"many people: {part['at_least_so_many_people']}; AP50 {part['ap50']}"
            )
    return "\n".join(lines)


MEASUREMENT = Measurement(measure, as_text)
