"""The command search, and the part of train that trains with several seeds: on this machine or on a Ray cluster."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convert.cli_arguments import (
    check_backend,
    command,
    data,
    epochs,
    labelled_faces,
    processes,
    run_folder,
    seed,
    skip_unreadable,
    whole_number,
)
from convert.expression.recipe import Recipe as ExpressionRecipe
from convert.face_detector.recipe import KIND as FACE_DETECTOR
from convert.search import default_space, plan, recipe_text, seeds, space
from convert.search.job import Job, Pool
from convert.search.processes import Processes
from convert.training import lineage
from convert.training.recipe_file import find_recipe
from convert.training.run_folder import Run

MAX_TRIALS = 100_000
CLUSTER = "127.0.0.1:6379"
"""Where `ray start --head` on this machine listens: nothing is reachable from elsewhere unless the user says so."""
EXAMPLES = """\
examples:
  emotion-convert search --recipe emotion-small --trials 30 --epochs 10
  emotion-convert search --recipe emotion-small --trials 30 --epochs 10 --report
  emotion-convert train --recipe runs/search-emotion-small/best.toml

A space of your own is a TOML file:
  [search]
  "schedule.learning_rate" = { low = 0.01, high = 0.5, log = true }
  "schedule.batch_size" = { low = 32, high = 128, step = 32 }
  "network.widths" = { choices = [[8, 16, 32, 64], [16, 32, 64, 128]] }

pip install 'emotion-assistant[search]'; for --ray also [cluster].
"""


def add(commands: Any) -> None:
    """Add the command search to the command line."""
    text = (
        "search the settings of a recipe: trials are trained, unpromising ones given up; goes on where it was stopped"
    )
    search = command(commands, "search", _search, text)
    search.add_argument(
        "--recipe", required=True, metavar="FILE", help="the name of a shipped recipe, or a .toml file of your own"
    )
    search.add_argument(
        "--trials", type=whole_number(1, MAX_TRIALS), required=True, metavar="N", help="trials in all, pruned ones too"
    )
    text = "TOML file of the settings to search; default: rates, augmentation, dropout and widths around the recipe's"
    search.add_argument("--space", type=Path, metavar="FILE", help=text)
    text = "folder of the search, to begin or to go on with; default: runs/search-NAME of the recipe"
    search.add_argument("--folder", type=run_folder, metavar="DIR", help=text)
    search.add_argument("--epochs", type=epochs, metavar="N", help="epochs of each trial, instead of the recipe's")
    text = "run folder that each trial starts from, instead of the recipe's [start]"
    search.add_argument("--from", dest="start", type=run_folder, metavar="DIR", help=text)
    text = "run folder to distil from, instead of [teachers]; may be repeated; for a face detector: YuNet's ONNX file"
    search.add_argument("--teacher", type=Path, action="append", default=[], metavar="RUN", help=text)
    search.add_argument(
        "--report", action="store_true", help="train nothing: only write best.toml, the table and the diagrams anew"
    )
    skip_unreadable(search)
    add_machines(search, "train each trial with these seeds; its score is their mean")
    search.epilog, search.formatter_class = EXAMPLES, argparse.RawDescriptionHelpFormatter
    search.set_defaults(when_stopped="; the same command goes on, also with the trials that were running")


def add_machines(parser: argparse.ArgumentParser, seeds_text: str) -> None:
    """Add the options --seeds, --workers and --ray."""
    parser.add_argument("--seeds", type=seed_list, metavar="N,N…", help=f"{seeds_text}; such as 1,2,3")
    text = "trainings at the same time on each machine, which share its cores; default: %(default)s"
    parser.add_argument("--workers", type=processes, default=1, metavar="N", help=text)
    text = "train on the machines of a Ray cluster; ADDRESS is that of its head, default: %(const)s"
    parser.add_argument("--ray", nargs="?", const=CLUSTER, metavar="ADDRESS", help=text)


def seed_list(text: str) -> tuple[int, ...]:
    """The type of a list of different seeds. Raises ArgumentTypeError."""
    chosen = tuple(map(seed, text.split(",")))
    if len(set(chosen)) < len(chosen):
        raise argparse.ArgumentTypeError(f"'{text}' names a seed twice")
    return chosen


def train_seeds(options: argparse.Namespace) -> int:
    """Train the recipe of `train` with each of --seeds, in run folders beside each other."""
    recipe = recipe_text.read(options.recipe)
    if options.seed is not None:
        options.usage_error("--seed and --seeds exclude each other")
    base = options.run or Path("runs") / recipe.name
    arguments = _arguments(options, recipe, base.parent)
    for name in ("epochs", "precision", "log_to"):
        if value := getattr(options, name):
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    jobs = [
        Job(
            f"seed {each}",
            options.recipe,
            base.with_name(f"{base.name}-seed-{each}"),
            (*arguments, "--seed", str(each)),
        )
        for each in options.seeds
    ]
    file = base.with_name(f"{base.name}-seeds.json")
    length = options.epochs or recipe.schedule.epochs
    weights = recipe_text.weights_file(recipe)
    read = [*arguments, *([str(weights)] if weights else [])]
    print(seeds.as_text(seeds.train(jobs, _pool(options, read), length, file)))
    print(f"kept in {file}")
    return 0


def _search(options: argparse.Namespace) -> int:
    from convert.search import search

    check_backend()
    file = find_recipe(options.recipe)
    recipe = recipe_text.read(file)
    folder = options.folder or Path("runs") / f"search-{recipe.name}"
    if options.report:
        print(search.report_again(plan.held(folder)))
        return 0
    text = recipe_text.movable(file, recipe.name)
    chosen = space.read(options.space, text, file) if options.space else default_space.of(recipe, text, file)
    arguments = _arguments(options, recipe, Path("runs"))
    made = plan.Plan(
        folder, text, chosen, options.seeds or (recipe.seed,), options.epochs, tuple(arguments), _facts(options, recipe)
    )  # fmt: skip
    weights = recipe_text.weights_file(recipe)
    read = [*arguments, *([str(file.parent.absolute() / weights)] if weights else [])]
    print(search.search(made, options.trials, _pool(options, read)))
    return 0


def _arguments(options: argparse.Namespace, recipe: recipe_text.Recipe, runs: Path) -> list[str]:
    """Arguments of each training: data, and the runs that it starts from and is distilled from, all of them absolute.
    runs: the folder of the runs that the recipe names. Raises RunError, RecipeError or DatasetError."""
    file = find_recipe(str(options.recipe))
    arguments = ["--data", str(data(options).absolute())]
    arguments += ["--skip-unreadable"] if options.skip_unreadable else []
    if start := lineage.start_run(file, recipe.start, runs, options.start):
        start.best()
        arguments += ["--from", str(start.path.absolute())]
    teachers = [Run(each) for each in options.teacher]
    if isinstance(recipe, ExpressionRecipe):
        teachers = lineage.teacher_runs(file, recipe.teachers, runs, options.teacher)
    for each in teachers:
        arguments += ["--teacher", str(each.path.absolute())]
    return arguments


def _facts(options: argparse.Namespace, recipe: recipe_text.Recipe) -> dict[str, Any]:
    """What must be the same when a search goes on: the pictures. They are read here once, so that what is wrong with
    them is said before anything is trained, and the trainings find them in the cache."""
    if recipe.network.get("kind") == FACE_DETECTOR or not isinstance(recipe, ExpressionRecipe):
        return {}
    from convert.training.provenance import data_sha256

    return {"data": data_sha256(labelled_faces(options))}


def _pool(options: argparse.Namespace, read: Sequence[str]) -> Pool:
    """Where the trainings run. read: what each of them reads; absolute paths must be there on each machine."""
    if options.ray is None:
        return Processes(options.workers)
    from convert.search.cluster import Cluster

    return Cluster(options.ray, options.workers, [each for each in read if Path(each).is_absolute()])
