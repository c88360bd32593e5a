"""Commands of the face detector: train, quantize, evaluate-detector, and its part of card."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.system.atomic_files import check_replaceable
from assistant.vision.inference.runtime import quiet_stderr
from convert.cli_arguments import command, data, show, yunet
from convert.data.fer2013_labels import DatasetError
from convert.training.lineage import start_run
from convert.training.run_folder import Run


def add(commands: Any) -> None:
    """Add the command `evaluate-detector` to the command line."""
    detector = command(
        commands, "evaluate-detector", _evaluate_detector, "measure face detectors side by side", data=False
    )
    detector.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of pictures with boxes.csv; default: $EMOTION_DATA/faces/eval"
    )
    detector.add_argument(
        "--detector",
        nargs="+",
        choices=("tflite", "haar", "yunet"),
        help="default: tflite, haar, and yunet if its file is given",
    )
    detector.add_argument("--model", type=Path, metavar="FILE", help="another .tflite file for the detector tflite")
    detector.add_argument("--yunet", type=Path, metavar="FILE", help="YuNet's ONNX file; default: $EMOTION_YUNET")
    detector.add_argument(
        "--detections", type=Path, metavar="FILE", help="write all detections of the first detector as CSV"
    )
    detector.add_argument(
        "--shaken",
        action="store_true",
        help="instead: how often the assistant announces a person of pictures without a face, held with a shaking hand",
    )
    detector.add_argument("--json", action="store_true", help="print JSON alone")


def train(options: argparse.Namespace) -> int:
    """Train a face detector by its recipe."""
    from convert.face_detector import recipe as detection

    if len(options.teacher) > 1:
        options.usage_error("--teacher: a face detector has one teacher")
    plan, source = detection.read(options.recipe), data(options)
    if options.seed is not None:
        plan = replace(plan, seed=options.seed)
    if options.precision:
        plan = replace(plan, schedule=replace(plan.schedule, precision=options.precision))
    folder = options.run or Path("runs") / plan.name
    with quiet_stderr():
        from convert.face_detector.train import train as run_training
    run = run_training(
        plan,
        options.recipe,
        source,
        folder,
        epochs=options.epochs,
        start=start_run(options.recipe, plan.start, folder.parent, options.start),
        teacher=(options.teacher or [yunet(options)])[0],
        log_to=options.log_to,
    )
    best = run.best()
    print(
        f"{run.path}: best epoch {best['epoch']:.0f}, held-out pictures: average precision {best['ap']:.2%}\n"
        f"next: emotion-convert quantize {run.path} {run.path}/face-detector-int8.tflite"
    )
    return 0


def quantize(options: argparse.Namespace, run: Run) -> int:
    """Write the int8 file of a run."""
    with quiet_stderr():
        from convert.face_detector.quantize import quantize as write
    write(run, data(options), options.model)
    print(f"{options.model}: {options.model.stat().st_size} bytes, int8; next: emotion-convert card {options.model}")
    return 0


def _evaluate_detector(options: argparse.Namespace) -> int:
    from convert.face_detector import evaluate as detection

    home = os.environ.get("EMOTION_DATA")
    folder = options.data or (Path(home) / "faces" / "eval" if home else None)
    if options.shaken:
        return _shaken(options, folder)
    if folder is None:
        raise DatasetError("no data; give a folder with boxes.csv with --data, or set EMOTION_DATA")
    if options.detections:
        check_replaceable(options.detections)  # before the evaluation, which takes minutes
        if not os.path.isdir(options.detections.parent):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
            raise DatasetError(f"{options.detections}: cannot be written: there is no such folder")
    show(_detector_report(options, options.model, folder), detection.as_text, options)
    return 0


def _shaken(options: argparse.Namespace, folder: Path | None) -> int:
    """Measure phantoms with one detector: the first of --detector, or --model, or the shipped one."""
    from assistant.config.settings import DetectorSettings, Settings
    from convert.face_detector import shaken

    if options.detections:
        options.usage_error("--detections are those of --data; --shaken has its own pictures")
    driver = (options.detector or ["tflite"])[0]
    file = {"tflite": options.model, "yunet": yunet(options)}.get(driver)
    if driver == "yunet" and file is None:
        options.usage_error("yunet needs its file: --yunet FILE")
    training = folder.parent / "train" if folder else None
    if training is not None and not (training / "boxes.csv").is_file():
        training = None
    settings = replace(Settings(), detector=DetectorSettings(driver=driver, model=str(file or "")))
    show(shaken.evaluate(settings, training), shaken.as_text, options)
    return 0


def _detector_report(options: argparse.Namespace, model: Path | None, folder: Path) -> dict[str, Any]:
    from convert.face_detector import evaluate as detection
    from convert.face_detector.detector_under_test import DetectorUnderTest

    clips, rooms = os.environ.get("EMOTION_VIDEOS"), folder.parent / "train"
    peer = yunet(options)
    names = options.detector or ("tflite", "haar", *(["yunet"] if peer else []))
    if "yunet" in names and peer is None:
        options.usage_error("yunet needs its file: --yunet FILE")
    files = {"tflite": model, "yunet": peer}
    return detection.evaluate(
        [DetectorUnderTest(name, files.get(name)) for name in names],
        folder,
        rooms=rooms if (rooms / "boxes.csv").is_file() else None,
        clips=Path(clips) if clips else None,
        table=options.detections,
    )


def measure(options: argparse.Namespace, model: Path) -> None:
    """Measure a detector beside Haar and, if its file is given, YuNet, and write the figures into its card."""
    from convert.face_detector import card as detector_card

    options.detector = options.detections = None
    report = _detector_report(options, model, data(options) / "faces" / "eval")
    made = detector_card.refresh(model, report)
    print(f"{model.with_suffix('.json')}: average precision {made['metrics']['ap']:.2%} on {report['faces']} faces")
