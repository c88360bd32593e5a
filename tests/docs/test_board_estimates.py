"""The table of the boards' profiles is the one that its script makes."""

import importlib.util
from pathlib import Path

from assistant.config.profiles import PROFILES

ROOT = Path(__file__).parents[2]


def test_the_page_has_the_table_that_the_script_makes() -> None:
    spec = importlib.util.spec_from_file_location("board_estimates", ROOT / "docs/hooks/board_estimates.py")
    assert spec
    assert spec.loader
    estimates = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(estimates)
    assert set(estimates.BOARDS) == set(PROFILES) - {"desktop"}
    begin, end = estimates.MARKERS
    written = (ROOT / "docs/set-it-up.md").read_text("utf-8").partition(begin)[2].partition(end)[0]
    assert written.strip() == estimates.table()
