"""The commands of the expression models: train, quantize, soft-labels and warm-start."""

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.runtime import quiet_stderr
from convert.cli_arguments import at_least_one, check_backend, command, data
from convert.data.fer2013 import DatasetError, load
from convert.expression import recipe as recipes
from convert.expression.soft_labels import MAX_VIEWS
from convert.tflite import card_file
from convert.training import lineage
from convert.training.run_folder import Run

HEADS = ("ferplus", "fer2013")
"""Heads of an expression model; the first is the one that the assistant runs."""


def add(commands: Any) -> None:
    """Add soft-labels and warm-start to the command line."""
    teach = command(commands, "soft-labels", _soft_labels, "ask trained networks for labels that a recipe can distil")
    teach.add_argument("file", type=Path, metavar="FILE", help="the .npz to write; recipes name it beside themselves")
    teach.add_argument(
        "teachers", type=Path, nargs="+", metavar="RUN", help="their run folders, or .tflite files of both heads"
    )
    teach.add_argument("--add-to", type=Path, metavar="FILE", help="soft labels whose teachers count as well")
    teach.add_argument("--views", type=at_least_one, default=10, metavar="N", help="of each picture (%(default)s)")

    start = command(commands, "warm-start", _warm_start, "make a run of a shipped model, to train from or to distil")
    start.add_argument("model", metavar="MODEL", help="a .tflite file or the name of a shipped model")
    start.add_argument("--run", type=Path, required=True, metavar="DIR", help="the run folder to write")
    start.add_argument("--recipes", type=Path, metavar="DIR", help="where its recipe lies; default: models/recipes")


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
    run = run_training(recipe, options.recipe, source, folder, epochs=options.epochs, start=start, teachers=teachers)
    best = run.best()
    print(
        f"{run.path}: best epoch {best['epoch']:.0f}, PublicTest: fer2013 {best['fer2013']:.2%}, "
        f"ferplus {best['ferplus']:.2%}"
    )
    print("\n".join(["next:", *(f"  {each}" for each in next_steps(options, run, recipe.name, best["ferplus"] > 0))]))
    return 0


def next_steps(options: argparse.Namespace, run: Run, name: str, has_votes: bool) -> list[str]:
    """The commands that make the int8 files of both heads, or of the fer2013 head alone where there are no votes."""
    models = {"fer2013": f"models/challenge/{name}-int8.tflite"}
    if has_votes:
        models = {"ferplus": f"models/{name}-int8.tflite"} | models
    told = ["--data", str(options.data)] if options.data else []
    steps = [["quantize", "--head", head, str(run.path), model, *told] for head, model in models.items()]
    return [shlex.join(["emotion-convert", *each]) for each in [*steps, ["calibrate", *models.values(), *told]]]


def make_calibration_set(options: argparse.Namespace) -> int:
    """Choose the pictures that the quantizer looks at, and write the list of them."""
    from convert.expression import calibration_set

    calibration_set.write(calibration_set.choose(load(data(options))), options.make_calibration_set)
    return 0


def quantize(options: argparse.Namespace, run: Run) -> int:
    """Make the int8 file of one head of a run."""
    from convert.expression import calibration_set

    faces = load(data(options))
    if options.head == "ferplus" and not faces.votes.any():
        raise DatasetError("no FER+ votes lie beside FER-2013, so nothing was learnt from them; give --head fer2013")
    run.best()
    with quiet_stderr():
        from convert.expression.quantize import quantize as write
    chosen = calibration_set.read(options.calibration_set or calibration_set.LIST)
    write(run, faces, options.model, chosen, options.head)
    float_model = run.float_model(options.model.stem, options.head)
    print(f"{options.model}: {options.model.stat().st_size} bytes, int8; float model: {float_model}")
    if "thresholds" not in card_file.load(options.model):
        told = ["--data", str(options.data)] if options.data else []
        print("next:", shlex.join(["emotion-convert", "calibrate", str(options.model), *told]))
    return 0


def _soft_labels(options: argparse.Namespace) -> int:
    check_backend()
    if options.file.suffix != ".npz":
        options.usage_error("FILE must end in .npz")
    if options.views > MAX_VIEWS:
        options.usage_error(f"--views: a picture has {MAX_VIEWS} at the most")
    faces = load(data(options))
    with quiet_stderr():
        from convert.expression import soft_labels
        from convert.expression.teachers import ask_teachers
    former = soft_labels.read(options.add_to) if options.add_to else None
    labels = ask_teachers(options.teachers, faces, options.views, options.file, former)
    print(f"{options.file}: {len(labels.pictures)} pictures, {labels.views} views, {options.file.stat().st_size} bytes")
    return 0


def _warm_start(options: argparse.Namespace) -> int:
    check_backend()
    model, faces = find_model(options.model), load(data(options))
    with quiet_stderr():
        from convert.expression.warm_start import RECIPES, warm_start
    run = warm_start(model, faces, options.run, options.recipes or RECIPES)
    best = run.best()
    print(
        f"{run.path}: PublicTest: fer2013 {best['fer2013']:.2%}, ferplus {best['ferplus']:.2%}\n"
        f"next: emotion-convert train --from {run.path} --recipe …"
    )
    return 0
