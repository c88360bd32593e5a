"""The commands train and quantize: each calls the model family (expression or face detector) of the recipe."""

import argparse
from pathlib import Path
from typing import Any

from convert.cli_arguments import check_backend, command, epochs, make_folder, run_folder, seed, skip_unreadable
from convert.expression import commands as expression_commands
from convert.expression.commands import HEADS
from convert.face_detector import commands as detector_commands
from convert.face_detector.recipe import KIND as FACE_DETECTOR
from convert.search import commands as search_commands
from convert.tflite.card_file import check_overwritten
from convert.training import logs
from convert.training.recipe_file import PRECISIONS, RECIPES, find_recipe, network_kind, read_table
from convert.training.run_folder import Run

LINEAGE = """\
[start] and [teachers] of a recipe name the recipes of the runs that the training starts from and is distilled from.
Their run folders are expected beside the new one, in runs/ by default; --from and --teacher name other run folders.
"""


def add(commands: Any) -> None:
    """Add the commands train and quantize to the command line."""
    text = "print a shipped recipe, to make one of your own; without NAME: list them"
    recipe = command(commands, "recipe", _recipe, text, data=False)
    recipe.add_argument("name", nargs="?", metavar="NAME", help="such as emotion-small")

    train = command(commands, "train", _train, "train a network by a recipe, or resume a run that was stopped")
    train.add_argument(
        "--recipe", required=True, metavar="FILE", help="the name of a shipped recipe, or a .toml file of your own"
    )
    train.add_argument(
        "--run", type=run_folder, metavar="DIR", help="run folder to write or resume; default: runs/NAME of the recipe"
    )
    train.add_argument(
        "--from",
        dest="start",
        type=run_folder,
        metavar="DIR",
        help="run folder to start from, instead of the recipe's [start]",
    )
    train.add_argument("--epochs", type=epochs, metavar="N", help="number of epochs, instead of the recipe's")
    train.add_argument("--seed", type=seed, metavar="N", help="random seed, instead of the recipe's")
    train.add_argument("--precision", choices=PRECISIONS, help="Keras dtype policy, instead of the recipe's")
    text = "run folder to distil from, instead of [teachers]; may be repeated; for a face detector: YuNet's ONNX file"
    train.add_argument("--teacher", type=Path, action="append", default=[], metavar="RUN", help=text)
    text = "also log each epoch into the run folder: tensorboard/ for `tensorboard --logdir`, or log.csv"
    train.add_argument("--log-to", choices=logs.KINDS, default="", help=text)
    search_commands.add_machines(train, "train with each of these seeds, in run folders of their own")
    skip_unreadable(train)
    train.epilog, train.formatter_class = LINEAGE, argparse.RawDescriptionHelpFormatter
    train.set_defaults(when_stopped="; the same command goes on after the last finished epoch")

    quantize = command(commands, "quantize", _quantize, "convert a run to an int8 model with its model card")
    quantize.add_argument("run", type=run_folder, nargs="?", metavar="RUN", help="run folder")
    quantize.add_argument("model", type=Path, nargs="?", metavar="MODEL", help="the .tflite file to write")
    quantize.add_argument("--force", action="store_true", help="replace a shipped model")
    quantize.add_argument(
        "--head", choices=HEADS, default=HEADS[0], help="with the labels of FER+ or of FER-2013; default: %(default)s"
    )
    quantize.add_argument(
        "--calibration-set",
        type=Path,
        metavar="FILE",
        help="list of calibration pictures; default: the one in the run folder, else the shipped one",
    )
    quantize.add_argument(
        "--make-calibration-set",
        type=Path,
        metavar="FILE",
        help="only choose calibration pictures and write such a list",
    )
    skip_unreadable(quantize)


def _recipe(options: argparse.Namespace) -> int:
    if options.name:
        file = find_recipe(options.name)
        read_table(file)
        print(file.read_text("utf-8"), end="")
        return 0
    print("\n".join(sorted(file.stem for file in RECIPES.glob("*.toml"))))
    return 0


def _train(options: argparse.Namespace) -> int:
    check_backend()
    options.recipe = find_recipe(options.recipe)
    if options.seeds:
        return search_commands.train_seeds(options)
    if options.workers > 1 or options.ray is not None:
        options.usage_error("--workers and --ray go with --seeds")
    if network_kind(options.recipe) == FACE_DETECTOR:
        return detector_commands.train(options)
    return expression_commands.train(options)


def _quantize(options: argparse.Namespace) -> int:
    if options.make_calibration_set:
        return expression_commands.make_calibration_set(options)
    if options.model is None or options.model.suffix != ".tflite":
        options.usage_error("give RUN and MODEL, a file name that ends in .tflite")
    check_overwritten(options.model, force=options.force)
    check_backend()
    make_folder(options.model.parent)
    run = Run(options.run)
    if network_kind(run.recipe_file) == FACE_DETECTOR:
        if options.calibration_set or options.head != HEADS[0]:
            options.usage_error("--head and --calibration-set are for expressions; this run is a face detector's")
        return detector_commands.quantize(options, run)
    return expression_commands.quantize(options, run)
