"""One test for each row of the fault matrix, and the report: a line for each row; a row that misses a limit fails."""

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.vision.cameras.demo import photograph
from tests.faults.box import BoxUnderTest, Row
from tests.faults.sound_capture import Vocabulary


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "fault(id, what, announce_s=None, recover_s=None): a row; seconds to its announcement and its end"
    )
    config.pluginmanager.register(Report())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests in the order of the rows."""
    items.sort(key=_row_order)


def _row_order(item: pytest.Item) -> tuple[str, int]:
    marker = item.get_closest_marker("fault")
    return _order(marker.args[0]) if marker else ("", 0)


def _order(row: str) -> tuple[str, int]:
    return row[0], int(row[1:])


@pytest.fixture(autouse=True)
def row(request: pytest.FixtureRequest) -> Iterator[Row]:
    """The line of the report that this test fills in."""
    marker = request.node.get_closest_marker("fault")
    made = Row(*marker.args, marker.kwargs.get("announce_s"), marker.kwargs.get("recover_s"))
    yield made
    if getattr(request.node, "has_passed", False):
        made.outcome = "ok"
    request.node.user_properties.append(("row", dataclasses.asdict(made)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.has_passed = report.passed  # type: ignore[attr-defined]


class Report:
    """Gathers the rows, also those of other test processes, and prints them at the end."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self.rows += [Row(**fields) for name, fields in report.user_properties if name == "row"]  # type: ignore[arg-type]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        rows = merged(self.rows)
        if not rows:
            return
        terminalreporter.section("faults: id | fault | announced | after s | recovered s | ok")
        for row in rows:
            terminalreporter.write_line(row.line())
        done = [row for row in rows if row.outcome == "ok"]
        skipped = [row for row in rows if row.outcome.startswith("skipped")]
        short = len(rows) - len(done) - len(skipped)
        terminalreporter.write_line(f"{len(rows)} rows: {len(done)} ok, {len(skipped)} skipped, {short} short")


def merged(rows: list[Row]) -> list[Row]:
    """One line for each row: the worst of the tests of the same row."""
    lines: dict[str, Row] = {}
    for row in rows:
        line = lines.setdefault(row.id, Row(row.id, row.fault, outcome=row.outcome))
        line.texts += [text for text in row.texts if text not in line.texts]
        for figure in ("after_s", "recovered_s"):
            known = [each for each in (getattr(line, figure), getattr(row, figure)) if each is not None]
            setattr(line, figure, max(known, default=None))
        if row.outcome == "short" or line.outcome == "ok":
            line.outcome = row.outcome
    return sorted(lines.values(), key=lambda row: _order(row.id))


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """The samples that espeak-ng makes of every sentence."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    return Vocabulary()


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """A photograph of a smiling woman."""
    return photograph("astronaut")


@pytest.fixture
def box(vocabulary: Vocabulary, picture: np.ndarray) -> Iterator[BoxUnderTest]:
    """An assistant, not yet started, in a folder of its own with a short name: sockets take no long ones."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        made = BoxUnderTest(Path(name), vocabulary, picture)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def ready(box: BoxUnderTest) -> BoxUnderTest:
    """An assistant that has just announced that it is ready."""
    box.ready()
    return box
