"""How long a recipe is trained at a given cost: a timing run of a few steps tells what a step costs, the plan follows.

The cost is process CPU time, that of all threads. The schedule of the learning rate is fitted to the plan, so that it
ends at 0 where the budget ends: that is why the number of steps is settled before the first one. Whatever the plan, a
training stops where its budget is spent.
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from assistant.system.atomic_files import write_atomically
from convert.data import regular_file
from convert.training.run_folder import RunError

FILE = "plan.json"
"""Name of a plan in its run folder."""
PLANNED_SHARE = 0.97
"""Share of the budget that is planned; the rest is for reading data, tracing graphs and writing checkpoints."""
LEAST_EPOCHS = 8
"""Epochs at least, shorter ones if need be, so that a stopped training loses little and has a curve, ..."""
MAX_EVALUATION_SHARE = 0.1
"""... unless their evaluations would take more than this share of the budget."""
LEAST_EVALUATION_S = 0.001
"""An evaluation counts as no shorter than this."""
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Cost:
    """What a recipe costs, in process CPU seconds, as measured by a timing run."""

    step_s: float
    """A training step, on average over the schedule."""
    evaluation_s: float
    """The evaluation at the end of an epoch, on all evaluation pictures, with its checkpoint."""
    set_steps: int
    """Steps in which each training picture is seen once."""
    timing_s: float
    """The timing run itself, which is not part of the budget."""


@dataclass(frozen=True)
class Plan:
    """How a recipe is trained."""

    core_hours: float
    """The budget: hours of process CPU time."""
    epochs: int
    steps: int
    """Of each epoch; fewer than `cost.set_steps` where an epoch sees a part of the pictures."""
    cost: Cost

    @property
    def cpu_s(self) -> float:
        """The budget in seconds."""
        return self.core_hours * SECONDS_PER_HOUR

    @property
    def passes(self) -> float:
        """How often each training picture is seen, on average."""
        return self.epochs * self.steps / self.cost.set_steps


def plan(name: str, core_hours: float, cost: Cost) -> Plan:
    """The plan for a budget. name: of the recipe, for the error. Raises RunError where it is too small for one step and
    one evaluation."""
    usable = PLANNED_SHARE * core_hours * SECONDS_PER_HOUR
    in_full = cost.set_steps * cost.step_s + cost.evaluation_s
    allowed = int(MAX_EVALUATION_SHARE * usable / max(cost.evaluation_s, LEAST_EVALUATION_S))
    wanted = max(math.ceil(usable / in_full), min(LEAST_EPOCHS, allowed), 1)
    epochs = min(wanted, int(usable / (cost.step_s + cost.evaluation_s)))
    if epochs < 1:
        least = (cost.step_s + cost.evaluation_s) / PLANNED_SHARE / SECONDS_PER_HOUR
        raise RunError(
            f"{name}: {core_hours:g} core hours are too few for one step and its evaluation, which take {least:.2g}; "
            "give more --core-hours"
        )
    steps = max(1, min(cost.set_steps, int((usable / epochs - cost.evaluation_s) / cost.step_s)))
    return Plan(core_hours, epochs, steps, cost)


def read(folder: Path, core_hours: float) -> Plan | None:
    """The plan in a run folder; None where there is none. Raises RunError where it cannot be read, or is for another
    budget."""
    file = folder / FILE
    try:
        held = regular_file.read_object(file)
        cost = Cost(**{each.name: each.type(held["cost"][each.name]) for each in fields(Cost)})  # type: ignore[operator]
        made = Plan(float(held["core_hours"]), int(held["epochs"]), int(held["steps"]), cost)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, LookupError) as err:
        raise RunError(
            f"{file}: not a plan of a comparison ({type(err).__name__}); choose another --runs folder"
        ) from err
    if made.core_hours != core_hours:
        raise RunError(
            f"{folder}: is a run of {made.core_hours:g} core hours; give as many with --core-hours, name the folder to "
            "compare it as it is, or choose another --runs folder"
        )
    return made


def write(folder: Path, made: Plan) -> None:
    """Write a plan into a run folder. Raises OSError."""
    write_atomically({folder / FILE: (json.dumps(asdict(made), indent=1) + "\n").encode()})
