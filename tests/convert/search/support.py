"""A search with the stand-in for training; also by itself, to be killed: `python -m tests.convert.search.support FOLDER
TRIALS`."""

import sys
from pathlib import Path
from typing import Any

from convert.search import recipe_text, search
from convert.search.plan import Plan
from convert.search.processes import Processes
from convert.search.space import Choices, Range, Space
from convert.training.recipe_file import RECIPES

STAND_IN = ("-m", "convert.search.leash", "tests.convert.search.stand_in_training")
SPACE: Space = {
    "schedule.learning_rate": Range(0.001, 1.0, log=True),
    "schedule.batch_size": Range(16, 64, is_whole=True),
    "network.widths": Choices(([8, 16, 24, 32], [16, 32, 64, 128])),
}


class QuickProcesses(Processes):
    """Looks at its processes more often than real trainings need."""

    POLL_S = 0.01


def plan(folder: Path, **changed: Any) -> Plan:
    """A search of a shipped recipe in three epochs."""
    recipe = recipe_text.movable(RECIPES / "emotion-small.toml", "small")
    return Plan(**{"folder": folder, "recipe": recipe, "space": SPACE, "seeds": (1,), "epochs": 3, **changed})


def run(made: Plan, trials: int, workers: int = 1) -> str:
    """Search with the stand-in; returns the report."""
    return search.search(made, trials, QuickProcesses(workers, STAND_IN))


if __name__ == "__main__":
    run(plan(Path(sys.argv[1])), int(sys.argv[2]))
