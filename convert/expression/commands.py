"""Commands of the expression models: train, quantize, soft-labels and warm-start."""

import argparse
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.system.atomic_files import check_replaceable
from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.runtime import quiet_stderr
from convert.cli_arguments import (
    check_backend,
    command,
    data,
    labelled_faces,
    make_folder,
    run_folder,
    skip_unreadable,
    whole_number,
)
from convert.data.fer2013_labels import DatasetError
from convert.expression import recipe as recipes
from convert.expression.soft_labels import MAX_VIEWS
from convert.tflite import card_file
from convert.training import lineage
from convert.training.recipe_file import RECIPES
from convert.training.run_folder import Run

HEADS = ("ferplus", "fer2013")
"""Heads of an expression model; the first is the one that the assistant runs."""


def add(commands: Any) -> None:
    """Add the commands soft-labels and warm-start to the command line."""
    text = "write the predictions of trained networks (teachers) for the training pictures, to distil from"
    soft_labels = command(commands, "soft-labels", _soft_labels, text)
    text = "the .npz file to write; a recipe names it, relative to itself, as soft_labels in [teachers]"
    soft_labels.add_argument("file", type=Path, metavar="FILE", help=text)
    text = (
        "a teacher: a run folder, the name of a shipped model, or the .tflite file of a ferplus head with that of the "
        "fer2013 head in challenge/"
    )
    soft_labels.add_argument("teachers", nargs="+", metavar="RUN", help=text)
    text = "existing soft labels, whose teachers are averaged with the new ones"
    soft_labels.add_argument("--add-to", type=Path, metavar="FILE", help=text)
    text = "views of each picture; default: %(default)s"
    soft_labels.add_argument("--views", type=whole_number(1, MAX_VIEWS), default=10, metavar="N", help=text)

    text = "make a run folder of a shipped model, to train it further or to distil from it"
    start = command(commands, "warm-start", _warm_start, text)
    start.add_argument("model", metavar="MODEL", help="a .tflite file or the name of a shipped model")
    start.add_argument("--run", type=run_folder, required=True, metavar="DIR", help="run folder to write")
    start.add_argument("--recipes", type=Path, metavar="DIR", help="folder of its recipe; default: the shipped recipes")
    skip_unreadable(soft_labels, start)


def train(options: argparse.Namespace) -> int:
    """Train an expression model by its recipe."""
    recipe = recipes.read(options.recipe)
    if options.precision:
        recipe = replace(recipe, schedule=replace(recipe.schedule, precision=options.precision))
        recipes.check_precision(options.recipe, recipe)
    if options.seed is not None:
        recipe = replace(recipe, seed=options.seed)
    folder = options.run or Path("runs") / recipe.name
    start = lineage.start_run(options.recipe, recipe.start, folder.parent, options.start)
    teachers = lineage.teacher_runs(options.recipe, recipe.teachers, folder.parent, options.teacher)
    recipes.check_teachers(options.recipe, recipe, bool(teachers))
    source = data(options)
    with quiet_stderr():
        from convert.expression.train import train as run_training
    run = run_training(
        recipe, options.recipe, source, folder,
        epochs=options.epochs, start=start, teachers=teachers, log_to=options.log_to,
        skip_unreadable=options.skip_unreadable,
    )  # fmt: skip
    best = run.best()
    print(f"{run.path}: best epoch {best['epoch']:.0f}, {_scores(best)}")
    print("\n".join(["next:", *(f"  {each}" for each in next_steps(options, run, recipe.name, best["ferplus"] > 0))]))
    return 0


def _scores(best: dict[str, float]) -> str:
    """The accuracies on PublicTest; that of the ferplus head is 0 where no picture has votes that agree."""
    votes = f"{best['ferplus']:.2%}" if best["ferplus"] else "not measured, no votes"
    return f"PublicTest: fer2013 {best['fer2013']:.2%}, ferplus {votes}"


def next_steps(options: argparse.Namespace, run: Run, name: str, has_votes: bool) -> list[str]:
    """The next commands after a training: quantize and calibrate both heads, the fer2013 head alone without FER+ votes.

    name: of the model files.
    """
    models = {"fer2013": str(run.path / "challenge" / f"{name}-int8.tflite")}
    if has_votes:
        models = {"ferplus": str(run.path / f"{name}-int8.tflite")} | models
    data_option = _data_option(options)
    steps = [["quantize", "--head", head, str(run.path), model, *data_option] for head, model in models.items()]
    steps.append(["calibrate", *models.values(), *data_option])
    return [shlex.join(["emotion-convert", *each]) for each in steps]


def _data_option(options: argparse.Namespace) -> list[str]:
    """The options of the next command that name the same data."""
    skips = ["--skip-unreadable"] if options.skip_unreadable else []
    return [*(["--data", str(options.data)] if options.data else []), *skips]


def make_calibration_set(options: argparse.Namespace) -> int:
    """Choose the calibration pictures of the quantizer and write the list of them."""
    from convert.expression import calibration_set

    calibration_set.write(calibration_set.choose(labelled_faces(options)), options.make_calibration_set)
    return 0


def quantize(options: argparse.Namespace, run: Run) -> int:
    """Write the int8 file of one head of a run."""
    from convert.expression import calibration_set

    run.best()
    faces = labelled_faces(options, recipes.of_run(run).input_format)
    if options.head == "ferplus" and not faces.votes.any():
        raise DatasetError("no FER+ votes lie beside FER-2013, so nothing was learnt from them; give --head fer2013")
    with quiet_stderr():
        from convert.expression.quantize import quantize as write
    if options.calibration_set:
        chosen = calibration_set.read(options.calibration_set)
    else:
        chosen = calibration_set.of_run(run, faces)
        calibration_set.keep(run, chosen, faces)
    write(run, faces, options.model, chosen, options.head)
    float_model = run.float_model(options.model.stem, options.head)
    print(f"{options.model}: {options.model.stat().st_size} bytes, int8; float model: {float_model}")
    if "thresholds" not in card_file.load(options.model):
        print("next:", shlex.join(["emotion-convert", "calibrate", str(options.model), *_data_option(options)]))
    return 0


def _soft_labels(options: argparse.Namespace) -> int:
    check_backend()
    if options.file.suffix != ".npz":
        options.usage_error("FILE must end in .npz")
    check_replaceable(options.file)
    make_folder(options.file.parent)
    faces = labelled_faces(options)
    with quiet_stderr():
        from convert.expression import soft_labels
        from convert.expression.teachers import write_soft_labels
    former = soft_labels.read(options.add_to) if options.add_to else None
    teachers = [Path(each) if Path(each).is_dir() or os.sep in each else find_model(each) for each in options.teachers]
    labels = write_soft_labels(teachers, faces, options.views, options.file, former)
    print(f"{options.file}: {len(labels.pictures)} pictures, {labels.views} views, {options.file.stat().st_size} bytes")
    return 0


def _warm_start(options: argparse.Namespace) -> int:
    check_backend()
    model, faces = find_model(options.model), labelled_faces(options)
    with quiet_stderr():
        from convert.expression.warm_start import warm_start
    run = warm_start(model, faces, options.run, options.recipes or RECIPES)
    best = run.best()
    print(f"{run.path}: {_scores(best)}\nnext: emotion-convert train --from {run.path} --recipe …")
    return 0
