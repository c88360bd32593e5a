"""Transcripts: one line an announcement, at the moment at which its words begin, and in plain words why not."""

import io
import json
import re

import pytest

from assistant import phrases
from assistant.app import cli, demo
from assistant.app.fates import ENDED, OUTRANKED, TOO_MANY, WORDS, FateReasons, counted
from assistant.app.replay import (
    SAME_ATTEMPT_S,
    AnnouncementOutcome,
    AnswerOutcome,
    Outcome,
    ReplaySummary,
    attempts,
    one_line_each,
    replay,
)  # fmt: skip
from assistant.config.settings import Settings
from assistant.errors import CameraError
from assistant.ipc.commands import Command
from assistant.records import Change, Fate, Frame, Priority, Utterance
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import Announcement
from assistant.vision.pipeline import Pipeline
from tests.support.standins import ScriptedCamera, ScriptedClassifier, ScriptedDetector, face, picture

SECONDS, PERIOD = 36, 60
"""Length of the scene, seconds, and frames in which a face comes and goes."""


def visits(*, is_split: bool = False) -> list[Outcome]:
    """Somebody comes and goes twice, then comes and stays: more than may be told unasked."""
    settings = Settings()
    surprised = picture("surprise")
    frames = [Frame(surprised, number / 10, number) for number in range(10 * SECONDS)]
    detector = ScriptedDetector(
        lambda number: [face(280)] if number % PERIOD < PERIOD // 2 or number > 2 * PERIOD else []
    )
    line = Pipeline(detector, ScriptedClassifier(), settings, phrases.load("en"))
    return list((attempts if is_split else replay)(ScriptedCamera(frames, is_live=False), line, settings))


def test_what_waits_and_is_tried_again_is_one_line() -> None:
    tries, told = (
        [each for each in visits(is_split=split) if isinstance(each, AnnouncementOutcome)] for split in (True, False)
    )
    again = [each for each in tries if each.utterance.text == "Looks surprised." and each.fate is Fate.DROPPED]
    assert len(again) >= 2, "the scene shows what it is for"
    lines = [str(each) for each in told]
    assert len(lines) == len(set(lines)) < len(tries)
    assert not re.search(r"\[(dropped|expired|superseded)\]", "\n".join(lines))
    assert [each.started_at is not None for each in told].count(True) == 5, (
        "four with words, and the last person by a sound"
    )
    assert lines[-1].endswith(f"[{TOO_MANY}]")


def test_the_line_has_the_moment_of_the_words_and_the_json_both() -> None:
    first, second = attempt("Looks happy.", 1.0, Fate.SPOKEN, started_at=2.5), attempt("Looks sad.", 3.0)
    assert str(first) == f"   2.50 s  {'Looks happy.':32} (a note)"
    assert str(second) == f"   3.00 s  {'Looks sad.':32} (a note) [why]"
    assert first.as_json() == {
        "at": 1.0, "spoken_at_s": 2.5, "track_id": 1, "from": "nobody", "to": "happy",
        "text": "Looks happy.", "is_sound": False,
        "fate": "spoken", "reason": "",
    }  # fmt: skip
    assert (second.as_json()["at"], second.as_json()["spoken_at_s"], second.as_json()["reason"]) == (3.0, None, "why")


def attempt(
    text: str, at: float, fate: Fate = Fate.DROPPED, *, started_at: float | None = None, track: int = 1
) -> AnnouncementOutcome:
    announcement = Announcement(Change(at, track, "nobody", "happy"), Sentence.LOOKS, "happy")
    utterance = Utterance(text, Priority.CHANGE, f"track {track}", log_note="a note")
    reason = "" if fate is Fate.SPOKEN else "why"
    return AnnouncementOutcome(announcement, utterance, fate=fate, started_at=started_at, made_at=at, reason=reason)


SUMMARY = ReplaySummary(1, 0.0, 1)


def texts(*outcomes: Outcome) -> list[tuple[str, float, float | None]]:
    """Text, time of the change and of the words of each line of the transcript."""
    made = [each for each in one_line_each(outcomes) if isinstance(each, AnnouncementOutcome)]
    return [(each.utterance.text, each.change.at, each.started_at) for each in made]


def test_an_announcement_that_is_said_at_last_is_told_once_from_its_first_change() -> None:
    tries = [attempt("A.", 1.0), attempt("A.", 6.0), attempt("A.", 11.0, Fate.SPOKEN, started_at=12.0)]
    assert texts(*tries, SUMMARY) == [("A.", 1.0, 12.0)]
    assert texts(*tries[:2], SUMMARY) == [("A.", 1.0, None)]
    assert texts(*tries[:2]) == [("A.", 1.0, None)], "also without a summary"


def test_other_words_other_people_and_later_news_are_lines_of_their_own() -> None:
    spoken = attempt("B.", 2.0, Fate.SPOKEN, started_at=2.0)
    assert texts(attempt("A.", 1.0), spoken, SUMMARY) == [("A.", 1.0, None), ("B.", 2.0, 2.0)]
    other = attempt("A.", 2.0, track=2)
    assert texts(attempt("A.", 1.0), other, SUMMARY) == [("A.", 1.0, None), ("A.", 2.0, None)]
    later = 2.0 + SAME_ATTEMPT_S
    assert texts(attempt("A.", 1.0), attempt("A.", later), SUMMARY) == [("A.", 1.0, None), ("A.", later, None)]


def test_answers_pass_and_an_error_comes_last() -> None:
    answer = AnswerOutcome(1.0, Command.ASK, Utterance("x", Priority.ANSWER, "ask"))

    def broken():  # type: ignore[no-untyped-def]
        yield attempt("A.", 1.0)
        yield answer
        raise CameraError("cut off")

    told = one_line_each(broken())
    assert [type(next(told)) for _ in range(2)] == [AnnouncementOutcome, AnswerOutcome]
    with pytest.raises(CameraError, match="cut off"):
        next(told)


def test_the_reason_of_each_fate_is_plain_words() -> None:
    reasons, change = FateReasons(), Utterance("x", Priority.CHANGE, "a")
    status = Utterance("x", Priority.STATUS, "a")
    assert reasons.why(change, Fate.SPOKEN, 0.0) == ""
    assert [reasons.why(change, fate, 0.0) for fate in WORDS] == list(WORDS.values())
    assert {*WORDS, Fate.SPOKEN, Fate.DROPPED} == set(Fate)
    assert reasons.why(change, Fate.DROPPED, 0.0) == OUTRANKED
    for at in (0.0, 10.0, 20.0):
        reasons.started(change, at)
    reasons.started(Utterance("x", Priority.FAULT, "b"), 21.0)
    assert [reasons.why(each, Fate.DROPPED, 30.0) for each in (change, status)] == [OUTRANKED, TOO_MANY]
    reasons.started(change, 31.0)
    assert [reasons.why(change, Fate.DROPPED, at) for at in (40.0, 61.0)] == [TOO_MANY, OUTRANKED]
    reasons.is_over = True
    assert reasons.why(change, Fate.DROPPED, 61.0) == ENDED


def test_one_is_not_many() -> None:
    assert counted(1, "person", "people") == "1 person"
    assert counted(0, "person", "people") == "0 people"
    assert str(ReplaySummary(1, 0.0, 1)) == "1 frame, 0.0 s, 1 person"
    assert str(ReplaySummary(20, 1.94, 2)) == "20 frames, 1.9 s, 2 people"


def test_the_demos_transcript_has_the_start_of_the_words_and_tells_once_what_was_not_said() -> None:
    out = io.StringIO()
    transcript = demo._Transcript(100.0, out)
    said, unsaid = Utterance("Ready.", Priority.STATUS, "ready"), Utterance("Nobody in view.", Priority.STATUS, "1")
    transcript.started(said, 101.0)
    transcript.ended(said, Fate.SPOKEN, 103.0)
    for at in (105.0, 110.0):
        transcript.ended(unsaid, Fate.DROPPED, at)
    transcript.reasons.is_over = True
    transcript.ended(Utterance("Late.", Priority.CHANGE, "2"), Fate.DROPPED, 112.0)
    assert out.getvalue() == f"   1.00 s  {'Ready.':32} ()\n"
    transcript.close()
    assert out.getvalue().splitlines()[1:] == [
        f"   5.00 s  {'Nobody in view.':32} () [{OUTRANKED}]",
        f"  12.00 s  {'Late.':32} () [{ENDED}]",
    ]


def test_a_single_person_is_not_one_people(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    import cv2

    cv2.imwrite(str(tmp_path / "a.png"), picture("happy"))
    assert cli.main(["replay", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "20 frames, 1.9 s, 0 people\n"
    assert cli.main(["replay", str(tmp_path), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["summary"]
