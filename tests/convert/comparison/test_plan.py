"""How long a recipe is trained: the budget is used up, never exceeded, and kept in the run's folder."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.comparison import plan
from convert.comparison.plan import Cost
from convert.training.run_folder import RunError


@given(
    st.floats(0.01, 100.0), st.floats(0.001, 60.0), st.floats(0.0, 900.0), st.integers(1, 2000)
)  # fmt: skip
def test_a_plan_uses_its_budget_and_does_not_exceed_it(
    hours: float, step_s: float, evaluation_s: float, steps: int
) -> None:
    cost = Cost(step_s, evaluation_s, steps, 1.0)
    usable = plan.PLANNED_SHARE * hours * 3600
    if step_s + evaluation_s > usable * 0.999:
        with pytest.raises(RunError, match="too few for one step and its evaluation"):
            plan.plan("a recipe", 0.99 * hours, cost)
        return
    made = plan.plan("a recipe", hours, cost)
    spent = made.epochs * (made.steps * step_s + evaluation_s)
    assert 1 <= made.steps <= steps
    assert spent <= usable * 1.001
    assert spent >= usable - made.epochs * step_s * 1.001 or made.steps == steps
    assert made.cpu_s == hours * 3600
    assert made.passes == pytest.approx(made.epochs * made.steps / steps)


def test_an_epoch_of_a_large_network_sees_a_part_of_the_pictures() -> None:
    slow = plan.plan("slow", 1.0, Cost(30.0, 20.0, 449, 90.0))
    assert (slow.epochs, slow.steps) == (8, 13)
    assert slow.passes == pytest.approx(0.23, abs=0.01)
    evaluated_long = plan.plan("evaluated long", 1.0, Cost(30.0, 900.0, 449, 90.0))
    assert evaluated_long.epochs == 1
    quick = plan.plan("quick", 1.0, Cost(0.05, 2.0, 225, 9.0))
    assert quick.epochs == 264
    assert quick.steps == 224


def test_a_plan_is_kept_and_read_for_the_same_budget_alone(tmp_path: Path) -> None:
    assert plan.read(tmp_path, 1.0) is None
    made = plan.plan("one", 1.0, Cost(0.5, 2.0, 225, 9.0))
    plan.write(tmp_path, made)
    assert plan.read(tmp_path, 1.0) == made
    with pytest.raises(RunError, match="is a run of 1 core hours; give as many with --core-hours"):
        plan.read(tmp_path, 2.0)
    for damaged in ("{", "[]", json.dumps({"core_hours": 1.0}), json.dumps({"core_hours": "x", "cost": {}})):
        (tmp_path / plan.FILE).write_text(damaged)
        with pytest.raises(RunError, match="not a plan of a comparison"):
            plan.read(tmp_path, 1.0)
