"""The commands that make a model of expressions: train, teach, reopen and quantize."""

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.runtime import quiet_stderr
from convert.cli_arguments import at_least_one, check_backend, command, data
from convert.data.fer2013 import DatasetError, load
from convert.expression import recipe as recipes
from convert.expression.fixed_views import MOST_VIEWS
from convert.face_detector import commands as detection_commands
from convert.face_detector.recipe import KIND
from convert.training.run_folder import Run

HEADS = ("ferplus", "fer2013")
BOTH = ("emotion-cnn-dense-aware", "emotion-cnn-mirrored-consistent")
CHAIN: dict[str, tuple[str, tuple[str, ...]]] = {
    "emotion-cnn-dense-aware": ("emotion-cnn-dense", ()),
    "emotion-cnn-mirrored-consistent": ("emotion-cnn-mirrored", ("emotion-cnn-mirrored", "emotion-cnn-dense-aware")),
    "emotion-small-second": ("emotion-small", ()),
    "emotion-small-consistent": ("emotion-small-second", ("emotion-cnn-dense-aware", "emotion-cnn-mirrored")),
    "emotion-mobilenetv2-full-distilled": ("emotion-mobilenetv2-full", ()),
    "emotion-mobilenetv2-labels": ("emotion-mobilenetv2-full-distilled", ()),
    "emotion-mobilenetv2-consistent": ("emotion-mobilenetv2-labels", BOTH),
    "emotion-mobilenetv2-consistent-second": ("emotion-mobilenetv2-consistent", BOTH),
    "emotion-cnn-refine": ("emotion-cnn", ()),
    "emotion-cnn-separable-second": ("emotion-cnn-separable", ()),
    "emotion-teacher-refine": ("emotion-teacher", ()),
    "face-detector-refine": ("face-detector", ()),
}
"""Of a shipped recipe that begins with a run: the recipe of that run, and those of the runs that it asks."""


def _epilog() -> str:
    lines = ["runs of which recipes the shipped ones begin with (--from) and ask (--teacher); the others begin anew:"]
    for name, (start, asked) in CHAIN.items():
        lines += [f"  {name}", f"      --from {start}" + "".join(f" --teacher {each}" for each in asked)]
    return "\n".join(lines)


def _note_of_beginning(options: argparse.Namespace) -> None:
    """Say so where a shipped recipe goes on with a run and is given none: it begins with random weights then."""
    if options.start is None and (link := CHAIN.get(options.recipe.stem)):
        told = f"{options.recipe.stem} goes on with a run of {link[0]}; without --from it begins with random weights"
        print(f"emotion-convert: {told}", file=sys.stderr)


def add(commands: Any) -> None:
    """Add them to the command line."""
    train = command(commands, "train", _train, "train a network by a recipe, or go on with a run that was stopped")
    train.add_argument("--recipe", type=Path, required=True, metavar="FILE", help="models/recipes/*.toml or your own")
    train.add_argument("--run", type=Path, metavar="DIR", help="the run folder; default: runs/NAME of the recipe")
    train.add_argument("--from", dest="start", type=Path, metavar="DIR", help="begin with the best weights of a run")
    train.add_argument("--epochs", type=at_least_one, metavar="N", help="instead of the recipe's, for a short trial")
    train.add_argument("--seed", type=int, metavar="N", help="instead of the recipe's, to see how far chance goes")
    train.add_argument("--precision", choices=recipes.PRECISIONS, help="instead of the recipe's")
    told = "a run to learn from (distillation.consistent), again for more; a face detector's: YuNet's ONNX file"
    train.add_argument("--teacher", type=Path, action="append", default=[], metavar="RUN", help=told)
    train.epilog, train.formatter_class = _epilog(), argparse.RawDescriptionHelpFormatter
    train.set_defaults(when_stopped="; the same command goes on after the last finished epoch")

    teach = command(commands, "teach", _teach, "ask trained networks for soft labels that a recipe can distil from")
    teach.add_argument("file", type=Path, metavar="FILE", help="the .npz to write; recipes name it beside themselves")
    teach.add_argument(
        "teachers", type=Path, nargs="+", metavar="RUN", help="their run folders, or .tflite files of both heads"
    )
    teach.add_argument("--add-to", type=Path, metavar="FILE", help="soft labels whose teachers count as well")
    teach.add_argument("--views", type=at_least_one, default=10, metavar="N", help="of each picture (%(default)s)")

    reopen = command(commands, "reopen", _reopen, "make a run of a shipped model, to go on training from or to teach")
    reopen.add_argument("model", metavar="MODEL", help="a .tflite file or the name of a shipped model")
    reopen.add_argument("--run", type=Path, required=True, metavar="DIR", help="the run folder to write")
    reopen.add_argument("--recipes", type=Path, metavar="DIR", help="where its recipe lies; default: models/recipes")

    quantize = command(commands, "quantize", _quantize, "make the int8 model and its card from a run")
    quantize.add_argument("run", type=Path, nargs="?", metavar="RUN", help="the run folder")
    quantize.add_argument("model", type=Path, nargs="?", metavar="MODEL", help="the .tflite file to write")
    quantize.add_argument("--head", choices=HEADS, default=HEADS[0], help="labels of FER-2013 or of FER+ (%(default)s)")
    quantize.add_argument("--calibration", type=Path, metavar="FILE", help="calibration list; default: the pinned one")
    quantize.add_argument("--make-calibration", type=Path, metavar="FILE", help="only write the calibration list anew")


def _train(options: argparse.Namespace) -> int:
    check_backend()
    _note_of_beginning(options)
    if recipes.kind(options.recipe) == KIND:
        return detection_commands.train(options)
    recipe, source = recipes.read(options.recipe), data(options)
    if options.precision:
        recipe = replace(recipe, schedule=replace(recipe.schedule, precision=options.precision))
        recipes.check_precision(options.recipe, recipe)
    if options.seed is not None:
        recipe = replace(recipe, seed=options.seed)
    recipes.check_teachers(options.recipe, recipe, bool(options.teacher))
    start = Run(options.start) if options.start else None
    with quiet_stderr():
        from convert.expression.train import train
    folder, teachers = options.run or Path("runs") / recipe.name, [Run(each) for each in options.teacher]
    run = train(recipe, options.recipe, source, folder, epochs=options.epochs, start=start, teachers=teachers)
    best = run.best()
    print(
        f"{run.path}: best epoch {best['epoch']:.0f}, PublicTest: fer2013 {best['fer2013']:.2%}, "
        f"ferplus {best['ferplus']:.2%}"
    )
    print("\n".join(["next:", *(f"  {each}" for each in _steps(options, run, recipe.name, best["ferplus"] > 0))]))
    return 0


def _steps(options: argparse.Namespace, run: Run, name: str, with_ferplus: bool) -> list[str]:
    """The commands that make the int8 files of both heads; with_ferplus: there are votes, without which one head is."""
    models = {"fer2013": f"models/challenge/{name}-int8.tflite"}
    if with_ferplus:
        models = {"ferplus": f"models/{name}-int8.tflite"} | models
    told = ["--data", str(options.data)] if options.data else []
    steps = [["quantize", "--head", head, str(run.path), model, *told] for head, model in models.items()]
    return [shlex.join(["emotion-convert", *each]) for each in [*steps, ["settle", *models.values(), *told]]]


def _teach(options: argparse.Namespace) -> int:
    check_backend()
    if options.file.suffix != ".npz":
        options.usage_error("FILE must end in .npz")
    if options.views > MOST_VIEWS:
        options.usage_error(f"--views: a picture has {MOST_VIEWS} at the most")
    faces = load(data(options))
    with quiet_stderr():
        from convert.expression import soft_labels
        from convert.expression.teachers import teach
    former = soft_labels.read(options.add_to) if options.add_to else None
    labels = teach(options.teachers, faces, options.views, options.file, former)
    print(f"{options.file}: {len(labels.pictures)} pictures, {labels.views} views, {options.file.stat().st_size} bytes")
    return 0


def _reopen(options: argparse.Namespace) -> int:
    check_backend()
    model, faces = find_model(options.model), load(data(options))
    with quiet_stderr():
        from convert.expression.warm_start import RECIPES, reopen
    run = reopen(model, faces, options.run, options.recipes or RECIPES)
    best = run.best()
    print(
        f"{run.path}: PublicTest: fer2013 {best['fer2013']:.2%}, ferplus {best['ferplus']:.2%}\n"
        f"next: emotion-convert train --from {run.path} --recipe …"
    )
    return 0


def _quantize(options: argparse.Namespace) -> int:
    from convert.expression import calibration, card

    if options.make_calibration:
        calibration.write(calibration.choose(load(data(options))), options.make_calibration)
        return 0
    if options.model is None or options.model.suffix != ".tflite":
        options.usage_error("give RUN and MODEL, a file name that ends in .tflite")
    check_backend()
    run = Run(options.run)
    if recipes.kind(run.recipe_file) == KIND:
        if options.calibration or options.head != HEADS[0]:
            options.usage_error("--head and --calibration are for expressions; this run is a face detector's")
        return detection_commands.quantize(options, run)
    faces = load(data(options))
    if options.head == "ferplus" and not faces.votes.any():
        raise DatasetError("no FER+ votes lie beside FER-2013, so nothing was learnt from them; give --head fer2013")
    run.best()
    with quiet_stderr():
        from convert.expression.quantize import quantize
    quantize(run, faces, options.model, calibration.read(options.calibration or calibration.LIST), options.head)
    float_model = run.float_model(options.model.stem, options.head)
    print(f"{options.model}: {options.model.stat().st_size} bytes, int8; float model: {float_model}")
    if "thresholds" not in card.load(options.model):
        told = ["--data", str(options.data)] if options.data else []
        print("next:", shlex.join(["emotion-convert", "settle", str(options.model), *told]))
    return 0
