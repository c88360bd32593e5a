"""The report of the event benchmark, and the delay of an answer."""

import re
import shutil
from pathlib import Path

import pytest

from assistant.config.settings import AnnouncementSettings, Settings
from assistant.records import Box, Face, Reading, Thresholds
from assistant.sentences import Sentence
from convert.scenarios import answer_delay, rerun
from convert.scenarios.run import FrameRecord, Outcome
from convert.scenarios.score import report
from convert.scenarios.score.figures import MIN_EVENTS, MIN_PRECISION, figures
from convert.scenarios.score.transcript import ObservedFace, SceneTranscript, TranscriptAnswer, TranscriptLine
from convert.scenarios.script.ground_truth import GroundTruth

EXPRESSIONS = ("happy", "surprise", "neutral")
TABLES = Path(__file__).parents[3] / "tests/README.md"


def test_the_tables_have_the_figures_date_and_revision() -> None:
    lines = [TranscriptLine(1.0, 1.1, Sentence.ARRIVED, "happy", "One person looks happy.")]
    made = report.build_report(
        [SceneTranscript(GroundTruth("a", "enter", 60.0), lines, lines, [TranscriptAnswer(1.0, "happy", "")])],
        [],
        Settings(),
        [0.2],
    )
    made["expressions"]["happy"] |= {"events": 40, "recall": 0.9, "recall_ci": [0.8, 0.95]}
    made["reason_correct"] = 0.96
    text = report.as_markdown(made, "2026-11-21", "abc1234")
    assert "| happy | 0.000 [0.00, 0.79] | 0.900 [0.80, 0.95] | 40 | yes |" in text
    assert "| sad |" not in text, "too few events for a figure"
    assert "0.2 s" in text
    assert f"| expressions announced of a person who cannot be read | {made['announced_though_degraded']} |" in text
    assert text.rstrip().endswith("1 scenes, 1 minutes; 2026-11-21, abc1234.")
    assert report.as_text(made).count("happy") >= 2


def test_the_tables_have_false_announcements_of_presence_and_false_reasons() -> None:
    lines = [
        TranscriptLine(1.0, 1.1, Sentence.ONE_PERSON, "", "One person."),
        TranscriptLine(9.0, 9.1, Sentence.NOBODY_IN_VIEW, "", "Nobody in view."),
    ]
    made = report.build_report([SceneTranscript(GroundTruth("a", "empty", 60.0), lines, lines)], 0, Settings(), [0.2])
    made["reason_correct"] = 0.96
    assert "| arrivals, departures and ends of an expression announced; false | 2; 1 |" in report.as_markdown(
        made, "", ""
    )
    assert "| such a reason for a face that can be read | - |" in report.as_markdown(made, "", "")
    assert "2 announced, 1 false" in report.as_text(made)
    made["false_reasons"] = {"readings": 200, "share": 0.015, "reasons": {"occluded": 2, "far": 1}}
    false_reasons = "1.5% of 200 (occluded 2, far 1)"
    assert f"| such a reason for a face that can be read | {false_reasons} |" in report.as_markdown(made, "", "")
    assert false_reasons in report.as_text(made)


def test_the_transcript_has_all_observed_faces_with_their_reasons() -> None:
    here, there = Face(Box(1, 2, 30, 40), 0.9), Face(Box(90, 2, 30, 40), 0.9)
    records = (
        FrameRecord(0.0, (here, there), (Reading(1, 0.0, (1.0,)), Reading(2, 0.0, None, "dark"))),
        FrameRecord(0.1, (), ()),
    )
    outcome = Outcome(GroundTruth("a", "degraded", 1.0), (), (), records, ("happy",), Thresholds(), 2)
    (transcript,) = rerun.transcripts([outcome], Settings())
    assert transcript.faces == (ObservedFace(0.0, here.box, ""), ObservedFace(0.0, there.box, "dark"))


def test_answer_delays_are_reported_by_their_95th_percentile() -> None:
    made = figures([], EXPRESSIONS, EXPRESSIONS, [0.1] * 19 + [0.4])
    assert made["answer_delay_p95_s"] == 0.1
    assert figures([], EXPRESSIONS, EXPRESSIONS)["answer_delay_p95_s"] is None


@pytest.mark.timed
@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_an_answer_starts_within_half_a_second() -> None:
    delays = answer_delay.measure(Settings(), questions=10)
    assert len(delays) == 10
    assert sorted(delays)[-2] <= 0.5, delays


def test_no_expression_announced_by_default_is_shown_to_be_wrong_too_often() -> None:
    """The report half chooses nothing: it only must not exclude the precision for which the tuning half chose them."""
    rows = re.findall(
        r"^\| (\w+) \| [\d.]+ \[[\d.]+, ([\d.]+)\] .*\| (\d+) \| (yes|no) \|$", TABLES.read_text("utf-8"), re.MULTILINE
    )
    assert {expression for expression, _, _, is_on in rows if is_on == "yes"} == set(AnnouncementSettings().expressions)
    for expression, highest, events, is_on in rows:
        is_good_enough = expression == "happy" or (int(events) >= MIN_EVENTS and float(highest) >= MIN_PRECISION)
        assert is_good_enough == (is_on == "yes"), expression
