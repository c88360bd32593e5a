"""How well detectors find faces, measured on pictures that nothing was trained or chosen on.

Every figure but the cost follows the protocol of `matching`: the long side of a picture is 320 pixels, faces of 30
pixels and more count.
"""

import csv
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import DetectorError
from assistant.vision.faces.preprocess import to_grey
from convert.data import boxes as annotations
from convert.data import picture_files
from convert.data.boxes import IGNORE, Annotated
from convert.face_detector import false_positives, matching
from convert.face_detector.candidates import LONG_SIDE, RATIO, Candidate, measure
from convert.face_detector.matching import Boxes, Hits, Judged
from convert.tflite import benchmark
from convert.training import provenance

TILTS_DEG = (-45, -30, -15, 0, 15, 30, 45)
TILT_OVERLAP = 0.35
"""The box of a turned face is taken for the square of its size around its turned centre: a tight overlap would judge
that guess."""
SIZES = ((30, 45), (45, 70), (70, 110), (110, 320))
LIGHTS = ((0, 60), (60, 100), (100, 150), (150, 256))


def evaluate(
    candidates: Sequence[Candidate],
    folder: Path,
    *,
    rooms: Path | None = None,
    clips: Path | None = None,
    table: Path | None = None,
) -> dict[str, Any]:
    """The report, ready for JSON: {"detectors": {name: {...}}} and what it was measured on.

    folder: pictures with their boxes.csv; rooms: the folder of training pictures, whose held-out rooms are panned;
    clips: the folder of the clips; each left out where it is None. table: a CSV file for every hit of the first
    detector. Raises DatasetError or DetectorError.
    """
    known = annotations.read(folder)
    images = [picture_files.colour(each.path) for each in known]
    panned = false_positives.rooms(annotations.read(rooms)) if rooms else []
    videos = {clip: people for clip, people in false_positives.CLIPS.items() if clips and (clips / clip).is_file()}
    cost = measure(candidates, images)
    empty = [image for each, image in zip(known, images, strict=True) if not each.sources]
    report: dict[str, Any] = {
        "pictures": len(known),
        "faces": sum(int(matching.counting(_scaled(*pair)).sum()) for pair in zip(known, images, strict=True)),
        "machine": benchmark.machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "revision": provenance.revision(),
        "detectors": {},
    }
    for candidate in candidates:
        hits, served = ([look(image) for image in images] for look in (candidate.hits, candidate.served_hits))
        if table is not None and candidate is candidates[0]:
            _write(table, known, hits)
        found = _figures(candidate, known, images, hits, served) | cost[candidate.name]
        found["by_tilt"] = {f"{angle:+d}": _tilted(candidate, known, images, angle) for angle in TILTS_DEG}
        found["phantoms"] = {
            "pictures_without_faces": _phantoms(candidate, empty),
            "rooms": _phantoms(candidate, panned) if panned else None,
        }
        found["clips"] = {
            clip: false_positives.in_clip(candidate.served, Path(clips or "") / clip, people, candidate.threshold)
            for clip, people in videos.items()
        } or None
        report["detectors"][candidate.name] = found
    return report


def _factor(image: NDArray[np.uint8]) -> float:
    return LONG_SIDE / max(image.shape[:2])


def _scaled(each: Annotated, image: NDArray[np.uint8]) -> Boxes:
    """The faces of a picture, at the long side of the protocol."""
    is_face = np.array([source != IGNORE for source in each.sources], bool)
    return np.asarray(each.boxes[is_face] * np.float32(_factor(image)), np.float32)


def _ignored(each: Annotated, image: NDArray[np.uint8]) -> Boxes:
    is_face = np.array([source != IGNORE for source in each.sources], bool)
    return np.asarray(each.boxes[~is_face] * np.float32(_factor(image)), np.float32)


def _figures(
    candidate: Candidate,
    known: Sequence[Annotated],
    images: Sequence[NDArray[np.uint8]],
    hits: Sequence[Hits],
    served: Sequence[Hits],
) -> dict[str, Any]:
    """Average precision and recall at a precision are those of every hit, the others of what the assistant is given."""
    pairs = list(zip(known, images, strict=True))
    faces, ignored = [_scaled(*pair) for pair in pairs], [_ignored(*pair) for pair in pairs]
    every, given = ([_shrunk(*pair) for pair in zip(each, images, strict=True)] for each in (hits, served))
    made: dict[str, Any] = {"threshold": candidate.threshold}
    for overlap, end in ((0.5, ""), (0.35, "35")):
        ranked = matching.pooled(matching.judge_all(faces, ignored, every, overlap))
        pictures = matching.judge_all(faces, ignored, given, overlap)
        judged = matching.pooled(pictures)
        recall, precision = matching.recall_precision(judged, candidate.threshold)
        made |= {f"recall{end}": recall, f"precision{end}": precision, f"ap{end}": matching.average_precision(ranked)}
        if not end:
            made["recall_at_precision_90"] = matching.recall_at_precision(ranked, 0.9)
            made["interval_95"] = matching.intervals(pictures, [group(each) for each in known], candidate.threshold)
            made["by_size"] = _by(judged, candidate, np.concatenate([_size(each) for each in faces]), SIZES)
            light = np.concatenate([_light(*pair) for pair in pairs])
            made["by_light"] = _by(judged, candidate, light, LIGHTS)
    return made


def _shrunk(hits: Hits, image: NDArray[np.uint8]) -> Hits:
    """Hits in pixels of a picture, at the long side of the protocol."""
    boxes, scores = hits
    return boxes * np.float32(_factor(image)), scores


def group(each: Annotated) -> str:
    """What a picture stands and falls with: its recording (`vNN_`), or itself."""
    name = each.path.stem
    return name.partition("_")[0] if name[:1] == "v" and name[1:3].isdigit() else name


def _size(faces: Boxes) -> NDArray[np.float32]:
    return np.asarray(faces[matching.counting(faces)][:, 2:].min(axis=1, initial=np.inf), np.float32)


def _light(each: Annotated, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean grey of each face that counts."""
    grey, factor = to_grey(image), _factor(image)
    faces = _scaled(each, image)
    boxes = faces[matching.counting(faces)] / factor
    return np.array(
        [grey[max(0, int(y)) : int(y + h) + 1, max(0, int(x)) : int(x + w) + 1].mean() for x, y, w, h in boxes],
        np.float32,
    )


def _by(
    judged: Judged, candidate: Candidate, values: NDArray[np.float32], bins: Sequence[tuple[int, int]]
) -> dict[str, dict[str, Any]]:
    """Recall of the faces whose value lies in each bin."""
    is_found = judged.found >= max(candidate.threshold, 1e-9)
    made = {}
    for low, high in bins:
        inside = (values >= low) & (values < high)
        made[f"{low}-{high}"] = {
            "faces": int(inside.sum()),
            "recall": float(is_found[inside].mean()) if inside.any() else None,
        }
    return made


def _tilted(
    candidate: Candidate, known: Sequence[Annotated], images: Sequence[NDArray[np.uint8]], angle: int
) -> dict[str, Any]:
    """Recall at TILT_OVERLAP where every picture is turned about its middle; what leaves the picture does not count."""
    pictures = []
    for each, image in zip(known, images, strict=True):
        height, width = image.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        turned = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        boxes, factor = _scaled(each, image) / np.float32(_factor(image)), np.float32(_factor(image))
        if angle:
            side = np.sqrt(boxes[:, 2:].prod(axis=1, keepdims=True))
            centres = (boxes[:, :2] + boxes[:, 2:] / 2) @ turn[:, :2].T + turn[:, 2]
            boxes = np.concatenate([centres - side / 2, side, side], axis=1)
        is_inside = (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, :2] + boxes[:, 2:] <= [width, height]).all(axis=1)
        found, scores = candidate.served_hits(np.asarray(turned, np.uint8))
        ignored = np.concatenate([_ignored(each, image), boxes[~is_inside] * factor]).astype(np.float32)
        faces = np.asarray(boxes[is_inside] * factor, np.float32)
        pictures.append(matching.judge(faces, ignored, (found * factor, scores), TILT_OVERLAP))
    judged = matching.pooled(pictures)
    recall, precision = matching.recall_precision(judged, candidate.threshold)
    return {"faces": len(judged.found), "recall": recall, "precision": precision}


def _phantoms(candidate: Candidate, images: Sequence[NDArray[np.uint8]]) -> dict[str, int]:
    found = [false_positives.look(candidate.served, image, candidate.threshold) for image in images]
    return {"pictures": len(images), "faces": sum(map(len, found)), "pictures_with_some": sum(map(bool, found))}


def _write(table: Path, known: Sequence[Annotated], hits: Sequence[Hits]) -> None:
    try:
        with open(table, "w", newline="", encoding="utf-8") as target:
            rows = csv.writer(target)
            rows.writerow(("image", "x", "y", "w", "h", "score"))
            for each, (boxes, scores) in zip(known, hits, strict=True):
                name = f"{each.path.parent.name}/{each.path.name}"
                rows.writerows(
                    (name, *(f"{v:.2f}" for v in box), f"{s:.4f}") for box, s in zip(boxes, scores, strict=True)
                )
    except OSError as err:
        raise DetectorError(f"{table}: cannot be written: {err.strerror}") from err


def as_text(report: dict[str, Any]) -> str:
    """The report as tables to read."""
    found = report["detectors"]
    heads = ("detector", "recall", "precision", "AP", "AP .35", "R at P .9", "ms", "x Haar", "MMAC", "KiB")
    rows = [heads] + [
        (
            name,
            *(f"{each[key]:.3f}" for key in ("recall", "precision", "ap", "ap35", "recall_at_precision_90")),
            *(_cell(each[key]) for key in ("ms", RATIO, "mmac", "kib")),
        )
        for name, each in found.items()
    ]
    lines = [f"{report['faces']} faces in {report['pictures']} pictures; {report['machine']}; {report['date']}"]
    lines += _aligned(rows)
    for title, key in (
        ("size in pixels", "by_size"),
        ("mean grey", "by_light"),
        ("tilt in degrees, at an overlap of .35", "by_tilt"),
    ):
        names = list(next(iter(found.values()))[key])
        lines += ["", f"recall by {title}", *_aligned(
            [("detector", *names)]
            + [(name, *(_cell(each[key][part]["recall"]) for part in names)) for name, each in found.items()]
        )]  # fmt: skip
    lines += ["", "faces where none are"]
    for name, each in found.items():
        for place, seen in each["phantoms"].items():
            if seen:
                lines.append(f"  {name}: {seen['faces']} in {seen['pictures']} {place.replace('_', ' ')}")
        for clip, seen in (each["clips"] or {}).items():
            lines.append(
                f"  {name}: {clip}: all {seen['people']} found in {seen['all_found']:.0%} of {seen['frames']} frames, "
                f"more than that in {seen['frames_with_phantoms']}"
            )
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
