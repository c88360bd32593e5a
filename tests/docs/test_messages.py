"""Every spoken fault has its entry in the helper's table: what it means and what to do."""

import tomllib
from pathlib import Path

from assistant.records import FaultName

MESSAGES = tomllib.loads((Path(__file__).parents[2] / "docs/messages.toml").read_text("utf-8"))


def test_every_fault_is_explained() -> None:
    assert set(MESSAGES) == set(FaultName)


def test_each_entry_has_its_meaning_and_what_to_do() -> None:
    for name, entry in MESSAGES.items():
        assert set(entry) == {"means", "action"}, name
        assert all(text.endswith((".", "`.")) for text in entry.values()), name
