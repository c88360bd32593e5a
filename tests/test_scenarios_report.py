"""What a report becomes: the README's table, and how soon an answer is heard."""

import shutil

import pytest

from assistant.config import Settings
from convert.scenarios import asking, report
from convert.scenarios.figures import Answer, Heard, figures
from convert.scenarios.score import Said
from convert.scenarios.truth import Truth

WORDS = ("happy", "surprise", "neutral")


def test_the_readme_says_what_was_measured_and_when() -> None:
    said = [Said(1.0, 1.1, "arrived", "happy", "One person looks happy.")]
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


def test_the_readme_says_how_often_people_were_miscounted() -> None:
    said = [Said(1.0, 1.1, "somebody", "", "One person."), Said(9.0, 9.1, "nobody", "", "Nobody in view.")]
    made = report.report([Heard(Truth("a", "empty", 60.0), said, said)], [], Settings(), [0.2])
    made["reason_correct"] = 0.96
    assert "| said of who comes, leaves or no longer looks so; untrue | 2; 1 |" in report.as_markdown(made, "", "")
    assert "2 sentences, 1 untrue" in report.as_text(made)


def test_first_sounds_are_reported_by_their_95th_percentile() -> None:
    made = figures([], WORDS, WORDS, [0.1] * 19 + [0.4])
    assert made["ask_first_sound_p95_s"] == 0.1
    assert figures([], WORDS, WORDS)["ask_first_sound_p95_s"] is None


@pytest.mark.timed
@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_an_answer_begins_within_half_a_second() -> None:
    took = asking.first_sound_s(Settings(), asks=10)
    assert len(took) == 10
    assert sorted(took)[-2] <= 0.5, took
