"""The questions of skills in the running assistant: answered on threads of their own, one at a time; every failure is
spoken."""

import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from assistant import phrases
from assistant.config.settings import ReadSettings, Settings
from assistant.errors import SkillCancelledError, SkillError
from assistant.ipc.commands import SKILL_QUESTIONS, Command
from assistant.ipc.messages import AimPosition, Message, Press, Question, SkillAnswer
from assistant.records import Frame, Priority, Utterance
from assistant.skills import registry
from assistant.skills.session import AnswerFunction, Session, SkillName
from assistant.vision.looks import Looks
from assistant.vision.queries.snapshot import SceneSnapshot
from assistant.vision.skill_sessions import MAX_PRESSES, SkillSessions

EN = phrases.load("en")
ON = Settings(read=ReadSettings(enabled=True))


def said(text: str) -> Utterance:
    return Utterance(text, Priority.ANSWER, "answer")


class Bench:
    """Sessions whose `read` is a function of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Settings = ON) -> None:
        self.sent: SimpleQueue[Message] = SimpleQueue()
        self.looks = Looks()
        self.sessions = SkillSessions(settings, EN, self.looks, self.sent.put, lambda: 12.5)
        self._monkeypatch, self._count = monkeypatch, 0

    def ask(self, function: AnswerFunction, argument: str = "") -> int:
        """Ask `read`, which this function answers; returns the question's id."""
        self._monkeypatch.setattr(registry, "answer_function", lambda command: function)
        self._count += 1
        self.sessions.ask(Question(self._count, Command.READ, argument))
        return self._count

    def next(self) -> Message:
        return self.sent.get(timeout=20)

    def texts(self, question_id: int) -> list[str]:
        """What was said in answer to a question, up to its end."""
        texts = []
        while True:
            message = self.next()
            assert isinstance(message, SkillAnswer)
            assert message.question_id == question_id
            if message.is_last:
                assert message.utterance is None
                return texts
            assert message.utterance is not None
            texts.append(message.utterance.text)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_the_utterances_of_a_skill_come_in_their_order_and_end(bench: Bench) -> None:
    def read(session: Session) -> Iterator[Utterance | AimPosition]:
        yield said(f"{session.argument} {session.now()}")
        yield AimPosition(0.5, None)
        yield said(session.phrases.status("ready"))

    asked = bench.ask(read, "page")
    assert bench.next() == SkillAnswer(asked, said("page 12.5"))
    assert bench.next() == AimPosition(0.5, None)
    assert bench.texts(asked) == ["Ready."]


def test_a_text_longer_than_a_message_is_sent_in_parts_between_words(bench: Bench) -> None:
    text = " ".join(["well-known words"] * 60)
    texts = bench.texts(bench.ask(lambda session: iter([said(text)])))
    assert " ".join(texts) == text
    assert max(map(len, texts)) <= 300


def test_a_skill_that_is_off_says_so_and_its_code_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, Settings())
    assert bench.texts(bench.ask(lambda session: pytest.fail("it is off"))) == ["Reading is switched off."]
    for command in SKILL_QUESTIONS:
        bench.sessions.ask(Question(9, command))
        assert bench.texts(9)[0].endswith("switched off.")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SkillError("no tesseract", "missing"), "Reading is not set up."),
        (SkillError("ended", "failed"), "That did not work this time."),
        (SkillError("late", "late"), "That took too long. I gave up."),
        (SkillError("700 MiB", "memory"), "There is too little memory for that."),
        (SkillError("no frame", "no_picture"), "I got no picture for that."),
        (ZeroDivisionError(), "That did not work this time."),
    ],
)
def test_every_failure_is_spoken(bench: Bench, error: Exception, text: str) -> None:
    def read(session: Session) -> Iterator[Utterance]:
        yield said("One line.")
        raise error

    asked = bench.ask(read)
    lines = [answer.utterance for answer in (bench.next(), bench.next()) if isinstance(answer, SkillAnswer)]
    assert [line.text for line in lines if line] == ["One line.", text]
    assert bench.next() == SkillAnswer(asked, None, is_last=True, has_failed=True)


def test_an_engine_that_is_off_or_not_there_is_an_error_of_the_session(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("EMOTION_ASSISTANT_SKILLS", str(tmp_path))

    def read(session: Session) -> Iterator[Utterance]:
        for skill in (SkillName.THINGS, SkillName.READ):
            try:
                session.ask(skill, {}, limit_s=1.0)
            except SkillError as err:
                yield said(err.reason)

    assert bench.texts(bench.ask(read)) == ["off", "missing"]


def test_a_look_comes_from_the_loop(bench: Bench) -> None:
    def read(session: Session) -> Iterator[Utterance]:
        yield said(f"{session.look(after=2.0).at}")

    asked, ended = bench.ask(read), threading.Event()

    def loop() -> None:
        at = 1.0
        while not ended.is_set():
            bench.looks.offer(Frame(np.zeros((4, 4), np.uint8), at, 1), SceneSnapshot(at))
            at += 1.0

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        (text,) = bench.texts(asked)
    finally:
        ended.set()
        thread.join()
    assert float(text) > 2


def test_a_new_question_cancels_the_one_before(bench: Bench) -> None:
    was_cancelled: SimpleQueue[str] = SimpleQueue()

    def waits(how: str) -> AnswerFunction:
        def read(session: Session) -> Iterator[Utterance]:
            yield said(how)
            try:
                session.press(600) if how == "press" else session.look()
            except SkillCancelledError:
                was_cancelled.put(how)
                raise

        return read

    for how in ("press", "look"):
        asked = bench.ask(waits(how))
        assert bench.next() == SkillAnswer(asked, said(how))
    assert bench.texts(bench.ask(lambda session: iter([said("Second.")]))) == ["Second."]
    assert {was_cancelled.get(timeout=20) for _ in range(2)} == {"press", "look"}
    asked = bench.ask(waits("press"))
    assert bench.next() == SkillAnswer(asked, said("press"))
    bench.sessions.cancel()
    assert was_cancelled.get(timeout=20) == "press"
    assert bench.sent.empty()  # nothing is said of what nobody wants


def test_presses_reach_the_session_those_before_it_asks_too(bench: Bench) -> None:
    go = threading.Event()

    def read(session: Session) -> Iterator[Utterance]:
        yield said("Go.")
        assert go.wait(20)
        while press := session.press(0.0):
            yield said(press)

    bench.sessions.press(Press.YES)  # nobody asks: it is nobody's
    asked = bench.ask(read)
    assert bench.next() == SkillAnswer(asked, said("Go."))
    for press in (*[Press.YES] * MAX_PRESSES, Press.BACK):
        bench.sessions.press(press)
    go.set()
    assert bench.texts(asked) == [*["yes"] * (MAX_PRESSES - 1), "back"]


def test_no_press_within_the_limit_is_none(bench: Bench) -> None:
    began = time.monotonic()
    assert bench.texts(bench.ask(lambda session: iter([said(str(session.press(0.02)))]))) == ["None"]
    assert time.monotonic() - began < 5


def test_every_question_of_a_skill_has_a_function_and_every_engine_a_skill() -> None:
    assert {*registry.ANSWER_FUNCTIONS} == {*SKILL_QUESTIONS}
    assert {*map(registry.skill_of, SKILL_QUESTIONS)} == {*SkillName}
    assert {*registry.ENGINES} == {*SkillName}
