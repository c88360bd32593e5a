"""A trained face detector to an int8 .tflite file with its card; the score from which a hit is a face is chosen here.

Calibration frames are composed of training pictures as for training. The threshold is the lowest at which PRECISION of
the hits on the held-out pictures are faces, found with the int8 file and the assistant's own driver.
"""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from assistant.config.settings import DetectorSettings
from assistant.errors import ModelError
from assistant.system.atomic_files import write_whole
from assistant.vision.detectors.tflite import TFLiteFaceDetector
from convert.expression.quantize import check, convert
from convert.face_detector import card, landmarks, matching, pictures, recipe
from convert.face_detector.compose import Composer
from convert.face_detector.matching import Judged
from convert.face_detector.pictures import Picture
from convert.face_detector.train import LEAST_SCORE, LONG_SIDE, build, load_weights
from convert.training.run_folder import Run

WIDTH, HEIGHT = 320, 240
"""The size that the file names; the assistant gives it others too."""
FRAMES, SEED = 300, 1
PRECISION = 0.9
LEAST_THRESHOLD = 0.3
OVERLAP = 0.5
MAX_LOSS = 0.01
"""Of average precision by quantization; more is refused."""


def quantize(run: Run, data: Path, model: Path) -> None:
    """Write `model` (int8) with its card, and the float model with a card of its own into the run folder.

    data: the folder of the data sets. Raises RunError, DatasetError, or ModelError where the result is not wholly int8
    or finds fewer faces; nothing is written then.
    """
    run.best()
    plan = recipe.read(run.recipe_file)
    known = pictures.load(data / "faces" / "train", plan.data.origins)
    composer = Composer(
        [picture for picture in known if not pictures.is_held_out(picture.name)], plan.mixture, plan.data.weights
    )
    random = np.random.default_rng(SEED)
    frames = np.stack([composer.frame(random, WIDTH, HEIGHT).grey for _ in range(FRAMES)])
    keras.mixed_precision.set_global_policy("float32")
    net = build(plan, height=HEIGHT, width=WIDTH, batch=1)
    load_weights(net, run)
    contents = {run.path / f"{model.stem.removesuffix('-int8')}-float32.tflite": convert(net, None)}
    contents[model] = convert(net, frames)
    check(model.name, contents[model])
    held = [picture for picture in known if pictures.is_held_out(picture.name)]
    exact, found = (judged(content, held, LEAST_SCORE) for content in contents.values())
    threshold, recall, precision = choose_threshold(contents[model], held)
    loss = {"float32": matching.average_precision(exact), "int8": matching.average_precision(found)}
    if loss["float32"] - loss["int8"] > MAX_LOSS:
        raise ModelError(f"{model}: average precision falls from {loss['float32']:.2%} to {loss['int8']:.2%} by int8")
    facts = {
        "frames": FRAMES,
        "sha256": hashlib.sha256(frames.tobytes()).hexdigest(),
        "held_out": {"ap": loss, "recall": recall, "precision": precision, "pictures": len(held)},
        "landmarks": landmarks.error(opened(contents[model], threshold), held),
    }
    files: dict[Path, bytes] = {}
    for path, content in contents.items():
        about = card.describe(path.stem, content, run, plan, threshold=threshold, calibration=facts)
        files |= {path: content, path.with_suffix(".json"): card.encode(about)}
    write_whole(files)


def opened(content: bytes, threshold: float) -> TFLiteFaceDetector:
    """The assistant's own driver of a detector file (its bytes) that has no card yet."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trial.tflite"
        file.write_bytes(content)
        about = {"sha256": hashlib.sha256(content).hexdigest(), "threshold": threshold, "landmarks": True}
        file.with_suffix(".json").write_bytes(card.encode(about))
        return TFLiteFaceDetector(DetectorSettings(driver="tflite", model=str(file), long_side=LONG_SIDE))


def judged(content: bytes, held: Sequence[Picture], threshold: float) -> Judged:
    """What a detector file (its bytes) finds in pictures, served at a threshold."""
    detector = opened(content, threshold)
    hits = [matching.as_arrays(detector.find(picture.grey, picture.grey)) for picture in held]
    faces, ignored = [picture.boxes for picture in held], [picture.ignored for picture in held]
    return matching.pooled(matching.judge_all(faces, ignored, hits, OVERLAP))


def choose_threshold(content: bytes, held: Sequence[Picture]) -> tuple[float, float, float]:
    """The lowest score, in steps of 0.01 and LEAST_THRESHOLD at least, at which PRECISION of what a detector file (its
    bytes) gives are faces; and its recall and precision there.

    Each score is tried with the driver itself: hits below it are merged into those above, so they cannot be sorted out
    afterwards. Raises ModelError where no score does that.
    """
    for percent in range(round(100 * LEAST_THRESHOLD), 100):
        threshold = percent / 100
        recall, precision = matching.recall_precision(judged(content, held, threshold), threshold)
        if recall and precision >= PRECISION:
            return threshold, recall, precision
    raise ModelError(f"no score makes {PRECISION:.0%} of the hits on the held-out pictures faces; train further")
