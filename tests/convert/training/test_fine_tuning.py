"""Phases of fine-tuning: at first the heads alone, then the rest with a rate of its own."""

from pathlib import Path

import pytest

from convert.training.fine_tuning import FineTuning, check, phases
from convert.training.recipe_file import RecipeError, Schedule

SCHEDULE = Schedule(epochs=10, learning_rate=0.01)


def test_without_a_share_of_the_heads_there_is_one_phase() -> None:
    (phase,) = phases(FineTuning(), SCHEDULE, 10)
    assert (phase.begin, phase.end, phase.schedule, phase.heads_alone) == (0, 10, SCHEDULE, False)


@pytest.mark.parametrize(("share", "epochs", "change"), [(0.2, 10, 2), (0.01, 10, 1), (0.99, 10, 9), (0.5, 2, 1)])
def test_each_phase_has_its_epochs_and_its_rate(share: float, epochs: int, change: int) -> None:
    first, second = phases(FineTuning(share, 0.001), SCHEDULE, epochs)
    assert (first.begin, first.end, first.heads_alone, first.schedule.learning_rate) == (0, change, True, 0.01)
    assert (second.begin, second.end, second.heads_alone) == (change, epochs, False)
    assert (second.schedule.learning_rate, second.schedule.epochs) == (0.001, 10)


def test_a_trial_of_one_epoch_trains_everything() -> None:
    assert [phase.heads_alone for phase in phases(FineTuning(0.2, 0.001), SCHEDULE, 1)] == [False]


@pytest.mark.parametrize("tuning", [FineTuning(heads_share=0.2), FineTuning(learning_rate=0.1), FineTuning(1.0, 0.1)])
def test_half_a_setting_is_refused(tuning: FineTuning) -> None:
    with pytest.raises(RecipeError, match="mine.toml: fine_tuning.heads_share"):
        check(Path("mine.toml"), tuning)
