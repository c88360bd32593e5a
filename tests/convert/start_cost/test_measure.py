"""`emotion-convert benchmark start`: what the start takes, and what a running assistant holds."""

import json

import pytest

from assistant.errors import AssistantError
from convert import cli
from convert.start_cost import measure
from convert.start_cost.running import PARTS, running
from tests.support.standins import needs_photographs


@needs_photographs
def test_start_imports_and_memory_of_each_process_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure, "IMPORT_ROUNDS", 1)
    assert cli.main(["benchmark", "start", "--rounds", "1", "--seconds", "0", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert 0 < report["cpu_s_of"]["voice"]["least"] < report["cpu_s_of"]["vision"]["least"] < report["cpu_s"]["least"]
    assert report["ready_s"]["least"] > 0.1
    for part in PARTS:
        made = report["imports"][part]
        assert 0 < made["own_ms"] < made["all_ms"], part
        assert 40 < made["own_modules"] < made["all_modules"], part
        held = report["memory_mb"][part]
        assert 3 < held["anonymous"] < held["rss"], part
        assert 3 < held["pss"] < held["rss"], part
    text = measure.as_text(report)
    assert "ready after" in text
    assert all(f"\n{part} " in text for part in PARTS)


def test_an_assistant_that_does_not_become_ready_is_an_error_with_its_last_line() -> None:
    with pytest.raises(AssistantError, match="did not become ready: ."), running(None, part="ru"):
        pass


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["start", "a.mp4", "b.mp4"], "give `start` one clip"),
        (["start", "--threads", "2"], "only --rounds, --seconds and --json"),
        (["--seconds", "3"], "--seconds goes with `start`"),
        (["pipeline", "--seconds", "3"], "--seconds do not go with `pipeline`"),
        (["start", "--seconds", "soon"], "no whole number from 0"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["benchmark", *arguments])
    assert caught.value.code == 2
    assert why in capsys.readouterr().err
