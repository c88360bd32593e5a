"""How right the skill of reading is: of words that are there, how many are said; of words that are said, how many are
there; and whether anything is said of pictures without text.

What was chosen was chosen on the samples of `text_samples` and on the tuning half of the pictures of objects; the
shared photographs of texts, and the other half, only report.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from assistant.errors import AssistantError, SkillError
from assistant.skills.reading import rapid, tesseract
from assistant.skills.reading.engine import Reader, ReadingEngine
from assistant.skills.reading.read import text_of
from assistant.skills.reading.text_sentences import sentences_of
from assistant.vision.cameras.picture_file import read_picture
from convert.skills.intervals import upper_bound
from convert.skills.measurement import Measurement, Report
from convert.skills.object_pictures import HALVES, half_of
from convert.skills.sources import Sources, needed
from convert.skills.text_samples import samples

KINDS, STATES = ("letter", "pack", "sign"), ("clean", "cam", "hard")


def measure(sources: Sources) -> Report:
    """Raises AssistantError where pictures are missing, or there is no reader."""
    folder = needed(sources.things, "EMOTION_THINGS")
    return {name: measure_reader(ReadingEngine(reader), folder) for name, reader in readers().items()}


def readers() -> dict[str, Reader]:
    """The readers that are installed, by name. Raises AssistantError where there is none."""
    found: dict[str, Reader] = {}
    why = []
    for name, make in (
        ("tesseract", lambda: tesseract.TesseractReader(tesseract.installed())),
        ("rapidocr", rapid.RapidReader),
    ):
        try:
            found[name] = make()
        except SkillError as err:
            why.append(str(err))
    if not found:
        raise AssistantError(f"there is no reader to be measured: {'; '.join(why)}")
    return found


def measure_reader(engine: ReadingEngine, folder: Path) -> Report:
    """The figures of one reader."""
    shared = {}
    for kind in KINDS:
        truth = (folder / "text" / f"{kind}.txt").read_text("utf-8")
        for state in STATES:
            file = next(iter(sorted((folder / "text").glob(f"{kind}_{state}.*"))), None)
            if file is None:
                raise AssistantError(f"{folder / 'text'}: there is no {kind}_{state}")
            shared[f"{kind}_{state}"] = score([(read_aloud(engine, read_picture(file, colour=True), "en"), truth)])
    own = {}
    for name, hard in (("photographed", False), ("hard", True)):
        made = list(samples(hard=hard))
        own[name] = score((read_aloud(engine, each.image, each.locale), each.truth) for each in made)
    times = []
    for state in STATES[1:]:
        image = read_picture(folder / "text" / f"letter_{state}.jpg", colour=True)
        began = perf_counter()
        read_aloud(engine, image, "en")
        times.append(perf_counter() - began)
    return {
        "shared": shared,
        "own": own,
        "without_text": _without_text(engine, folder / "objects" / "images"),
        "seconds_a_letter": round(min(times), 2),
    }


def read_aloud(engine: ReadingEngine, image: NDArray[np.uint8], locale: str) -> str:
    """The text that is said of a picture, without warnings; empty where it is none, or is not trusted."""
    answer = engine.handle({"op": "read", "locales": [locale]}, image)
    return " ".join(sentence.text for sentence in sentences_of(text_of(answer, [locale])[1]))


def words_of(text: str) -> list[str]:
    """Letters and digits that stand together, in lower case."""
    return re.findall(r"\w+", text.lower())


def score(pairs: Iterable[tuple[str, str]]) -> Report:
    """Recall and precision of the words of (said, truth), each word as often as it is there."""
    right = said = there = 0
    for text, truth in pairs:
        found, wanted = Counter(words_of(text)), Counter(words_of(truth))
        right += (found & wanted).total()
        said += found.total()
        there += wanted.total()
    recall, precision = right / there if there else 0.0, right / said if said else 1.0
    return {"words": there, "said": said, "recall": round(recall, 3), "precision": round(precision, 3)}


def _without_text(engine: ReadingEngine, folder: Path) -> Report:
    """Of how many pictures something was read, of each half: some have text, on buses and bottles."""
    report: Report = {half: {"pictures": 0, "read": 0, "texts": []} for half in HALVES}
    for file in sorted(folder.iterdir()):
        half = report[half_of(file.read_bytes())]
        half["pictures"] += 1
        text = read_aloud(engine, read_picture(file, colour=True), "en")
        if text:
            half["read"] += 1
            half["texts"].append(f"{file.name}: {text}"[:120])
    for half in report.values():
        half["read_at_most"] = round(upper_bound(half["read"], half["pictures"]), 3) if half["pictures"] else 1.0
    return report


def as_text(report: Report) -> str:
    """The figures, a few lines for each reader."""
    lines = []
    for name, figures in report.items():
        lines.append(f"read, {name}: recall and precision of words; a letter in {figures['seconds_a_letter']} s")
        for title, scores in (("shared", figures["shared"]), ("own", figures["own"])):
            told = ", ".join(f"{key} {each['recall']:.2f} {each['precision']:.2f}" for key, each in scores.items())
            lines.append(f"  {title}: {told}")
        for half, part in figures["without_text"].items():
            lines.append(f"  objects, {half}: something read of {part['read']} of {part['pictures']} pictures")
    return "\n".join(lines)


MEASUREMENT = Measurement(measure, as_text)
