"""What a report becomes: the README's table, and how soon an answer is heard."""

import re
import shutil
from pathlib import Path

import pytest

from assistant.config.settings import AnnouncementSettings, Settings
from assistant.phrases import Sentence
from assistant.records import Box, Face, Reading, Thresholds
from convert.scenarios import answer_delay
from convert.scenarios.run import Outcome, Taken
from convert.scenarios.score import report
from convert.scenarios.score.announcements import Said
from convert.scenarios.score.figures import LEAST_EVENTS, LEAST_PRECISION, Answer, Heard, Looked, figures
from convert.scenarios.script.truth import Truth

WORDS = ("happy", "surprise", "neutral")
README = Path(__file__).parents[3] / "tests/README.md"


def test_the_readme_says_what_was_measured_and_when() -> None:
    said = [Said(1.0, 1.1, Sentence.ARRIVED, "happy", "One person looks happy.")]
    made = report.report(
        [Heard(Truth("a", "enter", 60.0), said, said, [Answer(1.0, "happy", "")])], [], Settings(), [0.2]
    )
    made["expressions"]["happy"] |= {"events": 40, "recall": 0.9, "recall_ci": [0.8, 0.95]}
    made["reason_correct"] = 0.96
    text = report.as_markdown(made, "2026-11-21", "abc1234")
    assert "| happy | 0.000 [0.00, 0.79] | 0.900 [0.80, 0.95] | 40 | yes |" in text
    assert "| sad |" not in text, "too few events for a figure"
    assert "0.2 s" in text
    assert f"| expressions said of somebody who cannot be told | {made['told_though_degraded']} |" in text
    assert text.rstrip().endswith("1 scenes, 1 minutes; 2026-11-21, abc1234.")
    assert report.as_text(made).count("happy") >= 2


def test_the_readme_says_how_often_people_were_miscounted_and_good_faces_refused() -> None:
    said = [
        Said(1.0, 1.1, Sentence.ONE_PERSON, "", "One person."),
        Said(9.0, 9.1, Sentence.NOBODY_IN_VIEW, "", "Nobody in view."),
    ]
    made = report.report([Heard(Truth("a", "empty", 60.0), said, said)], [], Settings(), [0.2])
    made["reason_correct"] = 0.96
    assert "| said of who comes, leaves or no longer looks so; untrue | 2; 1 |" in report.as_markdown(made, "", "")
    assert "| such a reason for a face that can be told | - |" in report.as_markdown(made, "", "")
    assert "2 sentences, 1 untrue" in report.as_text(made)
    made["reasons_given_wrongly"] = {"readings": 200, "share": 0.015, "reasons": {"occluded": 2, "far": 1}}
    refused = "1.5% of 200 (covered 2, far 1)"
    assert f"| such a reason for a face that can be told | {refused} |" in report.as_markdown(made, "", "")
    assert refused in report.as_text(made)


def test_every_face_that_was_looked_at_is_kept_with_its_reason() -> None:
    here, there = Face(Box(1, 2, 30, 40), 0.9), Face(Box(90, 2, 30, 40), 0.9)
    taken = (
        Taken(0.0, (here, there), (Reading(1, 0.0, (1.0,)), Reading(2, 0.0, None, "dark"))),
        Taken(0.1, (), ()),
    )
    outcome = Outcome(Truth("a", "degraded", 1.0), (), (), taken, ("happy",), Thresholds(), 2)
    (heard,) = report.heard([outcome], Settings())
    assert heard.looked == (Looked(0.0, here.box, ""), Looked(0.0, there.box, "dark"))


def test_first_sounds_are_reported_by_their_95th_percentile() -> None:
    made = figures([], WORDS, WORDS, [0.1] * 19 + [0.4])
    assert made["ask_first_sound_p95_s"] == 0.1
    assert figures([], WORDS, WORDS)["ask_first_sound_p95_s"] is None


@pytest.mark.timed
@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_an_answer_begins_within_half_a_second() -> None:
    took = answer_delay.first_sound_s(Settings(), asks=10)
    assert len(took) == 10
    assert sorted(took)[-2] <= 0.5, took


def test_the_words_that_are_said_by_default_are_those_that_the_readme_shows_to_deserve_it() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \[.*\| (\d+) \| (yes|no) \|$", README.read_text("utf-8"), re.MULTILINE)
    assert {word for word, _, _, said in rows if said == "yes"} == set(AnnouncementSettings().expressions)
    for word, precision, events, said in rows:
        deserves = word == "happy" or (int(events) >= LEAST_EVENTS and float(precision) >= LEAST_PRECISION)
        assert deserves == (said == "yes"), word
