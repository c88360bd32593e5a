"""Commands evaluate, calibrate and evaluate-alignment: measure a classifier, calibrate its probabilities."""

import argparse
import os
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.vision.inference.model_file import find_model, read_card
from convert.cli_arguments import (
    command,
    data,
    detection_faces,
    labelled_faces,
    make_folder,
    muxspace,
    show,
    skip_unreadable,
    yunet,
)
from convert.data.fer2013_labels import DatasetError
from convert.tflite import card_file

SPLITS = ("PrivateTest", "PublicTest")
MODEL = "a .tflite file or the name of a shipped model"


def add(commands: Any) -> None:
    """Add these commands to the command line."""
    evaluate = command(
        commands,
        "evaluate",
        _evaluate,
        "measure an expression model on a test split, with the assistant's preprocessing and runtime",
    )
    evaluate.add_argument("model", metavar="MODEL", help=MODEL)
    evaluate.add_argument("--quick", action="store_true", help="leave out robustness and muxspace, which take minutes")
    evaluate.add_argument(
        "--slices", action="store_true", help="also by glasses, beard, light and skin tone, with the gap of each"
    )
    evaluate.add_argument(
        "--report", type=Path, metavar="DIR", help="also write NAME.json, NAME.md and diagrams into this folder"
    )
    evaluate.add_argument("--split", choices=SPLITS, default=SPLITS[0], help="default: %(default)s")
    evaluate.add_argument("--json", action="store_true", help="print JSON alone")

    calibrate = command(
        commands,
        "calibrate",
        _calibrate,
        "fit temperature and thresholds on PublicTest and write them into the model card",
    )
    calibrate.add_argument("models", nargs="+", metavar="MODEL", help=MODEL)

    alignment = command(
        commands,
        "evaluate-alignment",
        _evaluate_alignment,
        "measure how rotating faces upright by their landmarks changes a classifier's accuracy",
    )
    alignment.add_argument("model", metavar="MODEL", help="a .tflite file or the name of a shipped model")
    alignment.add_argument(
        "--detector",
        choices=("tflite", "yunet"),
        default="tflite",
        help="detector of the landmarks; default: %(default)s",
    )
    alignment.add_argument("--yunet", type=Path, metavar="FILE", help="YuNet's ONNX file; default: $EMOTION_YUNET")
    alignment.add_argument("--json", action="store_true", help="print JSON alone")
    skip_unreadable(evaluate, calibrate, alignment)


def expression_model(name: str) -> Path:
    """The file of an expression model. Raises ModelError, also for a model whose card has another task."""
    model = find_model(name)
    about = read_card(model)
    if about.get("task") == card_file.FACE_DETECTION:
        raise ModelError(f"{model}: is a face detector; measure it with `emotion-convert evaluate-detector --model`")
    if "labels" not in about:
        raise ModelError(f"{model}: reads no expressions, its card names no labels")
    return model


def _evaluate(options: argparse.Namespace) -> int:
    from convert.expression.evaluation import report
    from convert.expression.evaluation.evaluate import evaluate
    from convert.expression.evaluation.testset import faces_for

    model = expression_model(options.model)
    faces = faces_for(model, data(options), skip_unreadable=options.skip_unreadable)
    if options.report:
        make_folder(options.report)  # before the evaluation, which takes minutes
    wild = muxspace(options)
    made = evaluate(
        model,
        faces,
        options.split,
        muxspace=wild,
        quick=options.quick,
        by_slice=options.slices,
        detection=detection_faces(options),
    )
    if options.report:
        report.write(made, model.stem, options.report)
    show(made, report.as_text, options)
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    from convert.expression import card
    from convert.expression.evaluation.testset import faces_for

    models = [expression_model(name) for name in options.models]
    for model in models:
        card_file.check_writable(model)
    for model in models:
        made = card.calibrate(model, faces_for(model, data(options), skip_unreadable=options.skip_unreadable))
        print(f"{card_file.path_of(model)}: temperature {made['temperature']}, thresholds {made['thresholds']}")
    return 0


def _evaluate_alignment(options: argparse.Namespace) -> int:
    from assistant.config.settings import DetectorSettings
    from assistant.vision import detectors
    from convert.expression import alignment

    faces, wild, clips = labelled_faces(options), muxspace(options), os.environ.get("EMOTION_VIDEOS")
    if wild is None:
        raise DatasetError(f"{data(options)}: there is no folder muxspace beside FER-2013, whose faces are tilted here")
    file = yunet(options) if options.detector == "yunet" else None
    detector = detectors.open_detector(DetectorSettings(driver=options.detector, model=str(file or "")))
    clip = Path(clips) / "two-people-head-pose.mp4" if clips else None
    show(
        alignment.evaluate_alignment(find_model(options.model), detector, faces, wild, clip), alignment.as_text, options
    )
    return 0
