"""How right a description is: each thing with its direction, and the number of people, that `describe` says of the
pictures of things, in English. There are no tracks on stills: expressions and names are measured elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace

from assistant import phrases
from assistant.config.settings import Settings, ThingsSettings
from assistant.phrases import Phrases
from assistant.skills.description.wording import Scene, compose, spoken_things
from assistant.skills.things import yolox
from assistant.skills.things.engine import open_engine
from assistant.skills.things.labels import PERSON
from assistant.skills.things.looking import groups, people_in, sure
from assistant.skills.things.thresholds import SAID
from convert.skills.intervals import interval
from convert.skills.measurement import Measurement, Report
from convert.skills.object_pictures import HALVES, Observed, observe
from convert.skills.sources import Sources, needed
from convert.skills.things import is_right, meant

LARGE_PX, MAX_THINGS = 64, 3
"""Of the largest so many things of a picture, of those of which each is so large (root of the area), it is counted how
many are told."""


def measure(sources: Sources) -> Report:
    """Raises AssistantError where pictures or the detector are missing."""
    folder = needed(sources.things, "EMOTION_THINGS") / "objects"
    file = needed(sources.weights, "EMOTION_WEIGHTS") / yolox.FILE
    engine = open_engine(replace(Settings(), things=ThingsSettings(model=str(file))))
    english, pictures = phrases.load("en"), observe(folder, engine.detector)
    return {half: figures([each for each in pictures if each.half == half], english, engine.name) for half in HALVES}


def figures(pictures: Sequence[Observed], language: Phrases, detector: str) -> Report:
    """What is told of some pictures, and how much of it is right."""
    things = things_right = people = people_right = large = large_told = silent = 0
    for picture in pictures:
        found = sure(picture.agreed, detector)
        scene = Scene(things=found, width=picture.width)
        text = " ".join(compose(language, scene))
        silent += not found
        told = [group for group, part in spoken_things(language, scene) if part.casefold() in text.casefold()]
        verdicts = [is_right(group, picture.second_truth, picture.width) for group in told]
        things, things_right = things + len(verdicts), things_right + sum(verdicts)
        if seen := people_in(found):
            there = sum(each.label == PERSON for each in picture.second_truth)
            people, people_right = people + 1, people_right + (there >= seen)
            told += [group for group in groups(found, picture.width) if group.label == PERSON]
        wanted = sorted(
            (each for each in picture.second_truth if each.label in SAID and each.box.area >= LARGE_PX**2),
            key=lambda each: -each.box.area,
        )[:MAX_THINGS]
        large += len(wanted)
        large_told += sum(any(each in meant(group, wanted, picture.width) for group in told) for each in wanted)
    total, right = things + people, things_right + people_right
    return {
        "pictures": len(pictures), "nothing_told": silent, "told": total, "right": right,
        "share_right": round(right / total, 3) if total else 0.0,
        "interval_95": [round(bound, 3) for bound in interval(right, total)] if total else [0.0, 1.0],
        "things": things, "things_right": things_right, "people": people, "people_right": people_right,
        "large_things": large, "large_things_told": large_told,
        "share_told": round(large_told / large, 3) if large else 0.0,
    }  # fmt: skip


def as_text(report: Report) -> str:
    """A line for each half."""
    return "\n".join(
        f"describe, {half}: {part['right']} of {part['told']} facts right, {part['share_right']} {part['interval_95']} "
        f"(things {part['things_right']} of {part['things']}, people {part['people_right']} of {part['people']}); of "
        f"the {MAX_THINGS} largest things {part['large_things_told']} of {part['large_things']} told, "
        f"{part['share_told']}; of {part['nothing_told']} of {part['pictures']} pictures nothing"
        for half, part in report.items()
    )


MEASUREMENT = Measurement(measure, as_text)
