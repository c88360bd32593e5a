"""Quantization of a face detector to an int8 .tflite file with its card, and choice of its score threshold.

Calibration frames are composed as in training. The threshold is the lowest with a precision of MIN_PRECISION on the
held-out pictures, measured with the int8 file and the assistant's `TFLiteFaceDetector`.
"""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from assistant.config.settings import DetectorSettings
from assistant.errors import ModelError
from assistant.system.atomic_files import write_atomically
from assistant.system.progress import track
from assistant.vision.detectors.tflite import TFLiteFaceDetector
from convert.data.boxes import is_held_out
from convert.face_detector import card, matching, pictures, recipe
from convert.face_detector.compose import Composer
from convert.face_detector.matching import Matches
from convert.face_detector.pictures import Picture
from convert.face_detector.train import LONG_SIDE_PX, MIN_SCORE, build
from convert.tflite import card_file
from convert.tflite.export import check_int8, to_tflite
from convert.training.loop import load_best_weights
from convert.training.run_folder import Run

WIDTH, HEIGHT = 320, 240
"""Input size in pixels in the file; the assistant also runs the model at other sizes."""
CALIBRATION_FRAMES, CALIBRATION_SEED = 300, 1
MIN_PRECISION = 0.9
"""Precision on the held-out pictures at the chosen threshold."""
MIN_THRESHOLD = 0.3
"""Lowest candidate threshold."""
MIN_IOU = 0.5
"""Smallest IoU of a true positive."""
MAX_LOSS = 0.01
"""Largest accepted loss of average precision by quantization."""


def quantize(run: Run, data: Path, model: Path) -> None:
    """Write the int8 model to `model` with its card, and the float32 model with its card into the run folder.

    data: the folder of the data sets. Raises RunError, DatasetError, or ModelError where the result is not int8
    throughout or its average precision is lower by more than MAX_LOSS; nothing is written then.
    """
    run.best()
    plan = recipe.read(run.recipe_file)
    known = pictures.load(data / "faces" / "train", plan.data.origins)
    composer = Composer(
        [picture for picture in known if not is_held_out(picture.name)], plan.mixture, plan.data.origin_weights
    )
    random = np.random.default_rng(CALIBRATION_SEED)
    frames = np.stack([composer.frame(random, WIDTH, HEIGHT).grey for _ in range(CALIBRATION_FRAMES)])
    keras.mixed_precision.set_global_policy("float32")
    net = build(plan, height=HEIGHT, width=WIDTH, batch=1)
    load_best_weights(net, run)
    contents = {run.path / f"{model.stem.removesuffix('-int8')}-float32.tflite": to_tflite(net, None)}
    contents[model] = to_tflite(net, frames)
    check_int8(model.name, contents[model])
    held_out = [picture for picture in known if is_held_out(picture.name)]
    float32, int8 = (match_held_out(content, held_out, MIN_SCORE) for content in contents.values())
    threshold, recall, precision = choose_threshold(contents[model], held_out)
    ap = {"float32": matching.average_precision(float32), "int8": matching.average_precision(int8)}
    if ap["float32"] - ap["int8"] > MAX_LOSS:
        raise ModelError(f"{model}: average precision falls from {ap['float32']:.2%} to {ap['int8']:.2%} by int8")
    facts = {
        "frames": CALIBRATION_FRAMES,
        "sha256": hashlib.sha256(frames.tobytes()).hexdigest(),
        "held_out": {"ap": ap, "recall": recall, "precision": precision, "pictures": len(held_out)},
        "landmarks": matching.landmark_error(open_detector(contents[model], threshold), held_out),
    }
    files: dict[Path, bytes] = {}
    for path, content in contents.items():
        about = card.describe(path.stem, content, run, plan, threshold=threshold, calibration=facts)
        files |= {path: content, path.with_suffix(".json"): card_file.encode(about)}
    write_atomically(files)


def open_detector(content: bytes, threshold: float) -> TFLiteFaceDetector:
    """The assistant's detector for a .tflite file that has no card yet. content: the bytes of the file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trial.tflite"
        file.write_bytes(content)
        about = {"sha256": hashlib.sha256(content).hexdigest(), "threshold": threshold, "landmarks": True}
        file.with_suffix(".json").write_bytes(card_file.encode(about))
        return TFLiteFaceDetector(DetectorSettings(driver="tflite", model=str(file), long_side=LONG_SIDE_PX))


def match_held_out(content: bytes, held_out: Sequence[Picture], threshold: float) -> Matches:
    """Detections at a score threshold, matched with the annotated faces. content: the bytes of a .tflite file."""
    detector = open_detector(content, threshold)
    tracked = track(held_out, f"score of {threshold:.2f} or more", "pictures")
    detections = [matching.as_arrays(detector.find(picture.grey, picture.grey)) for picture in tracked]
    faces, ignored = [picture.boxes for picture in held_out], [picture.ignored for picture in held_out]
    return matching.pool(matching.match_all(faces, ignored, detections, MIN_IOU))


def choose_threshold(content: bytes, held_out: Sequence[Picture]) -> tuple[float, float, float]:
    """The lowest score threshold with a precision of MIN_PRECISION or more, and recall and precision with it.

    content: the bytes of a .tflite file. Candidates are MIN_THRESHOLD and more, in steps of 0.01. The detector is run
    with each of them, since filtering afterwards is not the same: detections of lower score would have been merged into
    others. Raises ModelError where no candidate has the precision.
    """
    for percent in range(round(100 * MIN_THRESHOLD), 100):
        threshold = percent / 100
        recall, precision = matching.recall_precision(match_held_out(content, held_out, threshold), threshold)
        if recall and precision >= MIN_PRECISION:
            return threshold, recall, precision
    raise ModelError(
        f"no score makes {MIN_PRECISION:.0%} of the detections on the held-out pictures faces; train further"
    )
