"""The trials of a search: proposed, trained, pruned, each told to the journal once."""

import math
import shutil
from dataclasses import dataclass, field
from typing import Any

from optuna.trial import Trial, TrialState

from assistant.system.atomic_files import write_atomically
from convert.search import recipe_text
from convert.search.job import Job, Row
from convert.search.journal import Journal
from convert.search.plan import Plan
from convert.search.seeds import spread
from convert.training.recipe_file import RecipeError
from convert.training.run_folder import SCORES, Run, score

MAX_FAILURES = 5
"""Trials that fail before one is finished or pruned; then no further one is begun, for what is wrong is not chance."""


@dataclass
class Attempt:
    """A trial that is being trained."""

    trial: Trial
    epochs: int
    waiting: list[Job]
    """Trainings that are not started. Those after the first seed wait until it has survived the pruning."""
    running: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    """The best score of each finished run folder, by its name."""
    best_rows: list[Row] = field(default_factory=list)


class Trials:
    """The trials as the tasks of a `Driver`."""

    def __init__(self, plan: Plan, journal: Journal, count: int, epochs: int) -> None:
        """count: trials in all, those of earlier processes included. epochs: of a trial, where none is searched."""
        self._plan, self._journal, self._count, self._epochs = plan, journal, count, epochs
        self._unfinished = journal.unfinished()
        self._attempts: list[Attempt] = []
        self._of: dict[Job, Attempt] = {}

    def next_job(self) -> Job | None:
        """The next training: of a trial that has begun, of one that a stopped search has left, or of a new one."""
        for attempt in self._attempts:
            if attempt.waiting and (attempt.scores or not attempt.running):
                return self._begin(attempt)
        while self._unfinished or (len(self._journal.trials) < self._count and not self._is_hopeless):
            trial = self._unfinished.pop(0) if self._unfinished else self._journal.ask()
            if (prepared := self._prepare(trial)) is not None:
                self._attempts.append(prepared)
                return self._begin(prepared)
        return None

    @property
    def _is_hopeless(self) -> bool:
        """Whether MAX_FAILURES trials are over, and each has failed."""
        over = [each.state for each in self._journal.trials if each.state.is_finished()]
        return len(over) >= MAX_FAILURES and set(over) == {TrialState.FAIL}

    def _begin(self, attempt: Attempt) -> Job:
        job = attempt.waiting.pop(0)
        attempt.running += 1
        self._of[job] = attempt
        return job

    def _prepare(self, trial: Trial) -> Attempt | None:
        """The recipe of a trial is written; None where it is none that can be trained, which is told.

        A folder of that number whose recipe is the same holds the trial's own work. Another recipe means that the
        journal's end was lost, and the trial has been proposed anew.
        """
        plan, folder = self._plan, self._plan.trial_folder(trial.number)
        values = self._journal.values(trial, plan.space)
        try:
            text = plan.trial_recipe(values, f"-trial-{trial.number}")
        except RecipeError as err:
            self._journal.fail(trial, str(err))
            return None
        file = folder / "trial.toml"
        if not file.is_file() or file.read_text("utf-8") != text:
            shutil.rmtree(folder, ignore_errors=True)
            write_atomically({file: text.encode()})
        epochs = plan.epochs or recipe_text.read(file).schedule.epochs
        jobs = plan.jobs(trial.number)
        for job in jobs:
            run = Run(job.run)
            if not run.checkpoint.is_file() and 0 < len(run.history()) < epochs:
                shutil.rmtree(job.run)  # of a pruned trial, whose end the journal has lost
        return Attempt(trial, epochs, jobs)

    def why_stop(self, job: Job, rows: list[Row]) -> str:
        """Why a training shall not go on: its trial has failed with another seed, it has diverged, or its trial, of
        which the first seed alone is compared with others, is pruned."""
        attempt = self._of[job]
        if attempt not in self._attempts:
            return "the trial is over"
        if score(rows[-1]) == -math.inf or math.isnan(rows[-1].get("loss", 0.0)):
            return f"diverged in epoch {len(rows)}"
        if job.run.name != self._first_run or len(rows) >= attempt.epochs:
            return ""
        self._report(attempt.trial, rows)
        return f"below the median after epoch {len(rows)}" if attempt.trial.should_prune() else ""

    @property
    def _first_run(self) -> str:
        return f"seed-{self._plan.seeds[0]}"

    def _report(self, trial: Trial, rows: list[Row]) -> None:
        """Tell the journal of epochs that it does not know. Optuna counts steps from 0."""
        known = self._journal.study._storage.get_trial(trial._trial_id).intermediate_values
        for step, row in enumerate(rows):
            if step not in known and score(row) > -math.inf:
                trial.report(score(row), step)

    def stopped(self, job: Job, reason: str) -> None:
        """A training has been ended: its trial is pruned."""
        attempt = self._of[job]
        if attempt in self._attempts:
            self._journal.prune(attempt.trial, reason=reason)
            self._close(attempt)

    def finished(self, job: Job, rows: list[Row]) -> None:
        """A training is over; with the last seed's, so is the trial."""
        attempt = self._of[job]
        if attempt not in self._attempts:
            return
        attempt.running -= 1
        best = max(rows, key=score)
        if score(best) == -math.inf:
            self.failed(job, "no epoch has a score that is a number")
            return
        if job.run.name == self._first_run:
            self._report(attempt.trial, rows)
        attempt.scores[job.run.name] = score(best)
        attempt.best_rows.append(best)
        if not attempt.waiting and not attempt.running:
            mean, deviation = spread(list(attempt.scores.values()))
            shares = {name: spread([row[name] for row in attempt.best_rows])[0] for name in SCORES if name in best}
            about: dict[str, Any] = {"scores": attempt.scores, "public_test": shares}
            if deviation is not None:
                about["deviation"] = deviation
            self._journal.complete(attempt.trial, mean, **about)
            self._close(attempt)

    def failed(self, job: Job, reason: str) -> None:
        """A training cannot be made: nor can the trial."""
        attempt = self._of[job]
        if attempt in self._attempts:
            self._journal.fail(attempt.trial, reason)
            self._close(attempt)

    def _close(self, attempt: Attempt) -> None:
        """A finished trial needs no checkpoints: they are three times as large as the weights."""
        self._attempts.remove(attempt)
        attempt.waiting.clear()
        for job in self._plan.jobs(attempt.trial.number):
            Run(job.run).checkpoint.unlink(missing_ok=True)

    def note(self) -> str:
        """How many trials are over, and the best."""
        trials = self._journal.trials
        over = sum(each.state.is_finished() for each in trials)
        values = [each.value for each in trials if each.state == TrialState.COMPLETE and each.value is not None]
        best = f", best score {max(values):.4f}" if values else ""
        return f"{over} of {self._count} trial{'s' * (self._count != 1)}{best}"

    def epochs_left(self) -> int:
        """Epochs of the trials that are not over, of seeds that are not."""
        over = sum(each.state.is_finished() for each in self._journal.trials)
        seeds = (self._count - over) * len(self._plan.seeds) - sum(len(each.scores) for each in self._attempts)
        return max(0, seeds) * self._epochs
