"""A search from its folder's lock to its report."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.system.progress import Progress
from convert.search import journal as journals
from convert.search import recipe_text, report
from convert.search.driver import Driver
from convert.search.job import Pool, SearchError
from convert.search.journal import Journal
from convert.search.plan import Plan
from convert.search.trials import Trials


def search(plan: Plan, count: int, pool: Pool) -> str:
    """Train trials until the journal has `count` of them, those of earlier processes included; returns the report.

    Raises SearchError where no trial is finished in the end, where the folder holds another search or is in use, or
    where the work cannot go on; OSError. What was finished until then is in the folder, and the same call goes on.
    """
    if (plan.folder / "environment.json").exists():
        raise SearchError(f"{plan.folder}: is the folder of a run; choose another --folder")
    plan.folder.mkdir(parents=True, exist_ok=True)
    with journals.lock(plan.folder):
        plan.begin()
        epochs = plan.epochs or recipe_text.check(plan.recipe, plan.folder / "recipe.toml").schedule.epochs
        journal = Journal(plan.folder, epochs, starts_anew=True)
        trials = Trials(plan, journal, count, epochs)
        with _told_of_full_disk(plan.folder), Progress("search", trials.epochs_left(), "epochs") as progress:
            Driver(trials, pool, progress).run()
        return report.write(plan, journal)


@contextmanager
def _told_of_full_disk(folder: Path) -> Iterator[None]:
    """The error of a journal that cannot be written names no file. Raises SearchError."""
    try:
        yield
    except OSError as err:
        if err.errno == errno.ENOSPC:
            raise SearchError(f"{err.filename or folder}: {err.strerror}: make room; the same command goes on") from err
        raise


def report_again(plan: Plan) -> str:
    """The report of a search that was begun, finished or not. Raises SearchError or OSError."""
    with journals.lock(plan.folder):
        return report.write(plan, Journal(plan.folder))
