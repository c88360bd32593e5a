"""The tables of the boards' profiles are those that their script makes."""

import importlib.util
from pathlib import Path

from assistant.config.profiles import PROFILES

ROOT = Path(__file__).parents[2]


def test_the_page_has_the_tables_that_the_script_makes() -> None:
    spec = importlib.util.spec_from_file_location("board_estimates", ROOT / "docs/hooks/board_estimates.py")
    assert spec
    assert spec.loader
    estimates = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(estimates)
    assert set(estimates.BOARDS) == set(PROFILES) - {"desktop"}
    page = (ROOT / "docs/set-it-up.md").read_text("utf-8")
    for (begin, end), table in (
        (estimates.MARKERS, estimates.table()),
        (estimates.BASIS_MARKERS, estimates.basis()),
    ):
        assert page.partition(begin)[2].partition(end)[0].strip() == table
