"""The CPU time of steps and epochs, and the end of a training at a limit of it; by a clock of the test's."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from convert.training.cost import CostCallback


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_steps_do_not_count_in_the_cost_of_a_step() -> None:
    clock = Clock()
    cost: Any = CostCallback(clock=clock)
    cost.on_train_begin()
    for passed, wanted in (((9.0, 5.0, 1.0, 3.0), 2.0), ((4.0, 2.0), 3.0)):
        cost.on_epoch_begin(0)
        for batch, each in enumerate(passed):
            clock.now += each
            cost.on_train_batch_end(batch)
        assert cost.step_s() == wanted
    assert cost.lap_s() == 24.0
    clock.now += 1.5
    assert cost.lap_s() == 1.5
    cost.on_epoch_begin(0)
    assert math.isnan(cost.step_s())


@pytest.mark.parametrize(("spent", "steps"), [(0.0, 4), (3.0, 1), (9.0, 1)])
def test_a_resumed_training_has_the_rest_of_its_time(spent: float, steps: int) -> None:
    clock, done = Clock(), 0
    cost: Any = CostCallback(4.0, spent, clock)
    model = SimpleNamespace(stop_training=False)
    cost.set_model(model)
    cost.on_epoch_begin(0)
    while not model.stop_training:
        clock.now += 1.0
        cost.on_train_batch_end(done)
        done += 1
    assert (done, cost.is_spent) == (steps, True)
    assert cost.lap_s() == done, "the time before the run was resumed is in its history already"
