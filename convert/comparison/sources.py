"""What `compare` is given (recipes, run folders, .keras and .tflite files, names of shipped models, comparisons made
before), and what each says of its origin."""

import difflib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, ModelError
from assistant.vision.inference.model_file import MODEL_FOLDERS
from convert.expression import recipe as recipes
from convert.expression.card import fer2013_head_of
from convert.expression.evaluation.commands import expression_model
from convert.expression.evaluation.predictor import KERAS_FILES
from convert.tflite import card_file
from convert.training.limits import spent_cpu_s
from convert.training.recipe_file import RECIPES, RecipeError
from convert.training.run_folder import Run

RECIPE, RUN, KERAS, TFLITE, REPORT = "recipe", "run", "keras", "tflite", "report"
"""Values of `Source.form`."""
UNKNOWN = "not known"
ANCESTOR = "ancestor: "
"""What a recipe's note says after this is an older project, its network and the figure that it published."""


@dataclass(frozen=True)
class Source:
    """One of the classifiers to compare."""

    name: str
    """How it is called in the report."""
    form: str
    path: Path
    """A recipe file, a run folder, the file of a model, or that of an earlier comparison."""


def find_all(names: Sequence[str], head: str) -> list[Source]:
    """The sources by the arguments of the command line, named so that no two are alike. head: of the shipped models,
    which have two. Raises AssistantError, also where one is named twice."""
    found = [find(name, head) for name in names]
    for number, each in enumerate(found):
        if each.path.resolve() in {other.path.resolve() for other in found[:number]}:
            raise AssistantError(f"{names[number]}: is named twice")
    known = [each.name for each in found]
    return [
        each if known.count(each.name) == 1 else Source(name, each.form, each.path)
        for name, each in zip(names, found, strict=True)
    ]


def find(name: str, head: str) -> Source:
    """What one argument names; arguments as in `find_all`."""
    path = Path(name)
    if path.suffix in (".toml", ".json"):
        return Source(path.stem, RECIPE if path.suffix == ".toml" else REPORT, path)
    if path.suffix in KERAS_FILES:
        if not path.is_file():
            raise ModelError(f"{name}: no such file")
        return Source(path.stem, KERAS, path)
    if path.suffix == ".tflite":
        return Source(path.stem, TFLITE, expression_model(name))
    if os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        Run(path).environment()
        return Source(path.resolve().name, RUN, path)
    if os.sep in name:
        raise AssistantError(
            f"{name}: no such run folder; recipes end in .toml, models in .keras, .h5 or .tflite, "
            "earlier comparisons in .json"
        )
    if (recipe := RECIPES / f"{name}.toml").is_file():
        return Source(name, RECIPE, recipe)
    shipped = {file.stem for folder in MODEL_FOLDERS for file in folder.glob("emotion-*.tflite")}
    if name in shipped:
        model = expression_model(name)
        other = fer2013_head_of(model)
        return Source(name, TFLITE, other if head == "fer2013" and other.is_file() else model)
    known = sorted({file.stem for file in RECIPES.glob("*.toml")} | shipped)
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else "`emotion-convert recipe` lists the recipes"
    raise AssistantError(f"{name}: neither a run folder nor a shipped recipe or model; {hint}")


def origin(source: Source) -> dict[str, Any]:
    """What a source says of itself, ready for JSON: `initialization`, in words; `published`, of the older project whose
    network its recipe names, or ""; `core_hours` of its training, `budget_core_hours` that it was given, and `passes`
    over the training pictures, None where not recorded; `share` of the pictures that it was trained on; `curve`, a row
    for each epoch with its core hours so far, its loss and its scores.

    Raises RunError, RecipeError or ModelError.
    """
    if source.form == RUN:
        run = Run(source.path)
        environment, history = run.environment(), run.history()
        recipe, spent, budget = recipes.of_run(run), spent_cpu_s(run) / 3600, environment.get("budget_cpu_s")
        return {
            "initialization": initialization(environment),
            "published": _published(recipe.note),
            "core_hours": None if math.isnan(spent) else round(spent, 4),
            "budget_core_hours": budget / 3600 if isinstance(budget, float) else None,
            "passes": _passes(environment, len(history)),
            "share": recipe.data.share,
            "curve": _curve(history),
        }
    card = _card(source.path)
    training = card.get("training")
    about = card.get("recipe")
    return {
        "initialization": initialization(training if isinstance(training, dict) else {}),
        "published": _published(_shipped_note(about.get("name", "")) if isinstance(about, dict) else ""),
        "core_hours": training.get("core_hours") if isinstance(training, dict) else None,
        "budget_core_hours": None,
        "passes": None,
        "share": 1.0,
        "curve": [],
    }


def initialization(environment: dict[str, Any]) -> str:
    """The weights that a training began with, in words, by the environment.json of its run."""
    if "recipe" not in environment and "initialization" not in environment:
        return UNKNOWN
    words = str(environment.get("initialization", "random weights"))
    if isinstance(start := environment.get("start"), dict):
        words = f"weights of a run of {start.get('recipe', 'another recipe')}"
        if "warm_start" in start:
            words += " (warm start from the int8 model)"
    elif "warm_start" in environment:
        words = "weights of the int8 model (warm start)"
    return f"{words}; distilled" if environment.get("teachers") else words


def _passes(environment: dict[str, Any], epochs: int) -> float | None:
    """How often the pictures were seen, on average; the last epoch may have been shorter."""
    if not isinstance(whole := environment.get("set_steps"), int):
        return None
    return round(epochs * min(1.0, environment.get("steps_per_epoch", whole) / whole), 2)


def _curve(history: Sequence[dict[str, float]]) -> list[dict[str, float | None]]:
    spent, rows = 0.0, []
    for row in history:
        spent += row.get("cpu_seconds", math.nan) / 3600
        figures = {"epoch": row["epoch"], "core_hours": spent} | {
            name: row[name] for name in ("loss", "fer2013", "ferplus") if name in row
        }
        rows.append({name: round(each, 6) if math.isfinite(each) else None for name, each in figures.items()})
    return rows


def _published(note: str) -> str:
    """The older project, its network and its figure, by the note of a recipe; "" where it names none."""
    return note.partition(ANCESTOR)[2]


def _shipped_note(name: Any) -> str:
    """The note of the shipped recipe of that name; "" where there is none."""
    file = RECIPES / f"{name}.toml"
    try:
        return recipes.read(file).note if file.is_file() else ""
    except RecipeError:
        return ""


def _card(model: Path) -> dict[str, Any]:
    try:
        return card_file.load(model)
    except ModelError:
        return {}
