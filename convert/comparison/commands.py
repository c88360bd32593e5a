"""The commands compare and runs."""

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Any

from assistant.system.atomic_files import check_replaceable, write_atomically
from convert.cli_arguments import (
    check_backend,
    command,
    core_hours,
    data,
    html_file,
    labelled_faces,
    make_folder,
    show,
    skip_unreadable,
)
from convert.comparison import run_list, sources, text
from convert.comparison.sources import RECIPE, RUN, TFLITE, Source
from convert.data.fer2013 import Faces
from convert.expression.commands import HEADS
from convert.expression.evaluation.commands import SPLITS, expression_model
from convert.tflite import card_file

DRAWINGS = (".svg", ".png")
"""Endings of the file of `runs --plot`."""
EXAMPLES = """\
two models that ship, tested against each other:
  emotion-convert compare emotion-cnn-int8 emotion-small-int8
a recipe, trained for an hour of one core, beside a shipped model; the same command goes on where it was stopped:
  emotion-convert compare emotion-small emotion-cnn-int8 --core-hours 1
a run and a shipped model, in a page that opens without a network:
  emotion-convert compare runs/emotion-small emotion-cnn-int8 --html comparison.html
two comparisons in one, the first made on another day or machine:
  emotion-convert compare emotion-small-int8 --json > monday.json
  emotion-convert compare monday.json emotion-cnn-int8

Two .tflite files alone, without --html, --readme, --pictures or --head, give McNemar's test alone. Names of shipped
models and run folders have two heads: --head says which. A .tflite file is judged by the labels of its card, a .keras
file by those in NAME.json beside it.
"""
RUNS_EXAMPLE = """\
  emotion-convert warm-start emotion-small-int8 --run runs/begin
  emotion-convert runs --plot curves.svg
"""


def add(commands: Any) -> None:
    """Add these commands to the command line."""
    compare = command(
        commands,
        "compare",
        _compare,
        "compare recipes, runs and models on the same pictures: quality, cost, and whether a difference is significant",
    )
    what = (
        "a recipe's name or .toml file, a run folder, a .keras, .h5 or .tflite file, the name of a shipped model, or a "
        ".json file: what an earlier compare printed with --json, whose rows are taken as they are"
    )
    compare.add_argument("models", nargs="+", metavar="MODEL", help=what)
    compare.add_argument(
        "--core-hours", type=core_hours, metavar="H", help="process CPU time for which each recipe is trained, hours"
    )
    compare.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="DIR", help="where recipes are trained; default: runs"
    )
    compare.add_argument("--head", choices=HEADS, help="of runs and shipped models; default: fer2013")
    compare.add_argument(
        "--html", type=html_file, metavar="FILE", help="also write a page, with diagrams, into this file"
    )
    compare.add_argument(
        "--pictures", action="store_true", help="show the hardest pictures in the page; they are of people"
    )
    compare.add_argument(
        "--readme", type=Path, metavar="FILE", help="write the table into this file (models/README.md)"
    )
    compare.add_argument("--split", choices=SPLITS, default=SPLITS[0], help="default: %(default)s")
    compare.add_argument("--json", action="store_true", help="print JSON alone")
    skip_unreadable(compare)
    compare.epilog, compare.formatter_class = EXAMPLES, argparse.RawDescriptionHelpFormatter
    compare.set_defaults(when_stopped="; the same command goes on after the last finished epoch")

    runs = command(commands, "runs", _runs, "list the runs in a folder, with their state, scores and cost", data=False)
    runs.add_argument(
        "folder", type=Path, nargs="?", default=Path("runs"), metavar="FOLDER", help="default: %(default)s"
    )
    runs.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves of all runs into an .svg or .png file")
    runs.add_argument("--json", action="store_true", help="print JSON alone")
    runs.epilog = RUNS_EXAMPLE
    runs.formatter_class = argparse.RawDescriptionHelpFormatter


def _compare(options: argparse.Namespace) -> int:
    found = sources.find_all(options.models, options.head or "fer2013")
    if _is_test_of_two(options, found):
        return _test_two(options)
    recipes = [each for each in found if each.form == RECIPE]
    if recipes and options.core_hours is None:
        options.usage_error(f"{recipes[0].name} is a recipe: give --core-hours, for which it is trained")
    if options.pictures and not options.html:
        options.usage_error("--pictures goes with --html")
    for file in filter(None, (options.html, options.readme)):
        check_replaceable(file)
    if options.html:
        make_folder(options.html.parent)
    if options.readme:
        card_file.check_between(options.readme, text.MARKERS)
    check_backend()
    labelled_faces(options)  # a data set that cannot be read is told before anything is trained
    with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
        report = _report(options, _train(options, found) if recipes else found)
    show(report, text.as_text, options)
    return 0


def _is_test_of_two(options: argparse.Namespace, found: list[Source]) -> bool:
    """Whether McNemar's test of two files is asked for, and nothing else."""
    more = options.html or options.readme or options.pictures or options.head or options.core_hours
    return len(found) == 2 and all(each.form == TFLITE for each in found) and not more


def _test_two(options: argparse.Namespace) -> int:
    from convert.expression.evaluation import mcnemar

    first, second = map(expression_model, options.models)
    show(mcnemar.compare(first, second, labelled_faces(options), options.split), mcnemar.as_text, options)
    return 0


def _train(options: argparse.Namespace, found: list[Source]) -> list[Source]:
    """Train the recipes among the sources; returns the sources, with their runs in their place."""
    from convert.comparison.trained import Candidate, train_all

    candidates = {each.name: Candidate(each.path, options.runs) for each in found if each.form == RECIPE}
    make_folder(options.runs)
    train_all(list(candidates.values()), data(options), options.core_hours, skip_unreadable=options.skip_unreadable)
    return [Source(each.name, RUN, candidates[each.name].run.path) if each.form == RECIPE else each for each in found]


def _report(options: argparse.Namespace, found: list[Source]) -> dict[str, Any]:
    """The report, written into the files that are asked for."""
    from convert.comparison.compare import run_comparison

    report = run_comparison(
        found, lambda wanted: labelled_faces(options, wanted), options.split, options.head or "fer2013"
    )
    if options.html:
        from convert.comparison import page, plots

        shown = _png_files(report, labelled_faces(options).of(options.split)) if options.pictures else {}
        write_atomically({options.html: page.as_html(report, plots.diagrams(report), shown).encode()})
    if options.readme:
        card_file.replace_between(options.readme, text.MARKERS, text.as_markdown(report))
    return report


def _png_files(report: dict[str, Any], tested: Faces) -> dict[int, bytes]:
    """PNG files of the hardest pictures by their number in the split."""
    import cv2

    return {
        each["picture"]: bytes(cv2.imencode(".png", tested.images[each["picture"]])[1]) for each in report["hardest"]
    }


def _runs(options: argparse.Namespace) -> int:
    if options.plot and options.plot.suffix not in DRAWINGS:
        options.usage_error("--plot: FILE must end in .svg or .png")
    found = run_list.list_runs(options.folder)
    if options.plot:
        check_replaceable(options.plot)
        run_list.draw(found, options.plot)
    show({"runs": found}, lambda report: run_list.as_text(report["runs"]), options)
    return 0
