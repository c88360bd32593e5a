"""The journal of a search: an Optuna study in a file to which lines are only appended. One process writes it.

A process that is killed, or a full disk, leaves a part of a line at most. It is cut off when the journal is opened
again: all lines before it are a complete state, and the work that the cut line told of lies in the trials' folders.
"""

import fcntl
import json
import os
import warnings
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import optuna
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from assistant.system.atomic_files import write_atomically
from convert.search.job import SearchError
from convert.search.space import Space

FILE = "journal.log"
STUDY = "search"
"""Name of the one study of a journal."""
SEED = 1
"""Seed of the proposals."""
STARTUP_TRIALS = 5
"""Trials that are finished before one is pruned: a median of fewer is chance."""
WARMUP_SHARE = 0.2
"""Share of the epochs before which no trial is pruned: high learning rates begin slowly, and often end best."""


class _NoLock:
    """The folder of a search is locked as a whole (`lock`); a lock file would outlive a process that is killed."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


class Journal:
    """The study in a folder."""

    def __init__(self, folder: Path, epochs: int = 1, *, starts_anew: bool = False) -> None:
        """Opened, mended and begun where there is none. epochs: of a trial, for the pruning. starts_anew: whether one
        in which every trial has failed is begun anew: what was wrong with all of them may be mended now. Raises
        SearchError or OSError. The caller holds `lock`."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        file = folder / FILE
        mend(file)
        self.study = self._open(file, epochs)
        if self.trials and all(each.state == TrialState.FAIL for each in self.trials) and starts_anew:
            file.unlink()
            self.study = self._open(file, epochs)

    def _open(self, file: Path, epochs: int) -> optuna.Study:
        backend = JournalFileBackend(str(file), lock_obj=_NoLock())  # type: ignore[arg-type,unused-ignore]
        warmup = max(1, round(WARMUP_SHARE * epochs))
        return optuna.create_study(
            storage=optuna.storages.JournalStorage(backend), study_name=STUDY, direction="maximize",
            load_if_exists=True, pruner=optuna.pruners.MedianPruner(STARTUP_TRIALS, warmup),
        )  # fmt: skip

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials, in order."""
        return self.study.get_trials(deepcopy=False)

    def unfinished(self) -> list[Trial]:
        """Trials that were running when the search was stopped, to go on with."""
        return [Trial(self.study, each._trial_id) for each in self.trials if not each.state.is_finished()]

    def ask(self) -> Trial:
        """A new trial."""
        return self.study.ask()

    def values(self, trial: Trial, space: Space) -> dict[str, Any]:
        """The values that a trial has for the keys of a space; those that it does not have yet are drawn.

        A sampler for each of them: what a search proposes is the same, wherever it was stopped before.
        """
        values = {}
        for index, (key, entry) in enumerate(space.items()):
            (seed,) = np.random.SeedSequence((SEED, trial.number, index)).generate_state(1)
            self.study.sampler = optuna.samplers.TPESampler(seed=int(seed))
            values[key] = entry.suggest(trial, key)
        return values

    def complete(self, trial: Trial, value: float, **about: Any) -> None:
        """A trial is trained to its end. value: its score. about: kept with it, ready for JSON."""
        self._tell(trial, TrialState.COMPLETE, value, about)

    def prune(self, trial: Trial, **about: Any) -> None:
        """A trial is given up as unpromising."""
        self._tell(trial, TrialState.PRUNED, None, about)

    def fail(self, trial: Trial, reason: str) -> None:
        """A trial cannot be trained. reason: in one line."""
        self._tell(trial, TrialState.FAIL, None, {"reason": reason})

    def _tell(self, trial: Trial, state: TrialState, value: float | None, about: dict[str, Any]) -> None:
        for name, each in about.items():
            trial.set_user_attr(name, each)
        self.study.tell(trial, value, state)


def lock(folder: Path) -> TextIO:
    """Keep other searches out of a folder, for as long as the returned file is open. Raises SearchError or OSError."""
    file = open(folder / "search.lock", "a+", encoding="utf-8", errors="replace")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        if isinstance(err, BlockingIOError):
            raise SearchError(f"{folder}: another search (process {holder}) uses this folder") from err
        raise SearchError(f"{folder}: cannot be locked: {err.strerror}; choose a --folder on a disk") from err
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def mend(file: Path) -> None:
    """Cut off what a write that was stopped has left at the end of a journal. Raises SearchError for a line that is
    spoilt while others follow it, OSError."""
    if not file.is_file():
        return
    content = file.read_bytes()
    whole, spoilt = 0, 0
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        if not _is_entry(line):
            spoilt = spoilt or number
        elif spoilt:
            raise SearchError(f"{file}: line {spoilt}: no line of a journal; take it from a copy, or choose --folder")
        else:
            whole += len(line)
    if whole < len(content):
        write_atomically({file: content[:whole]})


def _is_entry(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False
