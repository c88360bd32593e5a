"""A search from its folder's lock to its report."""

from convert.progress import Progress
from convert.search import journal as journals
from convert.search import recipe_text, report
from convert.search.driver import Driver
from convert.search.job import Pool
from convert.search.journal import Journal
from convert.search.plan import Plan
from convert.search.trials import Trials


def search(plan: Plan, count: int, pool: Pool) -> str:
    """Train trials until the journal has `count` of them, those of earlier processes included; returns the report.

    Raises SearchError where no trial is finished in the end, where the folder holds another search or is in use, or
    where the work cannot go on; OSError. What was finished until then is in the folder, and the same call goes on.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    with journals.lock(plan.folder):
        plan.begin()
        epochs = plan.epochs or recipe_text.check(plan.recipe, plan.folder / "recipe.toml").schedule.epochs
        journal = Journal(plan.folder, epochs)
        trials = Trials(plan, journal, count, epochs)
        with Progress("search", trials.epochs_left(), "epochs") as progress:
            Driver(trials, pool, progress).run()
        return report.write(plan, journal)


def report_again(plan: Plan) -> str:
    """The report of a search that was begun, finished or not. Raises SearchError or OSError."""
    with journals.lock(plan.folder):
        return report.write(plan, Journal(plan.folder))
