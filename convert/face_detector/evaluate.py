"""Evaluation of face detectors side by side, on pictures that were used neither for training nor for choices.

All figures but the cost follow the protocol of `matching`: pictures have a long side of 320 pixels, faces of 30 pixels
and more are expected.
"""

import csv
import datetime
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import DetectorError
from assistant.system.atomic_files import write_atomically
from assistant.system.progress import track
from assistant.vision.faces.preprocess import to_grey
from convert.data import picture_files
from convert.data.boxes import AnnotatedPicture, read_annotations
from convert.face_detector import false_positives, matching
from convert.face_detector.cost import CACHES, measure_cost, times_haar
from convert.face_detector.detector_under_test import LONG_SIDE_PX, DetectorUnderTest
from convert.face_detector.matching import Boxes, Detections, Matches
from convert.machine import machine
from convert.text_table import aligned
from convert.training import provenance

TILTS_DEG = (-45, -30, -15, 0, 15, 30, 45)
"""Angles by which pictures are rotated."""
TILT_MIN_IOU = 0.35
"""Smallest IoU of a match in rotated pictures. The box of a rotated face is approximated by a square of the same area
around its centre, so that a larger IoU would measure this approximation."""
SIZE_BINS_PX = ((30, 45), (45, 70), (70, 110), (110, 320))
"""Bins of the shorter side of a face."""
BRIGHTNESS_BINS = ((0, 60), (60, 100), (100, 150), (150, 256))
"""Bins of the mean grey level of a face."""


def evaluate(
    tested: Sequence[DetectorUnderTest],
    folder: Path,
    *,
    rooms: Path | None = None,
    clips: Path | None = None,
    table: Path | None = None,
) -> dict[str, Any]:
    """Measure detectors; the report, ready for JSON, has {"detectors": {name: {...}}} and the number of pictures.

    folder: pictures with their boxes.csv. rooms: the folder of the training pictures, of whose held-out rooms panned
    frames are made; clips: the folder of the video clips; these figures are left out where it is None. table: a CSV
    file to write, with all detections of the first detector. Raises DatasetError or DetectorError.
    """
    pictures = read_annotations(folder)
    images = [picture_files.colour(each.path) for each in pictures]
    panned = false_positives.room_frames(read_annotations(rooms)) if rooms else []
    videos = {clip: people for clip, people in false_positives.CLIPS.items() if clips and (clips / clip).is_file()}
    cost = measure_cost(tested, images)
    empty = [image for each, image in zip(pictures, images, strict=True) if not each.sources]
    report: dict[str, Any] = {
        "pictures": len(pictures),
        "faces": sum(int(matching.is_expected(_faces(*pair)).sum()) for pair in zip(pictures, images, strict=True)),
        "machine": machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "revision": provenance.revision(),
        "detectors": {},
    }
    for each in tested:
        unfiltered, deployed = (
            [detect(image) for image in track(images, each.name, "pictures")]
            for detect in (each.detections, each.deployed_detections)
        )
        if table is not None and each is tested[0]:
            _write_detections(table, pictures, unfiltered)
        figures = _figures(each, pictures, images, unfiltered, deployed) | cost[each.name]
        figures["by_tilt"] = {f"{angle:+d}": _at_tilt(each, pictures, images, angle) for angle in TILTS_DEG}
        figures["false_positives"] = {
            "pictures_without_faces": _false_positives(each, empty),
            "rooms": _false_positives(each, panned) if panned else None,
        }
        figures["clips"] = {
            clip: false_positives.evaluate_clip(each.deployed, Path(clips or "") / clip, people, each.threshold)
            for clip, people in videos.items()
        } or None
        report["detectors"][each.name] = figures
    return report


def _factor(image: NDArray[np.uint8]) -> float:
    """Scale from pixels of a picture to pixels at the protocol's long side."""
    return LONG_SIDE_PX / max(image.shape[:2])


def _faces(picture: AnnotatedPicture, image: NDArray[np.uint8]) -> Boxes:
    """Boxes [n, 4] of a picture's faces, at the protocol's long side."""
    return np.asarray(picture.boxes[picture.is_face] * np.float32(_factor(image)), np.float32)


def _ignored(picture: AnnotatedPicture, image: NDArray[np.uint8]) -> Boxes:
    """Boxes [n, 4] of a picture's ignored regions, at the protocol's long side."""
    return np.asarray(picture.boxes[~picture.is_face] * np.float32(_factor(image)), np.float32)


def _figures(
    tested: DetectorUnderTest,
    pictures: Sequence[AnnotatedPicture],
    images: Sequence[NDArray[np.uint8]],
    unfiltered: Sequence[Detections],
    deployed: Sequence[Detections],
) -> dict[str, Any]:
    """Accuracy figures of a detector: average precision and recall at a precision from all detections, the others from
    the detections at the assistant's threshold."""
    pairs = list(zip(pictures, images, strict=True))
    faces, ignored = [_faces(*pair) for pair in pairs], [_ignored(*pair) for pair in pairs]
    unfiltered_scaled, deployed_scaled = (
        [_scaled(*pair) for pair in zip(each, images, strict=True)] for each in (unfiltered, deployed)
    )
    figures: dict[str, Any] = {"threshold": tested.threshold}
    for min_iou, suffix in ((0.5, ""), (0.35, "35")):
        ranked = matching.pool(matching.match_all(faces, ignored, unfiltered_scaled, min_iou))
        by_picture = matching.match_all(faces, ignored, deployed_scaled, min_iou)
        pooled = matching.pool(by_picture)
        recall, precision = matching.recall_precision(pooled, tested.threshold)
        figures |= {
            f"recall{suffix}": recall,
            f"precision{suffix}": precision,
            f"ap{suffix}": matching.average_precision(ranked),
        }
        if not suffix:
            figures["recall_at_precision_90"] = matching.recall_at_precision(ranked, 0.9)
            groups = [recording_of(each) for each in pictures]
            figures["interval_95"] = matching.confidence_intervals(by_picture, groups, tested.threshold)
            sizes = np.concatenate([_sizes(each) for each in faces])
            figures["by_size"] = _recall_by(pooled, tested, sizes, SIZE_BINS_PX)
            brightness = np.concatenate([_brightness(*pair) for pair in pairs])
            figures["by_light"] = _recall_by(pooled, tested, brightness, BRIGHTNESS_BINS)
    return figures


def _scaled(detections: Detections, image: NDArray[np.uint8]) -> Detections:
    """Detections in pixels of a picture, scaled to the protocol's long side."""
    boxes, scores = detections
    return boxes * np.float32(_factor(image)), scores


def recording_of(picture: AnnotatedPicture) -> str:
    """The group of dependent pictures that a picture is in: a recording (`vNN_`), or the picture alone."""
    name = picture.path.stem
    return name.partition("_")[0] if name[:1] == "v" and name[1:3].isdigit() else name


def _sizes(faces: Boxes) -> NDArray[np.float32]:
    return np.asarray(faces[matching.is_expected(faces)][:, 2:].min(axis=1, initial=np.inf), np.float32)


def _brightness(picture: AnnotatedPicture, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean grey level of each expected face."""
    grey, factor = to_grey(image), _factor(image)
    faces = _faces(picture, image)
    boxes = faces[matching.is_expected(faces)] / factor
    return np.array(
        [grey[max(0, int(y)) : int(y + h) + 1, max(0, int(x)) : int(x + w) + 1].mean() for x, y, w, h in boxes],
        np.float32,
    )


def _recall_by(
    matches: Matches, tested: DetectorUnderTest, values: NDArray[np.float32], bins: Sequence[tuple[int, int]]
) -> dict[str, dict[str, Any]]:
    """Recall of the faces in each bin. values: one per expected face."""
    is_found = matches.face_scores >= max(tested.threshold, 1e-9)
    recalls = {}
    for low, high in bins:
        inside = (values >= low) & (values < high)
        recalls[f"{low}-{high}"] = {
            "faces": int(inside.sum()),
            "recall": float(is_found[inside].mean()) if inside.any() else None,
        }
    return recalls


def _at_tilt(
    tested: DetectorUnderTest, pictures: Sequence[AnnotatedPicture], images: Sequence[NDArray[np.uint8]], angle: int
) -> dict[str, Any]:
    """Recall and precision at TILT_MIN_IOU with every picture rotated about its centre; faces that are moved out of the
    picture are ignored."""
    matches = []
    pairs = list(zip(pictures, images, strict=True))
    for picture, image in track(pairs, f"{tested.name}, turned by {angle} degrees", "pictures"):
        height, width = image.shape[:2]
        rotation = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        rotated = cv2.warpAffine(image, rotation, (width, height), borderMode=cv2.BORDER_REPLICATE)
        boxes, factor = _faces(picture, image) / np.float32(_factor(image)), np.float32(_factor(image))
        if angle:
            side = np.sqrt(boxes[:, 2:].prod(axis=1, keepdims=True))
            centres = (boxes[:, :2] + boxes[:, 2:] / 2) @ rotation[:, :2].T + rotation[:, 2]
            boxes = np.concatenate([centres - side / 2, side, side], axis=1)
        is_inside = (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, :2] + boxes[:, 2:] <= [width, height]).all(axis=1)
        found, scores = tested.deployed_detections(np.asarray(rotated, np.uint8))
        ignored = np.concatenate([_ignored(picture, image), boxes[~is_inside] * factor]).astype(np.float32)
        faces = np.asarray(boxes[is_inside] * factor, np.float32)
        matches.append(matching.match(faces, ignored, (found * factor, scores), TILT_MIN_IOU))
    pooled = matching.pool(matches)
    recall, precision = matching.recall_precision(pooled, tested.threshold)
    return {"faces": len(pooled.face_scores), "recall": recall, "precision": precision}


def _false_positives(tested: DetectorUnderTest, images: Sequence[NDArray[np.uint8]]) -> dict[str, int]:
    tracked = track(images, f"{tested.name}, without faces", "pictures")
    found = [false_positives.detect(tested.deployed, image, tested.threshold) for image in tracked]
    return {"pictures": len(images), "faces": sum(map(len, found)), "pictures_with_some": sum(map(bool, found))}


def _write_detections(table: Path, pictures: Sequence[AnnotatedPicture], detections: Sequence[Detections]) -> None:
    target = io.StringIO(newline="")
    rows = csv.writer(target)
    rows.writerow(("image", "x", "y", "w", "h", "score"))
    for picture, (boxes, scores) in zip(pictures, detections, strict=True):
        name = f"{picture.path.parent.name}/{picture.path.name}"
        rows.writerows((name, *(f"{v:.2f}" for v in box), f"{s:.4f}") for box, s in zip(boxes, scores, strict=True))
    try:
        write_atomically({table: target.getvalue().encode("utf-8", "surrogateescape")})
    except OSError as err:
        raise DetectorError(f"{table}: cannot be written: {err.strerror}") from err


def as_text(report: dict[str, Any]) -> str:
    """The report as text tables."""
    detectors = report["detectors"]
    heads = ("detector", "recall", "precision", "AP", "AP .35", "R at P .9", "MMAC", "KiB")
    rows = [heads] + [
        (
            name,
            *(f"{each[key]:.3f}" for key in ("recall", "precision", "ap", "ap35", "recall_at_precision_90")),
            *(_cell(each[key]) for key in ("mmac", "kib")),
        )
        for name, each in detectors.items()
    ]
    lines = [f"{report['faces']} faces in {report['pictures']} pictures; {report['machine']}; {report['date']}"]
    lines += aligned(rows, left=0)
    timed = next(iter(detectors.values()))["timed_pictures"]
    lines += ["", f"CPU time of a frame of 320x240 on one thread, {timed} pictures: median (lowest to highest)"]
    lines += aligned(
        [("detector", *(f"{head}, {cache} caches" for cache in CACHES for head in ("ms", "x Haar")))]
        + [
            (name, *(cell for cache in CACHES for cell in (_cell(each["ms"][cache]), times_haar(each, cache))))
            for name, each in detectors.items()
        ],
        left=0,
    )
    for title, key in (
        ("size in pixels", "by_size"),
        ("mean grey", "by_light"),
        ("tilt in degrees, at an overlap of .35", "by_tilt"),
    ):
        names = list(next(iter(detectors.values()))[key])
        lines += ["", f"recall by {title}", *aligned(
            [("detector", *names)]
            + [(name, *(_cell(each[key][part]["recall"]) for part in names)) for name, each in detectors.items()],
            left=0,
        )]  # fmt: skip
    lines += ["", "false positives"]
    for name, each in detectors.items():
        for place, counts in each["false_positives"].items():
            if counts:
                lines.append(f"  {name}: {counts['faces']} in {counts['pictures']} {place.replace('_', ' ')}")
        for clip, counts in (each["clips"] or {}).items():
            lines.append(
                f"  {name}: {clip}: all {counts['people']} found in {counts['all_found']:.0%} of {counts['frames']} "
                f"frames, more than that in {counts['frames_with_false_positives']}"
            )
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
