"""The model card of a face detector: description, provenance, terms of the data, measured figures, limits.

The assistant reads `sha256`, `threshold` and `landmarks`; the other keys are for human readers. All figures are
measured by the program.
"""

import hashlib
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.vision.faces.preprocess import INPUT_SCALING
from convert.data.boxes import DATASET_TERMS
from convert.face_detector.cost import CACHES, times_haar
from convert.face_detector.recipe import DetectorRecipe
from convert.tflite import card_file, graph
from convert.training.run_folder import Run

FIGURES = ("<!-- detectors -->", "<!-- /detectors -->")
"""Comments in `models/README.md` that enclose the table of figures."""
MIN_LANDMARK_FACES = 500
"""The card of a detector trained on fewer faces with known landmarks says that its landmarks are not usable."""
TEACHER = "YuNet (Wu et al. 2023, MIT) gave landmarks, and boxes of some faces; its weights are not part of this file"
INTENDED_USE = (
    "To find the faces in front of a blind or visually impaired wearer, with eyes, nose and mouth corners, so that "
    "each can be turned upright and read. One grey picture in, maps of scores, boxes and points out."
)
LIMITS = (
    "Learned from about 3,500 pictures with faces, most of them frontal, many with masks; ages, skin tones and "
    "cultures are unevenly represented, which was not measured. Misses small, dark and turned faces more often than "
    "others (see the figures). It finds faces and knows nobody."
)
ETHICS = (
    "Not for surveillance, nor for counting or identifying people. It runs on the wearer's device, keeps no picture."
)


def describe(
    name: str, content: bytes, run: Run, plan: DetectorRecipe, *, threshold: float, calibration: dict[str, Any]
) -> dict[str, Any]:
    """The card of a newly converted detector, without measured figures. content: the bytes of its .tflite file."""
    summary, best, environment = graph.parse(name, content), run.best(), run.environment()
    origins, crops = plan.data.origins, ("crops",) if plan.data.fer2013_crops else ()
    return {
        "name": name,
        "task": card_file.FACE_DETECTION,
        **card_file.measured_from(name, content),
        "threshold": threshold,
        "landmarks": environment.get("landmarks", MIN_LANDMARK_FACES) >= MIN_LANDMARK_FACES,
        "input": {"shape": [1, 240, 320, 1], "dtype": summary.input_type.lower(), "scaling": INPUT_SCALING},
        "output": {
            "dtype": summary.output_type.lower(),
            "meaning": "for the strides 8, 16 and 32: logit [h, w, 1], box [h, w, 4] and landmarks [h, w, 10], as "
            "assistant/vision/detectors/decode.py defines them",
        },
        "recipe": {
            "name": environment.get("recipe", run.path.name),
            "sha256": hashlib.sha256(run.recipe_file.read_bytes()).hexdigest(),
            "seed": plan.seed,
            "epochs": environment.get("epochs", plan.schedule.epochs),
            "best_epoch": int(best["epoch"]),
            "held_out": {"ap": best["ap"], "ap35": best["ap35"]},
        },
        "training": environment,
        "data": {
            "terms": {origin: DATASET_TERMS.get(origin, "not known") for origin in (*origins, *crops)},
            "teacher": TEACHER if plan.data.teacher else "none",
            "note": "The pictures are not part of this project.",
        },
        "calibration": calibration,
        "intended_use": INTENDED_USE,
        "limits": LIMITS,
        "ethics": ETHICS,
        "made": card_file.made_now(),
    }


def refresh(model: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Write a report of `evaluate.evaluate` into the card of a model; returns the card."""
    card = card_file.load(model)
    card["metrics"] = report["detectors"]["tflite"]
    card["peers"] = {name: figures for name, figures in report["detectors"].items() if name != "tflite"}
    card["measured"] = card_file.made_now() | {key: report[key] for key in ("machine", "pictures", "faces")}
    card_file.write(model, card)
    return card


def table(card: dict[str, Any]) -> str:
    """The figures of a detector and of those it was compared with as a Markdown table."""
    if "metrics" not in card:
        raise ModelError(f"{card['name']}: its card has no figures yet; run `emotion-convert card` on the model")
    heads = [f"time to Haar's, {cache} caches" for cache in CACHES]
    rows = [
        ("detector", "recall (95 % interval)", "precision", "AP", "AP at .35", *heads, "MMAC", "KiB"),
        ("---",) * 9,
    ]
    for name, figures in {f"`{card['name']}`": card["metrics"], **card["peers"]}.items():
        low, high = figures["interval_95"]["recall"]
        rows.append(
            (
                name,
                f"{figures['recall']:.3f} ({low:.2f} to {high:.2f})",
                *(f"{figures[key]:.3f}" for key in ("precision", "ap", "ap35")),
                *(times_haar(figures, cache) for cache in CACHES),
                f"{figures['mmac']:.1f}" if figures["mmac"] else "-",
                f"{figures['kib']:.0f}",
            )
        )
    measured = card["measured"]
    note = (
        f"{measured['faces']} faces of 30 pixels and more in {measured['pictures']} pictures, long side 320; times of "
        f"{card['metrics']['timed_pictures']} pictures: median, and lowest to highest; "
        f"{measured['date']}, {measured['revision']}; {measured['machine']}."
    )
    return "\n".join([*(f"| {' | '.join(row)} |" for row in rows), "", note])
