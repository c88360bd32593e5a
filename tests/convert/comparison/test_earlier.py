"""Rows of an earlier comparison stand in a later one as they were, beside what is measured now."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.errors import AssistantError
from convert.comparison import earlier, text
from convert.comparison.compare import run_comparison
from convert.comparison.sources import REPORT, Source
from convert.data.fer2013_labels import LABELS
from convert.training import provenance
from tests.support import comparison_report, drawn_faces

FACES = drawn_faces.dataset()
TESTED = FACES.of("PrivateTest")
MADE_WITH = {"split": "PrivateTest", "head": "fer2013", "data_sha256": provenance.data_sha256(FACES)}


def _row(name: str, answers: Any, **changes: Any) -> dict[str, Any]:
    return comparison_report.row(name, answers=earlier.written(answers), **changes)


def _report(folder: Path, name: str, rows: list[dict[str, Any]], **changes: Any) -> Source:
    file = folder / f"{name}.json"
    place = {"date": "2026-11-30", "revision": "abc", "machine": f"machine of {name}"}
    file.write_text(json.dumps(MADE_WITH | place | {"rows": rows} | changes))
    return Source(name, REPORT, file)


def _compare(*sources: Source) -> dict[str, Any]:
    return run_comparison(sources, lambda wanted: FACES, "PrivateTest", "fer2013")


def test_rows_of_two_earlier_comparisons_are_tested_against_each_other(tmp_path: Path) -> None:
    right = TESTED.labels
    wrong = np.where(np.arange(len(right)) < 3, (right + 1) % len(LABELS), right)
    first = _report(tmp_path, "first", [_row("a", right), _row("b", wrong)])
    second = _report(tmp_path, "second", [_row("b", right), _row("c", wrong)])
    report = _compare(first, second)
    assert [row["name"] for row in report["rows"]] == ["a", "b", "c"]
    assert [row["measured"]["machine"] for row in report["rows"]] == ["machine of first"] * 2 + ["machine of second"]
    assert [pair["models"] for pair in report["pairs"]] == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert [pair["only_right"] for pair in report["pairs"]] == [[3, 0], [3, 0], [0, 0]]
    assert [each["wrong"] for each in report["hardest"]] == [2, 2, 2]
    assert {each["probability_of_the_truth"] for each in report["hardest"]} == {None}
    assert "machine of first): a, b; times and memory are of that day." in text.as_markdown(report)

    (tmp_path / "third.json").write_text(json.dumps(report))
    again = _compare(Source("third", REPORT, tmp_path / "third.json"))
    assert again["rows"] == report["rows"], "rows keep the day on which they were measured"


def test_what_is_no_comparison_or_one_of_other_pictures_is_one_clear_line(tmp_path: Path) -> None:
    whole = [_row("a", TESTED.labels)]
    other = _report(tmp_path, "other", whole, data_sha256="0")
    with pytest.raises(
        AssistantError, match=r"other\.json: is a comparison of the pictures, by the hash 0, this one of "
    ):
        _compare(other)
    with pytest.raises(
        AssistantError, match=r"split\.json: is a comparison of the split PublicTest, this one of PrivateTest: "
    ):
        _compare(_report(tmp_path, "split", whole, split="PublicTest"))
    with pytest.raises(AssistantError, match=r"few\.json: the answers of a are not 28 of 7 labels"):
        _compare(_report(tmp_path, "few", [_row("a", TESTED.labels[:5])]))
    with pytest.raises(AssistantError, match=r"labels\.json: the answers of a are not 28 of 7 labels"):
        _compare(_report(tmp_path, "labels", [_row("a", np.full(28, 7))]))
    old = {key: value for key, value in whole[0].items() if key != "answers"}
    for name, rows in (("old", [old]), ("card", 3), ("list", [[]])):
        with pytest.raises(AssistantError, match=rf"{name}\.json: not what `emotion-convert compare --json` prints"):
            _compare(_report(tmp_path, name, rows))  # type: ignore[arg-type]
    (tmp_path / "cut.json").write_text('{"rows": [')
    with pytest.raises(AssistantError, match=r"cut\.json: not what"):
        _compare(Source("cut", REPORT, tmp_path / "cut.json"))
    with pytest.raises(AssistantError, match=r"gone\.json: no such file"):
        _compare(Source("gone", REPORT, tmp_path / "gone.json"))
