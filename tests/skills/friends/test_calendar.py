"""Dates count only with a synchronized clock, and a friend is asked about once a year."""

import dataclasses
from datetime import date
from pathlib import Path

from assistant.skills.friends.calendar import as_text, due_for_review, today, undated
from tests.skills.friends.people import friend


def test_there_is_no_date_without_a_synchronized_clock(tmp_path: Path) -> None:
    marker = tmp_path / "synchronized"
    assert today(marker, lambda: date(2026, 11, 30)) is None
    marker.touch()
    assert today(marker, lambda: date(2026, 11, 30)) == date(2026, 11, 30)
    assert as_text(today(marker, lambda: date(2026, 11, 30))) == "2026-11-30"
    assert as_text(None) == ""


def test_a_year_after_the_consent_and_a_year_after_the_last_time() -> None:
    anna = friend(0, "Anna")
    assert due_for_review([anna], date(2027, 11, 29)) == ()
    assert due_for_review([anna], date(2027, 11, 30)) == (anna,)
    assert due_for_review([dataclasses.replace(anna, kept_on="2027-11-30")], date(2028, 11, 1)) == ()
    assert due_for_review([anna], None) == ()


def test_without_a_date_the_year_has_not_begun() -> None:
    anna = dataclasses.replace(friend(0), consent_on="")
    assert undated([anna, friend(1)]) == (anna,)
    assert due_for_review([anna], date(2099, 1, 1)) == ()
